/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential.h - secrets: where they come from, how they are wiped.
 *
 * A secret lives in its own fixed buffer, locked into memory where the system allows, and is wiped by secret_wipe(). It
 * never passes through an arena, a log, argv or the environment of a child.
 */
#ifndef CREDENTIAL_H
#define CREDENTIAL_H

#include <stddef.h>

#include "base/err.h"
#include "inventory.h"

#define SECRET_MAX 1024

struct secret {
	char text[SECRET_MAX]; /* NUL-terminated; one trailing newline of its source removed */
};

/*
 * Fetches the secret of C into RET. Errors (ERR_CONFIG) say what to do: a variable that is not set, a file that others can
 * read (mode & 077) or that is not owned by the caller or root, a command that failed or printed nothing, CREDENTIALS_DIRECTORY unset, a prompt
 * without a terminal, an empty secret, one that is too long or holds a NUL. Ctrl-C at the prompt: ERR_CANCELLED, if the
 * program survives the signal. On error RET is empty. May block (prompt; command, at most 60 s): call it before the loop runs.
 */
int secret_fetch(const struct credential *c, struct secret *ret, struct err *err);
void secret_wipe(struct secret *s);

/*
 * Wipes and unsets every variable that INV's credentials name, so that no child inherits one. Call it after the last
 * secret_fetch(): credentials may share a variable. A credential's own command still sees them unless it is fetched later.
 */
void secret_forget_environment(const struct inventory *inv);

/* No core dumps, no ptrace by others (PR_SET_DUMPABLE, RLIMIT_CORE): call first thing in main(). */
void secret_harden_process(void);

#endif
