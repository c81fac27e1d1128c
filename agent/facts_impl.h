/* SPDX-License-Identifier: Apache-2.0 */
/* facts_impl.h - what facts.c and facts_insert.c, facts_run.c and facts_read.c share; nobody else includes it. */
#ifndef FACTS_IMPL_H
#define FACTS_IMPL_H

#include "facts.h"

struct inserter;

struct facts {
	sqlite3 *db;
	struct arena *arena;
	const struct probes *probes;
	const char *path; /* as the user named it; NULL: a temporary file */
	const char *part; /* where an -o file grows until it is complete; NULL when renamed */
	bool replayed;
	bool over_budget;
	int64_t budget_end_ms;
	struct inserter *inserters, *recent; /* RECENT: the one used last, or NULL */
};

int facts_exec(struct facts *f, const char *sql, struct err *err);
int facts_sql_err(struct facts *f, struct err *err); /* always -1 */
/* Runs an INSERT with values by TYPES: 't' a text (NULL is NULL), 'i' an int64_t. */
int facts_insert(struct facts *f, const char *sql, struct err *err, const char *types, ...);
void inserters_free(struct facts *f);

#endif
