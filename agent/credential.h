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
 * without a terminal. On error RET is empty. May block (prompt, command): call it before the loop runs.
 */
int secret_fetch(const struct credential *c, struct secret *ret, struct err *err);
void secret_wipe(struct secret *s);

/* No core dumps, no ptrace by others (PR_SET_DUMPABLE, RLIMIT_CORE): call first thing in main(). */
void secret_harden_process(void);

#endif
