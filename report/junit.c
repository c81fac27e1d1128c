/* SPDX-License-Identifier: Apache-2.0 */
/* junit.c - the report for CI servers: a test suite a check, a test case a finding, and the verdict as a test of its own. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/common.h"
#include "report/escape.h"
#include "report/format.h"

#define TEXT_MAX_BYTES 8192 /* of one finding's text */

/* What a suite's first line has to say before its cases are known. */
struct totals {
	const struct check *check;
	uint64_t cases, failures, errors, skipped;
};

struct writer {
	FILE *out;
	const struct checks *checks;
	struct totals *totals; /* one a check, in the order of checks->v, and the sum behind the last */
	const struct check *open;
};

static void put_attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	put_xml(out, value);
	fputc('"', out);
}

static void put_totals(FILE *out, const struct totals *t)
{
	fprintf(out, " tests=\"%" PRIu64 "\" failures=\"%" PRIu64 "\" errors=\"%" PRIu64 "\" skipped=\"%" PRIu64 "\"",
	        t->cases, t->failures, t->errors, t->skipped);
}

static struct totals *totals_of(const struct writer *w, const struct check *c)
{
	size_t i = 0;

	while (i < w->checks->n && w->checks->v[i] != c)
		i++;
	return &w->totals[i];
}

static void count(struct totals *t, enum status status)
{
	t->cases++;
	t->failures += status == STATUS_FAIL;
	t->errors += status == STATUS_UNKNOWN;
	t->skipped += status == STATUS_NA || status == STATUS_WAIVED;
}

static int count_finding(void *arg, const struct finding *f, struct err *err)
{
	struct writer *w = arg;

	(void)err;
	count(totals_of(w, f->check), f->status);
	count(&w->totals[w->checks->n], f->status);
	return 0;
}

static void put_outcome(FILE *out, enum status status, const char *text)
{
	static const char *const element[STATUS_COUNT] = {
		[STATUS_WARN] = "system-out", [STATUS_FAIL] = "failure",   [STATUS_UNKNOWN] = "error",
		[STATUS_NA] = "skipped",      [STATUS_WAIVED] = "skipped",
	};

	if (element[status] == NULL) {
		fputs("/>\n", out);
		return;
	}
	fprintf(out, ">\n   <%s", element[status]);
	if (status == STATUS_WARN) {
		fputs(">warning: ", out);
		put_xml(out, text);
		fprintf(out, "</%s>\n", element[status]);
	} else {
		put_attribute(out, "message", text);
		fputs("/>\n", out);
	}
	fputs("  </testcase>\n", out);
}

static void end_suite(struct writer *w)
{
	if (w->open != NULL)
		fputs(" </testsuite>\n", w->out);
}

static void begin_suite(struct writer *w, const struct check *c)
{
	fputs(" <testsuite", w->out);
	put_attribute(w->out, "name", c->id);
	put_totals(w->out, totals_of(w, c));
	fputs(">\n", w->out);
	w->open = c;
}

static int put_finding(void *arg, const struct finding *f, struct err *err)
{
	struct writer *w = arg;
	struct buf subject = {.max = TEXT_MAX_BYTES}, found = {.max = TEXT_MAX_BYTES};

	(void)err;
	if (f->check != w->open) {
		end_suite(w);
		begin_suite(w, f->check);
	}
	subject_text(f, &subject);
	observed_text(f, &found);
	fputs("  <testcase", w->out);
	put_attribute(w->out, "classname", f->check->id);
	put_attribute(w->out, "name", buf_str(&subject));
	put_outcome(w->out, f->status, buf_str(&found));
	buf_dispose(&subject);
	buf_dispose(&found);
	return 0;
}

/* A CI job must not pass because every check was waived, unknown or missing: the verdict is a test that fails by itself. */
static enum status verdict_status(const struct run *run)
{
	if (run->verdict == VERDICT_NOT_READY)
		return STATUS_FAIL;
	return run_exit_code(run) == 0 ? STATUS_PASS : STATUS_UNKNOWN;
}

static void put_verdict(const struct writer *w, const struct run *run)
{
	struct totals t = {0};

	count(&t, verdict_status(run));
	fputs(" <testsuite name=\"verdict\"", w->out);
	put_totals(w->out, &t);
	fputs(">\n  <testcase classname=\"verdict\" name=\"ready\"", w->out);
	put_outcome(w->out, verdict_status(run),
	            run->verdict == VERDICT_READY ? "recorded facts: they don't prove readiness"
	            : run->why != NULL            ? run->why
	                                          : "");
	fputs(" </testsuite>\n", w->out);
}

static int write_suites(struct writer *w, const struct run *run, struct err *err)
{
	char started[UTC_SIZE];

	if (run_findings(run, true, false, count_finding, w, err) < 0)
		return -1;
	count(&w->totals[w->checks->n], verdict_status(run));
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"migready\"", w->out);
	put_totals(w->out, &w->totals[w->checks->n]);
	fprintf(w->out, " time=\"%" PRId64 ".%03" PRId64 "\" timestamp=\"%s\">\n",
	        (run->ended_ms - run->started_ms) / 1000, (run->ended_ms - run->started_ms) % 1000,
	        utc(started, run->started_ms));
	if (run_findings(run, true, false, put_finding, w, err) < 0)
		return -1;
	end_suite(w);
	put_verdict(w, run);
	fputs("</testsuites>\n", w->out);
	return 0;
}

static int write_junit(const struct run *run, const struct format_options *o, FILE *out, struct err *err)
{
	struct writer w = {.out = out, .checks = run->checks};
	int r;

	(void)o; /* a CI server counts what passed too */
	w.totals = xcalloc(run->checks->n + 1, sizeof(*w.totals));
	r = write_suites(&w, run, err);
	free(w.totals);
	return r;
}

const struct format format_junit = {
	.name = "junit",
	.about = "for CI servers: a suite a check, a case a subject, and the verdict as a case of its own",
	.lists_all = true,
	.write = write_junit,
};
