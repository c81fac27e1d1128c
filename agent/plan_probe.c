/* SPDX-License-Identifier: Apache-2.0 */
/* plan_probe.c - which probes fill the tables that are read, what their work lists read in turn, and who comes after whom. */
#include <string.h>

#include "base/str.h"
#include "plan_impl.h"

/* Columns of the for_each that how it is worked off rests on. */
static int check_item_columns(const struct probe *p, sqlite3_stmt *st, struct err *err)
{
	const char *needed[MAX_AT_ONCE + 2];
	size_t n = 0;

	for (size_t i = 0; i < p->ntables && p->stands_in; i++)
		if (!plan_emits(st, p->tables[i].rows.columns[p->tables[i].key].name))
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
		if (!plan_emits(st, needed[i]))
			return err_set(err, ERR_CONFIG, "%s:%d: for_each gives no column '%s', which %s names", p->file,
			               p->for_each_line, needed[i], i < p->nat_once ? "at_once" : "search");
	return 0;
}

static int probe_reads(struct planner *pl, const struct probe *p, struct need *need, struct err *err)
{
	struct reads reads = {0};
	sqlite3_stmt *st;
	bool whom, where;
	int rc;

	if (p->for_each == NULL)
		return 0;
	if (sketch_prepare(&pl->sketch, p->for_each, pl->a, &reads, &st, err) < 0)
		return plan_sql_error(pl, p->file, p->for_each_line, p->for_each, err);
	whom = plan_emits(st, p->host_scope ? "host" : "target");
	where = !p->transport->addressed || plan_emits(st, "address");
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
	plan_sort_reads(pl, &reads, need);
	if (need->checks.n > 0)
		return err_set(err, ERR_CONFIG, "%s:%d: for_each can't read findings", p->file, p->for_each_line);
	return 0;
}

static int add_table(struct planner *pl, const char *name, struct names *closure, int *ret_depth, struct err *err);

/* Each of these tables; gives how deep the deepest stands. */
static int add_each(struct planner *pl, const struct names *tables, struct names *closure, int *ret_depth,
                    struct err *err)
{
	const struct names direct = *tables; /* they may be those that the closure grows from */

	*ret_depth = -1;
	for (size_t i = 0; i < direct.n; i++) {
		int depth;

		if (add_table(pl, direct.v[i], closure, &depth, err) < 0)
			return -1;
		if (depth > *ret_depth)
			*ret_depth = depth;
	}
	return 0;
}

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

/* Adds P and all that its for_each reads; gives how deep it stands. What one that stands in isn't told leaves gaps as they are, and
 * hints only make a work list longer, so nobody's trust depends on these. */
static int add_probe(struct planner *pl, struct probe *p, struct names *closure, int *ret_depth, struct err *err)
{
	struct need need = {0};
	size_t i = place_of(pl, p);
	int before = i < pl->n ? pl->depth[i] : 0, tables, hints;

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
	if (add_each(pl, &need.tables, p->stands_in ? &pl->plan->tables : closure, &tables, err) < 0 ||
	    add_each(pl, &need.hints, &pl->plan->tables, &hints, err) < 0)
		return -1;
	if (tables + 1 > *ret_depth)
		*ret_depth = tables + 1;
	if (hints + 1 > *ret_depth)
		*ret_depth = hints + 1;
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
	int tables, hints;

	if (add_each(pl, &need->tables, &need->tables, &tables, err) < 0 ||
	    add_each(pl, &need->hints, &pl->plan->tables, &hints, err) < 0)
		return -1;
	if (tables >= MAX_STAGES || hints >= MAX_STAGES)
		return err_set(err, ERR_CONFIG, "probes depend on each other more than %d deep", MAX_STAGES);
	for (size_t i = 0; i < need->tables.n; i++) {
		names_add(&pl->plan->tables, pl->a, need->tables.v[i]);
		names_add(&pl->relied_on, pl->a, need->tables.v[i]);
	}
	for (size_t i = 0; i < need->views.n; i++)
		names_add(&pl->plan->views, pl->a, need->views.v[i]);
	return 0;
}

/* A probe only ever moves down, and not below MAX_STAGES, so this ends. */
int plan_add_all_tables(struct planner *pl, struct need *needs, size_t n, struct err *err)
{
	do {
		pl->moved = false;
		for (size_t i = 0; i < n; i++)
			if (add_tables(pl, &needs[i], err) < 0)
				return -1;
	} while (pl->moved);
	return 0;
}
