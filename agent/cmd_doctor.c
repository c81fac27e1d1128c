/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_doctor.c - migready doctor: can every target and host be asked, and with which rights? */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "base/version.h"
#include "columns.h"
#include "command.h"
#include "doctor.h"
#include "report/common.h"
#include "report/escape.h"

#define ROLE_BYTES (64 * 1024)

static const char *const formats_known[] = {"text", "json", NULL};

/* clang-format off */
static const struct option_def options[] = {
	OPTION_INVENTORY,
	{.name = "format", .letter = 'f', .type = OPTION_CHOICE, .arg = "FORMAT", .choices = formats_known, .dflt = "text",
	 .help = "how to report"},
	{.name = "all", .help = "every line of hosts that are well, too"},
	OPTION_DEADLINE,
	OPTIONS_COMMON
};
/* clang-format on */

struct lines {
	struct doctor_line *v;
	size_t n, cap;
	size_t count[STATUS_COUNT];
	bool cut_short; /* interrupted, or out of time: what there is no line about may not be well */
};

static int keep(void *arg, const struct doctor_line *line, struct err *err)
{
	struct lines *ls = arg;

	(void)err;
	ls->v = grow(ls->v, &ls->cap, ls->n, sizeof(*ls->v));
	ls->v[ls->n++] = *line;
	ls->count[line->status]++;
	return 0;
}

/* 0: all is well, 1: something fails, 2: something couldn't be found out. */
static int exit_code(const struct lines *ls)
{
	if (ls->count[STATUS_FAIL] > 0)
		return 1;
	return ls->count[STATUS_UNKNOWN] > 0 || ls->cut_short ? 2 : 0;
}

static const char *const results[] = {"well", "fails", "unknown"};

/* ---- text ---- */

#define ROW(...) ((const char *const[]){__VA_ARGS__})

/* How many lines from AT on are about the same target or host; *ret_well: all of them pass, or can't be told. */
static size_t same_host(const struct lines *ls, size_t at, bool *ret_well)
{
	size_t n = 0;

	*ret_well = true;
	while (at + n < ls->n && strcmp(ls->v[at + n].target, ls->v[at].target) == 0 && ls->v[at + n].host != NULL &&
	       ls->v[at].host != NULL && strcmp(ls->v[at + n].host, ls->v[at].host) == 0) {
		*ret_well = *ret_well && (ls->v[at + n].status == STATUS_PASS || ls->v[at + n].status == STATUS_NA);
		n++;
	}
	return n;
}

static void put_line(struct columns *c, const struct doctor_line *l)
{
	columns_row(c, ROW(l->target, l->host != NULL ? l->host : "", l->step, status_name(l->status), l->found));
}

static void put_lines(const struct lines *ls, bool all)
{
	struct columns *c = columns_new(stdout, ROW("TARGET", "HOST", "STEP", "STATUS", "FOUND"), 5);

	for (size_t i = 0; i < ls->n;) {
		bool well;
		size_t n = same_host(ls, i, &well);

		if (n > 0 && well && !all) {
			columns_row(c, ROW(ls->v[i].target, ls->v[i].host, "all", "pass", ""));
			i += n;
			continue;
		}
		for (n = n > 0 ? n : 1; n > 0; n--)
			put_line(c, &ls->v[i++]);
	}
	columns_end(c);
}

static bool same_remedy(const struct doctor_line *a, const struct doctor_line *b)
{
	return b->remedy != NULL && strcmp(a->step, b->step) == 0 && strcmp(a->remedy, b->remedy) == 0;
}

/* Each remedy once, however many need it. */
static void put_remedies(const struct lines *ls)
{
	bool any = false;

	for (size_t i = 0; i < ls->n; i++) {
		const struct doctor_line *l = &ls->v[i];
		bool told = l->remedy == NULL;
		size_t more = 0;

		for (size_t k = 0; k < i && !told; k++)
			told = same_remedy(l, &ls->v[k]);
		if (told)
			continue;
		for (size_t k = i + 1; k < ls->n; k++)
			more += same_remedy(l, &ls->v[k]);
		fputs(any ? "" : "\nWhat to do:\n", stdout);
		fputs("  ", stdout);
		put_terminal(stdout, l->host != NULL ? l->host : l->target);
		if (more > 0)
			printf(" and %zu more", more);
		printf(", %s: ", l->step);
		put_terminal(stdout, l->remedy);
		putchar('\n');
		any = true;
	}
}

