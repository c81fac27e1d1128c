/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - a judged run, read back in a settled order for the reports. */
#include "run.h"

#include <jansson.h>
#include <string.h>

#include "digest.h"

static int sql_err(const struct run *run, struct err *err)
{
	return err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(run->facts)));
}

void finding_fingerprint(const char *check_id, const char *ids, const char *peer_id, const char *object, char ret[33])
{
	struct digest d = digest_new();
	const char *last = ids != NULL ? strrchr(ids, ' ') : NULL;
	size_t n = last != NULL ? (size_t)(last - ids) : 0;
	char hex[DIGEST_HEX];

	/* A peer alone stands in the ids, one of several doesn't: both ways it is the same finding. */
	if (peer_id == NULL)
		peer_id = last != NULL ? last + 1 : "";
	digest_text(&d, check_id);
	digest_bytes(&d, n > 0 ? ids : "", n);
	digest_text(&d, "");
	digest_text(&d, peer_id);
	digest_text(&d, object);
	digest_end(&d, hex);
	snprintf(ret, 33, "%.32s", hex);
}

static void fingerprint(struct finding *f, const char *peer_id)
{
	finding_fingerprint(f->check->id, f->ids, peer_id, f->object, f->fingerprint);
}

static const char *text(sqlite3_stmt *st, int column)
{
	return (const char *)sqlite3_column_text(st, column);
}

typedef int finding_fn(void *arg, const struct finding *f, struct err *err);

static int each_peer(struct finding *f, finding_fn *fn, void *arg, struct err *err)
{
	json_t *names = json_loads(f->peers, 0, NULL), *list = json_loads(f->peer_ids, 0, NULL);
	int rc = 0;

	f->peers = f->peer_ids = NULL;
	f->npeers = 0;
	for (size_t i = 0; rc == 0 && i < json_array_size(names); i++) {
		f->peer = json_string_value(json_array_get(names, i));
		fingerprint(f, json_string_value(json_array_get(list, i)));
		rc = fn(arg, f, err);
	}
	json_decref(names);
	json_decref(list);
	return rc;
}

static int one_finding(const struct run *run, sqlite3_stmt *st, bool expand, finding_fn *fn, void *arg, struct err *err)
{
	const struct check *check = checks_find(run->checks, text(st, 0));
	struct finding f = {.check = check,
	                    .status = (enum status)sqlite3_column_int(st, 1),
	                    .target = text(st, 2),
	                    .platform = text(st, 3),
	                    .cluster = text(st, 4),
	                    .host = text(st, 5),
	                    .peer = text(st, 6),
	                    .vm = text(st, 7),
	                    .object = text(st, 8),
	                    .ids = text(st, 9),
	                    .peers = text(st, 10),
	                    .peer_ids = text(st, 11),
	                    .npeers = (size_t)sqlite3_column_int64(st, 12),
	                    .observed = text(st, 13),
	                    .expected = text(st, 14),
	                    .detail = text(st, 15),
	                    .via = text(st, 16),
	                    .waiver = text(st, 17)};

	if (check == NULL)
		return err_set(err, ERR_INTERNAL, "a finding of no check");
	if (expand && f.peers != NULL)
		return each_peer(&f, fn, arg, err);
	fingerprint(&f, f.peer_ids);
	return fn(arg, &f, err);
}

int run_findings(const struct run *run, bool all, bool expand, finding_fn *fn, void *arg, struct err *err)
{
	static const char sql[] =
		"SELECT check_id, status, target, platform, cluster, host, peer, vm, object, f.ids, l.names, l.ids, "
		"npeers,"
		" observed, expected, detail, via, waiver FROM temp.findings AS f LEFT JOIN temp.peer_lists AS l"
		" ON l.id = f.peer_list WHERE ?1 OR status NOT IN (?2, ?3)"
		" ORDER BY severity, check_id, status_rank, target, cluster, host, peer, vm, object, f.rowid";
	sqlite3_stmt *st;
	int rc, step;

	if (all && run->brief)
		return err_set(err, ERR_INTERNAL, "what passed is to be listed, but was only counted");
	if (sqlite3_prepare_v2(facts_db(run->facts), sql, -1, &st, NULL) != SQLITE_OK)
		return sql_err(run, err);
	sqlite3_bind_int(st, 1, all);
	sqlite3_bind_int(st, 2, STATUS_PASS);
	sqlite3_bind_int(st, 3, STATUS_NA);
	for (rc = 0; rc == 0 && (step = sqlite3_step(st)) != SQLITE_DONE;)
		rc = step == SQLITE_ROW ? one_finding(run, st, expand, fn, arg, err) : sql_err(run, err);
	sqlite3_finalize(st);
	return rc;
}

int run_probes(const struct run *run, int (*fn)(void *arg, const struct probe_outcome *p, struct err *err), void *arg,
               struct err *err)
{
	static const char sql[] = "SELECT o.probe, o.target, coalesce((SELECT h.name FROM host_listed AS h WHERE h.id "
				  "= o.host), o.host), o.outcome,"
				  " o.error, o.rows, o.ms FROM run_outcome AS o ORDER BY o.rowid";
	sqlite3_stmt *st;
	int rc, step;

	if (sqlite3_prepare_v2(facts_db(run->facts), sql, -1, &st, NULL) != SQLITE_OK)
		return sql_err(run, err);
	for (rc = 0; rc == 0 && (step = sqlite3_step(st)) != SQLITE_DONE;) {
		struct probe_outcome p = {.probe = text(st, 0),
		                          .target = text(st, 1),
		                          .host = text(st, 2),
		                          .outcome = text(st, 3),
		                          .error = text(st, 4),
		                          .rows = sqlite3_column_int64(st, 5),
		                          .ms = sqlite3_column_int64(st, 6)};

		if (step != SQLITE_ROW)
			rc = sql_err(run, err);
		else {
			p.user = p.probe != NULL && facts_user_probe(run->facts, p.probe);
			rc = fn(arg, &p, err);
		}
	}
	sqlite3_finalize(st);
	return rc;
}

int run_targets(const struct run *run,
                int (*fn)(void *arg, const char *name, const char *platform, const char *address, const char *tls,
                          struct err *err),
                void *arg, struct err *err)
{
	sqlite3_stmt *st;
	int rc, step;

	if (sqlite3_prepare_v2(facts_db(run->facts),
	                       "SELECT name, platform, address, tls FROM run_target ORDER BY ordinal", -1, &st,
	                       NULL) != SQLITE_OK)
		return sql_err(run, err);
	for (rc = 0; rc == 0 && (step = sqlite3_step(st)) != SQLITE_DONE;)
		rc = step == SQLITE_ROW ? fn(arg, text(st, 0), text(st, 1), text(st, 2), text(st, 3), err)
		                        : sql_err(run, err);
	sqlite3_finalize(st);
	return rc;
}

int run_exit_code(const struct run *run)
{
	static const int codes[] = {[VERDICT_READY] = 0, [VERDICT_NOT_READY] = 1, [VERDICT_UNKNOWN] = 2};

	if (run->verdict == VERDICT_READY && run->replay && !run->as_of_facts)
		return 2;
	return codes[run->verdict];
}
