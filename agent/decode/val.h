/* SPDX-License-Identifier: Apache-2.0 */
/*
 * val.h - one answer as a tree of values, whatever it was written in.
 *
 * Decoders (xml.c, json.c, regex.c) and transports that get structures from the kernel build it in an arena; row.c walks
 * it with the paths of a probe file. A tree lives as long as its arena.
 */
#ifndef DECODE_VAL_H
#define DECODE_VAL_H

#include <stdbool.h>
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
	const char *name;    /* in a map; NULL in a list */
	const char *type;    /* what the answer says its type is (xsi:type without prefix), or NULL */
	const char *reftype; /* the class of a managed object reference (plain attribute `type`), or NULL */
	const char *text;    /* VAL_TEXT; of a VAL_MAP NULL, but see xml_options.attributes */
	struct val *first, *last, *next;
};

/* Texts are copied; bytes that are not valid UTF-8, and NUL, become '?': every text of a tree can go into SQLite. */
struct val *val_text(struct arena *a, const char *name, const char *text);
struct val *val_textn(struct arena *a, const char *name, const char *text, size_t len);
struct val *val_int(struct arena *a, const char *name, int64_t v);
struct val *val_new(struct arena *a, enum val_kind kind, const char *name);
struct val *val_add(struct val *parent, struct val *child);         /* appends; returns CHILD */
const struct val *val_get(const struct val *map, const char *name); /* first of that name; NULL when absent or no map */

/* The bounds that every decoder keeps for one tree; beyond them: ERR_LIMIT. A node costs about 100 bytes. */
#define VAL_MAX_DEPTH 64
#define VAL_MAX_NODES 500000
#define VAL_MAX_TEXT (1024 * 1024)

/* For decoders: ERR_PROTOCOL "FORMAT, line L, column C: TEXT", TEXT's unprintable bytes replaced. Always -1. */
int val_malformed(struct err *err, const char *format, long line, long column, const char *text);

/*
 * XML in UTF-8 (whatever it declares) without document type, entities (beyond the five) or network; the result is the
 * root element.
 *
 * An element of xsi:type ArrayOf... is a LIST, also when it is empty; any other element with element children is a MAP
 * (text beside the children is dropped); the rest is TEXT, "" when empty. xsi:nil="true" makes it a VAL_NULL. Names lose
 * their namespace. xsi:type becomes `type` without its prefix, whether xsi is bound or, as some captures have it, not; a
 * plain attribute `type` becomes `reftype`; other attributes are dropped.
 *
 * ERR_PROTOCOL "XML, line L, column C: ..." for what is truncated or malformed, has a document type, or is an HTML page.
 */
struct val *xml_decode(struct arena *a, const char *data, size_t len, struct err *err);

/* The same, otherwise than usual. */
struct xml_options {
	const char *
		named; /* elements of this local name go by what their plain attribute `name` says, where they have one */
	size_t max_text; /* in place of VAL_MAX_TEXT, for a text that is a document itself; 0: that */
	/* Each attribute without a namespace is the first children's `@name`; an element that has one is a MAP, with its own
	 * text, if there are no elements in it, as its `text`. */
	bool attributes;
};
struct val *xml_decode_as(struct arena *a, const char *data, size_t len, const struct xml_options *options,
                          struct err *err);

/*
 * The same for long lists, with memory for one item at a time: every element of local name ELEMENT (the outermost, at any
 * depth) is decoded into SCRATCH and handed to FN, and SCRATCH is reset when FN returns. *ret_rest is the document without
 * those elements, in A; NULL when the root itself is one. -1 from FN ends the walk with FN's error. When a document turns
 * out to be truncated or malformed, FN was already called for the elements that were complete before that place.
 */
typedef int xml_each_fn(void *arg, const struct val *node, struct err *err);
int xml_each(struct arena *a, struct arena *scratch, const char *data, size_t len, const char *element, xml_each_fn *fn,
             void *arg, struct val **ret_rest, struct err *err);

/*
 * JSON (RFC 8259) whose root is an object or an array. Integers (64 bits) keep their digits, reals get the shortest text
 * that reads back as the same number, true and false become "1" and "0", null a VAL_NULL. A repeated key, a number out of
 * range, malformed or truncated text: ERR_PROTOCOL with line and column.
 */
struct val *json_decode(struct arena *a, const char *data, size_t len, struct err *err);

/*
 * What iproute2's `ip -j` prints, under the same names and words as the transport netlink brings them. The text is an object
 * whose members are outputs of ip: `addr` (of `ip -j -d -s -s addr`) becomes the lists `links` and `addresses`, `neigh` the
 * list `neighbours`, `routes`, a list of {to, get, fibmatch} (of `ip -j -d route get [fibmatch] TO`) or {to, error}, the list
 * `routes`. Malformed JSON, any other member, or an entry that doesn't say what it is about: ERR_PROTOCOL.
 */
struct val *iproute_decode(struct arena *a, const char *data, size_t len, struct err *err);

/*
 * Every match of a PCRE2 pattern as a MAP of its named groups, in a LIST; groups that didn't take part are left out. Match
 * limits bound the work at each place of the text (ERR_LIMIT). The text is bytes, not characters. The pattern is compiled
 * once: regex_new() (ERR_CONFIG names the offset; a pattern without a named group is one), regex_free().
 */
struct regex;
struct regex *regex_new(const char *pattern, struct err *err);
void regex_free(struct regex *re); /* NULL is fine */
struct val *regex_decode(const struct regex *re, struct arena *a, const char *data, size_t len, struct err *err);

/*
 * What ping prints: vmkping and others that come from BSD's, and iputils' on Linux, for IPv4 and IPv6. A MAP of `sent` and
 * `received` (packets, as its statistics have them), `error` (what it said instead of a reply, the first of several:
 * "Message too long", "Host is down", "Destination Host Unreachable, from 10.1.0.1"; "none"), `rtt_min_us`, `rtt_avg_us`, `rtt_max_us`
 * (microseconds, absent where no reply came) and the LIST `replies` of {seq (from 0), from, rtt_us, ttl, bytes, dup}. That every
 * packet was lost is an answer. Text without statistics is none: ERR_PROTOCOL with its first line.
 */
struct val *ping_decode(struct arena *a, const char *data, size_t len, struct err *err);

#endif
