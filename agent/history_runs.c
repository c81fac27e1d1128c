/* SPDX-License-Identifier: Apache-2.0 */
/* history_runs.c - runs in the history: adding, forgetting, reading back. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "history_impl.h"

/* ---- adding ---- */

static int step(struct history *h, sqlite3_stmt *st, struct err *err)
{
	int rc = sqlite3_step(st);
	int r = rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : history_sql_err(h, err);

	sqlite3_finalize(st);
	return r;
}

/* What an earlier run found too, such as the same hosts, is kept once. */
static int add_document(struct history *h, const char *digest, const char *body, struct err *err)
{
	sqlite3_stmt *st =
		history_prepare(h,
	                        "INSERT INTO document VALUES(?1, ?2) ON CONFLICT DO UPDATE SET body = excluded.body"
	                        " WHERE body IS NOT excluded.body",
	                        err);

	if (st == NULL)
		return -1;
	history_bind(st, 1, digest);
	history_bind(st, 2, body);
	return step(h, st, err);
}

static int add_run(struct history *h, const struct record *r, struct err *err)
{
	const char *texts[] = {r->run, r->version, r->profile, r->profile_digest, r->verdict, r->why};
	const int64_t numbers[] = {r->complete, r->replay,         r->own_checks,     r->started_ms,
	                           r->ended_ms, r->oldest_fact_ms, r->waived_until_ms};
	const char *json[] = {r->summary, r->scope, r->targets, r->checks, r->hosts_digest, r->findings_digest};
	char digest[RECORD_DIGEST];
	sqlite3_stmt *st = history_prepare(
		h,
		"INSERT INTO run VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,"
		" ?16, ?17, ?18, ?19, ?20, ?21)",
		err);

	if (st == NULL)
		return -1;
	record_digest(r, h->id, digest);
	sqlite3_bind_int64(st, 1, r->seq);
	for (int i = 0; i < 7; i++)
		sqlite3_bind_int64(st, 8 + i, numbers[i]);
	for (int i = 0; i < 6; i++) {
		history_bind(st, 2 + i, texts[i]);
		history_bind(st, 15 + i, json[i]);
	}
	history_bind(st, 21, digest);
	return step(h, st, err);
}

/* Only ever the oldest, so that a run that is missing among newer ones is known to be missing. */
static int forget(struct history *h, const struct record *r, const struct history_keep *keep, struct err *err)
{
	sqlite3_stmt *st =
		history_prepare(h,
	                        "DELETE FROM run WHERE seq < ?1 AND (seq <= ?1 - ?2 OR seq < coalesce((SELECT min(seq)"
	                        " FROM run WHERE started >= ?3), ?1))",
	                        err);

	if (st == NULL)
		return -1;
	sqlite3_bind_int64(st, 1, r->seq);
	sqlite3_bind_int64(st, 2, keep->runs);
	sqlite3_bind_int64(st, 3, r->started_ms - keep->age_ms);
	if (step(h, st, err) < 0)
		return -1;
	if (sqlite3_changes(h->db) == 0)
		return 0;
	return history_exec(
		h, "DELETE FROM document WHERE digest NOT IN (SELECT hosts FROM run UNION SELECT findings FROM run)",
		err);
}

static int add_all(struct history *h, struct record *r, const struct history_keep *keep, struct err *err)
{
	if (history_number(
		    h,
		    "SELECT max(seq) FROM (SELECT seq FROM sqlite_sequence WHERE name = 'run' UNION SELECT seq FROM "
		    "run)",
		    0, &r->seq, err) < 0)
		return -1;
	if (r->seq < 0 || r->seq == INT64_MAX)
		return err_set(err, ERR_CONFIG, "%s: damaged: its runs are counted to %" PRId64, h->path, r->seq);
	r->seq++;
	if (add_document(h, r->hosts_digest, r->hosts, err) < 0 ||
	    add_document(h, r->findings_digest, r->findings, err) < 0 || add_run(h, r, err) < 0)
		return -1;
	return forget(h, r, keep, err);
}

