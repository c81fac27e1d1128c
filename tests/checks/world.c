/* SPDX-License-Identifier: Apache-2.0 */
/* world.c - a case becomes facts, and the facts findings. */
#include "world.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "judge.h"
#include "plan.h"
#include "plan_finding.h"

static const char *const key_names[][2] = {
	[SUBJECT_HOST] = {"host", NULL},       [SUBJECT_PAIR] = {"host", "peer"},
	[SUBJECT_PATH] = {"path", NULL},       [SUBJECT_VM] = {"vm", NULL},
	[SUBJECT_VM_HOST] = {"vm", "peer"},    [SUBJECT_DATASTORE] = {"datastore", NULL},
	[SUBJECT_CLUSTER] = {"cluster", NULL}, [SUBJECT_TARGET] = {"target", NULL},
};

const char *subject_key_name(enum subject s, int i)
{
	return key_names[s][i];
}

/* ---- facts ---- */

static bool gone(const struct mutation *m, const struct table *t, const char *object)
{
	return m->table == t && m->sweep != SWEEP_NULL && strcmp(m->object, object) == 0;
}

/* The values of a row as the mutation leaves them. */
static const char *const *values_of(const struct mutation *m, const struct table *t, const struct case_row *row,
                                    const char **buf)
{
	memcpy(buf, row->values, t->rows.ncolumns * sizeof(*buf));
	if (m->table == t && m->sweep == SWEEP_NULL)
		buf[m->column] = NULL;
	return buf;
}

static bool seen_before(const struct case_table *ct, size_t i)
{
	size_t key = ct->table->key;

	for (size_t k = 0; k < i; k++)
		if (strcmp(ct->rows[k].values[key], ct->rows[i].values[key]) == 0)
			return true;
	return false;
}

/* All rows of the object whose first row is FIRST. */
static int insert_object(struct facts *f, const struct case_table *ct, size_t first, const struct mutation *m,
                         struct err *err)
{
	const struct table *t = ct->table;
	const char *object = ct->rows[first].values[t->key], *buf[64];

	if (gone(m, t, object))
		return 0;
	if (facts_object_begin(f, t, err) < 0)
		return -1;
	for (size_t i = first; i < ct->nrows; i++) {
		const struct case_row *row = &ct->rows[i];

		if (strcmp(row->values[t->key], object) == 0 && !row->empty &&
		    facts_row(f, t, values_of(m, t, row, buf), err) < 0)
			return -1;
	}
	return facts_object_end(f, t, ct->rows[first].values, err);
}

static int insert_tables(struct facts *f, const struct test_case *c, const struct mutation *m, struct err *err)
{
	for (size_t i = 0; i < c->ntables; i++)
		for (size_t k = 0; k < c->tables[i].nrows; k++)
			if (!seen_before(&c->tables[i], k) && insert_object(f, &c->tables[i], k, m, err) < 0)
				return -1;
	return 0;
}

static const struct case_gap *whole_gap(const struct test_case *c, const char *table, const char *target)
{
	for (size_t i = 0; i < c->ngaps; i++)
		if (c->gaps[i].object == NULL && strcmp(c->gaps[i].table, table) == 0 &&
		    strcmp(c->gaps[i].target, target) == 0)
			return &c->gaps[i];
	return NULL;
}

/* Every table that the target's platform has is filled, apart from the case's gaps. */
static int fill_target(struct facts *f, const struct test_case *c, const struct target *target, const struct probes *ps,
                       struct err *err)
{
	for (size_t i = 0; i < ps->n; i++)
		for (size_t k = 0; k < ps->v[i]->ntables; k++) {
			const char *table = ps->v[i]->tables[k].name;

			if (strcmp(ps->v[i]->transport->platform, target->platform) == 0 &&
			    whole_gap(c, table, target->name) == NULL &&
			    facts_filled(f, table, target->name, NULL, err) < 0)
				return -1;
		}
	return 0;
}

