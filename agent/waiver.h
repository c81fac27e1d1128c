/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waiver.h - what somebody accepted, in a file of its own: check, subject, reason, owner and expiry, all of them needed.
 *
 * A waiver covers `fail` and `warn` of its check, and `unknown` only where it says so, about the subjects whose names match
 * all of its globs. It holds until the end of its last day, UTC. inventory-complete can't be waived.
 */
#ifndef WAIVER_H
#define WAIVER_H

#include "check.h"

/* What a subject is named by, as in a finding of the JSON report; a subject key of the file each. */
enum waiver_key {
	WAIVER_TARGET,
	WAIVER_CLUSTER,
	WAIVER_HOST,
	WAIVER_PEER,
	WAIVER_VM,
	WAIVER_DATASTORE,
	WAIVER_OBJECT,
	WAIVER_KEYS
};

struct waiver {
	const char *check, *reason, *owner;
	const char *expiry;            /* "2026-03-31" */
	int64_t end_ms;                /* the first millisecond after that day, UTC */
	const char *glob[WAIVER_KEYS]; /* NULL: not named */
	const char *subject;           /* the globs in words: "host esx07*, peer *" */
	const char *where;             /* "FILE:LINE:COLUMN" */
	bool covers_unknown;
	bool expired;
	/* what judging made of it */
	bool used;         /* it matched a finding that it covers, reported or not */
	const char *idle;  /* why it covered nothing, in a run that would have shown it; or NULL */
	uint64_t findings; /* results that it took out of the verdict */
};

struct waivers {
	struct waiver *v;
	size_t n;
	struct check checks[2]; /* what is said of waivers themselves, see waivers_check() */
};

/* Adds the waivers of PATH, which may name checks of CS only. NOW_MS, UTC, decides which are expired. Memory in A. */
int waivers_load(struct waivers *ws, struct arena *a, const char *path, const struct checks *cs, int64_t now_ms,
                 struct err *err);
/* The same from memory; FILE is only for messages. For tests and the fuzzer. */
int waivers_parse(struct waivers *ws, struct arena *a, const char *file, const char *text, size_t len,
                  const struct checks *cs, int64_t now_ms, struct err *err);

/* Do all globs match? NAMES are of the subject, NULL where it has none: that no glob matches, not even `*`. */
bool waiver_matches(const struct waiver *w, const char *const names[WAIVER_KEYS]);

/* "was fail; accepted by storage team until 2026-03-31: retired in March", in A. */
const char *waiver_text(const struct waiver *w, enum status was, struct arena *a);

#define WAIVER_DAYS_ADVISED 366

/* What is wider of W than anybody should accept unseen, in A: more than WAIVER_DAYS_ADVISED days to come, or every subject of its
 * check. NULL: nothing. It holds all the same. */
const char *waiver_excess(const struct waiver *w, int64_t now_ms, struct arena *a);

/*
 * Waivers are findings too, of two built-in checks that no file holds: `waiver-expired` and `waiver-unused`. Adds them to CS, so
 * that reports find them; they have no query.
 */
void waivers_add_checks(struct waivers *ws, struct checks *cs);

#endif
