/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_gate.c - migready gate: go or no-go for an operation on a host, from the newest recorded run. */
#include "gate.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "command.h"
#include "report/escape.h"
#include "report/recorded.h"

#define LINE_MAX_BYTES 16384

static const char *const exit_code_styles[] = {"verdict", "nagios", NULL};
static const char *const styles[] = {"text", "json", NULL};

/* clang-format off */
static const struct option_def options[] = {
	{.name = "max-age", .type = OPTION_DURATION, .arg = "TIME", .min = 1000, .max = 86400000, .dflt = "15m",
	 .help = "how old the oldest fact may be"},
	{.name = "profile", .letter = 'p', .type = OPTION_TEXT, .arg = "NAME",
	 .help = "instead of the operation's own: a built-in name or a YAML file"},
	OPTION_CHECKS,
	OPTION_HISTORY,
	{.name = "fresh", .help = "probe now, record the run, and answer from it"},
	OPTION_INVENTORY,
	{.name = "exclude", .type = OPTION_TEXT, .arg = "GLOB", .repeat = true, .help = "with --fresh: as for check"},
	OPTION_WAIVERS,
	{.name = "deadline", .type = OPTION_DURATION, .arg = "TIME", .min = 1000, .max = 86400000, .dflt = "10m",
	 .help = "with --fresh: as for check"},
	OPTION_HISTORY_KEEP,
	{.name = "format", .letter = 'f', .type = OPTION_CHOICE, .arg = "FORMAT", .choices = styles, .dflt = "text",
	 .help = "how to answer"},
	{.name = "exit-codes", .type = OPTION_CHOICE, .arg = "STYLE", .choices = exit_code_styles, .dflt = "verdict",
	 .help = "what the exit code says"},
	OPTIONS_COMMON
};
/* clang-format on */

static int64_t wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- the answer ---- */

static const char *host_name(const struct gate_question *q, const struct gate_answer *answer)
{
	return answer->host != NULL && answer->host->name != NULL ? answer->host->name : q->host;
}

static void reason_text(const struct gate_reason *r, struct buf *ret)
{
	if (r->finding != NULL)
		recorded_text(r->finding, ret);
	else
		buf_printf(ret, "%s%s%s%s", r->run != NULL ? "run " : "", r->run != NULL ? r->run : "",
		           r->run != NULL ? ": " : "", r->text);
}

static void put_reasons_line(struct buf *b, const struct gate_answer *answer)
{
	const struct gate_reason *first = answer->reasons;

	/* What failed interests more than what couldn't be told, where both are only findings. */
	for (size_t i = 0; i < answer->n && answer->verdict == VERDICT_NOT_READY; i++)
		if (answer->reasons[i].finding->f.status == STATUS_FAIL) {
			first = &answer->reasons[i];
			break;
		}
	reason_text(first, b);
	if (answer->n > 1)
		buf_printf(b, "; and %zu more reason%s", answer->n - 1, answer->n > 2 ? "s" : "");
}

static void put_run_line(struct buf *b, const struct gate_question *q, const struct gate_answer *answer)
{
	int64_t waived = (int64_t)answer->host->critical[STATUS_WAIVED];

	buf_printf(b, "; run %s, oldest fact %" PRId64 " s old", answer->record->run,
	           (q->now_ms - answer->record->oldest_fact_ms) / 1000);
	if (waived > 0)
		buf_printf(b, "; %" PRId64 " waived", waived);
	for (size_t i = 0; i < answer->ntargets; i++)
		if (answer->targets[i].tls != NULL && strcmp(answer->targets[i].tls, "certificate not verified") == 0)
			buf_printf(b, "; certificate of %s not verified", answer->targets[i].name);
}

static void put_text(FILE *out, const struct gate_question *q, const struct gate_answer *answer)
{
	struct buf b = {.max = LINE_MAX_BYTES};

	buf_printf(&b, "%s: %s of %s: ", verdict_name(answer->verdict), q->operation->name, host_name(q, answer));
	if (answer->n > 0)
		put_reasons_line(&b, answer);
	else
		buf_printf(&b, "%" PRIu64 " critical subjects pass", answer->host->critical[STATUS_PASS]);
	if (answer->record != NULL)
		put_run_line(&b, q, answer);
	put_terminal(out, buf_str(&b));
	fputc('\n', out);
	buf_dispose(&b);
}

static void put_counts(FILE *out, const struct recorded_host *h)
{
	fputs("{", out);
	for (enum status s = 0; s < STATUS_COUNT; s++)
		fprintf(out, "%s\"%s\": %" PRIu64, s > 0 ? ", " : "", status_name(s), h->critical[s]);
	fputs("}", out);
}

