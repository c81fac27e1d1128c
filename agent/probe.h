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

struct probe {
	const char *id; /* "vsphere/host"; a user's: "NAME" of NAME.yaml */
	const char *file;
	char digest[DIGEST_HEX]; /* of the file */
	const char *about;
	const struct transport *transport;
	const char *platform; /* whose facts it brings: the transport's, or the file's `platform:` */
	bool user;            /* from a --checks folder; marked in reports */
	bool host_scope;      /* `scope: host`: asked of, or about, each host; else of the target as a whole */
	int prefer;           /* several probes of one table: the lowest is tried first; default 100 */
	const char *for_each; /* SQL, or NULL; gives the columns that ${name:type} and $each.NAME use, and whom to ask:
	                       * `host` (scope: host) or `target` */
	int for_each_line;
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

struct table *probes_table(const struct probes *ps, const char *name); /* first that declares it; NULL when unknown */
bool probe_serves(const struct probe *p, const struct target *t);

#endif
