/* SPDX-License-Identifier: Apache-2.0 */
/*
 * culprit_search.c - which explanations of a matrix are the smallest.
 *
 * An explanation must cover every bad cell and no good one. THE COST of one is the number of its faults; of two that have as many, the
 * one with fewer faults between groups is cheaper. All of the cheapest are given, but for those in which a narrower fault would do in
 * a fault's place: one direction instead of both, one adapter instead of its host, parts of groups instead of the whole. That nothing
 * works at all is given beside them, alone when all cells are known.
 *
 * Ranked first are faults between groups that are switches' as the hosts told; pairs come last.
 */
#include <stdlib.h>
#include <string.h>

#include "function/culprit_impl.h"

/* So many looks at two nodes: at most some tenths of a second. */
#define MAX_STEPS 20000000

struct culprit {
	const struct matrix *m;
	struct fault *simple;
	size_t nsimple;
	struct found *found;
	struct group_caller groups;
	const struct fault *with; /* beside the groups that are being looked for; NULL: nothing */
};

/* ---- collecting ---- */

static bool same_fault(const struct fault *a, const struct fault *b)
{
	bool straight = memcmp(&a->from, &b->from, sizeof(a->from)) == 0 && memcmp(&a->to, &b->to, sizeof(a->to)) == 0;
	bool turned = memcmp(&a->from, &b->to, sizeof(a->from)) == 0 && memcmp(&a->to, &b->from, sizeof(a->to)) == 0;

	return (a->way == WAY_BOTH) == (b->way == WAY_BOTH) && (straight || (turned && a->way == WAY_BOTH));
}

static bool same_explanation(const struct explanation *a, const struct explanation *b)
{
	if (a->n == 1)
		return same_fault(&a->f[0], &b->f[0]);
	return (same_fault(&a->f[0], &b->f[0]) && same_fault(&a->f[1], &b->f[1])) ||
	       (same_fault(&a->f[0], &b->f[1]) && same_fault(&a->f[1], &b->f[0]));
}

/* B may be NULL. False: there is no room left. */
static bool add(struct culprit *c, const struct fault *a, const struct fault *b)
{
	struct explanation e = {.f = {*a}, .n = 1};

	if (b != NULL)
		e.f[e.n++] = *b;
	for (size_t i = 0; i < c->found->n; i++)
		if (same_explanation(&c->found->v[i], &e))
			return true;
	if (c->found->n == MAX_FOUND) {
		c->found->more = true;
		return false;
	}
	c->found->v[c->found->n++] = e;
	return true;
}

/* ---- what could be put in another's place ---- */

static bool covers_all(const struct rest *r, const struct fault *f, const struct matrix *m)
{
	for (size_t u = 0; u < m->n; u++) {
		struct set left = r->row[u];

		if (set_has(&f->from, u))
			set_take(&left, &f->to);
		if (f->way == WAY_BOTH && set_has(&f->to, u))
			set_take(&left, &f->from);
		if (!set_empty(&left))
			return false;
	}
	return true;
}

static bool within(const struct set *a, const struct set *b)
{
	struct set s = *a;

	set_take(&s, b);
	return set_empty(&s);
}

/* INNER, of the same host as OUTER, covers a part of it. */
static bool inside(const struct fault *inner, const struct fault *outer)
{
	bool straight = within(&inner->from, &outer->from) && within(&inner->to, &outer->to);
	bool turned = outer->way == WAY_BOTH && within(&inner->from, &outer->to) && within(&inner->to, &outer->from);

	return inner != outer && (straight || turned) && (inner->way != WAY_BOTH || outer->way == WAY_BOTH);
}

/* A narrower fault than F covers NEED, too. */
static bool claims_too_much(const struct culprit *c, const struct fault *f, const struct rest *need)
{
	for (size_t i = 0; i < c->nsimple; i++)
		if (inside(&c->simple[i], f) && covers_all(need, &c->simple[i], c->m))
			return true;
	return false;
}

/* ---- one fault ---- */

/* In a cluster of two hosts, between the one and the other, both ways: the same as everything. */
static bool is_everything(const struct matrix *m, const struct fault *f)
{
	return m->nhosts == 2 && f->way == WAY_BOTH && fault_is_pair(m, f) &&
	       set_count(&f->from) + set_count(&f->to) == m->n;
}

static bool add_groups(void *arg, const struct fault *f)
{
	struct culprit *c = arg;
	struct rest need = c->m->bad;

	if (c->with == NULL)
		return is_everything(c->m, f) || add(c, f, NULL);
	rest_take(&need, f);
	if (claims_too_much(c, c->with, &need))
		return true;
	return add(c, c->with, f);
}

static void groups_of_one(struct culprit *c, const struct rest *need)
{
	for (enum fault_way way = WAY_BOTH; way <= WAY_OUT; way++)
		one_group_fault(c->m, need, way, &c->groups);
}