int history_add(struct history *h, struct record *r, const struct history_keep *keep, struct err *err)
{
	if (history_exec(h, "BEGIN IMMEDIATE", err) < 0)
		return -1;
	if (add_all(h, r, keep, err) == 0 && history_exec(h, "COMMIT", err) == 0)
		return 0;
	sqlite3_exec(h->db, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}

/* ---- reading ---- */

#define TIME_MAX INT64_C(253402300799999) /* the year 9999's end: whoever counts with times may do so */

static const char *text(struct arena *a, sqlite3_stmt *st, int column)
{
	const char *s = (const char *)sqlite3_column_text(st, column);

	return arena_strdup(a, s != NULL ? s : "");
}

static struct record *read_run(struct history *h, struct arena *a, sqlite3_stmt *st)
{
	struct record *r = arena_alloc(a, sizeof(*r));
	const char **texts[] = {&r->run, &r->version, &r->profile, &r->profile_digest, &r->verdict, &r->why};
	int64_t *times[] = {&r->started_ms, &r->ended_ms, &r->oldest_fact_ms, &r->waived_until_ms};
	bool *flags[] = {&r->complete, &r->replay, &r->own_checks};
	const char **json[] = {&r->summary, &r->scope, &r->targets, &r->checks, &r->hosts_digest, &r->findings_digest};
	char digest[RECORD_DIGEST];
	bool odd = false;

	r->seq = sqlite3_column_int64(st, 0);
	for (int i = 0; i < 6; i++) {
		*texts[i] = text(a, st, 1 + i);
		*json[i] = text(a, st, 14 + i);
	}
	for (int i = 0; i < 3; i++) {
		int64_t flag = sqlite3_column_int64(st, 7 + i);

		*flags[i] = flag == 1;
		odd = odd || (flag != 0 && flag != 1);
	}
	for (int i = 0; i < 4; i++) {
		int64_t ms = sqlite3_column_int64(st, 10 + i);

		*times[i] = ms >= 0 && ms <= TIME_MAX ? ms : 0;
		odd = odd || *times[i] != ms;
	}
	record_digest(r, h->id, digest);
	if (odd || strcmp(text(a, st, 20), digest) != 0)
		r->damage = "its digest doesn't match: the record was damaged, edited or copied";
	return r;
}

int history_runs(struct history *h, struct arena *a, struct records *ret, struct err *err)
{
	sqlite3_stmt *st;
	int rc;

	/* One reading transaction, so that the last number given and the runs belong together. */
	if (history_exec(h, "BEGIN", err) < 0)
		return -1;
	h->nseqs = 0;
	rc = history_number(h, "SELECT seq FROM sqlite_sequence WHERE name = 'run'", 0, &h->last_seq, err);
	st = rc == 0 ? history_prepare(h, "SELECT * FROM run ORDER BY seq DESC", err) : NULL;
	if (st != NULL) {
		while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
			ret->v = grow(ret->v, &ret->cap, ret->n, sizeof(*ret->v));
			ret->v[ret->n++] = read_run(h, a, st);
			h->seqs = grow(h->seqs, &h->seqs_cap, h->nseqs, sizeof(*h->seqs));
			h->seqs[h->nseqs++] = ret->v[ret->n - 1]->seq;
		}
		rc = rc == SQLITE_DONE ? 0 : history_sql_err(h, err);
		sqlite3_finalize(st);
	} else {
		rc = -1;
	}
	sqlite3_exec(h->db, "COMMIT", NULL, NULL, NULL);
	return rc;
}

bool history_whole_since(const struct history *h, int64_t seq)
{
	for (size_t i = 0; i < h->nseqs; i++) {
		if ((uint64_t)h->seqs[i] != (uint64_t)h->last_seq - i)
			return false;
		if (h->seqs[i] == seq)
			return true;
	}
	return false;
}

static int read_document(struct history *h, struct arena *a, struct record *r, const char *digest, const char **ret,
                         struct err *err)
{
	sqlite3_stmt *st = history_prepare(h, "SELECT body FROM document WHERE digest = ?1", err);
	char is[RECORD_DIGEST];
	int rc;

	if (st == NULL)
		return -1;
	history_bind(st, 1, digest);
	rc = sqlite3_step(st);
	*ret = rc == SQLITE_ROW ? text(a, st, 0) : "";
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		history_sql_err(h, err);
	sqlite3_finalize(st);
	record_text_digest(*ret, is);
	if (strcmp(is, digest) != 0)
		r->damage = "what it recorded of its hosts or findings is not there any more, or was changed";
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

int history_hosts(struct history *h, struct arena *a, struct record *r, struct err *err)
{
	return r->hosts != NULL ? 0 : read_document(h, a, r, r->hosts_digest, &r->hosts, err);
}

int history_documents(struct history *h, struct arena *a, struct record *r, struct err *err)
{
	if (history_hosts(h, a, r, err) < 0)
		return -1;
	return r->findings != NULL ? 0 : read_document(h, a, r, r->findings_digest, &r->findings, err);
}

int history_record_run(const char *path, const struct run *run, bool own_checks, const struct history_keep *keep,
                       struct err *err)
{
	struct arena *a = arena_new();
	struct history *h = NULL;
	struct record r;
	struct err why;
	int rc = -1;

	if (record_make(a, run, own_checks, &r, &why) == 0 && history_open(&h, path, true, &why) == 0)
		rc = history_add(h, &r, keep, &why);
	history_close(h);
	arena_free(a);
	if (rc == 0)
		return 0;
	return err_set(err, ERR_IO,
	               "the run isn't recorded: %.380s; free space there, or name another file (--history FILE)",
	               why.text);
}
