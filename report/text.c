/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - the report for people: worst checks first, the verdict in the last line, where a terminal shows it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "report/common.h"
#include "report/escape.h"
#include "report/format.h"
#include "report/silence.h"

#define SHOWN 20            /* findings of one check and status; more only with --all */
#define LINE_MAX_BYTES 8192 /* of one finding's text */
#define NARROWEST 40        /* a terminal that is narrower isn't wrapped for */
#define FINDING_COLUMN 11   /* where a finding's words start, after its status */

struct writer {
	FILE *out;
	const struct format_options *o;
	const struct check *check; /* whose findings are being written */
	enum status status;
	uint64_t shown, hidden; /* of that check and status */
	bool trouble;           /* that check has findings which its symptom and fix are about */
	size_t ntargets, nunverified;
	struct silences silences; /* without --all */
};

/* The attempts that brought no answer, kept to be told together where target, outcome and reason are one. */
struct unanswered {
	struct arena *a;
	struct probe_outcome *v;
	size_t n, cap;
};

static const struct {
	const char *word, *colour;
} looks[STATUS_COUNT] = {
	[STATUS_PASS] = {"pass", "32"},         [STATUS_WARN] = {"WARN", "33"}, [STATUS_FAIL] = {"FAIL", "1;31"},
	[STATUS_UNKNOWN] = {"UNKNOWN", "1;35"}, [STATUS_NA] = {"n/a", "2"},     [STATUS_WAIVED] = {"waived", "36"},
};

static const struct {
	const char *word, *colour;
} verdicts[] = {
	[VERDICT_READY] = {"READY", "1;32"},
	[VERDICT_NOT_READY] = {"NOT READY", "1;31"},
	[VERDICT_UNKNOWN] = {"UNKNOWN", "1;35"},
};

static void put_coloured(const struct writer *w, const char *colour, const char *s)
{
	if (w->o->colour)
		fprintf(w->out, "\033[%sm%s\033[0m", colour, s);
	else
		fputs(s, w->out);
}

static bool wraps(const struct writer *w)
{
	return w->o->width > NARROWEST;
}

/* The words of S, each after a blank, wrapped to the terminal's width under INDENT; blanks between count as one. COLUMN: where
 * the line is now. */
static void put_words(const struct writer *w, const char *s, size_t column, size_t indent)
{
	size_t width = wraps(w) ? (size_t)w->o->width : SIZE_MAX;

	for (s += strspn(s, " \n\t"); *s != '\0'; s += strspn(s, " \n\t")) {
		size_t n = strcspn(s, " \n\t");
		CLEANUP_FREE char *word = memcpy(xcalloc(n + 1, 1), s, n);

		if (column + n + 1 > width && column > indent) {
			fprintf(w->out, "\n%*s", (int)indent, "");
			column = indent;
		}
		fputc(' ', w->out);
		put_terminal(w->out, word);
		column += n + 1;
		s += n;
	}
	fputc('\n', w->out);
}

/* "  LABEL: text", wrapped under its first word. */
static void put_paragraph(const struct writer *w, const char *label, const char *s)
{
	fprintf(w->out, "  %s:", label);
	put_words(w, s, strlen(label) + 3, strlen(label) + 3);
}

static void end_status(struct writer *w)
{
	if (w->hidden > 0)
		fprintf(w->out, "           ... and %" PRIu64 " more %s; -f json or --all lists them\n", w->hidden,
		        status_name(w->status));
	w->hidden = w->shown = 0;
}

static bool is_blank(const char *s)
{
	return s == NULL || s[strspn(s, " \n\t")] == '\0';
}

static void put_refs(const struct writer *w, const struct check *c)
{
	size_t shown = 0;

	for (size_t i = 0; i < c->nrefs; i++) {
		if (is_blank(c->refs[i]))
			continue;
		fputs(shown++ == 0 ? "  refs: " : "; ", w->out);
		put_terminal(w->out, c->refs[i]);
	}
	if (shown > 0)
		fputc('\n', w->out);
}

