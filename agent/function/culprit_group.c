/* SPDX-License-Identifier: Apache-2.0 */
/*
 * culprit_group.c - finds the one or two faults between groups of nodes that explain given bad cells.
 *
 * HOW IT WORKS: each node with such a cell gets a role in each fault: none, of the first group, of the second. What two nodes may be
 * depends on the two cells between them: a bad one has to be covered by some fault, a good one by none, the others are free.
 * From every choice it follows what the other nodes can still be, until each has one role or one has none left (then the choice is
 * taken back). When most cells are known, next to nothing is left to choose.
 */
#include <stdlib.h>
#include <string.h>

#include "function/culprit_impl.h"

#define MAX_GROUP_FAULTS 2
#define ROLES 3                  /* a node's role in one fault */
#define COMBINED (ROLES * ROLES) /* its roles in both */

enum role { ROLE_NONE, ROLE_FROM, ROLE_TO };
enum want { WANT_NOTHING, WANT_NOT, WANT_COVER, WANTS }; /* of one cell */

struct group_search {
	const struct matrix *m;
	const struct rest *rest;
	struct rest rest_in; /* the same by destination */
	size_t k;
	const enum fault_way *way;
	struct group_caller *to;
	size_t node[MAX_NODES], n;                 /* those with a cell to explain */
	unsigned char want[MAX_NODES * MAX_NODES]; /* of the cell from one to the other of them */
	/* Roles of the other node by the wants of both cells: that it may have; with which a fault alone covers one of them. */
	uint16_t may[WANTS][WANTS][COMBINED], alone[MAX_GROUP_FAULTS][WANTS][WANTS][COMBINED];
	bool ended;
};

static enum role role_in(size_t combined, size_t fault)
{
	return fault == 0 ? (enum role)(combined % ROLES) : (enum role)(combined / ROLES);
}

static bool covers_by(const struct group_search *g, size_t fault, size_t p, size_t q)
{
	enum role a = role_in(p, fault), b = role_in(q, fault);

	return (a == ROLE_FROM && b == ROLE_TO) || (g->way[fault] == WAY_BOTH && a == ROLE_TO && b == ROLE_FROM);
}

static bool covers(const struct group_search *g, size_t p, size_t q)
{
	return covers_by(g, 0, p, q) || (g->k == 2 && covers_by(g, 1, p, q));
}

static bool covers_alone(const struct group_search *g, size_t fault, size_t p, size_t q)
{
	return covers_by(g, fault, p, q) && !(g->k == 2 && covers_by(g, 1 - fault, p, q));
}

static bool satisfied(enum want want, bool covered)
{
	return want == WANT_NOTHING || covered == (want == WANT_COVER);
}

static void fill_roles(struct group_search *g, enum want there, enum want back, size_t p, size_t q)
{
	uint16_t bit = (uint16_t)(1u << q);

	if (satisfied(there, covers(g, p, q)) && satisfied(back, covers(g, q, p)))
		g->may[there][back][p] |= bit;
	for (size_t i = 0; i < g->k; i++)
		if ((there == WANT_COVER && covers_alone(g, i, p, q)) ||
		    (back == WANT_COVER && covers_alone(g, i, q, p)))
			g->alone[i][there][back][p] |= bit;
}

static void fill_tables(struct group_search *g)
{
	for (enum want there = WANT_NOTHING; there < WANTS; there++)
		for (enum want back = WANT_NOTHING; back < WANTS; back++)
			for (size_t p = 0; p < COMBINED; p++)
				for (size_t q = 0; q < COMBINED; q++)
					fill_roles(g, there, back, p, q);
}

static enum want want_of(const struct group_search *g, size_t u, size_t v)
{
	if (set_has(&g->rest->row[u], v))
		return WANT_COVER;
	return set_has(&g->m->good[u], v) ? WANT_NOT : WANT_NOTHING;
}