static int write_ledger(struct facts *f, const struct test_case *c, const struct mutation *m, const struct probes *ps,
                        struct err *err)
{
	for (size_t i = 0; i < c->ntargets; i++)
		if (facts_add_target(f, &c->targets[i], err) < 0 || fill_target(f, c, &c->targets[i], ps, err) < 0)
			return -1;
	for (size_t i = 0; i < c->ngaps; i++) {
		const struct case_gap *g = &c->gaps[i];

		if (facts_gap(f, g->table, g->target, g->object, g->outcome, probes_table(ps, g->table)->probe->id,
		              g->reason, err) < 0)
			return -1;
	}
	if (m->table != NULL && m->sweep == SWEEP_DROP) {
		CLEANUP_FREE char *target = xstrdup(m->object);

		*strchr(target, '/') = '\0';
		return facts_gap(f, m->table->name, target, m->object, OUTCOME_FAILED, m->table->probe->id, "dropped",
		                 err);
	}
	return 0;
}

static int exclude(struct facts *f, const struct test_case *c, struct err *err)
{
	sqlite3_stmt *st;

	if (sqlite3_exec(facts_db(f), "CREATE TEMP TABLE run_excluded(host TEXT PRIMARY KEY)", NULL, NULL, NULL) !=
	            SQLITE_OK ||
	    sqlite3_prepare_v2(facts_db(f), "INSERT INTO temp.run_excluded VALUES(?1)", -1, &st, NULL) != SQLITE_OK)
		return err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(f)));
	for (size_t i = 0; i < c->nexcluded; i++) {
		sqlite3_bind_text(st, 1, c->excluded[i], -1, SQLITE_STATIC);
		sqlite3_step(st);
		sqlite3_reset(st);
	}
	sqlite3_finalize(st);
	return 0;
}

/* ---- findings ---- */

static const char *column(sqlite3_stmt *st, int i, struct arena *a)
{
	const char *s = (const char *)sqlite3_column_text(st, i);

	return s != NULL ? arena_strdup(a, s) : NULL;
}

static void add_result(struct results *ret, const struct result *r)
{
	ret->v = grow(ret->v, &ret->cap, ret->n, sizeof(*ret->v));
	ret->v[ret->n++] = *r;
}

/* A list of peers stands for as many subjects. */
static void add_peers(struct results *ret, struct result r, struct arena *a)
{
	json_t *list = r.second != NULL && *r.second == '[' ? json_loads(r.second, 0, NULL) : NULL;

	if (list == NULL)
		add_result(ret, &r);
	for (size_t i = 0; i < json_array_size(list); i++) {
		r.second = arena_strdup(a, json_string_value(json_array_get(list, i)));
		add_result(ret, &r);
	}
	json_decref(list);
}

static int read_findings(struct facts *f, const struct check *check, struct arena *a, struct results *ret,
                         struct err *err)
{
	const char *const *keys = key_names[check->subject];
	const char *sql = arena_printf(a, "SELECT %s, %s, status, object, observed, expected, detail FROM temp.%s",
	                               keys[0], keys[1] != NULL ? keys[1] : "NULL", plan_finding_table(a, check->id));
	sqlite3_stmt *st;

	if (sqlite3_prepare_v2(facts_db(f), sql, -1, &st, NULL) != SQLITE_OK)
		return err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(f)));
	while (sqlite3_step(st) == SQLITE_ROW) {
		struct result r = {
			.first = column(st, 0, a),
			.second = column(st, 1, a),
			.status = column(st, 2, a),
			.object = column(st, 3, a),
			.observed = column(st, 4, a),
			.expected = column(st, 5, a),
			.detail = column(st, 6, a),
		};

		add_peers(ret, r, a);
	}
	sqlite3_finalize(st);
	return 0;
}

/* ---- judging ---- */

static void set_params(struct check *check, const struct ynode *params)
{
	for (size_t i = 0; i < check->nparams; i++) {
		const char *value = case_text(params, check->params[i].name);

		if (value != NULL)
			check->params[i].value = value;
	}
}