static void put_advice(const struct writer *w, const struct check *c)
{
	if (!is_blank(c->symptom))
		put_paragraph(w, "symptom", c->symptom);
	if (!is_blank(c->fix))
		put_paragraph(w, "fix", c->fix);
	put_refs(w, c);
}

static void end_check(struct writer *w)
{
	const struct check *c = w->check;

	if (c == NULL)
		return;
	end_status(w);
	if (w->trouble)
		put_advice(w, c);
	fputc('\n', w->out);
}

static void begin_check(struct writer *w, const struct check *c)
{
	put_terminal(w->out, c->title != NULL ? c->title : c->id);
	fprintf(w->out, "  [%s, %s%s]\n", c->id, severity_name(c->severity), c->user ? ", from a --checks folder" : "");
}

/* "  WORD     text": one line, for grep, unless it is wrapped for a terminal. */
static void put_status_line(const struct writer *w, enum status status, const char *s)
{
	char word[12];

	snprintf(word, sizeof(word), "%-7s", looks[status].word);
	fputs("  ", w->out);
	put_coloured(w, looks[status].colour, word);
	if (wraps(w)) {
		fputc(' ', w->out);
		put_words(w, s, FINDING_COLUMN - 1, FINDING_COLUMN + 1);
		return;
	}
	fputs("  ", w->out);
	put_terminal(w->out, s);
	fputc('\n', w->out);
}

static void put_line(struct writer *w, const struct finding *f)
{
	struct buf subject = {.max = LINE_MAX_BYTES}, line = {.max = 3 * LINE_MAX_BYTES},
		   found = {.max = LINE_MAX_BYTES};

	subject_text(f, &subject);
	observed_text(f, &found);
	if (w->ntargets > 1 && f->target != NULL && strcmp(f->target, buf_str(&subject)) != 0)
		buf_printf(&line, "%s ", f->target);
	buf_printf(&line, "%s%s%s", buf_str(&subject), found.len > 0 ? ": " : "", buf_str(&found));
	put_status_line(w, f->status, buf_str(&line));
	buf_dispose(&subject);
	buf_dispose(&found);
	buf_dispose(&line);
}

static void put_silences(const struct writer *w)
{
	struct buf line = {.max = LINE_MAX_BYTES};
	bool any = false;

	for (size_t i = 0; i < w->silences.n; i++) {
		const struct silence *s = &w->silences.v[i];

		if (s->checks < 2)
			continue;
		fputs(any ? "" : "Not judged:\n", w->out);
		buf_clear(&line);
		buf_printf(&line, "%s, by %" PRIu64 " checks: %s", s->target, s->checks, s->why);
		put_status_line(w, STATUS_UNKNOWN, buf_str(&line));
		any = true;
	}
	if (any)
		fputc('\n', w->out);
	buf_dispose(&line);
}

static int put_finding(void *arg, const struct finding *f, struct err *err)
{
	struct writer *w = arg;

	(void)err;
	if (silences_tell(&w->silences, f))
		return 0;
	if (f->check != w->check) {
		end_check(w);
		begin_check(w, f->check);
		w->check = f->check;
		w->status = f->status;
		w->trouble = false;
	} else if (f->status != w->status) {
		end_status(w);
		w->status = f->status;
	}
	/* What nobody could tell has another remedy than what is wrong: its own line names the reason. */
	w->trouble |= f->status == STATUS_FAIL || f->status == STATUS_WARN;
	if (w->o->all || w->shown < SHOWN) {
		put_line(w, f);
		w->shown++;
	} else {
		w->hidden++;
	}
	return 0;
}

static int count_target(void *arg, const char *name, const char *platform, const char *address, const char *tls,
                        struct err *err)
{
	struct writer *w = arg;

	(void)name, (void)platform, (void)address, (void)tls, (void)err;
	w->ntargets++;
	return 0;
}

static int put_unverified(void *arg, const char *name, const char *platform, const char *address, const char *tls,
                          struct err *err)
{
	struct writer *w = arg;

	(void)platform, (void)address, (void)err;
	if (tls == NULL || strstr(tls, "not verified") == NULL)
		return 0;
	fputs(w->nunverified++ == 0 ? "Certificates are NOT verified for: " : ", ", w->out);
	put_terminal(w->out, name);
	return 0;
}

