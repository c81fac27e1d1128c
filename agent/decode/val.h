/* SPDX-License-Identifier: Apache-2.0 */
/*
 * val.h - one answer as a tree of values, whatever it was written in.
 *
 * Decoders (xml.c, json.c, regex.c) and transports that get structures from the kernel build it in an arena; row.c walks
 * it with the paths of a probe file. A tree lives as long as its arena.
 */
#ifndef DECODE_VAL_H
#define DECODE_VAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum val_kind {
	VAL_NULL, /* there, but without a value (JSON null) */
	VAL_TEXT, /* a scalar, as text */
	VAL_LIST, /* children without names that matter */
	VAL_MAP,  /* children with names; a name may repeat (XML arrays inside structures) */
};

struct val {
	enum val_kind kind;
	const char *name; /* in a map; NULL in a list */
	const char *type; /* what the answer says its type is (xsi:type without prefix), or NULL */
	const char *text; /* VAL_TEXT */
	struct val *first, *last, *next;
};

struct val *val_text(struct arena *a, const char *name, const char *text); /* copies both */
struct val *val_textn(struct arena *a, const char *name, const char *text, size_t len);
struct val *val_int(struct arena *a, const char *name, int64_t v);
struct val *val_new(struct arena *a, enum val_kind kind, const char *name);
struct val *val_add(struct val *parent, struct val *child); /* appends; returns CHILD */
const struct val *val_get(const struct val *map, const char *name); /* first of that name, or NULL */

/* The bounds that every decoder keeps; beyond them: ERR_LIMIT. */
#define VAL_MAX_DEPTH 64
#define VAL_MAX_NODES 2000000
#define VAL_MAX_TEXT (1024 * 1024)

/*
 * XML without document type, entities (beyond the five) or network. An element with element children is a MAP; with
 * xsi:type ArrayOf... (or none but a list's content: see xml.c) a LIST; with text only a TEXT. Namespaces are dropped from
 * names; the xsi:type attribute becomes `type`, a plain `type` attribute of a reference becomes a child map-less
 * `val.type` too when there is no xsi:type. ERR_PROTOCOL names line and column.
 */
struct val *xml_decode(struct arena *a, const char *data, size_t len, struct err *err);

/* JSON (RFC 8259). Numbers keep their spelling where jansson allows; true and false become "1" and "0". */
struct val *json_decode(struct arena *a, const char *data, size_t len, struct err *err);

/*
 * Every match of a PCRE2 pattern as a MAP of its named groups, in a LIST; groups that didn't take part are left out. Match
 * limits bound the work (ERR_LIMIT). The pattern is compiled once: regex_new() (ERR_CONFIG names the offset), regex_free().
 */
struct regex;
struct regex *regex_new(const char *pattern, struct err *err);
void regex_free(struct regex *re); /* NULL is fine */
struct val *regex_decode(const struct regex *re, struct arena *a, const char *data, size_t len, struct err *err);

#endif
