/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_diff.c - migready diff: what two recorded runs found differently. */
#include "diff.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "command.h"
#include "report/common.h"
#include "report/escape.h"
#include "report/recorded.h"

#define NOTES_MAX 8
#define LINE_MAX_BYTES 16384

static const char *const styles[] = {"text", "json", NULL};

/* clang-format off */
static const struct option_def options[] = {
	OPTION_HISTORY,
	{.name = "format", .letter = 'f', .type = OPTION_CHOICE, .arg = "FORMAT", .choices = styles, .dflt = "text",
	 .help = "how to tell"},
	OPTIONS_COMMON
};
/* clang-format on */

/* ---- which runs ---- */

static bool is_ready(const struct record *r)
{
	return r->damage == NULL && strcmp(r->verdict, verdict_name(VERDICT_READY)) == 0;
}

static bool same_question(const struct record *a, const struct record *b)
{
	return strcmp(a->profile, b->profile) == 0 && strcmp(a->scope, b->scope) == 0 && a->replay == b->replay;
}

/* The newest ready run that was asked the same as OTHER, and isn't it; OTHER NULL: the newest ready one. EARLIER: only before it. */
static struct record *last_ready(const struct records *rs, const struct record *other, bool earlier)
{
	for (size_t i = 0; i < rs->n; i++) {
		struct record *r = rs->v[i];

		if (is_ready(r) &&
		    (other == NULL || (r != other && same_question(r, other) && (!earlier || r->seq < other->seq))))
			return r;
	}
	return NULL;
}

static struct record *by_prefix(const struct records *rs, const char *prefix, struct err *err)
{
	struct record *found = NULL;

	for (size_t i = 0; i < rs->n; i++) {
		if (strncasecmp(rs->v[i]->run, prefix, strlen(prefix)) != 0)
			continue;
		if (found != NULL) {
			err_set(err, ERR_USAGE, "'%.32s' is the start of several runs: %.26s, %.26s ...", prefix,
			        found->run, rs->v[i]->run);
			return NULL;
		}
		found = rs->v[i];
	}
	if (found == NULL)
		err_set(err, ERR_USAGE, "no recorded run is '%.32s'; 'migready list runs' lists them", prefix);
	return found;
}

/* OTHER: the run it is compared with, where that is known. EARLIER: it is to be the older one of the two. */
static struct record *find_run(const struct records *rs, const char *word, const struct record *other, bool earlier,
                               struct err *err)
{
	struct record *r;

	if (strcmp(word, "last") == 0)
		return rs->v[0];
	if (strcmp(word, "last-ready") != 0)
		return by_prefix(rs, word, err);
	r = last_ready(rs, other, earlier);
	if (r == NULL && other != NULL)
		err_set(err, ERR_USAGE,
		        "no %srun of the same profile and scope as run %.26s was ready; 'migready list runs' lists "
		        "others, 'migready diff RUN RUN' compares any two",
		        earlier ? "earlier " : "other ", other->run);
	else if (r == NULL)
		err_set(err, ERR_USAGE, "no run was ready");
	return r;
}

static int find_runs(const struct parsed *p, const struct records *rs, struct record **ret_before,
                     struct record **ret_after, struct err *err)
{
	const char *before = p->nargs > 0 ? p->args[0] : "last-ready", *after = p->nargs > 0 ? p->args[1] : "last";
	bool ready = strcmp(after, "last-ready") == 0;

	if (rs->n == 0) {
		err_set(err, ERR_USAGE, "no run is recorded yet");
		return -1;
	}
	/* Whichever is not `last-ready` is found first: it says what the other has to be like. */
	*ret_after = ready ? NULL : find_run(rs, after, NULL, false, err);
	if (*ret_after == NULL && !ready)
		return -1;
	*ret_before = find_run(rs, before, *ret_after, true, err);
	if (*ret_before == NULL)
		return -1;
	if (ready)
		*ret_after = strcmp(before, after) == 0 ? *ret_before : find_run(rs, after, *ret_before, false, err);
	return *ret_after != NULL ? 0 : -1;
}

/* ---- what else differs ---- */

static size_t notes_of(const struct record *a, const struct record *b, const char *ret[NOTES_MAX])
{
	size_t n = 0;

	if (strcmp(a->profile, b->profile) != 0)
		ret[n++] = "the profiles differ";
	else if (strcmp(a->profile_digest, b->profile_digest) != 0)
		ret[n++] = "the profile of that name, its checks or parameters changed between the runs";
	if (strcmp(a->targets, b->targets) != 0)
		ret[n++] = "the targets differ, or how they are reached or verified";
	if (strcmp(a->scope, b->scope) != 0)
		ret[n++] = "the scopes differ";
	if (strcmp(a->version, b->version) != 0)
		ret[n++] = "two versions of migready judged";
	if (a->replay != b->replay)
		ret[n++] = "one of them replayed recorded facts";
	if (!a->complete || !b->complete)
		ret[n++] = "not everything was answered: what is gone may only be unknown";
	return n;
}

/* ---- telling ---- */

static void put_line(FILE *out, const char *mark, struct buf *b)
{
	fputs(mark, out);
	put_terminal(out, buf_str(b));
	fputc('\n', out);
	buf_clear(b);
}

