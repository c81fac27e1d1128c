/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - one run as the history keeps it: who was judged, by what, and everything that was found wrong.
 *
 * What isn't compared by SQL is JSON; docs/formats.md describes every member. Texts of hosts are valid UTF-8 there
 * and at most RECORD_TEXT_MAX bytes long, and still as hostile as they came.
 */
#ifndef RECORD_H
#define RECORD_H

#include "digest.h"
#include "run.h"

#define RECORD_TEXT_MAX 4096
#define RECORD_DOCUMENT_MAX (256 * 1024 * 1024)
#define RECORD_DIGEST DIGEST_HEX

struct record {
	int64_t seq; /* counts the runs of a history; 0: not recorded yet */
	const char *run, *version, *profile, *profile_digest, *verdict, *why;
	bool complete, replay, own_checks; /* own_checks: with --checks */
	int64_t started_ms, ended_ms, oldest_fact_ms;
	int64_t waived_until_ms; /* when the first of the waivers that counted expires; 0: none did */
	const char *summary, *scope, *targets, *checks; /* JSON */
	const char *hosts_digest, *findings_digest;     /* of the two documents below */
	const char *hosts, *findings;                   /* JSON; NULL: not read yet (history_documents) */
	const char *damage;                             /* why nothing of it may be believed, or NULL */
};

/* What a host was to the run. */
enum host_state {
	HOST_COVERED, /* in scope: everything that concerns it was judged */
	HOST_OUTSIDE, /* only a destination of others */
	HOST_EXCLUDED /* neither (--exclude) */
};
const char *host_state_name(enum host_state s);

/* Writes down a judged run, in A. ERR_LIMIT when there is more to say than a record can hold. */
int record_make(struct arena *a, const struct run *run, bool own_checks, struct record *ret, struct err *err);

/* A host of a record. */
struct recorded_host {
	const char *id, *name, *label, *target, *cluster, *cluster_name,
		*uuid;    /* those of host_listed; NULL: not known */
	bool destination; /* could take VMs */
	enum host_state state;
	uint64_t critical[STATUS_COUNT]; /* subjects of critical checks about it and its VMs, but candidates of VMs */
};

/* A target of a record. */
struct recorded_target {
	const char *name, *platform, *address, *tls, *instance;
};

/* A finding of a record; F.check is NULL. */
struct recorded_finding {
	struct finding f;
	const char *check;
	enum severity severity;
	enum subject subject;
	bool known;                                      /* who it is about: the ids that follow; "" where nobody is */
	const char *target, *cluster, *host, *vm, *peer; /* ids */
	const char *ids;                                 /* as for finding_fingerprint() */
	const char **peer_ids;                           /* f.npeers of them */
};

/* What a record says, in A; -1: it says what no record of this version does, and r->damage tells. */
int record_hosts(struct arena *a, struct record *r, struct recorded_host **ret, size_t *ret_n);
int record_targets(struct arena *a, struct record *r, struct recorded_target **ret, size_t *ret_n);
int record_findings(struct arena *a, struct record *r, struct recorded_finding **ret, size_t *ret_n);
/* Was CHECK judged, as critical? */
bool record_judged(const struct record *r, const char *check);
/* Did its scope name VMs, so that not all of a host were judged? */
bool record_narrowed_to_vms(const struct record *r);
/* For people: "esx*, cluster prod-1, without esx07", "all"; "vc01, vc02". Hosts' words in it are not escaped. */
const char *record_scope_text(struct arena *a, const struct record *r);
const char *record_targets_text(struct arena *a, const struct record *r);
/* How many of its subjects have that status. */
uint64_t record_count(const struct record *r, enum status s);

/* SHA-256 in hex: of a text; of all that a record says (of documents their digests) as part of history ID. */
void record_text_digest(const char *text, char ret[RECORD_DIGEST]);
void record_digest(const struct record *r, const char *id, char ret[RECORD_DIGEST]);

#endif
