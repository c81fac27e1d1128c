/* SPDX-License-Identifier: Apache-2.0 */
/* scope.c - what views and work lists may know of the run that asks. */
#include "scope.h"

#include "base/log.h"
#include "base/str.h"
#include "subject.h"

static int run_sql(struct facts *f, const char *sql, struct err *err)
{
	if (sqlite3_exec(facts_db(f), sql, NULL, NULL, NULL) != SQLITE_OK)
		return err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(f)));
	return 0;
}

static int prepare(struct facts *f, const char *sql, sqlite3_stmt **ret, struct err *err)
{
	if (sqlite3_prepare_v2(facts_db(f), sql, -1, ret, NULL) != SQLITE_OK)
		return err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(f)));
	return 0;
}

/* ---- parameters ---- */

static void bind_value(sqlite3_stmt *st, int at, const struct param *p)
{
	int64_t i;
	double r;

	if (p->type == 'i' && parse_int64(p->value, &i))
		sqlite3_bind_int64(st, at, i);
	else if (p->type == 'r' && parse_double(p->value, &r))
		sqlite3_bind_double(st, at, r);
	else
		sqlite3_bind_text(st, at, p->value, -1, SQLITE_STATIC);
}

static int add_params(struct facts *f, const struct check *c, sqlite3_stmt *insert, struct err *err)
{
	for (size_t i = 0; i < c->nparams; i++) {
		int rc;

		sqlite3_bind_text(insert, 1, c->id, -1, SQLITE_STATIC);
		sqlite3_bind_text(insert, 2, c->params[i].name, -1, SQLITE_STATIC);
		bind_value(insert, 3, &c->params[i]);
		rc = sqlite3_step(insert);
		sqlite3_reset(insert);
		if (rc != SQLITE_DONE)
			return err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(f)));
	}
	return 0;
}

int scope_create(struct facts *f, const struct checks *cs, struct err *err)
{
	sqlite3_stmt *insert;
	int rc = 0;

	if (run_sql(f,
	            "CREATE TEMP TABLE run_excluded(host TEXT PRIMARY KEY);"
	            "CREATE TEMP TABLE run_scope(host TEXT PRIMARY KEY);"
	            "CREATE TEMP TABLE run_param(check_id TEXT, name TEXT, value, PRIMARY KEY(check_id, name))",
	            err) < 0 ||
	    prepare(f, "INSERT INTO temp.run_param VALUES(?1, ?2, ?3)", &insert, err) < 0)
		return -1;
	for (size_t i = 0; i < cs->n && rc == 0; i++)
		rc = add_params(f, cs->v[i], insert, err);
	sqlite3_finalize(insert);
	return rc;
}

/* ---- --exclude ---- */

/* Takes out the hosts whose names match GLOB; says whether there was one. */
static int exclude_glob(struct facts *f, const char *glob, sqlite3_stmt *list, sqlite3_stmt *insert, bool *ret_found,
                        struct err *err)
{
	int rc;

	*ret_found = false;
	while ((rc = sqlite3_step(list)) == SQLITE_ROW) {
		const char *id = (const char *)sqlite3_column_text(list, 0),
			   *name = (const char *)sqlite3_column_text(list, 1);

		if (id == NULL || !host_match(glob, name != NULL ? name : id))
			continue;
		*ret_found = true;
		sqlite3_bind_text(insert, 1, id, -1, SQLITE_TRANSIENT);
		rc = sqlite3_step(insert);
		sqlite3_reset(insert);
		if (rc != SQLITE_DONE)
			break;
	}
	sqlite3_reset(list);
	return rc == SQLITE_DONE ? 0 : err_set(err, ERR_SQL, "--exclude: %s", sqlite3_errmsg(facts_db(f)));
}

static int no_such_host(const char *glob, sqlite3_stmt *list, struct err *err)
{
	struct arena *a = arena_new();
	struct names names = {0};
	char hint[96];

	while (sqlite3_step(list) == SQLITE_ROW)
		if (sqlite3_column_text(list, 1) != NULL)
			names_add(&names, a, (const char *)sqlite3_column_text(list, 1));
	err_set(err, ERR_USAGE, "--exclude '%s' matches no host among %zu%s", glob, names.n,
	        did_you_mean(hint, sizeof(hint), glob, names.v, names.n));
	arena_free(a);
	return -1;
}

static int exclude_globs(struct facts *f, const char **globs, enum scope_known known, sqlite3_stmt *list,
                         sqlite3_stmt *insert, struct err *err)
{
	for (size_t g = 0; globs[g] != NULL; g++) {
		bool found;

		if (exclude_glob(f, globs[g], list, insert, &found, err) < 0)
			return -1;
		if (!found && known == SCOPE_WHOLE)
			return no_such_host(globs[g], list, err);
		if (!found && known == SCOPE_PART)
			log_say(LOG_WARNING, "--exclude '%s' matches no host that answered", globs[g]);
	}
	return run_sql(f, "INSERT OR IGNORE INTO temp.run_excluded SELECT id FROM excluded_vm", err);
}

static int exclude(struct facts *f, const struct scope *scope, enum scope_known known, struct err *err)
{
	sqlite3_stmt *list = NULL, *insert = NULL;
	int rc = -1;

	if (scope->excluded == NULL)
		return 0;
	if (prepare(f, "SELECT id, name FROM host_listed", &list, err) == 0 &&
	    prepare(f, "INSERT OR IGNORE INTO temp.run_excluded VALUES(?1)", &insert, err) == 0)
		rc = exclude_globs(f, scope->excluded, known, list, insert, err);
	sqlite3_finalize(list);
	sqlite3_finalize(insert);
	return rc;
}

/* ---- --host, --cluster, --vm ---- */

static int add_hosts(struct facts *f, const struct subjects *s, struct err *err)
{
	const struct entities *hosts = &s->of[ENTITY_HOST];
	sqlite3_stmt *insert;
	int rc = SQLITE_DONE;

	if (prepare(f, "INSERT OR IGNORE INTO temp.run_scope VALUES(?1)", &insert, err) < 0)
		return -1;
	for (size_t i = 0; i < hosts->n && rc == SQLITE_DONE; i++) {
		if (!hosts->v[i].in_scope)
			continue;
		sqlite3_bind_text(insert, 1, hosts->v[i].id, -1, SQLITE_STATIC);
		rc = sqlite3_step(insert);
		sqlite3_reset(insert);
	}
	sqlite3_finalize(insert);
	return rc == SQLITE_DONE ? 0 : err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(f)));
}

static bool given(const char **globs)
{
	return globs != NULL && globs[0] != NULL;
}

/* A scope that nobody is in, as far as is known, has a row all the same: it isn't everybody. */
static int narrow(struct facts *f, const struct scope *scope, struct err *err)
{
	struct subjects s;
	int rc;

	if (!given(scope->hosts) && !given(scope->clusters) && !given(scope->vms))
		return 0;
	if (run_sql(f, "INSERT INTO temp.run_scope VALUES('')", err) < 0 || subjects_load(&s, f, scope, false, err) < 0)
		return -1;
	rc = add_hosts(f, &s, err);
	subjects_dispose(&s);
	return rc;
}

int scope_settle(struct facts *f, const struct scope *scope, enum scope_known known, struct err *err)
{
	if (run_sql(f, "DELETE FROM temp.run_excluded; DELETE FROM temp.run_scope", err) < 0 ||
	    exclude(f, scope, known, err) < 0)
		return -1;
	return narrow(f, scope, err);
}
