/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.h - recorded runs: one SQLite file that several processes write and read at once.
 *
 * A run is recorded in one transaction that is on disk when history_add() returns. Nothing that stands in the file is
 * believed that doesn't match the digest recorded with it.
 */
#ifndef HISTORY_H
#define HISTORY_H

#include "record.h"

#define HISTORY_SCHEMA "migready-history/1"

struct history;

/* Kept are the newest RUNS runs, and none that started longer than AGE_MS ago; the one just recorded always. */
struct history_keep {
	int64_t runs, age_ms;
};
#define HISTORY_KEEP_DEFAULT                                                                                           \
	(struct history_keep)                                                                                          \
	{                                                                                                              \
		.runs = 500, .age_ms = 90 * INT64_C(86400000)                                                          \
	} /* 90 days */

/* "500": runs; "90d", "72h": age. Sets the one that TEXT means. ERR_USAGE. */
int history_keep_parse(const char *text, struct history_keep *ret, struct err *err);

struct records {
	struct record **v;
	size_t n, cap;
};

/* Where the history is: GIVEN, else MIGREADY_HISTORY, else migready/history.db in $XDG_STATE_HOME, /var/lib (root) or
 * ~/.local/state. ERR_IO when nobody knows a home. */
const char *history_path(struct arena *a, const char *given, struct err *err);

/* WRITE: makes the file (0600) if there is none; the folders of a default path, too. ERR_IO: it can't be read or
 * written; ERR_CONFIG: it is no history of this version, or damaged. */
int history_open(struct history **ret, const char *path, bool write, struct err *err);
void history_close(struct history *h); /* NULL is fine */

/* Records R, sets its seq, and forgets what is older than KEEP allows. */
int history_add(struct history *h, struct record *r, const struct history_keep *keep, struct err *err);

/* Every run, newest first, without the documents; a record whose digest doesn't match has `damage` set. */
int history_runs(struct history *h, struct arena *a, struct records *ret, struct err *err);

/* Reads the documents of R, or only that of its hosts; sets `damage` when they are not those that were recorded. */
int history_hosts(struct history *h, struct arena *a, struct record *r, struct err *err);
int history_documents(struct history *h, struct arena *a, struct record *r, struct err *err);

/* Was each run after SEQ, up to the last that was ever recorded, still there at history_runs()? */
bool history_whole_since(const struct history *h, int64_t seq);

/* Opens PATH, records RUN and closes it again; ERR_IO with a remedy, whatever the reason. */
int history_record_run(const char *path, const struct run *run, bool own_checks, const struct history_keep *keep,
                       struct err *err);

#endif
