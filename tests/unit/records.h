/* SPDX-License-Identifier: Apache-2.0 */
/*
 * records.h - a history in a temporary file, and records made by hand: two clusters of vc01, esx01 to esx03 in prod and esx11 in
 * test, all covered and all fine.
 */
#ifndef TESTS_UNIT_RECORDS_H
#define TESTS_UNIT_RECORDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "base/version.h"
#include "history.h"

#define NOW INT64_C(1800000000000)
#define MINUTE INT64_C(60000)
#define DIGEST "sha256:installed"

#define HOST(n, cluster, more)                                                                                         \
	"{\"id\":\"vc01/host-" n "\",\"name\":\"esx" n ".example.com\",\"label\":\"esx" n                              \
	"\",\"target\":\"vc01\",\"cluster\":\"vc01/" cluster "\",\"uuid\":\"uuid-" n "\",\"destination\":true," more   \
	"}"
#define FINE "\"state\":\"covered\",\"critical\":[5,0,0,0,1,0]"
#define HOSTS                                                                                                          \
	"[" HOST("01", "prod", FINE) "," HOST("02", "prod", FINE) "," HOST("03", "prod", FINE) "," HOST("11", "test",  \
	                                                                                                FINE) "]"
#define FINDING(status, severity, subject, ids)                                                                        \
	"[{\"check\":\"c\",\"severity\":\"" severity "\",\"subject\":\"" subject "\",\"status\":\"" status             \
	"\",\"fingerprint\":\"00112233445566778899aabbccddeeff\",\"ids\":{" ids "}}]"

static char path[64];
static struct arena *arena;
static struct err err;

static inline int records_setup(void **state)
{
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/migready-records-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	arena = arena_new();
	return 0;
}

static inline int records_teardown(void **state)
{
	char side[96];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		static const char *const ends[] = {"", "-wal", "-shm"};

		snprintf(side, sizeof(side), "%s%s", path, ends[i]);
		unlink(side);
	}
	arena_free(arena);
	return 0;
}

static inline void must(int rc)
{
	if (rc < 0)
		fail_msg("%s", err.text);
}

/* A run that ended a minute ago; ids are counted, so that each is another. */
static inline struct record fine(void)
{
	static int n;

	return (struct record){
		.run = arena_printf(arena, "RUN%03d", ++n),
		.version = MIGREADY_VERSION,
		.profile = "maintenance",
		.profile_digest = DIGEST,
		.verdict = "ready",
		.why = "all pass",
		.complete = true,
		.started_ms = NOW - 2 * MINUTE,
		.ended_ms = NOW - MINUTE,
		.oldest_fact_ms = NOW - 2 * MINUTE,
		.summary = "{\"expected\":20,\"pass\":20,\"fail\":0}",
		.scope = "{\"hosts\":[],\"clusters\":[],\"vms\":[],\"excluded\":[]}",
		.targets = "[{\"name\":\"vc01\",\"platform\":\"vsphere\",\"address\":\"https://vc01\"}]",
		.checks = "[{\"id\":\"vm-has-destination\",\"severity\":\"critical\",\"subject\":\"vm\"}]",
		.hosts = HOSTS,
		.findings = "[]",
	};
}

static inline struct history *open_history(bool write)
{
	struct history *h;

	must(history_open(&h, path, write, &err));
	return h;
}

static inline void record_kept(struct record r, struct history_keep keep)
{
	struct history *h = open_history(true);
	char hosts[RECORD_DIGEST], findings[RECORD_DIGEST];

	record_text_digest(r.hosts, hosts);
	record_text_digest(r.findings, findings);
	r.hosts_digest = hosts;
	r.findings_digest = findings;
	must(history_add(h, &r, &keep, &err));
	history_close(h);
}

static inline void record(struct record r)
{
	record_kept(r, HISTORY_KEEP_DEFAULT);
}

/* Does to the file what nobody should. */
static inline void tamper(const char *sql)
{
	char *message = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

#endif
