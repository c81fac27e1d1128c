/* SPDX-License-Identifier: Apache-2.0 */
/*
 * case_file.h - the case file of a check: facts in, expected findings out.
 *
 *   sweep_exceptions: [{sweep: null|row|drop, change: STATUS, reason: TEXT}]   a status that a sweep may lead to; never for
 *                                                                           critical checks, and each must be needed
 *   must_catch: [null|row|drop]        a planted bad check: these sweeps, and no others, have to find something
 *   never_fails: TEXT                  why no case can expect `fail`; one that does is an error then
 *   cases:
 *     - name: TEXT
 *       targets: [{name: T, platform: P}]      default: vc01, vsphere
 *       tables: {TABLE: [{COLUMN: VALUE}]}     absent tables are filled and empty; in a table of sets, a row with the link
 *                                              columns alone is a list that was answered and is empty
 *       unfilled: [{table, target, object, outcome, reason}]   object null: the whole target
 *       exclude: [HOST ID]
 *       findings: {VIEW: [{COLUMN: VALUE}]}    what other checks found, as in plan_finding.h; they aren't run then
 *       params: {NAME: VALUE}          CHECK.NAME for a parameter of another check
 *       expect: [{KEYS, status, object, observed, expected, detail}]   one row a subject; columns left out don't matter
 */
#ifndef CASE_FILE_H
#define CASE_FILE_H

#include "base/yaml.h"
#include "check.h"
#include "probe.h"

enum sweep { SWEEP_NULL, SWEEP_ROW, SWEEP_DROP, SWEEP_COUNT };

struct case_row {
	const char **values; /* one a column of the table; NULL: SQL NULL */
	bool empty;          /* a table of sets: no member */
};

struct case_table {
	const struct table *table;
	struct case_row *rows;
	size_t nrows;
};

struct case_gap {
	const char *table, *target, *object, *reason;
	enum outcome outcome;
};

struct test_case {
	const char *name;
	struct target *targets;
	size_t ntargets;
	struct case_table *tables;
	size_t ntables;
	struct case_gap *gaps;
	size_t ngaps;
	const char **excluded;
	size_t nexcluded;
	const struct ynode *params, *expect, *findings; /* NULL: none */
};

struct sweep_exception {
	enum sweep sweep;
	enum status change;
	size_t used;
};

struct case_file {
	struct test_case *cases;
	size_t ncases;
	struct sweep_exception *exceptions;
	size_t nexceptions;
	bool never_fails; /* by design */
	bool planted, must_catch[SWEEP_COUNT];
};

const char *sweep_name(enum sweep s);

/* Reads PATH into A. Errors name the place. */
int case_file_load(struct arena *a, const char *path, const struct check *check, const struct probes *probes,
                   struct case_file *ret, struct err *err);

/* The text of KEY in MAP; NULL when it is absent or an unquoted null. */
const char *case_text(const struct ynode *map, const char *key);

#endif
