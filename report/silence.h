/* SPDX-License-Identifier: Apache-2.0 */
/* silence.h - why checks can say nothing of a target as a whole: to be told once, not by each check. */
#ifndef REPORT_SILENCE_H
#define REPORT_SILENCE_H

#include "base/arena.h"
#include "run.h"

struct silence {
	const char *target, *why;
	uint64_t checks; /* that say so */
};

/* Starts zeroed but for the arena, which silences_dispose() frees. */
struct silences {
	struct arena *arena;
	struct silence *v;
	size_t n, cap;
};

/* For run_findings(), with the silences as its argument. */
int silences_count(void *arg, const struct finding *f, struct err *err);

/* Is this one of several findings that are told together? */
bool silences_tell(const struct silences *ss, const struct finding *f);

void silences_dispose(struct silences *ss);

#endif
