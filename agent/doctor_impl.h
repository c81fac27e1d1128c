/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_impl.h - what the files of the doctor share; nobody else includes it. */
#ifndef DOCTOR_IMPL_H
#define DOCTOR_IMPL_H

#include "base/map.h"
#include "doctor.h"

struct doctor {
	struct facts *facts;
	struct arena *a;
	const struct inventory *inventory;
	const struct role *role;
	int64_t now_ms;
	doctor_tell *tell;
	void *arg;
	/* of the target at hand */
	const char *target, *host;
	bool connected, trusted, logged_in;
	struct map roles;
	const char **privileges; /* of each role, commas between; the map has their indexes */
};

/* SQL: is the id in COLUMN of the target at hand, ?1? */
#define OF_TARGET(column) "substr(" column ", 1, length(?1) + 1) = ?1 || '/'"

/* The target at hand, as the inventory has it; NULL: it isn't there any more. */
const struct target *doctor_target(const struct doctor *d);

int doctor_say(struct doctor *d, const char *step, enum status status, const char *found, const char *remedy,
               struct err *err);

/* ---- reading facts: doctor_row.c ---- */

int doctor_sql_error(const struct doctor *d, struct err *err);

/* The statement with its only parameter bound to ABOUT. */
sqlite3_stmt *doctor_select(const struct doctor *d, const char *sql, const char *about, struct err *err);

const char *doctor_column(const struct doctor *d, sqlite3_stmt *st, int i); /* NULL for NULL */

/* The first row of SQL about the target at hand, N columns of text; all NULL without a row. */
int doctor_row(const struct doctor *d, const char *sql, const char **ret, int n, struct err *err);

int64_t doctor_number(const char *text);    /* 0 for what is none */
const char *doctor_words(const char *text); /* TEXT, or that there is none */

/* ---- steps ---- */

/* Why the probe PROBE brought nothing of the target at hand: outcome and text. */
int doctor_outcome(const struct doctor *d, const char *probe, const char **ret, struct err *err);

/* *ret_missing: the target's secret could not be fetched, so nobody was asked; that is told then. */
int doctor_tell_credential(struct doctor *d, bool *ret_missing, struct err *err);

/* Do ROLES (ids, commas between) of the target at hand hold the privilege? After doctor_tell_root_privileges(). */
enum granted { GRANTED, NOT_GRANTED, UNTOLD };
enum granted doctor_granted(const struct doctor *d, const char *roles, const char *privilege);

/* ROLES that the account has on the host at hand, or on the root folder: ids, commas between; NULL: not told. */
int doctor_tell_privileges(struct doctor *d, const char *roles, struct err *err);
int doctor_tell_root_privileges(struct doctor *d, struct err *err); /* loads the target's roles, so before its hosts */

/* T: time, asked, answered, error, and whether it is known that the clock can't be told. */
enum { CLOCK_TIME, CLOCK_ASKED, CLOCK_ANSWERED, CLOCK_ERROR, CLOCK_NONE, CLOCK_COLUMNS };
int doctor_tell_clock(struct doctor *d, const char **t, struct err *err);

/* All lines of a target of KVM hosts. */
int doctor_tell_kvm(struct doctor *d, struct err *err);

/* The ways to the target at hand, or, with the account's ROLES on it, to the host. */
int doctor_tell_transports(struct doctor *d, bool answers, const char *roles, struct err *err);

#endif
