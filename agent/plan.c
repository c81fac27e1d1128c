/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - checks -> tables -> probes, in order; SQLite's authorizer tells what is read. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "plan_finding.h"
#include "plan_sketch.h"

#define MAX_STAGES 16

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

struct spine_need {
	const char *view;
	struct need need;
};

struct planner {
	struct plan *plan;
	struct facts *facts;
	struct sketch sketch; /* of facts: what queries are prepared on */
	const struct checks *checks;
	const struct probes *probes;
	const struct names *platforms;
	bool with_vms;
	struct arena *a;
	struct spine_need seen[SUBJECT_TARGET + 2]; /* ended by a NULL view */
	/* probes of the plan, and how deep each stands (-1: being looked at, to see cycles) */
	struct probe **v;
	int *depth;
	size_t n, cap, dcap;
	bool moved; /* some of them further down, so that what reads their other tables has to follow */
};

/* ---- what a query reads ---- */

/* Where SQLite says that the error is, as FILE:LINE:COLUMN; SQL starts at LINE of FILE. */
static int sql_error(struct planner *pl, const char *file, int line, const char *sql, struct err *err)
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

static void sort_reads(struct planner *pl, const struct names *reads, struct need *need)
{
	for (size_t i = 0; i < reads->n; i++) {
		const char *name = reads->v[i];
		const struct table *t = table_of(pl->probes, name);
		const struct check *c = check_of_finding(pl, name);

		if (t != NULL)
			names_add(&need->tables, pl->a, t->name);
		else if (c != NULL)
			names_add(&need->checks, pl->a, c->id);
		else if (!plan_finding_view(name))
			names_add(&need->views, pl->a, name);
	}
}

