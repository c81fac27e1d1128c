/* SPDX-License-Identifier: Apache-2.0 */
/* recorded.c - findings and runs of the history, as JSON and as one line. */
#include "report/recorded.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report/common.h"
#include "report/escape.h"

void recorded_text(const struct recorded_finding *f, struct buf *ret)
{
	struct buf who = {.max = RECORD_TEXT_MAX}, what = {.max = 4 * RECORD_TEXT_MAX};

	subject_text(&f->f, &who);
	observed_text(&f->f, &what);
	buf_printf(ret, "%s: %s%s%s", f->check, buf_str(&who), what.len > 0 ? ": " : "", buf_str(&what));
	buf_dispose(&who);
	buf_dispose(&what);
}

void put_text_member(FILE *out, const char *key, const char *value)
{
	fprintf(out, ", \"%s\": ", key);
	put_json(out, value);
}

/* One peer is a list of one, so that a reader needs one rule. */
static void put_peers(FILE *out, const struct finding *f)
{
	json_t *list = f->peers != NULL ? json_loads(f->peers, 0, NULL) : json_pack("[s?]", f->peer);

	fputs(", \"peers\": [", out);
	for (size_t i = 0; i < json_array_size(list) && (f->peers != NULL || f->peer != NULL); i++) {
		fputs(i > 0 ? ", " : "", out);
		put_json(out, json_string_value(json_array_get(list, i)));
	}
	fputc(']', out);
	json_decref(list);
}

void put_recorded(FILE *out, const struct recorded_finding *f)
{
	if (f == NULL) {
		fputs("null", out);
		return;
	}
	fputs("{\"check\": ", out);
	put_json(out, f->check);
	put_text_member(out, "status", status_name(f->f.status));
	put_text_member(out, "severity", severity_name(f->severity));
	put_text_member(out, "target", f->f.target);
	put_text_member(out, "cluster", f->f.cluster);
	put_text_member(out, "host", f->f.host);
	put_peers(out, &f->f);
	put_text_member(out, "vm", f->f.vm);
	put_text_member(out, "object", f->f.object);
	put_text_member(out, "observed", f->f.observed);
	put_text_member(out, "expected", f->f.expected);
	put_text_member(out, "detail", f->f.detail);
	put_text_member(out, "waiver", f->f.waiver);
	put_text_member(out, "fingerprint", f->f.fingerprint);
	fputc('}', out);
}

void put_record_members(FILE *out, const struct record *r)
{
	char text[UTC_SIZE];

	fputs("\"run\": ", out);
	put_json(out, r->run);
	put_text_member(out, "version", r->version);
	put_text_member(out, "verdict", r->verdict);
	fprintf(out, ", \"complete\": %s, \"replay\": %s", r->complete ? "true" : "false",
	        r->replay ? "true" : "false");
	put_text_member(out, "profile", r->profile);
	put_text_member(out, "profile_digest", r->profile_digest);
	put_text_member(out, "started", utc(text, r->started_ms));
	put_text_member(out, "ended", utc(text, r->ended_ms));
	put_text_member(out, "oldest_fact", r->oldest_fact_ms > 0 ? utc(text, r->oldest_fact_ms) : NULL);
}

/* JSON that was recorded: written as JSON whatever stands in the file. */
static void put_recorded_json(FILE *out, const char *key, const char *text)
{
	json_t *j = json_loads(text, 0, NULL);
	char *dump = json_dumps(j, 0);

	fprintf(out, ", \"%s\": %s", key, dump != NULL ? dump : "null");
	free(dump);
	json_decref(j);
}

void put_record_scope(FILE *out, const struct record *r)
{
	put_recorded_json(out, "scope", r->scope);
	put_recorded_json(out, "targets", r->targets);
}