static void fill_nodes(struct group_search *g)
{
	for (size_t u = 0; u < g->m->n; u++)
		for (EACH(v, &g->rest->row[u]))
			set_add(&g->rest_in.row[v], u);
	for (size_t u = 0; u < g->m->n; u++)
		if (!set_empty(&g->rest->row[u]) || !set_empty(&g->rest_in.row[u]))
			g->node[g->n++] = u;
	for (size_t i = 0; i < g->n; i++)
		for (size_t j = 0; j < g->n; j++)
			g->want[i * g->n + j] = (unsigned char)want_of(g, g->node[i], g->node[j]);
}

/* ---- what follows from a choice ---- */

/* What node J can be, when I can be what DOMAIN says. */
static uint16_t allowed(const struct group_search *g, size_t i, size_t j, uint16_t domain)
{
	enum want there = g->want[i * g->n + j], back = g->want[j * g->n + i];
	uint16_t ret = 0;

	if (there == WANT_NOTHING && back == WANT_NOTHING)
		return UINT16_MAX;
	for (; domain != 0; domain &= (uint16_t)(domain - 1))
		ret |= g->may[there][back][__builtin_ctz(domain)];
	return ret;
}

/* Narrows DOMAIN by what may be beside what. CHANGED: the nodes to start from. False: some node can't be anything. */
static bool keep_allowed(struct group_search *g, uint16_t *domain, struct set *changed)
{
	for (size_t i; (i = set_next(changed, 0)) < MAX_NODES;) {
		changed->w[i / 64] &= ~(UINT64_C(1) << (i % 64));
		g->to->steps -= (long)g->n;
		for (size_t j = 0; j < g->n; j++) {
			uint16_t left = j == i ? domain[j] : domain[j] & allowed(g, i, j, domain[i]);

			if (left == 0)
				return false;
			if (left != domain[j])
				set_add(changed, j);
			domain[j] = left;
		}
	}
	return true;
}

/* With that role of node I, FAULT may cover a cell of it that the other fault doesn't: it isn't there for nothing. */
static bool needed(const struct group_search *g, const uint16_t *domain, size_t i, size_t role, size_t fault)
{
	if (role_in(role, fault) == ROLE_NONE)
		return true;
	for (size_t j = 0; j < g->n; j++)
		if (domain[j] & g->alone[fault][g->want[i * g->n + j]][g->want[j * g->n + i]][role])
			return true;
	return false;
}

/* Takes away roles that are there for nothing, and marks whose they were. */
static void keep_needed(struct group_search *g, uint16_t *domain, struct set *changed)
{
	for (size_t i = 0; i < g->n; i++)
		for (uint16_t left = domain[i]; left != 0; left &= (uint16_t)(left - 1)) {
			size_t role = (size_t)__builtin_ctz(left);

			g->to->steps -= (long)g->n / 16;
			if (needed(g, domain, i, role, 0) && (g->k < 2 || needed(g, domain, i, role, 1)))
				continue;
			domain[i] &= (uint16_t) ~(1u << role);
			set_add(changed, i);
		}
}

/* Both, until nothing follows any more. False: some node can't be anything. */
static bool propagate(struct group_search *g, uint16_t *domain, struct set *changed)
{
	while (!set_empty(changed)) {
		if (!keep_allowed(g, domain, changed))
			return false;
		keep_needed(g, domain, changed);
		for (EACH(i, changed))
			if (domain[i] == 0)
				return false;
	}
	return true;
}

/* ---- a solution ---- */

static void fill_faults(const struct group_search *g, const uint16_t *domain, struct fault *f)
{
	for (size_t i = 0; i < g->k; i++) {
		f[i] = (struct fault){.kind = FAULT_GROUPS, .way = g->way[i]};
		for (size_t j = 0; j < g->n; j++) {
			enum role role = role_in((size_t)__builtin_ctz(domain[j]), i);

			if (role == ROLE_FROM)
				set_add(&f[i].from, g->node[j]);
			else if (role == ROLE_TO)
				set_add(&f[i].to, g->node[j]);
		}
	}
}