/* One of the views of findings becomes a table that holds what the case gives. */
static int give_view(struct facts *f, const struct ynode *view, struct arena *a, struct err *err)
{
	static const char *const columns[] = {"check_id", "host", "peer", "vm", "status"};
	const char *create = arena_printf(
		a, "DROP VIEW temp.%s; CREATE TEMP TABLE %s(check_id, host, peer, vm, status)", view->key, view->key);
	sqlite3_stmt *st;

	if (sqlite3_exec(facts_db(f), create, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(facts_db(f), arena_printf(a, "INSERT INTO temp.%s VALUES(?, ?, ?, ?, ?)", view->key), -1,
	                       &st, NULL) != SQLITE_OK)
		return err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(f)));
	for (const struct ynode *row = view->first; row != NULL; row = row->next) {
		for (int i = 0; i < 5; i++)
			sqlite3_bind_text(st, i + 1, case_text(row, columns[i]), -1, SQLITE_STATIC);
		sqlite3_step(st);
		sqlite3_reset(st);
	}
	sqlite3_finalize(st);
	return 0;
}

static int give_findings(struct facts *f, const struct test_case *c, struct arena *a, struct err *err)
{
	if (c->findings == NULL)
		return 0;
	for (const struct ynode *view = c->findings->first; view != NULL; view = view->next)
		if (give_view(f, view, a, err) < 0)
			return -1;
	return 0;
}

static int plan_and_judge(const struct world *w, const struct test_case *c, struct facts *f,
                          const struct names *platforms, struct arena *a, struct results *ret, struct err *err)
{
	struct check *only = w->check;
	struct checks alone = {.v = &only, .n = 1, .arena = w->checks->arena};
	const struct checks *checks = c->findings != NULL ? &alone : w->checks;
	struct run run = {.checks = checks, .facts = f, .arena = a, .complete = true};
	struct plan plan = {0};
	int rc = plan_make(&plan, f, checks, w->probes, platforms, false, err);

	for (size_t i = 0; rc == 0 && i < plan.nneeds; i++) {
		/* The case's expectations are another reader. */
		plan.needs[i].read = plan.needs[i].read || plan.needs[i].check == w->check;
		for (size_t k = 0; plan.needs[i].check == w->check && k < plan.needs[i].tables.n; k++)
			names_add(&ret->tables, a, plan.needs[i].tables.v[k]);
	}
	if (rc == 0)
		rc = facts_prepare(f, arena_printf(a, "SELECT * FROM %s", plan_spine(w->check->subject)), a,
		                   &ret->spine, NULL, err);
	if (rc == 0)
		rc = model_materialise(w->model, f, &plan.views, err);
	set_params(w->check, c->params);
	if (rc == 0)
		rc = give_findings(f, c, a, err);
	if (rc == 0)
		rc = judge(&run, &plan, w->probes, err);
	if (rc == 0)
		rc = read_findings(f, w->check, a, ret, err);
	plan_dispose(&plan);
	return rc;
}

int world_judge(const struct world *w, const struct test_case *c, const struct mutation *m, struct arena *a,
                struct results *ret, struct err *err)
{
	struct param *params = arena_array(a, w->check->nparams, sizeof(*params));
	struct names platforms = {0};
	struct facts *f;
	int rc = -1;

	*ret = (struct results){0};
	if (w->check->nparams > 0)
		memcpy(params, w->check->params, w->check->nparams * sizeof(*params));
	for (size_t i = 0; i < c->ntargets; i++)
		names_add(&platforms, a, c->targets[i].platform);
	if (facts_create(&f, NULL, w->probes, err) < 0)
		return -1;
	if (insert_tables(f, c, m, err) == 0 && write_ledger(f, c, m, w->probes, err) == 0 && exclude(f, c, err) == 0 &&
	    model_create(w->model, f, &platforms, err) == 0)
		rc = plan_and_judge(w, c, f, &platforms, a, ret, err);
	if (w->check->nparams > 0)
		memcpy(w->check->params, params, w->check->nparams * sizeof(*params));
	facts_close(f);
	return rc;
}
