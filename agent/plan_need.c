/* SPDX-License-Identifier: Apache-2.0 */
/* plan_need.c - what a check reads, and whether its query fits its header. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "plan_finding.h"
#include "plan_impl.h"

const char *const plan_columns[] = {"target", "cluster", "host",     "peer",     "path",   "vm",  "datastore",
                                    "status", "object",  "observed", "expected", "detail", "via", NULL};

static const struct {
	const char *view;
	const char *keys[2];
} spines[] = {
	[SUBJECT_HOST] = {"host", {"host", NULL}},
	[SUBJECT_PAIR] = {"host_pair", {"host", "peer"}},
	[SUBJECT_PATH] = {"migration_path", {"path", NULL}},
	[SUBJECT_VM] = {"vm", {"vm", NULL}},
	[SUBJECT_VM_HOST] = {"vm_candidate", {"vm", "peer"}},
	[SUBJECT_DATASTORE] = {"datastore", {"datastore", NULL}},
	[SUBJECT_CLUSTER] = {"cluster", {"cluster", NULL}},
	[SUBJECT_TARGET] = {"target", {"target", NULL}},
};

const char *plan_spine(enum subject subject)
{
	return spines[subject].view;
}

/* ---- what a query reads ---- */

int plan_sql_error(struct planner *pl, const char *file, int line, const char *sql, struct err *err)
{
	int offset = sqlite3_error_offset(facts_db(pl->sketch.facts)), column = 1;
	char text[sizeof(err->text)];

	memcpy(text, err->text, sizeof(text));
	for (int i = 0; i < offset && sql[i] != '\0'; i++) {
		column = sql[i] == '\n' ? 1 : column + 1;
		line += sql[i] == '\n';
	}
	return err_set(err, ERR_CONFIG, "%s:%d:%d: %.400s", file, line, column, text);
}

/* The fact table that NAME belongs to: T itself, or T for T_set. */
static struct table *table_of(const struct probes *ps, const char *name)
{
	struct table *t = probes_table(ps, name);
	size_t n = strlen(name);
	char base[64];

	if (t != NULL || n <= 4 || n - 4 >= sizeof(base) || strcmp(name + n - 4, "_set") != 0)
		return t;
	memcpy(base, name, n - 4);
	base[n - 4] = '\0';
	t = probes_table(ps, base);
	return t != NULL && t->set ? t : NULL;
}

