/* SPDX-License-Identifier: Apache-2.0 */
/*
 * culprit_impl.h - what the culprit_*.c files share: the matrix of pings, faults that could explain it, and lists of explanations.
 *
 * A cell is an ordered pair of nodes (VMkernel adapters) of different hosts: good, bad, or not known. Each fault covers the cells of
 * one or two rectangles: FROM x TO, and TO x FROM when it works both ways. It contradicts nothing when no good cell is among them.
 */
#ifndef FUNCTION_CULPRIT_IMPL_H
#define FUNCTION_CULPRIT_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/map.h"

#define MAX_NODES 512
#define SET_WORDS (MAX_NODES / 64)
#define MAX_FAULTS 8 /* of one explanation */
#define MAX_LISTED 8 /* explanations in the answer */
#define MAX_FOUND 64 /* explanations that the search keeps, of which the best are listed */

/* ---- sets of nodes, by their numbers ---- */

struct set {
	uint64_t w[SET_WORDS];
};

static inline void set_add(struct set *s, size_t i)
{
	s->w[i / 64] |= UINT64_C(1) << (i % 64);
}

static inline bool set_has(const struct set *s, size_t i)
{
	return (s->w[i / 64] >> (i % 64) & 1) != 0;
}

static inline bool set_meets(const struct set *a, const struct set *b)
{
	uint64_t any = 0;

	for (size_t i = 0; i < SET_WORDS; i++)
		any |= a->w[i] & b->w[i];
	return any != 0;
}

static inline bool set_empty(const struct set *s)
{
	return !set_meets(s, s);
}

static inline void set_join(struct set *s, const struct set *more)
{
	for (size_t i = 0; i < SET_WORDS; i++)
		s->w[i] |= more->w[i];
}

static inline void set_take(struct set *s, const struct set *away)
{
	for (size_t i = 0; i < SET_WORDS; i++)
		s->w[i] &= ~away->w[i];
}

static inline void set_keep(struct set *s, const struct set *those)
{
	for (size_t i = 0; i < SET_WORDS; i++)
		s->w[i] &= those->w[i];
}

static inline size_t set_count(const struct set *s)
{
	size_t n = 0;

	for (size_t i = 0; i < SET_WORDS; i++)
		n += (size_t)__builtin_popcountll(s->w[i]);
	return n;
}

/* The first member from I on; MAX_NODES: there is none. */
static inline size_t set_next(const struct set *s, size_t i)
{
	for (; i < MAX_NODES; i = (i / 64 + 1) * 64) {
		uint64_t rest = s->w[i / 64] >> (i % 64);

		if (rest != 0)
			return i + (size_t)__builtin_ctzll(rest);
	}
	return MAX_NODES;
}

/* for (EACH(u, &set)): U is each member in turn. */
/* NOLINTBEGIN(bugprone-macro-parentheses): the three parts of a loop's head */
#define EACH(i, s)                                                                                                     \
	size_t i = set_next(s, 0);                                                                                     \
	i < MAX_NODES;                                                                                                 \
	i = set_next(s, i + 1)
/* NOLINTEND(bugprone-macro-parentheses) */

/* ---- the matrix ---- */

/* Bad cells by source, all or those that are still to be explained. */
struct rest {
	struct set row[MAX_NODES];
};

struct node {
	const char *host, *name, *device; /* id, name to be read, vmk1 */
	const char *leaf, *port;          /* the switch that its host told of; "": not known */
	size_t host_no;
};

enum cell_state { CELL_UNKNOWN, CELL_GOOD, CELL_BAD };

struct cell {
	uint16_t src, dst;
	enum cell_state state;
	double amount; /* path MTU, or loss in percent; below 0: not known */
};

struct matrix {
	struct arena *arena;
	const char *symptom;
	struct map index, host_index; /* texts of nodes, ids of hosts: their numbers */
	struct node *nodes;
	size_t n, nodes_cap, nhosts;
	struct cell *cells; /* one a row of the query */
	size_t ncells, cells_cap;
	bool over; /* more nodes than MAX_NODES: the rest was left out */
	/* By source, made when the last row has come. _in: the same cells by destination. */
	struct set good[MAX_NODES], good_in[MAX_NODES];
	struct rest bad;
	struct set of_host[MAX_NODES]; /* the nodes of each host */
	struct set all;
	size_t ngood, nbad, nunknown;
};

/* ---- explanations ---- */

enum fault_kind {
	FAULT_ALL,    /* nothing works */
	FAULT_HOST,   /* every adapter of one host */
	FAULT_VMKNIC, /* one adapter of a host that has several */
	FAULT_GROUPS, /* between two groups; a pair when each is of one host */
};

enum fault_way { WAY_BOTH, WAY_OUT, WAY_IN }; /* for groups: both, or from the first to the second (WAY_OUT) */

struct fault {
	enum fault_kind kind;
	enum fault_way way;
	struct set from, to; /* what it covers; both ways with WAY_BOTH */
};

struct explanation {
	struct fault f[MAX_FAULTS];
	size_t n;
	size_t left; /* bad cells that it doesn't explain: only where more than two faults are needed */
};

struct found {
	struct explanation *v;
	size_t n;
	bool more; /* the search was ended, or there was no room for all */
};

void rest_take(struct rest *r, const struct fault *f); /* the cells that F covers */
bool rest_empty(const struct matrix *m, const struct rest *r);
size_t rest_covered(const struct rest *r, const struct fault *f); /* how many of them F covers */
bool fault_covers(const struct fault *f, size_t src, size_t dst);
bool fault_fits(const struct matrix *m, const struct fault *f); /* it covers no good cell */
bool fault_is_pair(const struct matrix *m, const struct fault *f);

/* The faults of one host or adapter that contradict nothing and cover something. Freed by the caller. */
struct fault *simple_faults(const struct matrix *m, size_t *ret_n);

/* Who looks for faults between groups. FN gets each way to cover the cells, and returns false to end it. */
struct group_caller {
	bool (*fn)(void *arg, const struct fault *f);
	void *arg;
	long steps; /* that may still be taken: the search is ended when there are none */
};

/*
 * All faults between groups, working in that way, that cover R, or all pairs of them that cover the bad cells of M. Each member of a
 * group has a cell there that the other fault doesn't cover; both directions are used where both are claimed.
 */
void one_group_fault(const struct matrix *m, const struct rest *r, enum fault_way way, struct group_caller *to);
void two_group_faults(const struct matrix *m, const enum fault_way way[2], struct group_caller *to);

/* All of the smallest explanations of one or two faults; else one of more that needn't be the smallest. V: to be freed. */
void culprit_search(const struct matrix *m, struct found *ret);
void culprit_greedy(const struct matrix *m, const struct fault *simple, size_t nsimple, struct explanation *ret);

/* ---- words ---- */

/* The explanation as it is in the answer: kind, sentence, faults. */
json_t *culprit_words(const struct matrix *m, const struct explanation *e);
/* "{esx01..esx08, esx11}" */
const char *culprit_names(const struct matrix *m, const struct set *nodes, bool braces);

#endif
