/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - checks -> tables -> probes, in order. SQLite's authorizer tells what is read; nobody keeps a list by hand.
 */
#ifndef PLAN_H
#define PLAN_H

#include "check.h"
#include "facts.h"
#include "probe.h"

/* What one check reads, through the views down to the fact tables. */
struct need {
	const struct check *check;
	struct names tables; /* fact tables; T_set counts as T; also what the for_each of their probes reads */
	struct names
		discovery;  /* those of them that subjects are found with: the spine's, and hosts and clusters always */
	struct names hints; /* fact tables behind views of hints alone: asked for, but nobody is unknown without them */
	struct names views; /* of the model */
	struct names checks; /* other checks whose findings it reads */
	bool read;           /* others read its findings */
};

/* One probe, cut down to the tables that this plan needs. */
struct planned {
	struct probe *probe;
	const struct table **tables;
	size_t ntables;
	struct request req; /* the probe's, with only those paths */
	bool hint;          /* no finding rests on what it brings: it may fail, and the run is complete all the same */
};

struct stage {
	struct planned *probes; /* in the order of `prefer`; those of equal `prefer` may run side by side */
	size_t n;
};

struct plan {
	struct need
		*needs; /* checks in the order in which they run: one that reads another's findings comes after it */
	size_t nneeds;
	struct stage *stages; /* a probe comes after those that fill what its for_each reads */
	size_t nstages;
	struct names tables; /* every fact table of the closure */
	struct names views;  /* likewise, each behind what it reads */
	struct arena *arena;
};

/* The view whose rows are the subjects: "host_pair" for SUBJECT_PAIR. */
const char *plan_spine(enum subject subject);

/* The columns that a check may emit; ended by NULL. */
extern const char *const plan_columns[];

/*
 * Plans the selected checks of CS over PS for a run with PLATFORMS; a check of other platforms is left out. WITH_VMS: the
 * scope names VMs, so they must be known whatever the checks read. The model's views must exist in F (model_create). A table that no probe fills,
 * SQL that doesn't prepare, a cycle among probes or checks: ERR_CONFIG naming the file, and for SQL the line.

 */
int plan_make(struct plan *ret, struct facts *f, const struct checks *cs, const struct probes *ps,
              const struct names *platforms, bool with_vms, struct err *err);

/* Plans what SQL reads instead of checks: for `query` with an inventory. */
int plan_query(struct plan *ret, struct facts *f, const char *sql, const struct probes *ps, struct err *err);
void plan_dispose(struct plan *p);

#endif
