/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - one run as the reports see it: totals, verdict, findings and probe outcomes, in a settled order.
 */
#ifndef RUN_H
#define RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/version.h"
#include "check.h"
#include "facts.h"
#include "waiver.h"

struct scope {
	const char **hosts, **clusters, **vms, **excluded; /* globs as given; NULL-terminated, or NULL */
};

/* How many subjects of critical checks are about a host and its VMs, by status; rows about VMs at a candidate don't count. */
struct host_tally {
	const char *host; /* id */
	uint64_t critical[STATUS_COUNT];
};

struct run {
	char id[27]; /* ULID */
	const char *profile, *profile_digest;
	struct scope scope;
	const struct checks *checks;
	struct waivers *waivers; /* NULL: none were given */
	struct facts *facts;
	struct arena *arena; /* lives as long as the run */
	enum verdict verdict;
	const char *why; /* one sentence: what made the verdict what it is */
	bool complete;   /* every probe of the plan ended ok and no check crashed */
	bool replay;     /* recorded facts: never gates */
	bool as_of_facts;
	bool brief; /* nobody will list what passed or isn't applicable: such findings are only counted */
	int64_t started_ms, ended_ms, oldest_fact_ms; /* UTC since the epoch; oldest_fact_ms 0: no fact at all */
	int64_t requests;
	uint64_t expected, count[STATUS_COUNT]; /* subjects; a peer list counts each of its peers */
	struct host_tally *tallies;             /* of each host that is a subject or a candidate */
	size_t ntallies;
};

/* One finding. `peer` was expanded by run_findings() when asked; texts are host data: escape them for the format. */
struct finding {
	const struct check *check;
	enum status status;
	const char *target, *platform, *cluster, *host, *peer, *vm,
		*object;   /* names as people know them; NULL: not concerned */
	const char *peers; /* JSON list of names when several peers share the row and expand is false; else NULL */
	size_t npeers;     /* 0, or how many peers the row stands for */
	const char *observed, *expected, *detail, *via, *waiver;
	char fingerprint[33]; /* the same finding in another run has the same: check, subject ids and object */
	/* Ids of target, cluster, host, VM, datastore and peer, a blank between each two; and a JSON list of ids beside `peers`. */
	const char *ids, *peer_ids;
};

/* What a finding's fingerprint is made of; PEER_ID and OBJECT may be NULL. Of several peers each has its own. */
void finding_fingerprint(const char *check_id, const char *ids, const char *peer_id, const char *object, char ret[33]);

struct probe_outcome {
	const char *probe, *target, *host, *outcome, *error;
	int64_t rows, ms;
	bool user;
};

/*
 * Calls FN for every finding: checks that made the verdict first (critical before warning before info, then by id), in a
 * check fail, unknown, warn, then by cluster, host, peer, vm. ALL: pass and na too, of a run that isn't brief. EXPAND: one call
 * a peer.
 * FN returns 0, or -1 with err set to stop.
 */
int run_findings(const struct run *run, bool all, bool expand,
                 int (*fn)(void *arg, const struct finding *f, struct err *err), void *arg, struct err *err);
int run_probes(const struct run *run, int (*fn)(void *arg, const struct probe_outcome *p, struct err *err), void *arg,
               struct err *err);
/* Targets with what a reader must know of them: "certificates not verified". */
int run_targets(const struct run *run,
                int (*fn)(void *arg, const char *name, const char *platform, const char *address, const char *tls,
                          struct err *err),
                void *arg, struct err *err);

/* 0 ready, 1 not ready, 2 unknown; a replay is 2 instead of 0 unless as_of_facts. */
int run_exit_code(const struct run *run);

#endif
