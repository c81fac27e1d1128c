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
#include "scope.h"

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

static const struct case_gap *whole_gap(const struct test_case *c, const char *table, const char *target)
{
	for (size_t i = 0; i < c->ngaps; i++)
		if (c->gaps[i].object == NULL && strcmp(c->gaps[i].table, table) == 0 &&
		    strcmp(c->gaps[i].target, target) == 0)
			return &c->gaps[i];
	return NULL;
}

/* What the ledger says of TABLE: filled wherever a target's platform has it, apart from the case's gaps. */
static int write_ledger(struct world *w, const char *table, struct err *err)
{
	const struct probe *probe = probes_table(w->probes, table)->probe;

	for (size_t i = 0; i < w->c->ntargets; i++) {
		const struct target *t = &w->c->targets[i];

		if (probes_bring(w->probes, table, t->platform) && whole_gap(w->c, table, t->name) == NULL &&
		    facts_filled(w->facts, table, t->name, NULL, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < w->c->ngaps; i++) {
		const struct case_gap *g = &w->c->gaps[i];

		if (strcmp(g->table, table) == 0 &&
		    facts_gap(w->facts, table, g->target, g->object, g->outcome, probe->id, g->reason, err) < 0)
			return -1;
	}
	return 0;
}

static int write_drop(struct world *w, const struct mutation *m, struct err *err)
{
	CLEANUP_FREE char *target = xstrdup(m->object);

	*strchr(target, '/') = '\0';
	return facts_gap(w->facts, m->table->name, target, m->object, OUTCOME_FAILED, m->table->probe->id, "dropped",
	                 err);
}

static int insert_rows(struct world *w, const struct case_table *ct, const struct mutation *m, struct err *err)
{
	for (size_t i = 0; i < ct->nrows; i++)
		if (!seen_before(ct, i) && insert_object(w->facts, ct, i, m, err) < 0)
			return -1;
	return 0;
}

/* Writes the table anew, with its part of the ledger. */
static int rewrite(struct world *w, const struct case_table *ct, const struct mutation *m, struct err *err)
{
	for (size_t i = 0; i < w->c->ntargets; i++)
		if (facts_forget(w->facts, ct->table, w->c->targets[i].name, err) < 0)
			return -1;
	if (insert_rows(w, ct, m, err) < 0 || write_ledger(w, ct->table->name, err) < 0)
		return -1;
	return m->table != NULL && m->sweep == SWEEP_DROP ? write_drop(w, m, err) : 0;
}

static const struct case_table *case_table_of(const struct test_case *c, const struct table *t)
{
	for (size_t i = 0; t != NULL && i < c->ntables; i++)
		if (c->tables[i].table == t)
			return &c->tables[i];
	return NULL;
}

/* From what the last mutation left to what M wants. */
static int mutate(struct world *w, const struct mutation *m, struct err *err)
{
	static const struct mutation none;
	const struct case_table *ct = case_table_of(w->c, m->table);

	if (w->bad != NULL && w->bad != ct && rewrite(w, w->bad, &none, err) < 0)
		return -1;
	w->bad = ct;
	return ct != NULL ? rewrite(w, ct, m, err) : 0;
}

static int exclude(struct facts *f, const struct test_case *c, struct err *err)
{
	sqlite3_stmt *st;

	if (sqlite3_prepare_v2(facts_db(f), "INSERT INTO temp.run_excluded VALUES(?1)", -1, &st, NULL) != SQLITE_OK)
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
	const char *sql = arena_printf(a, "SELECT %s, %s, status, object, observed, expected, detail, %s FROM temp.%s",
	                               keys[0], keys[1] != NULL ? keys[1] : "NULL",
	                               check->subject == SUBJECT_PATH ? "host, peer" : "NULL, NULL",
	                               plan_finding_table(a, check->id));
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
			.host = column(st, 7, a),
			.peer = column(st, 8, a),
		};

		add_peers(ret, r, a);
	}
	sqlite3_finalize(st);
	return 0;
}

