/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_sketch.h - what a query reads, without working out each time all the views that stand between it and the facts.
 *
 * A sketch is a store without rows in which every view is a table of the same columns, with what that view reads noted
 * beside it. SQLite would otherwise expand the views anew in every query, which takes longer than all else in planning.
 */
#ifndef PLAN_SKETCH_H
#define PLAN_SKETCH_H

#include "base/map.h"
#include "facts.h"

struct sketch {
	struct facts *of;
	struct facts *facts; /* the tables of the same names, empty */
	struct sketched *v;  /* OF's views and temp tables; drawn when a query names them */
	size_t n, cap;
	struct map places; /* in V, by name in lower case */
};

/* What a query reads, once each: views too. */
struct reads {
	struct names names;
	struct names
		hints; /* behind views of hints alone, see model.h; may be among NAMES as well, when it is read otherwise, too */
};

/* Sketches OF, which holds the tables of PROBES and lives longer; names live in A. */
int sketch_make(struct sketch *ret, struct facts *of, const struct probes *probes, struct arena *a, struct err *err);
void sketch_dispose(struct sketch *s); /* one of zeros is fine */

/* As facts_prepare(): *ret_reads gets the views that SQL reads and all that is behind them. A view that doesn't prepare:
 * ERR_SQL naming it. */
int sketch_prepare(struct sketch *s, const char *sql, struct arena *a, struct reads *ret_reads, sqlite3_stmt **ret_stmt,
                   struct err *err);

/* Orders NAMES so that each view stands behind what it reads. */
void sketch_sort(const struct sketch *s, struct names *names);

#endif
