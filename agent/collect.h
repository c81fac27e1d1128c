/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collect.h - one ask of the engine: its answers become rows, its end becomes ledger and outcome.
 *
 * Knows tables and the ledger, nothing of loops; engine.c decides what is asked when.
 */
#ifndef COLLECT_H
#define COLLECT_H

#include "base/map.h"
#include "facts.h"
#include "item.h"
#include "plan.h"

struct collector {
	struct facts *facts;
	struct arena *scratch; /* of one answer */
	struct map
		retry; /* "TABLE OBJECT" (OBJECT "TARGET" for all of it) that a less preferred probe may still fill */
	struct err fatal; /* facts can't be written: the run ends */
	bool incomplete;  /* something did not end ok, and nobody else was asked for it */
	size_t unsettled; /* entries of RETRY that wait for an answer: in the end they have none */
	uint64_t objects; /* answered so far, for the progress line */
};

/* What a search wants to know of each answer: the values that one table got. */
struct watch {
	const struct table *table;
	size_t sent, hit, error; /* its columns */
	bool seen;
	int64_t got_sent, got_hit; /* -1: not told */
	char got_error[200];       /* "": not told */
};

struct job {
	struct collector *c;
	const struct planned *planned;
	const struct target *target;
	const char *host;        /* id of the host that is asked; NULL: the whole target */
	const struct item *item; /* NULL without for_each */
	bool fallback;           /* a more preferred probe was tried for these tables */
	bool more;               /* a less preferred one could still be tried */
	int64_t rows, started_ms;
	size_t bad; /* values that were there but not of their column's type: NULL, and told in the outcome */
	bool answered;
	struct err end;      /* a for_each item's, settled by collect_item_failed() */
	struct watch *watch; /* or NULL */
	struct idset seen;   /* refs that answered in this collection, by hash: an object counts once */
};

/* Stores what one object answered. Errors of our own go to c->fatal. */
void collect_answer(struct job *job, const struct answer *answer);
/* Forgets what a job without for_each stored: its collection starts again. */
void collect_restart(struct job *job);
/* The job's end without for_each: ledger, retry list and outcome. */
void collect_end(struct job *job, const struct err *err, int64_t now_ms);
/* The end of one for_each item: its outcome. */
void collect_item_end(struct job *job, const struct err *err, int64_t now_ms);
/* A failed item's row: key columns with NULL answers, so that only its subject is unknown. A set table gets none. */
void collect_item_failed(struct job *job);
/* The same for one attempt of a search that ended with ERR: to be refused is an answer. */
void collect_attempt_failed(struct job *job, const struct err *err);
/* A failed item whose host will be asked another way: a gap until then. */
void collect_item_retry(struct job *job);
/* TABLE of a for_each probe is complete for TARGET, or (err set) has no work list. */
void collect_table_end(struct collector *c, const struct planned *p, const struct target *t, const struct err *err);

/* T has no way to be asked by P, and no other probe fills its tables: WHY is what they lack. */
void collect_no_way(struct collector *c, const struct planned *p, const struct target *t, const char *why);

/* Was everything answered that a finding rests on, one way or another? At the end of the run. */
bool collect_complete(const struct collector *c);

/* May a less preferred probe be tried after this? Only after denied, unsupported or unreachable. */
bool collect_retryable(enum err_kind kind);
/* Is OBJECT (NULL: any of TARGET) of a table of P still to be filled by a fallback? */
bool collect_wants(struct collector *c, const struct planned *p, const struct target *t, const char *object);

#endif
