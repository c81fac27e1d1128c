/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsphere_collect.c - properties, page by page.
 *
 * A collection runs until its last page. It starts again when the server turns out not to know a path, when a page was
 * lost, and, by its batch, when the session expired.
 */
#include "transport/vsphere_batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PAGES 100000
#define MAX_OBJECTS 1000000
#define MAX_STALE 3    /* pages in a row that bring no new object */
#define MAX_RESTARTS 1 /* after a page that was lost */

/* ---- pages ---- */

struct page {
	struct group *group;
	struct arena *scratch; /* of the object at hand */
	const char *unknown_text;
};

static int on_object(void *arg, const struct val *node, struct err *err)
{
	const struct page *p = arg;
	struct group *g = p->group;
	const struct paths *unknown = session_unknown(g->batch->session, g->type);
	struct object o;

	if (object_read(p->scratch, node, &g->asked, &o, err) < 0)
		return -1;
	if (!vim_type_may_be(o.ref.type, g->type) || (g->kind == GROUP_OBJECT && strcmp(o.ref.id, g->one.id) != 0))
		return err_set(err, ERR_PROTOCOL, "an answer about %s %s, which was not asked for", o.ref.type,
		               o.ref.id);
	if (o.expired) {
		g->expired = true;
		return err_set(err, ERR_DENIED, "the session has expired");
	}
	g->fresh = idset_add(&g->seen, hash_bytes(HASH_START, o.ref.id, strlen(o.ref.id))) || g->fresh;
	g->answered = true;
	for (size_t i = 0; i < g->nasks; i++) {
		struct answer answer = {.ref = o.ref.id, .kind = o.ref.type, .root = o.root};

		answer.gaps = object_gaps(p->scratch, &o, g->asks[i]->req, unknown, p->unknown_text, &answer.ngaps);
		g->asks[i]->on_answer(g->asks[i], &answer);
	}
	return 0;
}

static void fail(struct group *g, struct err *err)
{
	err_prefix(err, "%s", g->object);
	group_end(g, err);
}

static void restart(struct group *g)
{
	for (size_t i = 0; i < g->nasks && g->answered; i++)
		g->asks[i]->on_restart(g->asks[i]);
	collect_start(g);
}

static void on_fault(struct group *g, const struct soap_fault *fault)
{
	struct session *s = g->batch->session;
	struct err err;

	if (batch_says_expired(g->batch, fault)) {
		session_expired(s);
		return;
	}
	if (soap_fault_is(fault, "InvalidProperty") && paths_have(&g->asked, fault->name)) {
		/* Not paths_add(): what this path covers may well be known. */
		struct paths *unknown = session_unknown(s, g->type);

		unknown->v = grow(unknown->v, &unknown->cap, unknown->n, sizeof(*unknown->v));
		unknown->v[unknown->n++] = arena_strdup(s->arena, fault->name);
		restart(g);
		return;
	}
	soap_fault_error(fault, &err);
	if (soap_fault_is(fault, "InvalidProperty"))
		err_set(&err, ERR_PROTOCOL, "the server doesn't know property '%.100s', which was not asked for",
		        fault->name);
	fail(g, &err);
}

static void next_page(struct group *g, const char *token);

/* The last page came: the asks are complete, unless an empty answer has yet to prove that the session was alive. */
static void complete(struct group *g)
{
	struct err err = {0};

	if (g->answered) {
		group_end(g, &err);
	} else if (g->kind == GROUP_VIEW) {
		group_empty(g);
	} else {
		err_set(&err, ERR_PROTOCOL, "no answer about %s", g->one.id);
		fail(g, &err);
	}
}

static void turn_page(struct group *g, const struct val *response)
{
	const struct val *token = val_get(val_get(response, "returnval"), "token");
	struct err err;

	g->stale = g->fresh ? 0 : g->stale + 1;
	if (token == NULL || token->kind != VAL_TEXT || *token->text == '\0') {
		complete(g);
	} else if (++g->pages >= MAX_PAGES || g->stale >= MAX_STALE) {
		err_set(&err, ERR_PROTOCOL,
		        "page token never ends: after %zu pages, %zu of them without anything new, there is "
		        "to be another",
		        g->pages, g->stale);
		fail(g, &err);
	} else if (g->seen.n > MAX_OBJECTS) {
		err_set(&err, ERR_LIMIT, "more than %d objects", MAX_OBJECTS);
		fail(g, &err);
	} else {
		next_page(g, token->text);
	}
}