static const char *keep_text(struct arena *a, const char *s)
{
	return s != NULL ? arena_strdup(a, s) : "";
}

static int keep_unanswered(void *arg, const struct probe_outcome *p, struct err *err)
{
	struct unanswered *u = arg;

	(void)err;
	if (strcmp(p->outcome, outcome_name(OUTCOME_OK)) == 0)
		return 0;
	u->v = grow(u->v, &u->cap, u->n, sizeof(*u->v));
	u->v[u->n++] = (struct probe_outcome){.target = keep_text(u->a, p->target),
	                                      .outcome = keep_text(u->a, p->outcome),
	                                      .error = keep_text(u->a, p->error),
	                                      .probe = keep_text(u->a, p->probe),
	                                      .host = keep_text(u->a, p->host),
	                                      .user = p->user};
	return 0;
}

/* By target, outcome and reason: those that are told together. */
static int compare_reasons(const struct probe_outcome *a, const struct probe_outcome *b)
{
	int r = strcmp(a->target, b->target);

	if (r == 0)
		r = strcmp(a->outcome, b->outcome);
	if (r == 0)
		r = strcmp(a->error, b->error);
	return r != 0 ? r : a->user - b->user;
}

static int compare_unanswered(const void *va, const void *vb)
{
	const struct probe_outcome *a = va, *b = vb;
	int r = compare_reasons(a, b);

	if (r == 0)
		r = strcmp(a->probe, b->probe);
	return r != 0 ? r : strcmp(a->host, b->host);
}

/* The N attempts at P, sorted, in one line. */
static void put_unanswered(FILE *out, const struct probe_outcome *p, size_t n)
{
	size_t probes = 1;
	bool one_host = true;

	for (size_t i = 1; i < n; i++) {
		probes += strcmp(p[i].probe, p[i - 1].probe) != 0;
		one_host &= strcmp(p[i].host, p[0].host) == 0;
	}
	fprintf(out, "  %-11s  ", p->outcome);
	put_terminal(out, p->target);
	if (one_host && p->host[0] != '\0') {
		fputc(' ', out);
		put_terminal(out, p->host);
	}
	if (probes == 1) {
		fputs("  ", out);
		put_terminal(out, p->probe);
		if (n > 1)
			fprintf(out, ", %zu times", n);
	} else {
		fprintf(out, ": %zu probes%s", probes, one_host ? "" : " of several hosts");
	}
	if (p->error[0] != '\0') {
		fputs(": ", out);
		put_terminal(out, p->error);
	}
	fputs(p->user ? " (from a --checks folder)\n" : "\n", out);
}

static void put_all_unanswered(const struct writer *w, const struct unanswered *u)
{
	size_t lines = 0, n;

	if (u->n == 0)
		return;
	qsort(u->v, u->n, sizeof(*u->v), compare_unanswered);
	fputs("Not answered:\n", w->out);
	for (size_t i = 0; i < u->n; i += n) {
		n = 1;
		while (!w->o->all && i + n < u->n && compare_reasons(&u->v[i], &u->v[i + n]) == 0)
			n++;
		if (w->o->all || lines < SHOWN)
			put_unanswered(w->out, &u->v[i], n);
		lines++;
	}
	if (!w->o->all && lines > SHOWN)
		fprintf(w->out, "  ... and %zu more; -f json or --all lists them\n", lines - SHOWN);
	fputc('\n', w->out);
}

static int put_probes(const struct writer *w, const struct run *run, struct err *err)
{
	struct unanswered u = {.a = arena_new()};
	int r = run_probes(run, keep_unanswered, &u, err);

	if (r == 0)
		put_all_unanswered(w, &u);
	free(u.v);
	arena_free(u.a);
	return r;
}

static void put_globs(FILE *out, const char *label, const char **globs)
{
	for (const char **g = globs; g != NULL && *g != NULL; g++) {
		fputs(g == globs ? label : ", ", out);
		put_terminal(out, *g);
	}
	if (globs != NULL && globs[0] != NULL)
		fputc('\n', out);
}

