/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate.h - go or no-go for an operation on one host, from what runs recorded. It fails closed: whatever keeps it from
 * being sure makes the answer unknown, and every reason is told.
 *
 * The newest live run under the operation's profile that covers the host answers, together with those that were still
 * asking when it started. A newer run that covers less (other hosts, --vm) never makes it better, and makes it worse
 * when it found a critical fail or unknown that concerns the host. A finding concerns it unless it names another
 * host, or without a host another cluster, or without both another target. As destination of others it isn't asked
 * about.
 */
#ifndef GATE_H
#define GATE_H

#include "history.h"

/* The check that says whether a host's VMs can go somewhere; without it no run tells whether it can be emptied. */
#define GATE_DESTINATION_CHECK "vm-has-destination"
#define GATE_DESTINATION_PLATFORMS                                                                                     \
	{                                                                                                              \
		"vsphere", "kvm", NULL                                                                                 \
	} /* whose VMs that check judges */

struct gate_operation {
	const char *name;
	const char *profile;
	const char *missing; /* what no run holds yet and the operation can't do without, or NULL */
	const char *about;
};
extern const struct gate_operation gate_operations[]; /* ended by a NULL name */

struct gate_question {
	const struct gate_operation *operation;
	const char *host;                     /* as for --host, or TARGET/HOST */
	const char *profile, *profile_digest; /* as installed */
	bool own_checks;
	int64_t now_ms, max_age_ms;
	const char *run; /* only this one (just made), or NULL */
};

struct gate_reason {
	const char *code;                       /* one word for programs: docs/formats.md lists them */
	const char *text;                       /* for people; hosts' words in it are not escaped. NULL for a finding */
	const char *run;                        /* whose, or NULL */
	const struct recorded_finding *finding; /* or NULL */
};

struct gate_answer {
	enum verdict verdict;
	struct gate_reason *reasons; /* none: ready */
	size_t n, cap;
	const struct record *record;      /* the run that answered, or NULL */
	const struct recorded_host *host; /* there */
	const struct recorded_target *targets;
	size_t ntargets;
};

/* Asks the history; RET's texts live in A, gate_dispose() frees the rest. Errors are reasons, too. */
void gate_ask(struct history *h, const struct gate_question *q, struct arena *a, struct gate_answer *ret);

/* A reason that isn't the history's. TEXT lives as long as RET. */
void gate_add(struct gate_answer *ret, const char *code, const char *run, const char *text);
void gate_dispose(struct gate_answer *ret);

#endif