/* Hands on the objects of a page; the rest of it, without them, is in A. */
static const struct val *read_page(struct group *g, struct arena *a, const struct http_reply *reply, struct err *err)
{
	const struct session *s = g->batch->session;
	struct page p = {.group = g, .scratch = arena_new()};
	struct val *rest = NULL;
	int rc;

	p.unknown_text = arena_printf(a, "not known to this server (API %.32s)", s->api_version);
	g->fresh = g->expired = false;
	rc = xml_each(a, p.scratch, reply->body, reply->len, "objects", on_object, &p, &rest, err);
	arena_free(p.scratch);
	return rc < 0 ? NULL : soap_body(rest, err);
}

static void on_page(void *arg, const struct http_reply *reply, const struct err *sent)
{
	struct group *g = arg;
	struct arena *a;
	const struct val *body;
	struct soap_fault fault;
	struct err err = *sent;

	if (err.kind != ERR_NONE) {
		/* A page that others follow can't be asked for twice, but a collection can. */
		if (reply->lost && g->token != NULL && g->restarts++ < MAX_RESTARTS)
			restart(g);
		else
			group_end(g, &err);
		return;
	}
	a = arena_new();
	body = read_page(g, a, reply, &err);
	if (g->expired)
		session_expired(g->batch->session);
	else if (body == NULL)
		fail(g, &err);
	else if (soap_fault(a, body, &fault))
		on_fault(g, &fault);
	else
		turn_page(g, body);
	arena_free(a);
}

/* ---- starting ---- */

static void send_page(struct group *g, const char *method, struct buf *body, bool safe)
{
	char what[160];

	snprintf(what, sizeof(what), "%s %s", method, g->object);
	session_call(g->batch->session, &(struct call_spec){.what = what,
	                                                    .body = body,
	                                                    .safe = safe,
	                                                    .timeout_ms = g->asks[0]->req->timeout_ms,
	                                                    .done = on_page,
	                                                    .arg = g});
}

static void next_page(struct group *g, const char *token)
{
	struct buf body = {.max = 64 * 1024};
	struct moref collector;

	free(g->token);
	g->token = xstrdup(token);
	session_service(g->batch->session, "propertyCollector", &collector);
	soap_open(&body, "ContinueRetrievePropertiesEx", &collector);
	soap_element(&body, "token", g->token);
	soap_close(&body, "ContinueRetrievePropertiesEx");
	send_page(g, "ContinueRetrievePropertiesEx", &body, false);
}

/* Every path that an ask needs, each once, without those that the server is known not to know. */
static void gather_paths(struct group *g)
{
	const struct paths *unknown = session_unknown(g->batch->session, g->type);

	g->asked.n = 0;
	for (size_t i = 0; i < g->nasks; i++) {
		const struct request *req = g->asks[i]->req;

		for (size_t k = 0; k < req->npaths; k++)
			if (!paths_have(unknown, req->paths[k]))
				paths_add(&g->asked, req->paths[k]);
	}
}

void collect_start(struct group *g)
{
	struct batch *b = g->batch;
	struct buf body = {.max = 1024 * 1024};
	struct moref collector;

	idset_dispose(&g->seen);
	free(g->token);
	g->token = NULL;
	g->pages = g->stale = 0;
	g->answered = g->empty = false;
	gather_paths(g);
	session_service(b->session, "propertyCollector", &collector);
	soap_retrieve(&body, &(struct soap_retrieve){.collector = &collector,
	                                             .type = g->type,
	                                             .paths = g->asked.v,
	                                             .npaths = g->asked.n,
	                                             .view = g->kind == GROUP_VIEW ? &b->view : NULL,
	                                             .object = &g->one,
	                                             .page = VSPHERE_PAGE});
	send_page(g, "RetrievePropertiesEx", &body, true);
}