static void put_text(const struct lines *ls, bool all)
{
	put_lines(ls, all);
	put_remedies(ls);
	printf("\n%zu pass, %zu warn, %zu fail, %zu unknown, %zu na\n", ls->count[STATUS_PASS], ls->count[STATUS_WARN],
	       ls->count[STATUS_FAIL], ls->count[STATUS_UNKNOWN], ls->count[STATUS_NA]);
}

/* ---- JSON ---- */

static void put_member(const char *separator, const char *key, const char *value)
{
	printf("%s\"%s\": ", separator, key);
	put_json(stdout, value);
}

static void put_json_report(const struct lines *ls, int64_t started_ms)
{
	char started[UTC_SIZE];

	put_member("{", "schema", "migready-doctor/1");
	put_member(", ", "version", MIGREADY_VERSION);
	put_member(", ", "started", utc(started, started_ms));
	put_member(", ", "result", results[exit_code(ls)]);
	fputs(",\n \"lines\": [", stdout);
	for (size_t i = 0; i < ls->n; i++) {
		const struct doctor_line *l = &ls->v[i];

		put_member(i > 0 ? ",\n  {" : "\n  {", "target", l->target);
		put_member(", ", "host", l->host);
		put_member(", ", "step", l->step);
		put_member(", ", "status", status_name(l->status));
		put_member(", ", "found", l->found);
		put_member(", ", "remedy", l->remedy);
		putchar('}');
	}
	fputs(ls->n > 0 ? "\n ]}\n" : "]}\n", stdout);
}

/* ---- the command ---- */

static int load_role(struct app *app, struct role *ret, struct err *err)
{
	const char *dir = app_data_dir(err), *path, *text;
	size_t len;

	if (dir == NULL)
		return -1;
	path = arena_printf(app->arena, "%s/profiles/migready-role.json", dir);
	text = file_read(app->arena, path, ROLE_BYTES, &len, err);
	return text != NULL ? role_parse(app->arena, path, text, len, ret, err) : -1;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int examine(const struct parsed *p, struct app *app, const struct app_options *o, struct lines *ls,
                   struct err *err)
{
	int64_t started_ms = now_ms();
	struct role role;

	if (app_open_query(app, o, doctor_reads, err) < 0 || load_role(app, &role, err) < 0 ||
	    doctor_examine(app->facts, app->arena, &app->inventory, &role, started_ms, keep, ls, err) < 0)
		return -1;
	ls->cut_short = app->result.cancelled || app->result.timed_out;
	if (ls->cut_short)
		log_say(LOG_WARNING, "%s; what wasn't answered by then is unknown",
		        app->result.cancelled ? "interrupted" : "the deadline was reached");
	if (strcmp(option_text(p, "format"), "json") == 0)
		put_json_report(ls, started_ms);
	else
		put_text(ls, option_count(p, "all") > 0);
	return exit_code(ls);
}

static int run(struct parsed *p, struct err *err)
{
	struct app_options o;
	struct app app = {0};
	struct lines ls = {0};
	int code;

	if (command_wants_args(p, 0, NULL, err) < 0)
		return -1;
	command_app_options(p, &o);
	if (o.inventory == NULL)
		return err_set(err, ERR_USAGE, "an inventory is needed: -i FILE");
	code = examine(p, &app, &o, &ls, err);
	app_close(&app);
	free(ls.v);
	return code;
}

const struct command command_doctor = {
	.name = "doctor",
	.about = "days before: can we log in, with which rights, over which transport; clocks, certificates, versions",
	.usage = "-i INVENTORY [OPTION]...",
	.options = options,
	.details =
		"Target by target: the credential where it is missing, reachable, certificate, login, API version, "
		"privileges on the root folder against "
		"the role in\n"
		"profiles/migready-role.json, clock, transports; then each host: connected, privileges, clock, "
		"transports. A host that\n"
		"is well is one line. Exit codes: 0 all is well, 1 something fails (what to do is said), 2 something "
		"could not be\n"
		"found out; others as for 'check'.",
	.examples = "migready doctor -i inventory.yaml\n"
		    "migready doctor -i inventory.yaml -f json",
	.run = run,
};
