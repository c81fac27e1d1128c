/* SPDX-License-Identifier: Apache-2.0 */
/* row_impl.h - a compiled path, which row_path.c makes and row.c walks trees with; nobody else includes it. */
#ifndef ROW_IMPL_H
#define ROW_IMPL_H

#include "row.h"

#define MAX_ARRAYS 8

/* Where a path starts. */
enum origin {
	FROM_ELEMENT, /* `up` arrays further out */
	FROM_ROOT,
	FROM_REF,
	FROM_KIND,
	FROM_HOST,
	FROM_TARGET,
	FROM_VIA,
	FROM_ERROR,
	FROM_ASKED,
	FROM_ANSWERED,
	FROM_EACH,
};

enum what { WHAT_VALUE, WHAT_TYPE, WHAT_REFTYPE };

struct step {
	const char *name; /* NULL: the element itself, only with `each` */
	bool each;
	struct step *next;
};

struct path {
	const char *text;
	enum origin origin;
	unsigned up;
	struct step *first;
	/* Set when there is something to ask for: `request`, and the same path with the request as its one first step. */
	const char *request;
	struct step *whole;
	enum what what;
	const char *each_name;
	unsigned arrays;
};

#endif
