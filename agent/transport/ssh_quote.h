/* SPDX-License-Identifier: Apache-2.0 */
/* ssh_quote.h - command lines for the shell of a host. */
#ifndef TRANSPORT_SSH_QUOTE_H
#define TRANSPORT_SSH_QUOTE_H

#include "base/arena.h"
#include "base/err.h"
#include "transport/ssh.h"

/*
 * What is sent to run COMMAND. A login shell may print whatever it likes before it comes to it: /bin/sh, which replaces it,
 * first prints TOKEN as a line of standard output and of standard error. Standard input is empty. BECOME (or NULL) runs that
 * shell as somebody else: "sudo -n".
 */
const char *ssh_frame(struct arena *a, const char *command, const char *token, const char *become);

/* What stands behind the line TOKEN; NULL: it did not come. */
const char *ssh_payload(const char *output, const char *token);

/* A probe's command, with its placeholders: values must not end up within quotes of its own. ERR_CONFIG. */
int ssh_check_command(const char *command, struct err *err);

#endif
