/* SPDX-License-Identifier: Apache-2.0 */
/* plan_impl.h - what plan.c (order and stages), plan_need.c (what a check reads) and plan_probe.c (who fills that) share; nobody else
 * includes it. */
#ifndef PLAN_IMPL_H
#define PLAN_IMPL_H

#include "plan.h"
#include "plan_sketch.h"

#define MAX_STAGES 16

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
	struct names relied_on; /* fact tables that a finding rests on */
	bool moved;             /* some of them further down, so that what reads their other tables has to follow */
};

/* plan_need.c */
/* Where SQLite says that the error is, as FILE:LINE:COLUMN; SQL starts at LINE of FILE. Always -1. */
int plan_sql_error(struct planner *pl, const char *file, int line, const char *sql, struct err *err);
/* Views and tables that were read, and checks whose findings were, go where they belong in NEED. */
void plan_sort_reads(struct planner *pl, const struct reads *reads, struct need *need);
bool plan_emits(sqlite3_stmt *st, const char *column);
/* What C reads; its query must be as its header says. */
int plan_need_of(struct planner *pl, const struct check *c, struct need *need, struct err *err);

/* plan_probe.c */
/* Adds to each of NEEDS and to the plan what its tables rest on: the probes that fill them, and what these read in turn. */
int plan_add_all_tables(struct planner *pl, struct need *needs, size_t n, struct err *err);

#endif
