/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsphere_batch.h - the asks that came in one call, worked off together.
 *
 * Asks for one type of object share one group, hence one collection; all types share one container view. A batch frees
 * itself when its last ask has ended. vsphere_batch.c keeps batches and views, vsphere_collect.c collects the properties
 * of a group page by page, vsphere_method.c calls the method of one, vsphere_wait.c waits for its task.
 */
#ifndef TRANSPORT_VSPHERE_BATCH_H
#define TRANSPORT_VSPHERE_BATCH_H

#include "base/map.h"
#include "transport/vsphere_session.h"

#define VSPHERE_PAGE 100 /* objects a page */

/* What one RetrievePropertiesEx and its pages, or one method, answers: it starts, and its asks end, as a whole. */
enum group_kind { GROUP_VIEW, GROUP_OBJECT, GROUP_METHOD };

struct group {
	struct batch *batch;
	struct group *next;
	enum group_kind kind;
	const char *object; /* as the probe names it */
	struct ask **asks;
	size_t nasks, cap;
	struct moref one;   /* GROUP_OBJECT */
	const char *type;   /* of the objects */
	struct wait *wait;  /* GROUP_METHOD: for its task; NULL: for none */
	struct paths asked; /* of the collection under way */
	struct idset seen;  /* ids, by hash */
	char *token;        /* that the last page came with, or NULL */
	size_t pages, stale, restarts;
	bool answered; /* something was delivered since the start */
	bool fresh;    /* the page at hand brought an object that no page did before */
	bool expired;  /* the page at hand says that the session has */
	bool empty;    /* complete without an object: ends when the view is proven alive */
	bool ended;
};

struct batch {
	struct session *session;
	struct batch *next;
	struct arena *arena; /* as long as the batch */
	struct group *groups;
	struct moref view;
	bool started, restarted;
	bool proving; /* prove_view() is under way */
	bool walking; /* its groups are: not to be freed now */
};

/* ---- vsphere_batch.c ---- */

/* Makes a batch of ASKS and hangs it into S->batches; nothing is sent before batch_start(). */
void batch_new(struct session *s, struct ask **asks, size_t n);
void batch_start(struct batch *b); /* the session is ready; nothing when it was started before */
void batch_reset(struct batch *b); /* its calls are gone: what isn't complete has to be started again */
void batch_end(struct batch *b, const struct err *why); /* ends every ask that hasn't ended, and frees B */

/* A group has got as far as it can; G and its batch may be gone afterwards. */
void group_end(struct group *g, const struct err *err);
void group_empty(struct group *g); /* complete, without an object */

/* A fault that means: the session, or the view that it had made, is no more. */
bool batch_says_expired(const struct batch *b, const struct soap_fault *f);

/* "content.NAME" (a property of the service content), "ServiceInstance" or, with BY_ID, "TYPE ID". ERR_CONFIG, or
 * ERR_UNSUPPORTED when this server has none. The result points into A or the service content. */
int object_named(const struct session *s, struct arena *a, const char *text, bool by_id, struct moref *ret,
                 struct err *err);

/* Is OBJECT one that object_named() finds, not a type that a view lists? */
bool object_is_single(const char *object);

/* ---- vsphere_collect.c ---- */

/* Sends the first page's request of a group whose type, and object or view, are known. Also to start it again. */
void collect_start(struct group *g);

#endif
