/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsphere_object.h - property paths, and one object of the property collector as an answer. Pure: no I/O.
 */
#ifndef TRANSPORT_VSPHERE_OBJECT_H
#define TRANSPORT_VSPHERE_OBJECT_H

#include "transport/transport.h"
#include "transport/vsphere_soap.h"

/* Managed entities: is TYPE one that a container view lists? If not, HINT is " (did you mean 'X'?)" or "". */
bool vim_type_listed(const char *type, char *hint, size_t size);

/* May an object of class TYPE answer for BASE? false only where both are known and unrelated. */
bool vim_type_may_be(const char *type, const char *base);

/* Does OUTER's value hold INNER's: is INNER the same path or one below it? */
bool path_covers(const char *outer, const char *inner);

/* Paths none of which covers another. Texts are borrowed. Start: {0}. */
struct paths {
	const char **v;
	size_t n, cap;
};

void paths_add(struct paths *ps, const char *path);
bool paths_have(const struct paths *ps, const char *path);
void paths_dispose(struct paths *ps);

/* What one `objects` element says, in the arena it was read into. */
struct object {
	struct moref ref;
	struct val *root; /* a MAP, nested along the property paths */
	struct gap *gaps; /* the paths as the server wrote them; "" is all of them */
	size_t ngaps;
	bool expired; /* a property was refused because the session is not authenticated */
};

/* Reads NODE, of which only properties in ASKED count. ERR_PROTOCOL: no usable reference. */
int object_read(struct arena *a, const struct val *node, const struct paths *asked, struct object *ret,
                struct err *err);

/* The gaps that concern a path of REQ, with REQ's own spelling; in A. UNKNOWN: paths that the server doesn't know. */
struct gap *object_gaps(struct arena *a, const struct object *o, const struct request *req, const struct paths *unknown,
                        const char *unknown_text, size_t *ret_n);

#endif