/* One of the views of findings becomes a table that holds what the case gives: ROWS, or nothing. */
static int give_view(struct facts *f, const char *name, const struct ynode *rows, struct arena *a, struct err *err)
{
	static const char *const columns[] = {"check_id", "host", "peer", "vm", "status", "object"};
	const char *create = arena_printf(
		a, "DROP VIEW temp.%s; CREATE TEMP TABLE %s(check_id, host, peer, vm, status, object)", name, name);
	sqlite3_stmt *st;

	if (sqlite3_exec(facts_db(f), create, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(facts_db(f), arena_printf(a, "INSERT INTO temp.%s VALUES(?, ?, ?, ?, ?, ?)", name), -1,
	                       &st, NULL) != SQLITE_OK)
		return err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(f)));
	for (const struct ynode *row = rows != NULL ? rows->first : NULL; row != NULL; row = row->next) {
		for (int i = 0; i < 6; i++)
			sqlite3_bind_text(st, i + 1, case_text(row, columns[i]), -1, SQLITE_STATIC);
		sqlite3_step(st);
		sqlite3_reset(st);
	}
	sqlite3_finalize(st);
	return 0;
}

/* The tables of findings that the check reads by name are empty unless given: nobody else is run. */
static int give_findings(struct world *w, struct arena *a, struct err *err)
{
	const struct ynode *given = w->c->findings;

	for (size_t i = 0; given != NULL && i < w->plan.nneeds; i++) {
		const char *name = plan_finding_table(a, w->plan.needs[i].check->id);

		if (w->plan.needs[i].check != w->check && give_view(w->facts, name, yaml_get(given, name), a, err) < 0)
			return -1;
	}
	for (const struct ynode *view = given != NULL ? given->first : NULL; view != NULL; view = view->next)
		if (plan_finding_view(view->key) && give_view(w->facts, view->key, view, a, err) < 0)
			return -1;
	return 0;
}

/* ---- one case ---- */

/* The parameter that KEY names, NAME of the check at hand or CHECK.NAME; NULL: there is none. */
static struct param *param_of(struct world *w, const char *key)
{
	const char *dot = strchr(key, '.');
	const struct check *check = w->check;

	if (dot != NULL)
		check = checks_find(w->checks, arena_strndup(w->arena, key, (size_t)(dot - key)));
	for (size_t i = 0; check != NULL && i < check->nparams; i++)
		if (strcmp(check->params[i].name, dot != NULL ? dot + 1 : key) == 0)
			return &check->params[i];
	return NULL;
}

static int set_params(struct world *w, struct err *err)
{
	const struct ynode *given = w->c->params;

	w->nchanged = 0;
	w->changed = arena_array(w->arena, given != NULL ? given->n : 1, sizeof(*w->changed));
	for (const struct ynode *p = given != NULL ? given->first : NULL; p != NULL; p = p->next) {
		struct param *param = param_of(w, p->key);

		if (param == NULL)
			return yaml_err_key(p, err, "no check has this parameter");
		w->changed[w->nchanged++] = (struct changed){param, param->value};
		param->value = p->text;
	}
	return 0;
}

static int sql(struct world *w, const char *text, struct err *err)
{
	if (sqlite3_exec(facts_db(w->facts), text, NULL, NULL, NULL) != SQLITE_OK)
		return err_set(err, ERR_SQL, "%s: %s", text, sqlite3_errmsg(facts_db(w->facts)));
	return 0;
}

/* The check at hand, and those whose findings it reads by name. */
static struct checks check_with_read(const struct world *w)
{
	struct checks ret = {.v = arena_array(w->arena, w->checks->n + 1, sizeof(*ret.v)), .arena = w->checks->arena};

	ret.v[ret.n++] = w->check;
	for (size_t i = 0; i < w->checks->n; i++)
		if (w->checks->v[i] != w->check &&
		    strstr(w->check->sql, plan_finding_table(w->arena, w->checks->v[i]->id)) != NULL)
			ret.v[ret.n++] = w->checks->v[i];
	return ret;
}