static void one_fault(struct culprit *c)
{
	const struct rest *need = &c->m->bad;
	bool simple = false;

	if (c->m->ngood == 0) {
		const struct fault all = {.kind = FAULT_ALL, .way = WAY_OUT, .from = c->m->all, .to = c->m->all};

		add(c, &all, NULL);
		if (c->m->nunknown == 0)
			return;
	}
	for (size_t i = 0; i < c->nsimple; i++) {
		if (!covers_all(need, &c->simple[i], c->m))
			continue;
		simple = true;
		if (!claims_too_much(c, &c->simple[i], need))
			add(c, &c->simple[i], NULL);
	}
	if (!simple)
		groups_of_one(c, need);
}

/* ---- two faults ---- */

static bool covers_first(const struct matrix *m, const struct fault *f)
{
	size_t u = 0;

	while (set_empty(&m->bad.row[u]))
		u++;
	return fault_covers(f, u, set_next(&m->bad.row[u], 0));
}

/* Each that goes with FIRST. */
static void second_simple(struct culprit *c, const struct fault *first)
{
	struct rest left = c->m->bad, need;

	rest_take(&left, first);
	for (size_t i = 0; i < c->nsimple; i++) {
		if (!covers_all(&left, &c->simple[i], c->m) || claims_too_much(c, &c->simple[i], &left))
			continue;
		need = c->m->bad;
		rest_take(&need, &c->simple[i]);
		if (!claims_too_much(c, first, &need) && !add(c, first, &c->simple[i]))
			return;
	}
}

static void two_simple(struct culprit *c)
{
	for (size_t i = 0; i < c->nsimple; i++)
		if (covers_first(c->m, &c->simple[i]))
			second_simple(c, &c->simple[i]);
}

static void simple_and_groups(struct culprit *c)
{
	for (size_t i = 0; i < c->nsimple && !c->found->more && c->groups.steps > 0; i++) {
		struct rest left = c->m->bad;

		rest_take(&left, &c->simple[i]);
		c->with = &c->simple[i];
		groups_of_one(c, &left);
	}
	c->with = NULL;
}

static bool add_two_groups(void *arg, const struct fault *f)
{
	return add(arg, &f[0], &f[1]);
}

static void two_groups(struct culprit *c)
{
	static const enum fault_way ways[][2] = {{WAY_BOTH, WAY_BOTH}, {WAY_BOTH, WAY_OUT}, {WAY_OUT, WAY_OUT}};

	c->groups.fn = add_two_groups;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		two_group_faults(c->m, ways[i], &c->groups);
}

/* ---- order ---- */

/* All of NODES were told to be on one switch, and nobody else is there. */
static bool is_leaf(const struct matrix *m, const struct set *nodes)
{
	const char *leaf = m->nodes[set_next(nodes, 0)].leaf;

	for (size_t u = 0; u < m->n; u++)
		if ((strcmp(m->nodes[u].leaf, leaf) == 0) != set_has(nodes, u))
			return false;
	return leaf[0] != '\0';
}

static int fault_rank(const struct matrix *m, const struct fault *f)
{
	if (f->kind != FAULT_GROUPS)
		return 0;
	if (fault_is_pair(m, f))
		return 3;
	return is_leaf(m, &f->from) && is_leaf(m, &f->to) ? 1 : 2;
}

static int rank(const struct matrix *m, const struct explanation *e)
{
	int sum = 0;

	for (size_t i = 0; i < e->n; i++)
		sum += fault_rank(m, &e->f[i]);
	return sum;
}

/* Stable, so that the answer is the same each time. */
static void sort(const struct matrix *m, struct found *found)
{
	for (size_t i = 1; i < found->n; i++) {
		struct explanation e = found->v[i];
		int of_e = rank(m, &e);
		size_t j = i;

		for (; j > 0 && rank(m, &found->v[j - 1]) > of_e; j--)
			found->v[j] = found->v[j - 1];
		found->v[j] = e;
	}
}

void culprit_search(const struct matrix *m, struct found *ret)
{
	static void (*const two_faults[])(struct culprit * c) = {two_simple, simple_and_groups, two_groups};
	struct culprit c = {.m = m, .found = ret, .groups = {.fn = add_groups, .steps = MAX_STEPS}};

	*ret = (struct found){.v = xcalloc(MAX_FOUND, sizeof(*ret->v))};
	if (m->nbad == 0)
		return;
	c.groups.arg = &c;
	c.simple = simple_faults(m, &c.nsimple);
	one_fault(&c);
	for (size_t i = 0; i < sizeof(two_faults) / sizeof(two_faults[0]) && ret->n == 0; i++)
		two_faults[i](&c);
	if (c.groups.steps <= 0)
		ret->more = true;
	if (ret->n == 0)
		culprit_greedy(m, c.simple, c.nsimple, &ret->v[ret->n++]);
	sort(m, ret);
	free(c.simple);
}
