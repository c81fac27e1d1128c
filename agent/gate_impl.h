/* SPDX-License-Identifier: Apache-2.0 */
/* gate_impl.h - what gate.c and gate_host.c share; nobody else includes it. */
#ifndef GATE_IMPL_H
#define GATE_IMPL_H

#include "gate.h"

#define GATE_NAMES_SHOWN 5

/* A run, and what it says as far as that was read. */
struct look {
	struct record *record;
	struct recorded_host *hosts;
	size_t nhosts;
	struct recorded_target *targets;
	size_t ntargets;
	bool loaded;
};

struct asking {
	struct history *h;
	const struct gate_question *q;
	struct arena *a;
	struct gate_answer *answer;
	struct look *looks; /* newest first */
	size_t n;
	char *target;     /* of TARGET/HOST, or NULL */
	const char *host; /* the rest */
	const struct recorded_host *meant;
	const struct recorded_target *of; /* its target then */
};

/* Are both known, and the same? */
bool gate_same(const char *a, const char *b);

void gate_add_damaged(struct asking *g, const struct look *l);

/* Reads what a run says of its hosts and targets; -1 when it can't be believed: record->damage tells why. */
int gate_load(struct asking *g, struct look *l);
int gate_read_findings(struct asking *g, struct look *l);

/* Sets g->meant; -1: nobody or several may be meant, and a reason tells. */
int gate_find_meant(struct asking *g);

/* The host that is meant, in a run that was loaded; NULL: not there. */
const struct recorded_host *gate_find_in(const struct asking *g, const struct look *l);

/* Did the run ask the target that has, or should have, the host that is meant? */
bool gate_may_list(const struct asking *g, const struct look *l);

#endif
