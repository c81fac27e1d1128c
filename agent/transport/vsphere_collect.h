/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsphere_collect.h - the asks that came in one call, worked off together.
 *
 * Asks for one type of object share one collection; all types share one container view. A batch frees itself when its
 * last ask has ended.
 */
#ifndef TRANSPORT_VSPHERE_COLLECT_H
#define TRANSPORT_VSPHERE_COLLECT_H

#include "transport/vsphere_session.h"

#define VSPHERE_PAGE 100 /* objects a page */

struct group;

/* Makes a batch of ASKS and hangs it into S->batches; nothing is sent before batch_start(). */
void batch_new(struct session *s, struct ask **asks, size_t n);

void batch_start(struct batch *b); /* the session is ready; nothing when it was started before */
void batch_reset(struct batch *b); /* its calls are gone: what isn't complete has to be started again */
bool batch_restarted(const struct batch *b);
void batch_end(struct batch *b, const struct err *why); /* ends every ask that hasn't ended, and frees B */
struct batch *batch_next(const struct batch *b);

/* For vsphere_method.c: the session and the one ask of a method call, and its end. */
struct session *group_session(const struct group *g);
struct ask *group_ask(const struct group *g);
void group_end(struct group *g, const struct err *err); /* G may be gone afterwards */

/* "content.NAME" (a property of the service content), "ServiceInstance" or, with BY_ID, "TYPE ID". ERR_CONFIG, or
 * ERR_UNSUPPORTED when this server has none. The result points into TEXT's copy in A or into the service content. */
int object_named(const struct session *s, struct arena *a, const char *text, bool by_id, struct moref *ret, struct err *err);

/* Is OBJECT one that object_named() finds, not a type that a view lists? */
bool object_is_single(const char *object);

#endif
