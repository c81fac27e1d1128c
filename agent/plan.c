/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - checks -> tables -> probes, in order; SQLite's authorizer tells what is read. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "plan_finding.h"
#include "plan_impl.h"

/* ---- checks ---- */

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
	if (plan_need_of(pl, c, &need, err) < 0)
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
	struct planned out = {.probe = p, .req = p->req, .hint = true};
	const char **paths = arena_array(pl->a, p->req.npaths + 1, sizeof(*paths));

	out.tables = arena_array(pl->a, p->ntables, sizeof(*out.tables));
	out.req.paths = paths;
	out.req.npaths = 0;
	for (size_t i = 0; i < p->ntables; i++) {
		const struct table *t = &p->tables[i];

		if (!names_have(&pl->plan->tables, t->name) && (p->search == NULL || p->search->table != t))
			continue;
		out.hint = out.hint && !names_have(&pl->relied_on, t->name);
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
	if (rc == 0) {
		make_stages(pl);
		sketch_sort(&pl->sketch, &pl->plan->views);
	}
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
	return plan_add_all_tables(pl, pl->plan->needs, pl->plan->nneeds, err);
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
	struct reads reads = {0};
	int rc;

	planner_start(&pl, ret);
	rc = sketch_make(&pl.sketch, f, ps, pl.a, err);
	if (rc == 0)
		rc = sketch_prepare(&pl.sketch, sql, pl.a, &reads, NULL, err);
	if (rc == 0) {
		plan_sort_reads(&pl, &reads, &need);
		rc = plan_add_all_tables(&pl, &need, 1, err);
	}
	return planner_end(&pl, rc);
}

void plan_dispose(struct plan *p)
{
	arena_free(p->arena);
	*p = (struct plan){0};
}
