/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err.h - one error on its way up to whoever can say it to the user.
 *
 * A struct err is a value in the caller's frame: nothing to free. A function that can fail takes one as its last
 * argument and returns 0 or -1; on -1 the error is set, on 0 it is untouched. Going up, err_prefix() adds context:
 *
 *	if (vsphere_login(s, err) < 0)
 *		return err_prefix(err, "%s: login", s->name);
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/* Kinds are what a user can act on; outcome_of() maps them to the six outcomes of a probe. */
enum err_kind {
	ERR_NONE,
	ERR_USAGE,       /* the command line */
	ERR_CONFIG,      /* a file that a user writes: inventory, profile, probe, check */
	ERR_IO,          /* local files, disk full */
	ERR_DNS,         /* the name has no address */
	ERR_REFUSED,     /* connection refused */
	ERR_UNREACHABLE, /* no route, connection reset or lost */
	ERR_TLS,         /* certificate or host key not trusted, wrong name, wrong thumbprint */
	ERR_AUTH,        /* login refused; never tried again */
	ERR_DENIED,      /* logged in, but a privilege is missing */
	ERR_UNSUPPORTED, /* the other side doesn't know what was asked */
	ERR_TIMEOUT,     /* a deadline passed */
	ERR_PROTOCOL,    /* the answer is not what the protocol allows */
	ERR_LIMIT,       /* the answer is larger than its limit */
	ERR_CANCELLED,   /* Ctrl-C */
	ERR_SQL,         /* SQLite said no */
	ERR_INTERNAL,    /* a bug here */
};

struct err {
	enum err_kind kind;
	char text[512];
};

/* What a probe's attempt ended as; the words that reports and the facts file use. */
enum outcome { OUTCOME_OK, OUTCOME_FAILED, OUTCOME_DENIED, OUTCOME_UNSUPPORTED, OUTCOME_TIMEOUT, OUTCOME_SKIPPED };

/* Sets kind and text. Always -1, so that a caller can return it. */
int err_set(struct err *err, enum err_kind kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts "PREFIX: " before the text, keeps the kind. Always -1. */
int err_prefix(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "refused", "tls" ...: one lower-case word, for logs. */
const char *err_kind_name(enum err_kind kind);

enum outcome outcome_of(enum err_kind kind);
const char *outcome_name(enum outcome outcome);

#endif