static void put_difference(FILE *out, const struct difference *d, struct buf *b)
{
	static const char *const marks[] = {[CHANGE_NEW] = "+ ", [CHANGE_GONE] = "- ", [CHANGE_CHANGED] = "~ "};
	const struct recorded_finding *f = d->after != NULL ? d->after : d->before;

	buf_printf(b, "%s %s ", status_name(f->f.status), severity_name(f->severity));
	recorded_text(f, b);
	put_line(out, marks[d->change], b);
	if (d->change != CHANGE_CHANGED)
		return;
	buf_printf(b, "was %s %s: ", status_name(d->before->f.status), severity_name(d->before->severity));
	observed_text(&d->before->f, b);
	put_line(out, "    ", b);
}

static void put_run(FILE *out, const char *mark, const struct record *r, struct arena *a)
{
	struct buf b = {.max = LINE_MAX_BYTES};
	char started[UTC_SIZE];

	buf_printf(&b, "%s  %s  %s  %s  %s: %s", r->run, utc(started, r->started_ms), r->verdict, r->profile,
	           record_targets_text(a, r), record_scope_text(a, r));
	put_line(out, mark, &b);
	buf_dispose(&b);
}

static void put_text(FILE *out, const struct record *before, const struct record *after, const struct diff *d,
                     struct arena *a)
{
	struct buf b = {.max = LINE_MAX_BYTES};
	const char *notes[NOTES_MAX];
	size_t n = notes_of(before, after, notes);

	put_run(out, "--- ", before, a);
	put_run(out, "+++ ", after, a);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "note: %s\n", notes[i]);
	for (size_t i = 0; i < d->n; i++)
		put_difference(out, &d->v[i], &b);
	fprintf(out, "%zu new, %zu changed, %zu gone\n", d->count[CHANGE_NEW], d->count[CHANGE_CHANGED],
	        d->count[CHANGE_GONE]);
	buf_dispose(&b);
}

static void put_run_json(FILE *out, const char *key, const struct record *r)
{
	fprintf(out, "\"%s\": {", key);
	put_record_members(out, r);
	put_record_scope(out, r);
	fputc('}', out);
}

static void put_json_diff(FILE *out, const struct record *before, const struct record *after, const struct diff *d)
{
	const char *notes[NOTES_MAX];
	size_t n = notes_of(before, after, notes);

	fputs("{\"schema\": \"migready-diff/1\",\n ", out);
	put_run_json(out, "before", before);
	fputs(",\n ", out);
	put_run_json(out, "after", after);
	fputs(",\n \"notes\": [", out);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s\"%s\"", i > 0 ? ", " : "", notes[i]);
	fprintf(out, "],\n \"summary\": {\"new\": %zu, \"changed\": %zu, \"gone\": %zu},\n \"differences\": [",
	        d->count[CHANGE_NEW], d->count[CHANGE_CHANGED], d->count[CHANGE_GONE]);
	for (size_t i = 0; i < d->n; i++) {
		fprintf(out, "%s\n  {\"change\": \"%s\", \"before\": ", i > 0 ? "," : "", change_name(d->v[i].change));
		put_recorded(out, d->v[i].before);
		fputs(", \"after\": ", out);
		put_recorded(out, d->v[i].after);
		fputc('}', out);
	}
	fputs(d->n > 0 ? "\n ]}\n" : "]}\n", out);
}

/* ---- the command ---- */

static int read_run(struct history *h, struct arena *a, struct record *r, struct err *err)
{
	if (r->damage == NULL && history_documents(h, a, r, err) < 0)
		return -1;
	return r->damage == NULL ? 0 : err_set(err, ERR_CONFIG, "run %.26s: %s", r->run, r->damage);
}

static int compare(const struct parsed *p, struct history *h, struct arena *a, const struct records *rs,
                   struct err *err)
{
	struct record *before = NULL, *after = NULL;
	struct diff d;
	int code;

	if (find_runs(p, rs, &before, &after, err) < 0 || read_run(h, a, before, err) < 0 ||
	    read_run(h, a, after, err) < 0)
		return -1;
	if (diff_records(a, before, after, &d) < 0)
		return err_set(err, ERR_CONFIG, "run %.26s: %s", (before->damage != NULL ? before : after)->run,
		               before->damage != NULL ? before->damage : after->damage);
	if (strcmp(option_text(p, "format"), "json") == 0)
		put_json_diff(stdout, before, after, &d);
	else
		put_text(stdout, before, after, &d, a);
	code = d.n > 0 || strcmp(before->verdict, after->verdict) != 0;
	diff_dispose(&d);
	return code;
}

static int run(struct parsed *p, struct err *err)
{
	struct arena *a = arena_new();
	struct records rs = {0};
	struct history *h = NULL;
	struct history_keep keep;
	const char *path;
	int code = p->nargs == 0 ? 0 : command_wants_args(p, 2, "the second run", err);

	if (code == 0)
		code = command_history(p, a, &path, &keep, err);
	if (code == 0)
		code = history_open(&h, path, false, err);
	if (code == 0)
		code = history_runs(h, a, &rs, err);
	if (code == 0)
		code = compare(p, h, a, &rs, err);
	history_close(h);
	free(rs.v);
	arena_free(a);
	return code;
}

const struct command command_diff = {
	.name = "diff",
	.about = "what two recorded runs found differently",
	.usage = "[RUN RUN] [OPTION]...",
	.options = options,
	.details =
		"RUN is the start of a run's id, 'last' or 'last-ready'. Without them the newest run is compared "
		"with the\n"
		"last ready one before it; 'last-ready' is always of the same profile and scope as the other run. + is "
		"new, ~\n"
		"changed, - gone.\n"
		"\n"
		"Exit codes: 0 no difference, 1 some; 64 no such run, 74 and 78 the history can't be read.",
	.examples = "migready diff\n"
		    "migready diff 01JABC last -f json",
	.run = run,
};
