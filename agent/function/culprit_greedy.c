/* SPDX-License-Identifier: Apache-2.0 */
/*
 * culprit_greedy.c - a matrix that two faults don't explain: take the fault that explains most, then the one that explains most of the
 * rest, and so on. That needn't be the smallest explanation, but it is a true one: nothing in it contradicts a cell.
 */
#include <string.h>

#include "function/culprit_impl.h"

static size_t rest_count(const struct matrix *m, const struct rest *r)
{
	size_t n = 0;

	for (size_t u = 0; u < m->n; u++)
		n += set_count(&r->row[u]);
	return n;
}

/* F with each source that can be beside it and explains something more. */
static void widen(const struct matrix *m, const struct rest *left, struct fault *f)
{
	for (size_t u = 0; u < m->n; u++) {
		struct fault wider = *f;

		if (set_has(&f->from, u) || set_has(&f->to, u))
			continue;
		set_add(&wider.from, u);
		if (fault_fits(m, &wider) && rest_covered(left, &wider) > rest_covered(left, f))
			*f = wider;
	}
}

/* The groups around the cells of source U. */
static struct fault groups_at(const struct matrix *m, const struct rest *left, size_t u, enum fault_way way)
{
	struct fault f = {.kind = FAULT_GROUPS, .way = way, .to = left->row[u]};

	set_add(&f.from, u);
	if (fault_fits(m, &f))
		widen(m, left, &f);
	return f;
}

static void keep_better(const struct matrix *m, const struct rest *left, const struct fault *f, struct fault *best,
                        size_t *covered)
{
	size_t n = rest_covered(left, f);

	if (n > *covered && fault_fits(m, f)) {
		*best = *f;
		*covered = n;
	}
}

static struct fault best_fault(const struct matrix *m, const struct fault *simple, size_t nsimple,
                               const struct rest *left)
{
	static const enum fault_way ways[] = {WAY_OUT, WAY_BOTH};
	struct fault best = {.kind = FAULT_GROUPS}, f;
	size_t covered = 0;

	/* Among equals the first stays: those that claim less come first, which are the last of a host's. */
	for (size_t i = nsimple; i-- > 0;)
		keep_better(m, left, &simple[i], &best, &covered);
	for (size_t u = 0; u < m->n; u++) {
		for (size_t i = 0; i < 2 && !set_empty(&left->row[u]); i++) {
			f = groups_at(m, left, u, ways[i]);
			keep_better(m, left, &f, &best, &covered);
		}
	}
	return best;
}

void culprit_greedy(const struct matrix *m, const struct fault *simple, size_t nsimple, struct explanation *ret)
{
	struct rest left = m->bad;

	*ret = (struct explanation){0};
	while (ret->n < MAX_FAULTS && !rest_empty(m, &left)) {
		ret->f[ret->n] = best_fault(m, simple, nsimple, &left);
		rest_take(&left, &ret->f[ret->n++]);
	}
	ret->left = rest_count(m, &left);
}