/* Is NAME finding_ID, with '_' for '-'? */
static bool is_finding_of(const char *name, const char *id)
{
	size_t n = strlen(id);

	if (strlen(name) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (name[i] != (id[i] == '-' ? '_' : id[i]))
			return false;
	return true;
}

static struct check *check_of_finding(const struct planner *pl, const char *name)
{
	if (strncmp(name, "finding_", 8) != 0)
		return NULL;
	for (size_t i = 0; i < pl->checks->n; i++)
		if (is_finding_of(name + 8, pl->checks->v[i]->id))
			return pl->checks->v[i];
	return NULL;
}

void plan_sort_reads(struct planner *pl, const struct reads *reads, struct need *need)
{
	for (size_t i = 0; i < reads->names.n; i++) {
		const char *name = reads->names.v[i];
		const struct table *t = table_of(pl->probes, name);
		const struct check *c = check_of_finding(pl, name);

		if (t != NULL)
			names_add(&need->tables, pl->a, t->name);
		else if (c != NULL)
			names_add(&need->checks, pl->a, c->id);
		else if (!plan_finding_view(name))
			names_add(&need->views, pl->a, name);
	}
	for (size_t i = 0; i < reads->hints.n; i++) {
		const char *name = reads->hints.v[i];
		const struct table *t = table_of(pl->probes, name);

		names_add(t != NULL ? &need->hints : &need->views, pl->a, t != NULL ? t->name : name);
	}
}

/* What a spine reads; every check asks for the same few. */
static const struct need *spine_reads(struct planner *pl, const char *view, struct err *err)
{
	struct reads reads = {0};
	struct spine_need *s = pl->seen;

	while (s->view != NULL && strcmp(s->view, view) != 0)
		s++;
	if (s->view != NULL)
		return &s->need;
	if (sketch_prepare(&pl->sketch, arena_printf(pl->a, "SELECT * FROM %s", view), pl->a, &reads, NULL, err) < 0) {
		err_prefix(err, "model view %s", view);
		return NULL;
	}
	plan_sort_reads(pl, &reads, &s->need);
	s->view = view;
	return &s->need;
}

static void add_names(struct planner *pl, struct names *to, const struct names *from)
{
	for (size_t i = 0; i < from->n; i++)
		names_add(to, pl->a, from->v[i]);
}

static int add_view(struct planner *pl, struct need *need, const char *view, struct err *err)
{
	const struct need *s = spine_reads(pl, view, err);

	if (s == NULL)
		return -1;
	add_names(pl, &need->tables, &s->tables);
	add_names(pl, &need->discovery, &s->tables);
	add_names(pl, &need->views, &s->views);
	return 0;
}

/* ---- checks ---- */

static int check_columns(const struct check *c, sqlite3_stmt *st, struct err *err)
{
	size_t known = 0;
	char hint[96];

	while (plan_columns[known] != NULL)
		known++;
	for (int i = 0; i < sqlite3_column_count(st); i++) {
		const char *name = sqlite3_column_name(st, i);
		bool ok = false;

		for (size_t k = 0; k < known; k++)
			ok = ok || strcmp(plan_columns[k], name) == 0;
		if (!ok)
			return err_set(err, ERR_CONFIG, "%s:%d:1: the query emits an unknown column '%s'%s", c->file,
			               c->sql_line, name, did_you_mean(hint, sizeof(hint), name, plan_columns, known));
		for (int k = 0; k < i; k++)
			if (strcmp(sqlite3_column_name(st, k), name) == 0)
				return err_set(err, ERR_CONFIG, "%s:%d:1: the query emits column '%s' twice", c->file,
				               c->sql_line, name);
	}
	return 0;
}

bool plan_emits(sqlite3_stmt *st, const char *column)
{
	for (int i = 0; i < sqlite3_column_count(st); i++)
		if (strcmp(sqlite3_column_name(st, i), column) == 0)
			return true;
	return false;
}

static int check_keys(const struct check *c, sqlite3_stmt *st, struct err *err)
{
	const char *needed[3] = {spines[c->subject].keys[0], spines[c->subject].keys[1], "status"};

	for (size_t i = 0; i < 3; i++)
		if (needed[i] != NULL && !plan_emits(st, needed[i]))
			return err_set(err, ERR_CONFIG, "%s:%d:1: the query emits no column '%s' (its subject is %s)",
			               c->file, c->sql_line, needed[i], subject_name(c->subject));
	return 0;
}

static int check_params(const struct check *c, sqlite3_stmt *st, struct err *err)
{
	for (int i = 1; i <= sqlite3_bind_parameter_count(st); i++) {
		const char *name = sqlite3_bind_parameter_name(st, i);
		bool declared = false;

		for (size_t k = 0; k < c->nparams; k++)
			declared = declared || (name != NULL && strcmp(name + 1, c->params[k].name) == 0);
		if (!declared || *name != ':')
			return err_set(err, ERR_CONFIG,
			               "%s:%d:1: the query uses '%s', which the header's params don't declare", c->file,
			               c->sql_line, name != NULL ? name : "?");
	}
	for (size_t k = 0; k < c->nparams; k++) {
		char name[80];

		snprintf(name, sizeof(name), ":%s", c->params[k].name);
		if (sqlite3_bind_parameter_index(st, name) == 0)
			return err_set(err, ERR_CONFIG, "%s:1:1: the header declares '%s', which the query doesn't use",
			               c->file, c->params[k].name);
	}
	return 0;
}

int plan_need_of(struct planner *pl, const struct check *c, struct need *need, struct err *err)
{
	static const char *const context[] = {"host", "cluster", "target"};
	struct reads reads = {0};
	sqlite3_stmt *st;
	int rc;

	need->check = c;
	if (sketch_prepare(&pl->sketch, c->sql, pl->a, &reads, &st, err) < 0)
		return plan_sql_error(pl, c->file, c->sql_line, c->sql, err);
	rc = check_columns(c, st, err) < 0 || check_keys(c, st, err) < 0 || check_params(c, st, err) < 0 ? -1 : 0;
	sqlite3_finalize(st);
	if (rc < 0)
		return -1;
	/* The subjects, and whom a finding names, are read by judge.c for every check; first, so that where a target doesn't answer
	 * at all the same reason is told of each. */
	for (size_t i = 0; i < sizeof(context) / sizeof(context[0]); i++)
		if (add_view(pl, need, context[i], err) < 0)
			return -1;
	if ((pl->with_vms || c->subject == SUBJECT_VM || c->subject == SUBJECT_VM_HOST) &&
	    add_view(pl, need, "vm", err) < 0)
		return -1;
	if (add_view(pl, need, plan_spine(c->subject), err) < 0)
		return -1;
	plan_sort_reads(pl, &reads, need);
	return 0;
}
