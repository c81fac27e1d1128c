/* SPDX-License-Identifier: Apache-2.0 */
/*
 * item.h - one row of a for_each, and the request that it makes of its probe's templates.
 */
#ifndef ITEM_H
#define ITEM_H

#include <sqlite3.h>

#include "probe.h"

#define ITEMS_MAX 250000 /* of one for_each */

struct item {
	const char **names, **values; /* values may be NULL */
	size_t n;
};

/* The row that ST stands on, in A. */
struct item *item_read(sqlite3_stmt *st, struct arena *a);

/* NULL: the row has no such column, or NULL there. */
const char *item_value(const struct item *item, const char *name);

/* The id within its target of the object with this ID; NULL for none. */
const char *item_ref(const char *id);

/* Fills P's placeholders in; REQ, a copy of P's request, gets the fields, in A. An error names the field. */
int item_fill(const struct item *item, const struct probe *p, struct arena *a, struct request *req, struct err *err);

#endif
