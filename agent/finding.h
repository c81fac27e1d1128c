/* SPDX-License-Identifier: Apache-2.0 */
/*
 * finding.h - findings as rows: what judge.c settled, stored for the reports and for the checks that read it.
 *
 * Temp table `findings`, one row a finding (a list of peers shares a row); of a brief run only those that a reader must see:
 *   check_id, severity, status, status_rank
 *   target, platform, cluster, host, peer, vm, object      names as people know them
 *   ids                        the subject's ids, for the fingerprint
 *   peer_list, npeers          id in peer_lists (peer_list.h) when several peers share the row, else NULL and 0
 *   observed, expected, detail, via
 *   waiver                     what the finding was and who accepted it; NULL: nobody
 */
#ifndef FINDING_H
#define FINDING_H

#include "base/str.h"
#include "peer_list.h"
#include "run.h"
#include "subject.h"
#include "waiver.h"

/* The columns that a check may emit, in the order of plan_columns. */
enum finding_column {
	FINDING_TARGET,
	FINDING_CLUSTER,
	FINDING_HOST,
	FINDING_PEER,
	FINDING_PATH,
	FINDING_VM,
	FINDING_DATASTORE,
	FINDING_STATUS,
	FINDING_OBJECT,
	FINDING_OBSERVED,
	FINDING_EXPECTED,
	FINDING_DETAIL,
	FINDING_VIA,
	FINDING_COLUMNS
}; /* in the order of plan_columns */

/* One finding on its way: who it is about, what the check said, and its peers when several share it. */
struct finding_row {
	struct who who;
	enum status status;
	const char *text[FINDING_COLUMNS];
	const char *reason;      /* why the engine made it unknown, or NULL */
	bool quiet;              /* outside the scope: only for the checks that read this one's findings */
	struct peer_list *peers; /* several, or NULL: none, or the one in WHO */
	struct waiver *waiver;   /* with STATUS_WAIVED: who accepted it, and what it was; else NULL */
	enum status was;
};

struct findings {
	struct facts *facts;
	const struct subjects *subjects;
	const struct check *check;
	size_t n; /* rows of the check at hand */
	bool brief;
	struct host_tally *tallies; /* of each host of SUBJECTS */
	struct host_tally *before;  /* what they were before the check at hand */
	struct arena *arena;
	struct peer_lists lists;
	struct buf detail, ids; /* texts of the finding at hand */
	sqlite3_stmt *insert, *publish;
};

/* What a reader must see first has the lowest number; it also decides which of several rows counts for a subject. */
int status_badness(enum status s);

/* RUN's facts hold what is found, and its tallies count it; BRIEF of RUN is heeded. */
int findings_open(struct findings *f, struct run *run, const struct subjects *subjects, struct err *err);
void findings_close(struct findings *f);

/* The part that a finding is about, as reports name it; NULL: none. */
const char *finding_object(const struct subjects *s, const struct finding_row *r);

/* How many subjects R is about. */
size_t finding_subjects(const struct finding_row *r);

/* What follows is of CHECK; READ: other checks read it. */
int findings_of(struct findings *f, const struct check *check, bool read, struct err *err);
int findings_add(struct findings *f, const struct finding_row *r, struct err *err);
/* Drops everything that the check at hand has found. */
int findings_forget(struct findings *f, struct err *err);

#endif