static void put_run_json(FILE *out, const struct gate_question *q, const struct gate_answer *answer)
{
	if (answer->record == NULL) {
		fputs(",\n \"run\": null, \"age_s\": null, \"critical\": null, \"targets\": []", out);
		return;
	}
	fputs(",\n \"run\": {", out);
	put_record_members(out, answer->record);
	fprintf(out,
	        "},\n \"age_s\": %" PRId64 ", \"critical\": ", (q->now_ms - answer->record->oldest_fact_ms) / 1000);
	put_counts(out, answer->host);
	fputs(", \"targets\": [", out);
	for (size_t i = 0; i < answer->ntargets; i++) {
		fprintf(out, "%s{\"name\": ", i > 0 ? ", " : "");
		put_json(out, answer->targets[i].name);
		put_text_member(out, "address", answer->targets[i].address);
		put_text_member(out, "tls", answer->targets[i].tls);
		fputs("}", out);
	}
	fputs("]", out);
}

static void put_reason_json(FILE *out, const struct gate_reason *r)
{
	struct buf b = {.max = LINE_MAX_BYTES};

	reason_text(r, &b);
	fputs("{\"code\": ", out);
	put_json(out, r->code);
	put_text_member(out, "run", r->run);
	put_text_member(out, "text", buf_str(&b));
	fputs(", \"finding\": ", out);
	put_recorded(out, r->finding);
	fputs("}", out);
	buf_dispose(&b);
}

static void put_answer_json(FILE *out, const struct gate_question *q, const struct gate_answer *answer)
{
	const struct recorded_host *h = answer->host;

	fputs("{\"schema\": \"migready-gate/1\"", out);
	put_text_member(out, "operation", q->operation->name);
	put_text_member(out, "host", host_name(q, answer));
	put_text_member(out, "target", h != NULL ? h->target : NULL);
	put_text_member(out, "cluster", h != NULL ? h->cluster_name : NULL);
	put_text_member(out, "verdict", verdict_name(answer->verdict));
	fprintf(out, ", \"max_age_s\": %" PRId64 ",\n ", q->max_age_ms / 1000);
	fputs("\"profile\": ", out);
	put_json(out, q->profile);
	put_text_member(out, "profile_digest", q->profile_digest);
	put_run_json(out, q, answer);
	fputs(",\n \"reasons\": [", out);
	for (size_t i = 0; i < answer->n; i++) {
		fputs(i > 0 ? ",\n  " : "\n  ", out);
		put_reason_json(out, &answer->reasons[i]);
	}
	fputs(answer->n > 0 ? "\n ]}\n" : "]}\n", out);
}

/* ---- asking ---- */

/* A history that can't be read is an answer: nobody knows. */
static void ask(const char *path, const struct gate_question *q, struct arena *a, struct gate_answer *ret)
{
	struct history *h = NULL;
	struct err err = {0};

	if (access(path, F_OK) < 0) {
		*ret = (struct gate_answer){0};
		gate_add(ret, "no-history", NULL,
		         arena_printf(a, "no run was recorded yet (%s); 'migready check -i FILE -p %s' records one",
		                      path, q->profile));
		return;
	}
	if (history_open(&h, path, false, &err) < 0) {
		*ret = (struct gate_answer){0};
		gate_add(ret, "damaged", NULL, arena_strdup(a, err.text));
		return;
	}
	gate_ask(h, q, a, ret);
	history_close(h);
}

/* Probes for this one host, and records the run: Q then asks about no other. */
static int probe_now(struct app *app, struct app_options *o, const char *path, const struct history_keep *keep,
                     struct gate_question *q, struct err *err)
{
	const char *slash = strchr(q->host, '/');
	const char *hosts[] = {slash != NULL ? slash + 1 : q->host, NULL};
	int rc;

	o->scope.hosts = hosts;
	o->brief = true;
	rc = app_check(app, o, err);
	if (rc == 0)
		rc = history_record_run(path, &app->run, q->own_checks, keep, err);
	o->scope.hosts = NULL;
	app->run.scope.hosts = NULL;
	q->run = app->run.id;
	return rc;
}

/* The first that went wrong, in words. */
static int note_error(void *arg, const struct probe_outcome *o, struct err *err)
{
	struct buf *text = arg;

	(void)err;
	if (text->len == 0 && strcmp(o->outcome, "ok") != 0)
		buf_printf(text, "%s could not be asked: %s", o->target, o->error != NULL ? o->error : o->outcome);
	return 0;
}

/* A run that doesn't even list the host says why, first of all: whoever waits for the answer has no report to look into. */
static void explain_fresh(const struct run *run, struct arena *a, struct gate_answer *ret)
{
	struct buf text = {.max = 1024};
	struct gate_reason last;
	struct err ignored = {0};

	if (ret->record == NULL && run_probes(run, note_error, &text, &ignored) == 0 && text.len > 0) {
		gate_add(ret, "incomplete", run->id, arena_strdup(a, buf_str(&text)));
		last = ret->reasons[ret->n - 1];
		memmove(ret->reasons + 1, ret->reasons, (ret->n - 1) * sizeof(last));
		ret->reasons[0] = last;
	}
	buf_dispose(&text);
}

