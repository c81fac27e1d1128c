/* SPDX-License-Identifier: Apache-2.0 */
/* judge_impl.h - what judge.c and judge_rows.c share: the run being judged, and the check at hand. */
#ifndef JUDGE_IMPL_H
#define JUDGE_IMPL_H

#include "finding.h"
#include "judge.h"
#include "subject.h"
#include "taint.h"

#define NO_ROW 255

struct judging {
	struct run *run;
	struct arena *arena;
	const struct probes *probes;
	struct subjects subjects;
	struct findings findings;
	struct tally tally;
	uint64_t critical_waived;
	const char *undone; /* why hosts count as tally.undone */
	bool *lists_hosts;  /* target: it shows this account a host */
	/* of the check at hand */
	const struct check *check;
	const struct spine *spine;
	struct taint taint;
	uint8_t *status; /* of each subject: the worst of its rows; NO_ROW */
	int column[FINDING_COLUMNS];
	const char *crash; /* why nothing that this check said counts, or NULL */
	bool read;         /* other checks read its findings: they want them of subjects outside the scope too */
	bool whole;        /* of the run: the scope leaves nobody out */
	bool plain;        /* nothing sets subjects apart: no scope, no gap, no waiver */
};

/* Is TARGET of a platform that the check judges? */
bool judge_of_platform(const struct judging *j, int target);

/* Does the scope take in the subject at AT of the spine? */
bool judge_in_scope(const struct judging *j, size_t at);

/* Is the subject one that this check must say something about: in the report, or QUIETly to the checks that read it? */
bool judge_expected(const struct judging *j, size_t at, bool quiet);

/* One row of the check's query becomes findings. An error breaks the check, unless it is ERR_IO. */
int judge_row(struct judging *j, sqlite3_stmt *st, struct err *err);

/* Subjects without a row become unknown, those that only other checks ask about too. */
int judge_missing(struct judging *j, struct err *err);

#endif
