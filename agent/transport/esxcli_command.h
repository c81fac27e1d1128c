/* SPDX-License-Identifier: Apache-2.0 */
/*
 * esxcli_command.h - an esxcli command as a probe file has it, and the two ways it is written down for a host. Pure: no I/O.
 *
 * "network diag ping --interface=vmk1 --df --count=3": namespaces and the command, then long options, each with its value
 * behind '=' or a flag without one. An option that repeats is a list. Blanks separate words; a backslash takes the next
 * character as it is.
 */
#ifndef TRANSPORT_ESXCLI_COMMAND_H
#define TRANSPORT_ESXCLI_COMMAND_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct esxcli_option {
	const char *name;  /* as on the command line, without the dashes in front: "nic-name" */
	const char *api;   /* the API's name for it, which has no dashes at all: "nicname" */
	const char *value; /* NULL: a flag */
};

struct esxcli_command {
	const char **words;            /* "network", "diag", "ping" */
	size_t nwords;                 /* at least 2 */
	struct esxcli_option *options; /* in the order of their API names, repeated ones in the order given */
	size_t noptions;
};

/*
 * Parses TEXT into A. Values may still be placeholders. ERR_CONFIG: no words, short options, arguments without an option, and
 * commands that could change something: only those whose last word is get or list, and network diag ping, are sent.
 */
int esxcli_parse(struct arena *a, const char *text, struct esxcli_command *ret, struct err *err);

/* What follows `_this` in an ExecuteSoap request. */
void esxcli_soap(struct buf *b, const struct esxcli_command *c);

/* "esxcli --formatter=xml network diag ping '--host=...'" for a POSIX shell. */
const char *esxcli_shell(struct arena *a, const struct esxcli_command *c);

/* "network diag ping", for messages. */
const char *esxcli_name(struct arena *a, const struct esxcli_command *c);

/* struct transport's encode: a value stays one word. */
const char *esxcli_encode(struct arena *a, const char *field, const char *value);

#endif
