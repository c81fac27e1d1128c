/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ssh.h - commands on the hosts of a target, over SSH.
 *
 * The transport's session is a pool: one connection a host, made when its first command comes and kept for the next ones;
 * hosts, handshakes and channels at once are bounded, what is over waits. Another transport may ride on it (`over`).
 */
#ifndef TRANSPORT_SSH_H
#define TRANSPORT_SSH_H

#include <stdbool.h>
#include <stddef.h>

#include "transport/transport.h"

#define SSH_OUTPUT_MAX (4u * 1024 * 1024) /* bytes of standard output; more ends the command with ERR_LIMIT */

/* How a command ended. Lives during the call that tells it. */
struct ssh_result {
	const char *output; /* standard output from the command itself on; NUL-terminated */
	size_t len;
	const char *errors; /* the beginning of standard error, at most 4096 bytes; NUL-terminated */
	int status;         /* exit status; -1 when a signal ended it */
	const char *signal; /* "KILL", or "9" as the shell says it; NULL: it left by itself */
};

/* RESULT is NULL, with the reason in ERR, when the command did not run to its end. */
typedef void ssh_done(void *arg, const struct ssh_result *result, const struct err *err);

struct ssh_spec {
	const char *address; /* name or IP address of the host; copied */
	const char *command; /* in the language of sh, values already quoted by ssh_quote(); copied */
	int timeout_ms;      /* from when it starts on the host; 0: the target's */
	ssh_done *done;      /* called exactly once, on the loop, never before ssh_run() returns */
	void *arg;
};

struct ssh_command;

/* Runs a command: at once, or when its turn comes. S is the session of transport_ssh. The command stays the pool's. */
struct ssh_command *ssh_run(struct session *s, const struct ssh_spec *spec);

/* Nobody waits for C any more: it is ended, its DONE is not called. Only before DONE was called. */
void ssh_abandon(struct ssh_command *c);

/* VALUE as one word of sh, in single quotes. */
const char *ssh_quote(struct arena *a, const char *value);

/* The first line that says something, of standard error or else of the output, for a message. */
const char *ssh_complaint(struct arena *a, const struct ssh_result *r);

extern const struct transport transport_ssh;

#endif
