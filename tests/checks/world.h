/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h - judges one case, or one with a fact taken away, by the same parts as the program: facts, model, plan, judge.
 *
 * What a case's sweeps have in common (the schema, the plan, the facts that are not taken away) is made once; what judging
 * leaves behind is rolled back.
 */
#ifndef WORLD_H
#define WORLD_H

#include "case_file.h"
#include "facts.h"
#include "model.h"
#include "plan.h"
#include "run.h"

/* What is taken from the case before it is judged. TABLE NULL: nothing. */
struct mutation {
	enum sweep sweep;
	const struct table *table;
	size_t column;      /* SWEEP_NULL: this column is NULL in every row */
	const char *object; /* SWEEP_ROW, SWEEP_DROP: this object's rows are gone; with DROP the ledger says so */
};

/* One finding, for one subject. */
struct result {
	const char *first, *second; /* ids of the subject's keys; second NULL where there is one key */
	const char *host, *peer;    /* of a path, as the check gives them; else NULL */
	const char *status, *object, *observed, *expected, *detail;
};

struct results {
	struct result *v;
	size_t n, cap;
};

/* A parameter of a check, and what its header says. */
struct changed {
	struct param *param;
	const char *was;
};

struct world {
	const struct probes *probes;
	struct checks *checks;
	struct check *check;
	struct model *model;

	/* of the case at hand: its facts and what is planned over them, made once for all its sweeps */
	const struct test_case *c;
	struct facts *facts;
	struct plan plan;
	struct arena *arena;
	struct names tables;          /* fact tables that the check reads */
	struct names spine;           /* tables and views that its subjects come from */
	const struct case_table *bad; /* holds what a mutation left of it; NULL: all are as the case gives them */
	struct changed *changed;      /* parameters that the case sets */
	size_t nchanged;
};

/* The names of the subject's key columns; the second may be NULL. */
const char *subject_key_name(enum subject s, int i);

/* Puts the facts of C, which must outlive it, into a store. Ended by world_end(), also after a failure. */
int world_begin(struct world *w, const struct test_case *c, struct err *err);
void world_end(struct world *w);

/* Judges the case as changed by M. Results live in A; free() RET->v. */
int world_judge(struct world *w, const struct mutation *m, struct arena *a, struct results *ret, struct err *err);

#endif
