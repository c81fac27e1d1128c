/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor.h - days before a migration: can every target and host be asked at all, and if not, what is to be done?
 *
 * What is asked of them is asked by probes, as for any check; here the facts that these brought become lines.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "check.h"
#include "facts.h"
#include "inventory.h"

/* What an account needs: profiles/migready-role.json, which an admin can import too. */
struct role {
	const char *name;
	const char **privileges; /* ended by NULL */
	struct optional_privilege {
		const char *privilege, *use; /* what can't be found out without it */
	} * optional;                        /* ended by a NULL privilege */
};

int role_parse(struct arena *a, const char *file, const char *text, size_t len, struct role *ret, struct err *err);

/* A SELECT that reads all tables that doctor_examine() does, to plan with. */
extern const char doctor_reads[];

struct doctor_line {
	const char *target;
	const char *host; /* its name; NULL: the line is about the target */
	const char *step; /* credential (only when it is missing), reachable, certificate ... */
	/* PASS; FAIL, with a remedy; WARN: works, but look; UNKNOWN: couldn't be found out; NA: can't be told here */
	enum status status;
	const char *found;
	const char *remedy; /* NULL: none is needed */
};

typedef int doctor_tell(void *arg, const struct doctor_line *line, struct err *err);

/* Calls TELL for every line: target by target in the inventory's order, each followed by its hosts, by name. F's targets are
 * those of INV. NOW_MS: our clock, UTC. Texts live as long as A. */
int doctor_examine(struct facts *f, struct arena *a, const struct inventory *inv, const struct role *role,
                   int64_t now_ms, doctor_tell *tell, void *arg, struct err *err);

/* An ISO 8601 point in time, in milliseconds since 1970 UTC; *ret_step_ms is how fine it is told. false: it is none. */
bool doctor_parse_time(const char *text, int64_t *ret_ms, int64_t *ret_step_ms);

#endif