static int answer(struct parsed *p, const char *path, const struct history_keep *keep,
                  const struct gate_question *asked, struct err *err)
{
	static const int codes[] = {[VERDICT_READY] = 0, [VERDICT_NOT_READY] = 1, [VERDICT_UNKNOWN] = 2};
	struct gate_question question = *asked, *q = &question;
	struct gate_answer a = {0};
	struct app_options o;
	struct app app = {0};
	int code;

	command_app_options(p, &o);
	if (o.profile == NULL)
		o.profile = q->operation->profile;
	q->own_checks = o.check_dirs != NULL;
	code = option_count(p, "fresh") > 0 ? probe_now(&app, &o, path, keep, q, err) : app_load(&app, &o, err);
	if (code == 0) {
		q->profile = app.profile.name;
		q->profile_digest = app.profile.digest;
		q->now_ms = wall_ms();
		ask(path, q, app.arena, &a);
		if (q->run != NULL)
			explain_fresh(&app.run, app.arena, &a);
		(strcmp(option_text(p, "format"), "json") == 0 ? put_answer_json : put_text)(stdout, q, &a);
		code = codes[a.verdict];
	}
	gate_dispose(&a);
	app_close(&app);
	return code;
}

/* ---- the command line ---- */

static int find_operation(const char *name, const struct gate_operation **ret, struct err *err)
{
	const char *names[8];
	struct buf all = {.max = 256};
	char hint[96];
	size_t n = 0;

	for (const struct gate_operation *op = gate_operations; op->name != NULL; op++) {
		if (strcmp(op->name, name) == 0) {
			*ret = op;
			buf_dispose(&all);
			return 0;
		}
		buf_printf(&all, "%s%s", n > 0 ? ", " : "", op->name);
		names[n++] = op->name;
	}
	err_set(err, ERR_USAGE, "unknown operation '%.64s'%s; there are: %s", name,
	        did_you_mean(hint, sizeof(hint), name, names, n), buf_str(&all));
	buf_dispose(&all);
	return -1;
}

/* What only a fresh run can heed would otherwise look as if it had been heeded. */
static int check_options(const struct parsed *p, struct err *err)
{
	static const char *const only_fresh[] = {"inventory", "exclude", "waivers", "deadline", "history-keep"};
	bool fresh = option_count(p, "fresh") > 0;

	for (size_t i = 0; i < sizeof(only_fresh) / sizeof(only_fresh[0]); i++)
		if (!fresh && option_count(p, only_fresh[i]) > 0)
			return err_set(err, ERR_USAGE, "--%s is for --fresh", only_fresh[i]);
	if (fresh && option_text(p, "inventory") == NULL)
		return err_set(err, ERR_USAGE, "--fresh needs an inventory: -i FILE");
	return 0;
}

static int gate(struct parsed *p, struct err *err)
{
	struct gate_question q = {.max_age_ms = option_duration_ms(p, "max-age")};
	struct arena *a = arena_new();
	struct history_keep keep;
	const char *path;
	int code =
		command_wants_args(p, 2, p->nargs == 0 ? "the operation (maintenance or evacuate)" : "the host", err);

	if (code == 0)
		code = find_operation(p->args[0], &q.operation, err);
	if (code == 0)
		code = check_options(p, err);
	if (code == 0)
		code = command_history(p, a, &path, &keep, err);
	if (code == 0) {
		q.host = p->args[1];
		code = answer(p, path, &keep, &q, err);
	}
	arena_free(a);
	return code;
}

static int run(struct parsed *p, struct err *err)
{
	return command_exit_code(p, gate(p, err), err);
}

const struct command command_gate = {
	.name = "gate",
	.about = "go or no-go for an operation on a host, from the newest recorded run",
	.usage = "OPERATION HOST [OPTION]...\nOPERATION HOST --fresh -i INVENTORY [OPTION]...",
	.options = options,
	.details =
		"Operations: maintenance (profile maintenance): every VM on the host has to leave it; evacuate "
		"(profile\n"
		"evacuation): by a verified placement, which no run holds yet: always unknown.\n"
		"HOST is a name as for --host; TARGET/HOST where two targets have one of that name.\n"
		"\n"
		"The newest live run under the operation's profile answers that covers the host and every host of its\n"
		"cluster that its VMs may go to. Whatever keeps the answer from being sure makes it unknown: an older, "
		"partial,\n"
		"incomplete, replayed or damaged run, another profile than the installed one, a clock in the future.\n"
		"\n"
		"Exit codes: 0 go, 1 no-go, 2 unknown; others as for 'check'. Nagios style: 0, 2, 3.",
	.examples = "migready gate maintenance esx01\n"
		    "migready gate maintenance esx01 --fresh -i inventory.yaml -f json\n"
		    "migready gate maintenance vc01/esx01 --max-age 5m && govc host.maintenance.enter esx01",
	.run = run,
};
