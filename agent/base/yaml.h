/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml.h - YAML files that users write, as a tree that remembers where each thing stood.
 *
 * Scalars stay strings until a reader types them (so NO and 1.10 survive). Anchors, aliases, tags and duplicate keys are
 * refused, so are control characters; depth (32), values (100000) and bytes (1 MiB) are bounded. Every error reads
 * "FILE:LINE:COLUMN: what is wrong (what was expected)" and repeats no value: a password may stand in the wrong place.
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum yaml_kind { YAML_TEXT, YAML_SEQ, YAML_MAP };

struct ynode {
	enum yaml_kind kind;
	const char *file; /* as the user named it */
	int line, column; /* 1-based */
	const char *key;  /* in a mapping: this entry's key; else NULL */
	int key_line, key_column;
	const char *text;           /* YAML_TEXT */
	bool quoted;                /* YAML_TEXT: written with quotes or as a block */
	struct ynode *first, *next; /* children, and the next sibling */
	size_t n;                   /* children */
};

/* Parses LEN bytes of TEXT, allocating in A. FIRST_LINE is the line number of the first byte (1 for a file).
 * An empty document gives an empty mapping. NULL and err (ERR_CONFIG) on failure. */
struct ynode *yaml_parse(struct arena *a, const char *file, const char *text, size_t len, int first_line,
                         struct err *err);

/* Reads and parses a file of at most 1 MiB; "-" is standard input. ERR_IO when it can't be read, ERR_LIMIT when it is
 * larger. */
struct ynode *yaml_load(struct arena *a, const char *path, struct err *err);

/* "FILE:LINE:COLUMN: " and the message, at the node's value (or _key: at its key). Always -1, kind ERR_CONFIG. */
int yaml_err(const struct ynode *n, struct err *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int yaml_err_key(const struct ynode *n, struct err *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

struct ynode *yaml_get(const struct ynode *map, const char *key); /* NULL when absent, or MAP is NULL or no mapping */

/* What a mapping may hold, one row a key; also the source of the reference documentation. */
enum yaml_type { YAML_T_TEXT, YAML_T_INT, YAML_T_BOOL, YAML_T_DURATION, YAML_T_SEQ, YAML_T_MAP, YAML_T_ANY };
struct yaml_key {
	const char *name;
	enum yaml_type type;
	bool required;
	int64_t min, max;  /* YAML_T_INT, YAML_T_DURATION (ms); both 0: any */
	const char *about; /* one line: meaning, unit, default */
};

/* Every key of MAP is one of KEYS (ended by a NULL name; else an error with a suggestion), of its type, in its range,
 * and all required ones are there. WHAT names the thing in errors ("a target"). */
int yaml_check(const struct ynode *map, const char *what, const struct yaml_key *keys, struct err *err);

/* Typed reads of nodes that yaml_check() accepted; the default when absent. */
const char *yaml_text(const struct ynode *map, const char *key, const char *dflt);
int64_t yaml_int(const struct ynode *map, const char *key, int64_t dflt);
int64_t yaml_duration_ms(const struct ynode *map, const char *key, int64_t dflt);
bool yaml_bool(const struct ynode *map, const char *key, bool dflt);

/* A whole node as true/false ("true", "false", "yes", "no"), or as a number. Errors name the place. */
int yaml_as_bool(const struct ynode *n, bool *ret, struct err *err);
int yaml_as_int(const struct ynode *n, int64_t min, int64_t max, int64_t *ret, struct err *err);

#endif
