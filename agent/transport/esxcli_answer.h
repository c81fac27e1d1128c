/* SPDX-License-Identifier: Apache-2.0 */
/*
 * esxcli_answer.h - what esxcli answers, through the API or printed by `esxcli --formatter=xml`, as the same tree. Pure.
 *
 * A structure is a MAP of its fields, named by their headings without blanks ("PacketLost", "HVSupport"), whose values are
 * texts, MAPs or lists; a list is a LIST, or as many children of one name (`name[]` in a probe file reads both). A command
 * that gives a list has a LIST as its root (`rows: []`), one that gives a single value a TEXT. An empty list inside a
 * structure is left out: the API doesn't send it.
 */
#ifndef TRANSPORT_ESXCLI_ANSWER_H
#define TRANSPORT_ESXCLI_ANSWER_H

#include "base/arena.h"
#include "base/err.h"
#include "decode/val.h"

struct esxcli_answer {
	struct val *root;    /* NULL: esxcli itself said no */
	const char *failure; /* then: its words */
	enum err_kind kind;  /* and what they come to: ERR_UNSUPPORTED for a command that the host doesn't have, ... */
};

/* RESPONSE is an ExecuteSoapResponse. Everything of the result lives in A. -1: it is not what the protocol allows. */
int esxcli_read_api(struct arena *a, const struct val *response, struct esxcli_answer *ret, struct err *err);

/* OUT is all that the command wrote to its standard output, ERR_LINE what it said elsewhere, or "". */
int esxcli_read_shell(struct arena *a, const char *out, size_t len, const char *err_line, struct esxcli_answer *ret,
                      struct err *err);

/* A failure as an answer: {fault: {text, reason}}, the reason being what stands in the last parentheses, or else the text:
 * "sendto() failed (Message too long)" has the reason "Message too long". */
struct val *esxcli_fault_tree(struct arena *a, const char *failure);

#endif
