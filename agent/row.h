/* SPDX-License-Identifier: Apache-2.0 */
/*
 * row.h - from a tree of values to rows: the row selector and column paths of a probe file.
 *
 * Rows:    `config.network.vnic[]` (one row an element; may cross nested arrays: `a[].b[]`); none: one row an object.
 * Columns: `spec.ip.ipAddress` from the row's element; `.` the element itself; `..name` one array further out; `/name`
 *          from the object's root; `.../$type` the type that the answer names; `$ref` the object's id, `$host` the asked host's id, `$target` the target's
 *          name, `$kind` its actual type, `$via` the transport, `$each.name` a column of the for_each item, `$error` why the item has no answer.
 * In the vSphere transport a ':' ends the property that is asked for: `summary:currentEVCModeKey` asks for summary whole.
 */
#ifndef ROW_H
#define ROW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "decode/val.h"

enum coltype { COL_TEXT, COL_INTEGER, COL_REAL, COL_BOOLEAN, COL_REF };

struct path;

struct column {
	const char *name;
	enum coltype type;
	struct path *path;
	const char *request; /* the property that this column asks for ("config.network.vnic"), or NULL (from $...) */
	const char *unset;   /* what absence means, or NULL: absence is NULL */
	bool link;           /* $ref, $host, $each.*: identifies the object; in a set table it stays in the link table */
};

struct keep { /* only rows whose COLUMN matches one of the globs (case ignored) are kept */
	size_t column;
	const char **globs;
	size_t nglobs;
};

struct rowspec {
	struct path *rows; /* NULL: one row an object */
	const char *request; /* the property of the row selector, or NULL */
	struct column *columns;
	size_t ncolumns;
	struct keep *keeps;
	size_t nkeeps;
};

/* Where a row's `$` names come from. */
struct rowctx {
	const char *target, *ref, *kind, *host, *via, *error;
	const char *(*each)(void *arg, const char *name); /* NULL value: SQL NULL */
	void *each_arg;
	/* Was this property not answered (refused, unsupported, failed)? Then `unset` doesn't apply. */
	bool (*missing)(void *arg, const char *request);
	void *missing_arg;
};

/* Compiles a row selector or a column path; TEXT as described above. */
struct path *path_parse(struct arena *a, const char *text, struct err *err);
const char *path_request(const struct path *p, struct arena *a, const char *rows_request);

/* One row: N texts (NULL is SQL NULL), typed by the columns; numbers that don't parse are NULL, counted in *bad. */
typedef int row_fn(void *arg, const char *const *values, struct err *err);

/* Walks ROOT and calls FN for every row that `keep` keeps. ROOT NULL: one row of the `$` columns alone (a failed item). */
int rows_map(const struct rowspec *spec, const struct rowctx *ctx, const struct val *root, struct arena *a, row_fn *fn,
             void *arg, struct err *err);

#endif