static void put_scope(FILE *out, const struct scope *s)
{
	put_globs(out, "Only clusters: ", s->clusters);
	put_globs(out, "Only hosts: ", s->hosts);
	put_globs(out, "Only VMs: ", s->vms);
	put_globs(out, "Excluded, as subject and as destination: ", s->excluded);
}

static void put_summary(const struct writer *w, const struct run *run)
{
	static const enum status order[] = {STATUS_PASS,    STATUS_WARN, STATUS_FAIL,
	                                    STATUS_UNKNOWN, STATUS_NA,   STATUS_WAIVED};
	char started[UTC_SIZE];

	fprintf(w->out, "%" PRIu64 " results: ", run->expected);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		fprintf(w->out, "%s%" PRIu64 " %s", i > 0 ? ", " : "", run->count[order[i]], status_name(order[i]));
	fprintf(w->out, "  (%s, %" PRId64 ".%" PRId64 " s, run %s%s)\n", utc(started, run->started_ms),
	        (run->ended_ms - run->started_ms) / 1000, (run->ended_ms - run->started_ms) % 1000 / 100, run->id,
	        run->complete ? "" : ", incomplete");
}

/* What exit code 2 means in spite of a good verdict has to be said beside that verdict. */
static void put_verdict(const struct writer *w, const struct run *run)
{
	char oldest[UTC_SIZE];

	if (run->replay)
		fprintf(w->out, "Recorded facts of %s: nothing was asked today.%s\n",
		        run->oldest_fact_ms != 0 ? utc(oldest, run->oldest_fact_ms) : "an unknown time",
		        run->verdict == VERDICT_READY && run_exit_code(run) != 0
		                ? " They don't prove readiness; the exit code is 2 unless --as-of-facts is given."
		                : "");
	put_coloured(w, verdicts[run->verdict].colour, verdicts[run->verdict].word);
	fputs("  ", w->out);
	put_terminal(w->out, run->profile != NULL ? run->profile : "");
	if (run->why != NULL && run->why[0] != '\0') {
		fputs(": ", w->out);
		put_terminal(w->out, run->why);
	}
	fputc('\n', w->out);
}

/* Who answers for what doesn't count. Those that are expired or not needed stand among the findings. */
static void put_waivers(FILE *out, const struct waivers *ws)
{
	bool any = false;

	for (size_t i = 0; ws != NULL && i < ws->n; i++) {
		const struct waiver *v = &ws->v[i];

		if (v->findings == 0)
			continue;
		fprintf(out, "%s  %" PRIu64 " of ", any ? "" : "Waived:\n", v->findings);
		put_terminal(out, v->check);
		fputs(", ", out);
		put_terminal(out, v->subject);
		fputs(": ", out);
		put_terminal(out, v->reason);
		fputs(" (", out);
		put_terminal(out, v->owner);
		fprintf(out, ", until %s)\n", v->expiry);
		any = true;
	}
	if (any)
		fputc('\n', out);
}

static int put_findings(struct writer *w, const struct run *run, struct err *err)
{
	int rc = w->o->all ? 0 : run_findings(run, false, false, silences_count, &w->silences, err);

	if (rc == 0)
		rc = run_findings(run, w->o->all, false, put_finding, w, err);
	if (rc < 0)
		return rc;
	end_check(w);
	put_silences(w);
	return 0;
}

static int write_text(const struct run *run, const struct format_options *o, FILE *out, struct err *err)
{
	struct writer w = {.out = out, .o = o, .silences = {.arena = arena_new()}};
	int rc = run_targets(run, count_target, &w, err);

	if (rc == 0)
		rc = put_findings(&w, run, err);
	silences_dispose(&w.silences);
	if (rc < 0)
		return rc;
	put_waivers(out, run->waivers);
	if (put_probes(&w, run, err) < 0 || run_targets(run, put_unverified, &w, err) < 0)
		return -1;
	if (w.nunverified > 0)
		fputc('\n', out);
	put_scope(out, &run->scope);
	put_summary(&w, run);
	put_verdict(&w, run);
	return 0;
}

const struct format format_text = {
	.name = "text",
	.about = "for people: findings by check, then what didn't answer, then the verdict",
	.write = write_text,
};