/* What a spine reads; every check asks for the same few. */
static const struct need *spine_reads(struct planner *pl, const char *view, struct err *err)
{
	struct names reads = {0};
	struct spine_need *s = pl->seen;

	while (s->view != NULL && strcmp(s->view, view) != 0)
		s++;
	if (s->view != NULL)
		return &s->need;
	if (sketch_prepare(&pl->sketch, arena_printf(pl->a, "SELECT * FROM %s", view), pl->a, &reads, NULL, err) < 0) {
		err_prefix(err, "model view %s", view);
		return NULL;
	}
	sort_reads(pl, &reads, &s->need);
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

static bool emits(sqlite3_stmt *st, const char *column)
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
		if (needed[i] != NULL && !emits(st, needed[i]))
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

static int need_of(struct planner *pl, const struct check *c, struct need *need, struct err *err)
{
	static const char *const context[] = {"host", "cluster", "target"};
	struct names reads = {0};
	sqlite3_stmt *st;
	int rc;

	need->check = c;
	if (sketch_prepare(&pl->sketch, c->sql, pl->a, &reads, &st, err) < 0)
		return sql_error(pl, c->file, c->sql_line, c->sql, err);
	rc = check_columns(c, st, err) < 0 || check_keys(c, st, err) < 0 || check_params(c, st, err) < 0 ? -1 : 0;
	sqlite3_finalize(st);
	if (rc < 0)
		return -1;
	sort_reads(pl, &reads, need);
	/* The subjects, and whom a finding names, are read by judge.c for every check. */
	for (size_t i = 0; i < sizeof(context) / sizeof(context[0]); i++)
		if (add_view(pl, need, context[i], err) < 0)
			return -1;
	if ((pl->with_vms || c->subject == SUBJECT_VM || c->subject == SUBJECT_VM_HOST) &&
	    add_view(pl, need, "vm", err) < 0)
		return -1;
	return add_view(pl, need, plan_spine(c->subject), err);
}

static const struct need *planned(const struct planner *pl, const char *id)
{
	for (size_t i = 0; i < pl->plan->nneeds; i++)
		if (strcmp(pl->plan->needs[i].check->id, id) == 0)
			return &pl->plan->needs[i];
	return NULL;
}

/* Plans C after those whose findings it reads. CHAIN holds who is being planned, to see a cycle. */
static int add_check(struct planner *pl, const struct check *c, struct names *chain, struct err *err)
{
	struct need need = {0};

	if (planned(pl, c->id) != NULL)
		return 0;
	if (!names_add(chain, pl->a, c->id)) {
		struct buf b = {.max = 400};

		for (size_t i = 0; i < chain->n; i++)
			buf_printf(&b, "%s -> ", chain->v[i]);
		err_set(err, ERR_CONFIG, "%s: checks read each other's findings in a cycle: %s%s", c->file, buf_str(&b),
		        c->id);
		buf_dispose(&b);
		return -1;
	}
	if (need_of(pl, c, &need, err) < 0)
		return -1;
	for (size_t i = 0; i < need.checks.n; i++) {
		const struct check *other = checks_find(pl->checks, need.checks.v[i]);

		if (add_check(pl, other, chain, err) < 0)
			return -1;
	}
	chain->n--;
	pl->plan->needs[pl->plan->nneeds++] = need;
	return 0;
}

/* ---- probes ---- */

/* Columns of the for_each that how it is worked off rests on. */
static int check_item_columns(const struct probe *p, sqlite3_stmt *st, struct err *err)
{
	const char *needed[MAX_AT_ONCE + 2];
	size_t n = 0;

	for (size_t i = 0; i < p->ntables && p->stands_in; i++)
		if (!emits(st, p->tables[i].rows.columns[p->tables[i].key].name))
			return err_set(err, ERR_CONFIG,
			               "%s:%d: for_each gives no column '%s', whose gap is to be filled", p->file,
			               p->for_each_line, p->tables[i].rows.columns[p->tables[i].key].name);

	for (size_t i = 0; i < p->nat_once; i++)
		needed[n++] = p->at_once[i].column;
	if (p->search != NULL)
		needed[n++] = p->search->vary;
	if (p->search != NULL && p->search->likely != NULL)
		needed[n++] = p->search->likely;
	for (size_t i = 0; i < n; i++)
		if (!emits(st, needed[i]))
			return err_set(err, ERR_CONFIG, "%s:%d: for_each gives no column '%s', which %s names", p->file,
			               p->for_each_line, needed[i], i < p->nat_once ? "at_once" : "search");
	return 0;
}

static int probe_reads(struct planner *pl, const struct probe *p, struct need *need, struct err *err)
{
	struct names reads = {0};
	sqlite3_stmt *st;
	bool whom, where;
	int rc;

	if (p->for_each == NULL)
		return 0;
	if (sketch_prepare(&pl->sketch, p->for_each, pl->a, &reads, &st, err) < 0)
		return sql_error(pl, p->file, p->for_each_line, p->for_each, err);
	whom = emits(st, p->host_scope ? "host" : "target");
	where = !p->transport->addressed || emits(st, "address");
	rc = check_item_columns(p, st, err);
	sqlite3_finalize(st);
	if (rc < 0)
		return -1;
	if (!where)
		return err_set(err, ERR_CONFIG, "%s:%d: for_each gives no column 'address' that says where to connect",
		               p->file, p->for_each_line);
	if (!whom)
		return err_set(err, ERR_CONFIG, "%s:%d: for_each gives no column '%s' that says whom to ask", p->file,
		               p->for_each_line, p->host_scope ? "host" : "target");
	sort_reads(pl, &reads, need);
	if (need->checks.n > 0)
		return err_set(err, ERR_CONFIG, "%s:%d: for_each can't read findings", p->file, p->for_each_line);
	return 0;
}

static int add_table(struct planner *pl, const char *name, struct names *closure, int *ret_depth, struct err *err);

static size_t place_of(const struct planner *pl, const struct probe *p)
{
	size_t i = 0;

	while (i < pl->n && pl->v[i] != p)
		i++;
	return i;
}

static bool can_fill(const struct probe *p, const char *table)
{
	for (size_t i = 0; i < p->ntables; i++)
		if (strcmp(p->tables[i].name, table) == 0)
			return true;
	return false;
}

/* Adds P and all that its for_each reads; gives how deep it stands. What one that stands in isn't told leaves gaps as they are, so
 * nobody's trust depends on it. */
static int add_probe(struct planner *pl, struct probe *p, struct names *closure, int *ret_depth, struct err *err)
{
	struct need need = {0};
	size_t i = place_of(pl, p);
	int before = i < pl->n ? pl->depth[i] : 0;

	if (i < pl->n && pl->depth[i] < 0)
		return err_set(err, ERR_CONFIG, "%s:%d: for_each reads, in a cycle, what this probe itself brings",
		               p->file, p->for_each_line);
	if (i == pl->n) {
		pl->v = grow(pl->v, &pl->cap, pl->n, sizeof(*pl->v));
		pl->depth = grow(pl->depth, &pl->dcap, pl->n, sizeof(*pl->depth));
		pl->v[pl->n++] = p;
	}
	pl->depth[i] = -1;
	*ret_depth = before;
	if (probe_reads(pl, p, &need, err) < 0)
		return -1;
	for (size_t k = 0; k < need.views.n; k++)
		names_add(&pl->plan->views, pl->a, need.views.v[k]);
	for (size_t k = 0; k < need.tables.n; k++) {
		int depth = 0;

		if (add_table(pl, need.tables.v[k], p->stands_in ? &pl->plan->tables : closure, &depth, err) < 0)
			return -1;
		if (depth + 1 > *ret_depth)
			*ret_depth = depth + 1;
	}
	pl->depth[i] = *ret_depth;
	return 0;
}

/* Moves those that fill the table NAME down to DEPTH. */
static void move_down(struct planner *pl, const char *name, bool stands_in, int depth)
{
	for (size_t i = 0; i < pl->n; i++)
		if (can_fill(pl->v[i], name) && pl->v[i]->stands_in == stands_in && pl->depth[i] < depth &&
		    pl->depth[i] >= 0) {
			pl->depth[i] = depth;
			pl->moved = true;
		}
}

/* Adds those that fill NAME and stand in, or those that don't. They stand together, as deep as the deepest: only within a stage is
 * one asked after the other. */
static int add_fillers(struct planner *pl, const char *name, bool stands_in, struct names *closure, int *ret_depth,
                       struct err *err)
{
	for (size_t i = 0; i < pl->probes->n; i++) {
		struct probe *p = pl->probes->v[i];
		int depth = 0;

		if (!can_fill(p, name) || p->stands_in != stands_in)
			continue;
		if (add_probe(pl, p, closure, &depth, err) < 0)
			return -1;
		if (depth > *ret_depth)
			*ret_depth = depth;
	}
	move_down(pl, name, stands_in, *ret_depth);
	return 0;
}

/* Adds NAME to the closure with every probe that can fill it. Who stands in comes below the others: only then are their gaps known. */
static int add_table(struct planner *pl, const char *name, struct names *closure, int *ret_depth, struct err *err)
{
	int below;

	names_add(closure, pl->a, name);
	*ret_depth = 0;
	if (add_fillers(pl, name, false, closure, ret_depth, err) < 0)
		return -1;
	below = *ret_depth + 1;
	for (size_t i = 0; i < pl->probes->n; i++)
		if (pl->probes->v[i]->stands_in && can_fill(pl->probes->v[i], name)) {
			*ret_depth = below;
			return add_fillers(pl, name, true, closure, ret_depth, err);
		}
	return 0;
}

static int add_tables(struct planner *pl, struct need *need, struct err *err)
{
	struct names direct = need->tables;

	for (size_t i = 0; i < direct.n; i++) {
		int depth = 0;

		if (add_table(pl, direct.v[i], &need->tables, &depth, err) < 0)
			return -1;
		if (depth >= MAX_STAGES)
			return err_set(err, ERR_CONFIG, "probes depend on each other more than %d deep", MAX_STAGES);
	}
	for (size_t i = 0; i < need->tables.n; i++)
		names_add(&pl->plan->tables, pl->a, need->tables.v[i]);
	for (size_t i = 0; i < need->views.n; i++)
		names_add(&pl->plan->views, pl->a, need->views.v[i]);
	return 0;
}

/* A probe only ever moves down, and not below MAX_STAGES, so this ends. */
static int add_all_tables(struct planner *pl, struct need *needs, size_t n, struct err *err)
{
	do {
		pl->moved = false;
		for (size_t i = 0; i < n; i++)
			if (add_tables(pl, &needs[i], err) < 0)
				return -1;
	} while (pl->moved);
	return 0;
}

/* ---- stages ---- */

static bool has_path(const struct planned *p, const char *path)
{
	for (size_t i = 0; i < p->req.npaths; i++)
		if (strcmp(p->req.paths[i], path) == 0)
			return true;
	return false;
}

static struct planned cut_down(struct planner *pl, struct probe *p)
{
	struct planned out = {.probe = p, .req = p->req};
	const char **paths = arena_array(pl->a, p->req.npaths + 1, sizeof(*paths));

	out.tables = arena_array(pl->a, p->ntables, sizeof(*out.tables));
	out.req.paths = paths;
	out.req.npaths = 0;
	for (size_t i = 0; i < p->ntables; i++) {
		const struct table *t = &p->tables[i];

		if (!names_have(&pl->plan->tables, t->name) && (p->search == NULL || p->search->table != t))
			continue;
		out.tables[out.ntables++] = t;
		for (size_t k = 0; k < t->npaths; k++)
			if (!has_path(&out, t->paths[k]))
				paths[out.req.npaths++] = t->paths[k];
	}
	return out;
}

static int by_prefer(const void *a, const void *b)
{
	const struct planned *x = a, *y = b;

	if (x->probe->prefer != y->probe->prefer)
		return (x->probe->prefer > y->probe->prefer) - (x->probe->prefer < y->probe->prefer);
	return strcmp(x->probe->id, y->probe->id);
}

static void make_stages(struct planner *pl)
{
	struct plan *plan = pl->plan;

	plan->stages = arena_array(pl->a, MAX_STAGES + 1, sizeof(*plan->stages));
	for (size_t i = 0; i < pl->n; i++) {
		struct stage *s = &plan->stages[pl->depth[i]];

		if (s->probes == NULL)
			s->probes = arena_array(pl->a, pl->n, sizeof(*s->probes));
		s->probes[s->n++] = cut_down(pl, pl->v[i]);
		if ((size_t)pl->depth[i] >= plan->nstages)
			plan->nstages = (size_t)pl->depth[i] + 1;
	}
	for (size_t i = 0; i < plan->nstages; i++)
		if (plan->stages[i].n > 0)
			qsort(plan->stages[i].probes, plan->stages[i].n, sizeof(struct planned), by_prefer);
}

static void planner_start(struct planner *pl, struct plan *ret)
{
	*ret = (struct plan){.arena = arena_new()};
	pl->plan = ret;
	pl->a = ret->arena;
}

static int planner_end(struct planner *pl, int rc)
{
	if (rc == 0)
		make_stages(pl);
	free(pl->v);
	free(pl->depth);
	sketch_dispose(&pl->sketch);
	if (rc < 0)
		plan_dispose(pl->plan);
	return rc;
}

static bool is_read(const struct plan *plan, const char *id)
{
	for (size_t i = 0; i < plan->nneeds; i++)
		if (names_have(&plan->needs[i].checks, id))
			return true;
	return false;
}

static int plan_checks(struct planner *pl, struct err *err)
{
	if (plan_finding_create(pl->facts, pl->checks, pl->platforms, err) < 0 ||
	    sketch_make(&pl->sketch, pl->facts, pl->probes, pl->a, err) < 0)
		return -1;
	pl->plan->needs = arena_array(pl->a, pl->checks->n + 1, sizeof(*pl->plan->needs));
	for (size_t i = 0; i < pl->checks->n; i++) {
		struct names chain = {0};

		if (pl->checks->v[i]->selected && check_on_platforms(pl->checks->v[i], pl->platforms) &&
		    add_check(pl, pl->checks->v[i], &chain, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < pl->plan->nneeds; i++)
		pl->plan->needs[i].read = is_read(pl->plan, pl->plan->needs[i].check->id);
	return add_all_tables(pl, pl->plan->needs, pl->plan->nneeds, err);
}

int plan_make(struct plan *ret, struct facts *f, const struct checks *cs, const struct probes *ps,
              const struct names *platforms, bool with_vms, struct err *err)
{
	struct planner pl = {.facts = f, .checks = cs, .probes = ps, .platforms = platforms, .with_vms = with_vms};

	planner_start(&pl, ret);
	return planner_end(&pl, plan_checks(&pl, err));
}

int plan_query(struct plan *ret, struct facts *f, const char *sql, const struct probes *ps, struct err *err)
{
	static const struct checks none;
	struct planner pl = {.facts = f, .checks = &none, .probes = ps};
	struct need need = {0};
	struct names reads = {0};
	int rc;

	planner_start(&pl, ret);
	rc = sketch_make(&pl.sketch, f, ps, pl.a, err);
	if (rc == 0)
		rc = sketch_prepare(&pl.sketch, sql, pl.a, &reads, NULL, err);
	if (rc == 0) {
		sort_reads(&pl, &reads, &need);
		rc = add_all_tables(&pl, &need, 1, err);
	}
	return planner_end(&pl, rc);
}

void plan_dispose(struct plan *p)
{
	arena_free(p->arena);
	*p = (struct plan){0};
}
