/* SPDX-License-Identifier: Apache-2.0 */
/* history_impl.h - what history.c and history_runs.c share; nobody else includes it. */
#ifndef HISTORY_IMPL_H
#define HISTORY_IMPL_H

#include <sqlite3.h>

#include "history.h"

struct history {
	sqlite3 *db;
	const char *path;
	char id[33]; /* of this file: a row copied from another one doesn't match */
	struct arena *arena;
	int64_t last_seq,
		*seqs; /* as history_runs() found them: the last ever given, and those still there, newest first */
	size_t nseqs, seqs_cap;
};

int history_sql_err(struct history *h, struct err *err); /* always -1 */
int history_exec(struct history *h, const char *sql, struct err *err);
sqlite3_stmt *history_prepare(struct history *h, const char *sql, struct err *err); /* NULL on error */
void history_bind(sqlite3_stmt *st, int i, const char *s);                          /* NULL is "" */

/* The number that SQL answers with; DFLT for none. */
int history_number(struct history *h, const char *sql, int64_t dflt, int64_t *ret, struct err *err);

#endif
