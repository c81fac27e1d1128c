/* SPDX-License-Identifier: Apache-2.0 */
/*
 * row.h - from a tree of values to rows: the row selector and column paths of a probe file.
 *
 * Rows:    `config.network.vnic[]`: one row an element; may cross nested arrays: `a[].b[]`. `[]`: the root is the list.
 *          None: one row an object.
 * Columns: `spec.ip.ipAddress` from the row's element; `.` the element itself; `..name` from the element one array
 *          further out, `....name` two; `/name` from the object's root. `backing.$type` the type that the answer names,
 *          `$reftype` the class of a reference; alone: of the element. `a[].b` joins the elements' texts with commas.
 *          `$ref` the object's id, `$kind` its type, `$host` the asked host's id, `$target` the target's name, `$via` the
 *          transport, `$each.name` a column of the for_each item, `$error` why the item has no answer.
 *
 * A ':' ends the property that is asked for and otherwise reads like a '.': `summary:currentEVCModeKey` asks for summary
 * whole. A property may stand in the root under its whole name ("config.network.vnic") or step by step.
 *
 * A step takes the first child of its name. `name[]` gives the items of a list, or else every child of that name (arrays in
 * vim25 structures repeat without a wrapper); a null has none. A value is absent, so that `unset` applies, when a map or an
 * empty element has no child of that name; it is there but unusable, hence NULL whatever `unset` says, when it is null, not
 * a scalar, doesn't parse as its column's type, or when the path would have to step through a list or a text.
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
	const char *request;   /* from path_request(): the property that this column asks for, or NULL */
	const char *unset;     /* what absence means (in the column's type), or NULL: absence is NULL */
	struct path *unset_if; /* only where the answer has a value there; NULL: always */
	bool link; /* $ref, $host, $each.*: identifies the object; in a set table it stays in the link table */
};

/* Only rows whose COLUMN matches one of the globs (case ignored) are kept; one where it is NULL is, with its links alone. */
struct keep {
	size_t column;
	const char **globs;
	size_t nglobs;
};

struct rowspec {
	struct path *rows;   /* NULL: one row an object */
	const char *request; /* from path_request(): the property of the row selector, or NULL */
	struct column *columns;
	size_t ncolumns;
	struct keep *keeps;
	size_t nkeeps;
};

/* Where a row's `$` names come from. */
struct rowctx {
	/* Any but target may be NULL; host is complete, "TARGET/REF". */
	const char *target, *ref, *kind, *host, *via, *error;
	const char *asked, *answered;                     /* our clock then, milliseconds since 1970 UTC */
	const char *(*each)(void *arg, const char *name); /* NULL value: SQL NULL */
	void *each_arg;
	/* Was this property not answered (refused, unsupported, failed)? Then `unset` doesn't apply. */
	bool (*missing)(void *arg, const char *request);
	void *missing_arg;
	size_t *bad; /* counts values that were there but unusable; may be NULL */
};

/* Compiles a row selector or a column path; TEXT as described above. ERR_CONFIG says what was expected. */
struct path *path_parse(struct arena *a, const char *text, struct err *err);

/* Do a row selector (NULL: none) and a column of its table go together? ERR_CONFIG: the selector doesn't end in `[]`,
 * or `..` leads further out than it has arrays. */
int path_check(const struct path *rows, const struct path *column, struct err *err);

/*
 * The property that a path asks for: what stands before the first ':' or `[]`, in A. ROWS_REQUEST is that of the row
 * selector, NULL when P is the selector itself or its table has none. NULL: nothing of its own ($ names, and columns that
 * the row selector's property covers). "" for the row selector `[]`.
 */
const char *path_request(const struct path *p, struct arena *a, const char *rows_request);

/* One row: a text for each column, typed as the column says (NULL is SQL NULL; true and false are "1" and "0"; a COL_REF
 * has become "TARGET/REF"). */
typedef int row_fn(void *arg, const char *const *values, struct err *err);

/*
 * Walks ROOT and calls FN for every row that `keep` keeps. Its values point into A, ROOT and CTX, and the array is used again
 * for the next row. ROOT NULL: one row of the `$` columns alone (a failed item), whatever `keep` says. -1 from FN ends the walk with FN's error.
 */
int rows_map(const struct rowspec *spec, const struct rowctx *ctx, const struct val *root, struct arena *a, row_fn *fn,
             void *arg, struct err *err);

#endif
