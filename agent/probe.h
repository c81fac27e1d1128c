/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.h - probe files: how to ask one kind of host for something, and in which fact table the answer goes.
 *
 * Loaded once, validated whole, immutable afterwards.
 */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/yaml.h"
#include "decode/val.h"
#include "digest.h"
#include "row.h"
#include "template.h"
#include "transport/transport.h"

/* One table that a probe fills. */
struct table {
	const char *name; /* [a-z][a-z0-9_]* */
	struct probe *probe;
	struct rowspec rows;
	size_t key; /* index of the column that names the object: its first $host where hosts are asked, else its first $ref, or
	             * $each.NAME in a for_each of scope: target */
	bool set;           /* stored once per distinct answer: NAME links objects to NAME_set */
	const char **paths; /* the properties that this table needs, a subset of the probe's request */
	size_t npaths;
	int line;
};

/* `at_once: {COLUMN: N}`: of the rows that share a value there, so many are under way at most. */
struct at_once {
	const char *column;
	size_t most;
};

/* `search:` (strategy/search.h): a row is asked for again and again with other sizes. */
struct search_spec {
	const char *
		vary; /* the column of the for_each that holds the full size; ${vary:int} and $each.vary give the one at hand */
	const char *likely; /* the column with a size to try early, or NULL */
	int64_t small;
	int confirm, pause_ms;
	const struct table *table; /* where an answer tells what arrived, by these of its columns: */
	size_t sent, hit, error;
	const char *refused; /* in that error, or in the one that the ask ends with: the source didn't send that size */
};

#define MAX_AT_ONCE 4
#define SEARCH_COLUMN "attempt" /* what a search adds to the columns of its for_each: 1, 2 ... */

struct probe {
	const char *id; /* "vsphere/host"; a user's: "NAME" of NAME.yaml */
	const char *file;
	char digest[DIGEST_HEX]; /* of the file */
	const char *about;
	const struct transport *transport;
	const char *platform; /* whose facts it brings: the transport's, or the file's `platform:` */
	bool user;            /* from a --checks folder; marked in reports */
	bool host_scope;      /* `scope: host`: asked of, or about, each host; else of the target as a whole */
	bool stands_in;       /* fills its tables, object by object, where another probe's answer was refused */
	int prefer;           /* several probes of one table: the lowest is tried first; default 100 */
	const char *for_each; /* SQL, or NULL; gives the columns that ${name:type} and $each.NAME use, and whom to ask:
	                       * `host` (scope: host) or `target` */
	int for_each_line;
	struct at_once at_once[MAX_AT_ONCE];
	size_t nat_once;
	struct search_spec *search; /* or NULL */
	struct template *templates; /* one a request field */
	struct request req;         /* with fields still as templates; per item: request_for() */
	const char *pattern;
	struct regex *regex;
	struct table *tables;
	size_t ntables;
};

struct probes {
	struct probe **v;
	size_t n, cap;
	struct arena *arena;
};

/* Loads DIR (recursively: NAME of a file in a folder is "folder/NAME"). Two probes of one id, or two that declare one table with other
 * columns, are errors. USER marks them as not built in. */
int probes_load(struct probes *ps, const char *dir, bool user, struct err *err);
int probe_parse(struct probes *ps, const char *id, const char *file, const char *text, size_t len, bool user,
                struct err *err);
void probes_dispose(struct probes *ps);

/* Puts the place of N in front of an error from a part that knows none. Always -1. */
int probe_at(const struct ynode *n, struct err *err);

/* `tables:` of P (probe_table.c), of which N is the value. */
int probe_parse_tables(struct probes *ps, const struct ynode *n, struct probe *p, struct err *err);

/* `at_once:` and `search:` of ROOT, once P's tables are known (probe_items.c). */
int probe_parse_items(struct arena *a, const struct ynode *root, struct probe *p, struct err *err);

struct table *probes_table(const struct probes *ps, const char *name); /* first that declares it; NULL when unknown */

/* Is this a table that targets of PLATFORM have at all? */
bool probes_bring(const struct probes *ps, const char *table, const char *platform);
bool probe_serves(const struct probe *p, const struct target *t);

#endif