static int plan_case(struct world *w, const struct names *platforms, struct err *err)
{
	struct checks alone = check_with_read(w);
	const struct checks *checks = w->c->findings != NULL ? &alone : w->checks;
	const char *spine = arena_printf(w->arena, "SELECT * FROM %s", plan_spine(w->check->subject));

	if (plan_make(&w->plan, w->facts, checks, w->probes, platforms, false, err) < 0)
		return -1;
	for (size_t i = 0; i < w->plan.nneeds; i++) {
		struct need *need = &w->plan.needs[i];

		/* The case's expectations are another reader. */
		need->read = need->read || need->check == w->check;
		for (size_t k = 0; need->check == w->check && k < need->tables.n; k++)
			names_add(&w->tables, w->arena, need->tables.v[k]);
	}
	return facts_prepare(w->facts, spine, w->arena, &w->spine, NULL, err);
}

/* SQLite reads the schema again after every rollback: what the plan doesn't need goes. */
static int prune(struct world *w, struct err *err)
{
	for (size_t i = 0; i < model_count(w->model); i++) {
		const char *name = model_view(w->model, i)->name;

		if (!names_have(&w->plan.views, name) &&
		    sql(w, arena_printf(w->arena, "DROP VIEW temp.%s", name), err) < 0)
			return -1;
	}
	for (size_t i = 0; i < w->probes->n; i++)
		for (size_t k = 0; k < w->probes->v[i]->ntables; k++) {
			const char *name = w->probes->v[i]->tables[k].name;

			if (!names_have(&w->plan.tables, name) &&
			    sql(w,
			        arena_printf(w->arena, "DROP TABLE IF EXISTS main.%s; DROP TABLE IF EXISTS main.%s_set",
			                     name, name),
			        err) < 0)
				return -1;
		}
	return 0;
}

static int write_facts(struct world *w, struct err *err)
{
	static const struct mutation none;

	for (size_t i = 0; i < w->c->ntargets; i++)
		if (facts_add_target(w->facts, &w->c->targets[i], err) < 0)
			return -1;
	for (size_t i = 0; i < w->plan.tables.n; i++)
		if (write_ledger(w, w->plan.tables.v[i], err) < 0)
			return -1;
	for (size_t i = 0; i < w->c->ntables; i++)
		if (names_have(&w->plan.tables, w->c->tables[i].table->name) &&
		    insert_rows(w, &w->c->tables[i], &none, err) < 0)
			return -1;
	return 0;
}

int world_begin(struct world *w, const struct test_case *c, struct err *err)
{
	struct names platforms = {0};

	w->c = c;
	w->arena = arena_new();
	w->tables = w->spine = (struct names){0};
	w->bad = NULL;
	if (set_params(w, err) < 0)
		return -1;
	for (size_t i = 0; i < c->ntargets; i++)
		names_add(&platforms, w->arena, c->targets[i].platform);
	if (facts_create(&w->facts, NULL, w->probes, err) < 0 || scope_create(w->facts, w->checks, err) < 0 ||
	    exclude(w->facts, c, err) < 0 || model_create(w->model, w->facts, &platforms, err) < 0 ||
	    plan_case(w, &platforms, err) < 0 || prune(w, err) < 0 || write_facts(w, err) < 0)
		return -1;
	return sql(w, "COMMIT; PRAGMA temp.journal_mode=MEMORY; BEGIN", err);
}

void world_end(struct world *w)
{
	for (size_t i = 0; i < w->nchanged; i++)
		w->changed[i].param->value = w->changed[i].was;
	plan_dispose(&w->plan);
	facts_close(w->facts);
	arena_free(w->arena);
	w->facts = NULL;
}

static int judge_facts(struct world *w, struct arena *a, struct results *ret, struct err *err)
{
	struct run run = {.checks = w->checks, .facts = w->facts, .arena = a, .complete = true};

	if (model_materialise(w->model, w->facts, &w->plan.views, err) < 0 || give_findings(w, a, err) < 0 ||
	    judge(&run, &w->plan, w->probes, err) < 0)
		return -1;
	return read_findings(w->facts, w->check, a, ret, err);
}

int world_judge(struct world *w, const struct mutation *m, struct arena *a, struct results *ret, struct err *err)
{
	int rc;

	*ret = (struct results){0};
	if (mutate(w, m, err) < 0 || sql(w, "SAVEPOINT judged", err) < 0)
		return -1;
	rc = judge_facts(w, a, ret, err);
	return sql(w, "ROLLBACK TO judged; RELEASE judged", err) < 0 ? -1 : rc;
}
