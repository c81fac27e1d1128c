/* SPDX-License-Identifier: Apache-2.0 */
/* local_shell.h - what the transport `local` does for one that rides on it. */
#ifndef TRANSPORT_LOCAL_SHELL_H
#define TRANSPORT_LOCAL_SHELL_H

#include "transport/transport.h"

/* Runs SCRIPT, in the language of sh, values already quoted by ssh_quote(), and answers ASK with what it printed. S is the
 * session of transport_local. */
void local_shell(struct session *s, struct ask *ask, const char *script);

extern const struct transport transport_local;

#endif
