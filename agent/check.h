/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - check files: one SQL query with a header of metadata, in checks/AREA/NAME.sql.
 *
 * Loaded and validated once. judge.h runs them.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/yaml.h"
#include "digest.h"

enum subject {
	SUBJECT_HOST,
	SUBJECT_PAIR,
	SUBJECT_PATH,
	SUBJECT_VM,
	SUBJECT_VM_HOST,
	SUBJECT_DATASTORE,
	SUBJECT_CLUSTER,
	SUBJECT_TARGET
};
enum depends { DEPENDS_OWN, DEPENDS_CLUSTER, DEPENDS_RUN };
enum severity { SEVERITY_CRITICAL, SEVERITY_WARNING, SEVERITY_INFO };
enum status { STATUS_PASS, STATUS_WARN, STATUS_FAIL, STATUS_UNKNOWN, STATUS_NA, STATUS_WAIVED, STATUS_COUNT };
enum verdict { VERDICT_UNKNOWN, VERDICT_READY, VERDICT_NOT_READY }; /* what nobody set is unknown */

const char *subject_name(enum subject s);
const char *depends_name(enum depends d);
const char *severity_name(enum severity s);
const char *status_name(enum status s);
const char *verdict_name(enum verdict v);

struct param {
	const char *name;
	const char *value; /* its default, then the profile's; as text */
	char type;         /* 'i' integer, 'r' real, 't' text: the default's type, which a profile's value must have */
};

struct check {
	const char *id;   /* file name without .sql */
	const char *area; /* the folder: network, cpu ... ; "user" for a --checks folder */
	const char *file;
	char digest[DIGEST_HEX]; /* of the file */
	bool user;
	const char *title, *symptom, *fix;
	enum subject subject;
	enum depends depends;
	enum severity severity; /* the header's, then the profile's */
	bool blocks; /* the header says critical: it stands in the way of a destination whatever the profile says */
	const char **platforms;
	size_t nplatforms;
	const char **refs;
	size_t nrefs;
	struct param *params;
	size_t nparams;
	const char *sql;
	int sql_line;  /* where it starts in the file */
	bool selected; /* by the profile; a check that only others read runs too, but isn't reported */
	bool never;    /* by the profile: nor is it run for checks that read all critical ones */
	bool demanded; /* by the profile: with hosts in scope that are of none of its platforms there is no "ready" */
};

struct checks {
	struct check **v;
	size_t n, cap;
	struct arena *arena;
};

/* Loads DIR: every *.sql below it but those in model/. Two checks of one id are an error. */
int checks_load(struct checks *cs, const char *dir, bool user, struct err *err);
int check_parse(struct checks *cs, const char *id, const char *area, const char *file, const char *text, size_t len,
                bool user, struct err *err);
void checks_dispose(struct checks *cs);
struct check *checks_find(const struct checks *cs, const char *id);

#endif
