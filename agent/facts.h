/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.h - the SQLite side: fact tables, bulk insert, the ledger of what was answered, the authorizer.
 *
 * A facts file has a fact table for each table that a probe declares, and the run's own tables:
 *
 *   run_info(key, value)                          schema, run, version, profile, started and ended (ms since 1970 UTC), requests,
 *                                                 complete
 *   run_target(id, name, platform, kind, address, tls, ordinal)     every target of the inventory, reached or not
 *   run_outcome(probe, target, host, item, outcome, rows, ms, error)  how each attempt ended; host and item NULL: the whole target
 *   run_filled(tbl, target, object)               the ledger of successes; object NULL: every object of the target ...
 *   run_gap(tbl, target, object, outcome, probe, reason)             ... but these. object NULL: why the whole target has none
 *
 * A fact table has the columns that its probe file names. With `set: true`, table T holds the link columns and set_id,
 * and T_set holds set_id and the other columns.
 *
 * Object ids are "TARGET/REF" everywhere.
 */
#ifndef FACTS_H
#define FACTS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "probe.h"

#define FACTS_SCHEMA "migready-facts/1"

struct facts;

/* A new store. PATH NULL: a temporary file that vanishes with the process. An existing file is replaced only when the
 * store is finished (facts_finish), so a failed run loses nothing. */
int facts_create(struct facts **ret, const char *path, const struct probes *probes, struct err *err);

/* Opens recorded facts for replay: read-only, as hostile input. Tables that this version's probes declare and the file
 * lacks are empty and unfilled; columns that it lacks are NULL. */
int facts_open(struct facts **ret, const char *path, const struct probes *probes, struct err *err);

void facts_close(struct facts *f); /* NULL is fine; an unfinished -o file is removed */
sqlite3 *facts_db(struct facts *f);
bool facts_replayed(const struct facts *f);
bool facts_user_probe(const struct facts *f, const char *id); /* is it one of a --checks folder? */

int facts_set_info(struct facts *f, const char *key, const char *value, struct err *err);
char *facts_info(struct facts *f, struct arena *a, const char *key); /* NULL when absent */
int facts_add_target(struct facts *f, const struct target *t, struct err *err);

/* Inserting: rows of one object between begin and end, so that sets can be compared. */
int facts_object_begin(struct facts *f, const struct table *t, struct err *err);
int facts_row(struct facts *f, const struct table *t, const char *const *values, struct err *err);
/* LINKS: values of all columns, of which a set table uses the link ones. Writes the set link, also for an empty list. */
int facts_object_end(struct facts *f, const struct table *t, const char *const *links, struct err *err);

/* The ledger. OBJECT NULL: the whole target. */
int facts_filled(struct facts *f, const char *table, const char *target, const char *object, struct err *err);
int facts_gap(struct facts *f, const char *table, const char *target, const char *object, enum outcome outcome,
              const char *probe, const char *reason, struct err *err);
/* A less preferred probe answered after all: the gap is no more. */
int facts_ungap(struct facts *f, const char *table, const char *target, const char *object, struct err *err);
int facts_outcome(struct facts *f, const char *probe, const char *target, const char *host, const char *item,
                  enum outcome outcome, int64_t rows, int64_t ms, const char *error, struct err *err);

/* Forgets everything that TABLE has of TARGET, ledger included (a collection starts again). */
int facts_forget(struct facts *f, const struct table *t, const char *target, struct err *err);

/* Commits what was inserted so far. */
int facts_commit(struct facts *f, struct err *err);
/* Commits, checks, and moves an -o file to its name. */
int facts_finish(struct facts *f, struct err *err);

/* Prepares SQL and gives the tables and views that it reads: lower-case names without repeats, in A. Anything but
 * reading (writes, ATTACH, PRAGMA ...) is refused. *ret_stmt may be NULL: then the statement is dropped. */
struct names {
	const char **v;
	size_t n, cap;
};
int facts_prepare(struct facts *f, const char *sql, struct arena *a, struct names *ret_reads, sqlite3_stmt **ret_stmt,
                  struct err *err);
bool names_add(struct names *ns, struct arena *a, const char *name); /* false: was there */
bool names_have(const struct names *ns, const char *name);

/* Interrupts statements after BUDGET_MS of running (0: none). */
void facts_budget(struct facts *f, int64_t budget_ms);
bool facts_over_budget(const struct facts *f);

#endif
