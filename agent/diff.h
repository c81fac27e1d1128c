/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff.h - what two recorded runs found differently, by the fingerprints of their findings.
 *
 * A finding is new, gone, or changed: another status, severity, observed or expected. Where several peers share a
 * finding, each peer is compared, and those with the same fate are told together.
 */
#ifndef DIFF_H
#define DIFF_H

#include "record.h"

enum change { CHANGE_NEW, CHANGE_GONE, CHANGE_CHANGED, CHANGE_COUNT };
const char *change_name(enum change c);

struct difference {
	enum change change;
	const struct recorded_finding *before, *after; /* NULL: not there. Their peers are those that differ */
};

struct diff {
	struct difference *v; /* new ones first, then changed, then gone; each in its run's order */
	size_t n, cap, count[CHANGE_COUNT];
};

/* Both runs' documents must have been read. -1: one is damaged, and its `damage` tells. */
int diff_records(struct arena *a, struct record *before, struct record *after, struct diff *ret);
void diff_dispose(struct diff *d);

#endif
