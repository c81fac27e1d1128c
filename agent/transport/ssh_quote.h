/* SPDX-License-Identifier: Apache-2.0 */
/* ssh_quote.h - command lines for the shell of a host. */
#ifndef TRANSPORT_SSH_QUOTE_H
#define TRANSPORT_SSH_QUOTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "transport/ssh.h"

/*
 * What is sent to run COMMAND. A login shell may print whatever it likes before it comes to it: /bin/sh, which replaces it,
 * first prints TOKEN as a line of standard output and of standard error, and in the end, on standard output, a line break and TOKEN
 * with the exit status: libssh2 doesn't tell a server that says 0 from one that says nothing. Standard input is empty. BECOME (or
 * NULL) runs that shell as somebody else: "sudo -n".
 */
const char *ssh_frame(struct arena *a, const char *command, const char *token, const char *become);

/* What stands behind the line TOKEN; NULL: it did not come. */
const char *ssh_payload(const char *output, const char *token);

/* Does what stands behind the first TOKEN end with the last one? Then *len becomes that of the command's own output. */
bool ssh_told_end(const char *payload, size_t *len, const char *token, int *ret_status);

/* A probe's command, with its placeholders: values must not end up within quotes of its own. ERR_CONFIG. */
int ssh_check_command(const char *command, struct err *err);

#endif
