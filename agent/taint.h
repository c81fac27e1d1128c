/* SPDX-License-Identifier: Apache-2.0 */
/*
 * taint.h - for whom a check's tables are not filled, and why: the ledger of successes, read for one check.
 *
 * A table is filled for an object when the ledger says so; no entry means unfilled. What is unfilled for a finding's own
 * host, peer, VM, cluster or target makes any status unknown; in the wider circle that `depends` names, pass and warn.
 */
#ifndef TAINT_H
#define TAINT_H

#include "plan.h"
#include "subject.h"

struct taint {
	struct arena *arena;
	/* a reason for each entity by index, or NULL: filled */
	const char **target, **cluster, **host, **vm, **datastore;
	const char **vm_of_host; /* a VM on this host has a gap: counts for rows that are about no VM */
	const char **discovery;  /* target: a table that subjects are found with, so that some may be missing unseen */
	const char **circle;     /* cluster: something inside it */
	const char **inside;     /* target: something inside it */
	const char *run;         /* anything at all */
};

int taint_load(struct taint *t, const struct need *need, const struct probes *probes, const struct subjects *s,
               struct err *err);
void taint_dispose(struct taint *t);

/* Why a row about W can't be judged, or NULL. */
const char *taint_own(const struct taint *t, enum subject kind, const struct who *w);
/* Why a pass of W can't be trusted under DEPENDS, or NULL. */
const char *taint_wider(const struct taint *t, enum depends depends, const struct who *w);

#endif
