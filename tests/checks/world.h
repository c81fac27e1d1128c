/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h - judges one case, or one with a fact taken away, by the same parts as the program: facts, model, plan, judge.
 */
#ifndef WORLD_H
#define WORLD_H

#include "case_file.h"
#include "facts.h"
#include "model.h"
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
	const char *status, *object, *observed, *expected, *detail;
};

struct results {
	struct result *v;
	size_t n, cap;
	struct names tables; /* fact tables that the check reads */
	struct names spine;  /* tables and views that its subjects come from */
};

struct world {
	const struct probes *probes;
	struct checks *checks;
	struct check *check;
	struct model *model;
};

/* The names of the subject's key columns; the second may be NULL. */
const char *subject_key_name(enum subject s, int i);

/* Judges C as changed by M. Results live in A; free() RET->v. */
int world_judge(const struct world *w, const struct test_case *c, const struct mutation *m, struct arena *a,
                struct results *ret, struct err *err);

#endif
