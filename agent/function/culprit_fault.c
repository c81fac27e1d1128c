/* SPDX-License-Identifier: Apache-2.0 */
/* culprit_fault.c - what a fault covers, and the faults that one host or one adapter can have. */
#include "function/culprit_impl.h"

bool fault_covers(const struct fault *f, size_t src, size_t dst)
{
	return (set_has(&f->from, src) && set_has(&f->to, dst)) ||
	       (f->way == WAY_BOTH && set_has(&f->to, src) && set_has(&f->from, dst));
}

bool fault_fits(const struct matrix *m, const struct fault *f)
{
	for (EACH(u, &f->from))
		if (set_meets(&m->good[u], &f->to) || (f->way == WAY_BOTH && set_meets(&m->good_in[u], &f->to)))
			return false;
	return true;
}

bool fault_is_pair(const struct matrix *m, const struct fault *f)
{
	size_t a = set_next(&f->from, 0), b = set_next(&f->to, 0);
	struct set from = f->from, to = f->to;

	if (f->kind != FAULT_GROUPS)
		return false;
	set_take(&from, &m->of_host[m->nodes[a].host_no]);
	set_take(&to, &m->of_host[m->nodes[b].host_no]);
	return set_empty(&from) && set_empty(&to);
}

void rest_take(struct rest *r, const struct fault *f)
{
	for (EACH(u, &f->from))
		set_take(&r->row[u], &f->to);
	if (f->way == WAY_BOTH)
		for (EACH(u, &f->to))
			set_take(&r->row[u], &f->from);
}

bool rest_empty(const struct matrix *m, const struct rest *r)
{
	for (size_t u = 0; u < m->n; u++)
		if (!set_empty(&r->row[u]))
			return false;
	return true;
}

static size_t covered_one_way(const struct rest *r, const struct set *from, const struct set *to)
{
	size_t n = 0;

	for (EACH(u, from)) {
		struct set s = r->row[u];

		set_keep(&s, to);
		n += set_count(&s);
	}
	return n;
}

size_t rest_covered(const struct rest *r, const struct fault *f)
{
	return covered_one_way(r, &f->from, &f->to) + (f->way == WAY_BOTH ? covered_one_way(r, &f->to, &f->from) : 0);
}

/* The fault of NODES (of one host) in that direction. */
static struct fault simple_fault(const struct matrix *m, enum fault_kind kind, enum fault_way way,
                                 const struct set *nodes)
{
	struct set host = m->of_host[m->nodes[set_next(nodes, 0)].host_no], others = m->all;

	set_take(&others, &host);
	return (struct fault){.kind = kind,
	                      .way = way,
	                      .from = way == WAY_IN ? others : *nodes,
	                      .to = way == WAY_IN ? *nodes : others};
}

/* In a cluster of two, what one host sends and what the other receives is the same: no host can be named. */
static bool can_be_told(const struct matrix *m, enum fault_kind kind, const struct fault *f)
{
	return kind == FAULT_HOST ? m->nhosts > 2 : set_count(f->way == WAY_IN ? &f->from : &f->to) > 1;
}

static void add_ways(const struct matrix *m, enum fault_kind kind, const struct set *nodes, struct fault *v, size_t *n)
{
	for (enum fault_way way = WAY_BOTH; way <= WAY_IN; way++) {
		struct fault f = simple_fault(m, kind, way, nodes);

		if (can_be_told(m, kind, &f) && fault_fits(m, &f) && rest_covered(&m->bad, &f) > 0)
			v[(*n)++] = f;
	}
}

struct fault *simple_faults(const struct matrix *m, size_t *ret_n)
{
	struct fault *v = xcalloc(3 * (m->nhosts + m->n) + 1, sizeof(*v));

	*ret_n = 0;
	for (size_t h = 0; h < m->nhosts; h++) {
		add_ways(m, FAULT_HOST, &m->of_host[h], v, ret_n);
		if (set_count(&m->of_host[h]) < 2)
			continue;
		for (EACH(u, &m->of_host[h])) {
			struct set one = {{0}};

			set_add(&one, u);
			add_ways(m, FAULT_VMKNIC, &one, v, ret_n);
		}
	}
	return v;
}
