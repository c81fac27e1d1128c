/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - the report for programs: migready-report-1.schema.json describes it. */
#include <inttypes.h>
#include <string.h>

#include "report/common.h"
#include "report/escape.h"
#include "report/format.h"

struct writer {
	FILE *out;
	bool first; /* of the list that is being written */
};

static void put_member(FILE *out, const char *key, const char *value)
{
	fprintf(out, ", \"%s\": ", key);
	put_json(out, value);
}

static void put_time(FILE *out, const char *key, int64_t ms)
{
	char text[UTC_SIZE];

	put_member(out, key, ms != 0 ? utc(text, ms) : NULL);
}

static void put_list(FILE *out, const char *const *v, size_t n)
{
	fputc('[', out);
	for (size_t i = 0; i < n; i++) {
		fputs(i > 0 ? ", " : "", out);
		put_json(out, v[i]);
	}
	fputc(']', out);
}

static void put_globs(FILE *out, const char *key, const char **globs)
{
	size_t n = 0;

	while (globs != NULL && globs[n] != NULL)
		n++;
	fprintf(out, "\"%s\": ", key);
	put_list(out, globs, n);
}

static const char *boolean(bool b)
{
	return b ? "true" : "false";
}

static void begin_list(struct writer *w, const char *key)
{
	fprintf(w->out, ",\n \"%s\": [", key);
	w->first = true;
}

static void begin_item(struct writer *w)
{
	fputs(w->first ? "\n  {" : ",\n  {", w->out);
	w->first = false;
}

static void end_list(struct writer *w)
{
	fputs(w->first ? "]" : "\n ]", w->out);
}

static void put_head(FILE *out, const struct run *run)
{
	fputs("{\"schema\": \"migready-report/1\"", out);
	put_member(out, "run", run->id);
	put_member(out, "version", MIGREADY_VERSION);
	put_member(out, "verdict", verdict_name(run->verdict));
	put_member(out, "why", run->why);
	fprintf(out, ", \"complete\": %s, \"replay\": %s,\n ", boolean(run->complete), boolean(run->replay));
	fputs("\"profile\": ", out);
	put_json(out, run->profile);
	put_member(out, "profile_digest", run->profile_digest);
	fputs(",\n \"scope\": {", out);
	put_globs(out, "hosts", run->scope.hosts);
	fputs(", ", out);
	put_globs(out, "clusters", run->scope.clusters);
	fputs(", ", out);
	put_globs(out, "vms", run->scope.vms);
	fputs(", ", out);
	put_globs(out, "excluded", run->scope.excluded);
	fputs("}", out);
	put_time(out, "started", run->started_ms);
	put_time(out, "oldest_fact", run->oldest_fact_ms);
	fprintf(out, ", \"duration_ms\": %" PRId64, run->ended_ms - run->started_ms);
	fprintf(out, ",\n \"summary\": {\"expected\": %" PRIu64, run->expected);
	for (enum status s = 0; s < STATUS_COUNT; s++)
		fprintf(out, ", \"%s\": %" PRIu64, status_name(s), run->count[s]);
	fputs("}", out);
}

static int put_target(void *arg, const char *name, const char *platform, const char *address, const char *tls,
                      struct err *err)
{
	struct writer *w = arg;

	(void)err;
	begin_item(w);
	fputs("\"name\": ", w->out);
	put_json(w->out, name);
	put_member(w->out, "platform", platform);
	put_member(w->out, "address", address);
	put_member(w->out, "tls", tls);
	fputc('}', w->out);
	return 0;
}

static void put_checks(struct writer *w, const struct checks *cs)
{
	for (size_t i = 0; i < cs->n; i++) {
		const struct check *c = cs->v[i];

		if (!c->selected)
			continue;
		begin_item(w);
		fputs("\"id\": ", w->out);
		put_json(w->out, c->id);
		put_member(w->out, "title", c->title);
		put_member(w->out, "severity", severity_name(c->severity));
		fprintf(w->out, ", \"user\": %s}", boolean(c->user));
	}
}

static int put_finding(void *arg, const struct finding *f, struct err *err)
{
	struct writer *w = arg;

	(void)err;
	begin_item(w);
	fputs("\"check\": ", w->out);
	put_json(w->out, f->check->id);
	put_member(w->out, "status", status_name(f->status));
	put_member(w->out, "severity", severity_name(f->check->severity));
	put_member(w->out, "target", f->target);
	put_member(w->out, "platform", f->platform);
	put_member(w->out, "cluster", f->cluster);
	put_member(w->out, "host", f->host);
	put_member(w->out, "peer", f->peer);
	put_member(w->out, "vm", f->vm);
	put_member(w->out, "object", f->object);
	put_member(w->out, "observed", f->observed);
	put_member(w->out, "expected", f->expected);
	put_member(w->out, "detail", f->detail);
	put_member(w->out, "fix", f->check->fix);
	fputs(", \"refs\": ", w->out);
	put_list(w->out, f->check->refs, f->check->nrefs);
	put_member(w->out, "via", f->via);
	put_member(w->out, "waiver", f->waiver);
	put_member(w->out, "fingerprint", f->fingerprint);
	fputc('}', w->out);
	return 0;
}

static void put_waivers(struct writer *w, const struct waivers *ws)
{
	for (size_t i = 0; ws != NULL && i < ws->n; i++) {
		const struct waiver *v = &ws->v[i];

		begin_item(w);
		fputs("\"check\": ", w->out);
		put_json(w->out, v->check);
		put_member(w->out, "subject", v->subject);
		put_member(w->out, "reason", v->reason);
		put_member(w->out, "owner", v->owner);
		put_member(w->out, "expiry", v->expiry);
		fprintf(w->out, ", \"covers_unknown\": %s, \"expired\": %s", boolean(v->covers_unknown),
		        boolean(v->expired));
		fprintf(w->out, ", \"waived\": %" PRIu64, v->findings);
		put_member(w->out, "file", v->where);
		fputc('}', w->out);
	}
}

static int put_probe(void *arg, const struct probe_outcome *p, struct err *err)
{
	struct writer *w = arg;

	(void)err;
	begin_item(w);
	fputs("\"probe\": ", w->out);
	put_json(w->out, p->probe);
	put_member(w->out, "target", p->target);
	put_member(w->out, "host", p->host);
	put_member(w->out, "outcome", p->outcome);
	fprintf(w->out, ", \"rows\": %" PRId64 ", \"ms\": %" PRId64, p->rows, p->ms);
	put_member(w->out, "error", p->error);
	fprintf(w->out, ", \"user\": %s}", boolean(p->user));
	return 0;
}

static int write_json(const struct run *run, const struct format_options *o, FILE *out, struct err *err)
{
	struct writer w = {.out = out};

	put_head(out, run);
	begin_list(&w, "targets");
	if (run_targets(run, put_target, &w, err) < 0)
		return -1;
	end_list(&w);
	begin_list(&w, "checks");
	put_checks(&w, run->checks);
	end_list(&w);
	begin_list(&w, "findings");
	if (run_findings(run, o->all, true, put_finding, &w, err) < 0)
		return -1;
	end_list(&w);
	begin_list(&w, "waivers");
	put_waivers(&w, run->waivers);
	end_list(&w);
	begin_list(&w, "probes");
	if (run_probes(run, put_probe, &w, err) < 0)
		return -1;
	end_list(&w);
	fputs("}\n", out);
	return 0;
}

const struct format format_json = {
	.name = "json",
	.about = "everything, for programs; its JSON Schema is report/migready-report-1.schema.json",
	.write = write_json,
};