/* Each member has a cell of NEED that the fault covers, and so has each direction. */
static bool no_member_too_many(const struct rest *need, const struct fault *f)
{
	struct set from = {{0}}, to = {{0}};
	bool there = false, back = false;

	for (EACH(u, &f->from)) {
		struct set s = need->row[u];

		set_keep(&s, &f->to);
		if (set_empty(&s))
			continue;
		there = true;
		set_add(&from, u);
		set_join(&to, &s);
	}
	if (f->way == WAY_BOTH)
		for (EACH(v, &f->to)) {
			struct set s = need->row[v];

			set_keep(&s, &f->from);
			if (set_empty(&s))
				continue;
			back = true;
			set_add(&to, v);
			set_join(&from, &s);
		}
	return there && (back || f->way != WAY_BOTH) && memcmp(&from, &f->from, sizeof(from)) == 0 &&
	       memcmp(&to, &f->to, sizeof(to)) == 0;
}

static void solved(struct group_search *g, const uint16_t *domain)
{
	struct fault f[MAX_GROUP_FAULTS];
	struct rest need;

	fill_faults(g, domain, f);
	for (size_t i = 0; i < g->k; i++) {
		need = *g->rest;
		if (g->k == 2)
			rest_take(&need, &f[1 - i]);
		if (!no_member_too_many(&need, &f[i]))
			return;
	}
	g->ended = !g->to->fn(g->to->arg, f);
}

/* Among equals the first; fewest roles first, for those are seldom too many. */
static size_t most_narrow(const struct group_search *g, const uint16_t *domain)
{
	size_t best = g->n;

	for (size_t j = 0; j < g->n; j++) {
		int bits = __builtin_popcount(domain[j]);

		if (bits > 1 && (best == g->n || bits < __builtin_popcount(domain[best])))
			best = j;
	}
	return best;
}

static void search(struct group_search *g, const uint16_t *domain)
{
	static const unsigned char order[COMBINED] = {1, 2, 3, 6, 4, 5, 7, 8, 0};
	size_t j = most_narrow(g, domain);

	if (j == g->n) {
		solved(g, domain);
		return;
	}
	for (size_t i = 0; i < COMBINED && !g->ended; i++) {
		uint16_t next[MAX_NODES];
		struct set changed = {{0}};

		if ((domain[j] >> order[i] & 1) == 0)
			continue;
		if (g->to->steps <= 0) {
			g->ended = true;
			return;
		}
		memcpy(next, domain, g->n * sizeof(*next));
		next[j] = (uint16_t)(1u << order[i]);
		set_add(&changed, j);
		if (propagate(g, next, &changed))
			search(g, next);
	}
}

static void start(struct group_search *g)
{
	uint16_t domain[MAX_NODES];
	struct set changed = {{0}};

	fill_tables(g);
	fill_nodes(g);
	for (size_t j = 0; j < g->n; j++) {
		domain[j] = g->k == 1 ? (1u << ROLE_FROM | 1u << ROLE_TO) : (1u << COMBINED) - 2;
		set_add(&changed, j);
	}
	if (propagate(g, domain, &changed))
		search(g, domain);
}

void one_group_fault(const struct matrix *m, const struct rest *r, enum fault_way way, struct group_caller *to)
{
	struct group_search *g = xcalloc(1, sizeof(*g));

	g->m = m, g->rest = r, g->k = 1, g->way = &way, g->to = to;
	start(g);
	free(g);
}

void two_group_faults(const struct matrix *m, const enum fault_way way[2], struct group_caller *to)
{
	struct group_search *g = xcalloc(1, sizeof(*g));

	g->m = m, g->rest = &m->bad, g->k = 2, g->way = way, g->to = to;
	start(g);
	free(g);
}
