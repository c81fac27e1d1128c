/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsphere_collect.c - views, property collections and their pages.
 *
 * A group is what one RetrievePropertiesEx and its pages answer: the asks for one type, or for one object. It runs until
 * its last page, starts again when the server turns out not to know a path or when a page was lost, and ends its asks
 * together.
 */
#include "transport/vsphere_collect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "transport/vsphere_method.h"

#define MAX_PAGES 100000
#define MAX_STALE 8    /* pages in a row that bring no new object */
#define MAX_RESTARTS 1 /* after a page that was lost */

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

/* ---- batches ---- */

struct batch *batch_next(const struct batch *b)
{
	return b->next;
}

bool batch_restarted(const struct batch *b)
{
	return b->restarted;
}

struct session *group_session(const struct group *g)
{
	return g->batch->session;
}

struct ask *group_ask(const struct group *g)
{
	return g->asks[0];
}

static void free_batch(struct batch *b)
{
	struct batch **at = &b->session->batches;

	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
	for (struct group *g = b->groups; g != NULL; g = g->next) {
		paths_dispose(&g->asked);
		idset_dispose(&g->seen);
		free(g->token);
		free(g->asks);
	}
	arena_free(b->arena);
	free(b);
}

static void end_asks(struct group *g, const struct err *err)
{
	if (g->ended)
		return;
	g->ended = true;
	for (size_t i = 0; i < g->nasks; i++)
		g->asks[i]->on_end(g->asks[i], err);
}

void batch_end(struct batch *b, const struct err *why)
{
	for (struct group *g = b->groups; g != NULL; g = g->next)
		end_asks(g, why);
	free_batch(b);
}

static bool all_ended(const struct batch *b)
{
	for (const struct group *g = b->groups; g != NULL; g = g->next)
		if (!g->ended)
			return false;
	return true;
}

static void prove_view(struct batch *b);

/* A group got as far as it can: is the batch complete, or is only the proof of its view missing? */
static void settle(struct batch *b)
{
	bool empty = false;

	if (b->walking)
		return;
	if (all_ended(b)) {
		free_batch(b);
		return;
	}
	for (const struct group *g = b->groups; g != NULL; g = g->next) {
		if (g->kind == GROUP_VIEW && !g->ended && !g->empty)
			return;
		empty = empty || (g->empty && !g->ended);
	}
	if (empty && !b->proving)
		prove_view(b);
}

void group_end(struct group *g, const struct err *err)
{
	end_asks(g, err);
	settle(g->batch);
}

/* All that wait for the view, or only those that found nothing in it. */
static void end_view_groups(struct batch *b, bool only_empty, const struct err *err)
{
	b->walking = true;
	for (struct group *g = b->groups; g != NULL; g = g->next)
		if (g->kind == GROUP_VIEW && (g->empty || !only_empty))
			end_asks(g, err);
	b->walking = false;
	settle(b);
}

/* A fault that means: the session, or a view of it, is no more. */
static bool says_expired(const struct batch *b, const struct soap_fault *f)
{
	if (soap_fault_is(f, "NotAuthenticated"))
		return true;
	return soap_fault_is(f, "ManagedObjectNotFound") && b->view.id != NULL && strcmp(f->object, b->view.id) == 0;
}

/* ---- pages ---- */

static uint64_t hash(const char *s)
{
	uint64_t h = 14695981039346656037u;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	return h;
}

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
	if (o.expired) {
		g->expired = true;
		return err_set(err, ERR_DENIED, "the session has expired");
	}
	g->fresh = idset_add(&g->seen, hash(o.ref.id)) || g->fresh;
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

static void start_collection(struct group *g);

static void restart(struct group *g)
{
	for (size_t i = 0; i < g->nasks && g->answered; i++)
		g->asks[i]->on_restart(g->asks[i]);
	start_collection(g);
}

static void on_fault(struct group *g, const struct soap_fault *fault)
{
	struct session *s = g->batch->session;
	struct err err;

	if (says_expired(g->batch, fault)) {
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
		err_set(&err, ERR_PROTOCOL, "the server doesn't know property '%.100s', which was not asked for", fault->name);
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
		g->empty = true;
		settle(g->batch);
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
	} else if (++g->pages >= MAX_PAGES || g->stale >= MAX_STALE || (g->token != NULL && strcmp(g->token, token->text) == 0)) {
		err_set(&err, ERR_PROTOCOL, "page token never ends: page %zu brought nothing new, yet there is to be another", g->pages);
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
		/* A page can't be asked for twice, but a collection can. */
		if (reply->lost && g->restarts++ < MAX_RESTARTS)
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

static void start_collection(struct group *g)
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

bool object_is_single(const char *object)
{
	return strcmp(object, "ServiceInstance") == 0 || strncmp(object, "content.", 8) == 0;
}

int object_named(const struct session *s, struct arena *a, const char *text, bool by_id, struct moref *ret, struct err *err)
{
	char *type, *id;

	if (strcmp(text, "ServiceInstance") == 0) {
		*ret = (struct moref){"ServiceInstance", "ServiceInstance"};
		return 0;
	}
	if (strncmp(text, "content.", 8) == 0) {
		if (session_service(s, text + 8, ret))
			return 0;
		return err_set(err, ERR_UNSUPPORTED, "this server has no %s (API %.32s)", text, s->api_version);
	}
	type = arena_strdup(a, text);
	id = by_id ? strchr(type, ' ') : NULL;
	if (id == NULL)
		return err_set(err, ERR_CONFIG, "'%.100s' names no object (expected \"TYPE ID\")", text);
	*id++ = '\0';
	id += strspn(id, " ");
	if (!soap_id_valid(type) || !soap_id_valid(id))
		return err_set(err, ERR_CONFIG, "'%.100s' names no object (expected \"TYPE ID\")", text);
	*ret = (struct moref){type, id};
	return 0;
}

static void start_object(struct group *g)
{
	struct err err;

	if (object_named(g->batch->session, g->batch->arena, g->object, false, &g->one, &err) < 0) {
		group_end(g, &err);
		return;
	}
	g->type = g->one.type;
	start_collection(g);
}

static void start_view_groups(struct batch *b)
{
	b->walking = true;
	for (struct group *g = b->groups; g != NULL; g = g->next)
		if (g->kind == GROUP_VIEW && !g->ended)
			start_collection(g);
	b->walking = false;
}

static int read_view(struct batch *b, const struct http_reply *reply, struct soap_fault *fault, struct err *err)
{
	const struct val *response = reply_response(b->arena, reply, fault, err);

	if (response == NULL)
		return -1;
	if (!soap_moref(val_get(response, "returnval"), &b->view))
		return err_set(err, ERR_PROTOCOL, "no view came back");
	return 0;
}

static void on_view(void *arg, const struct http_reply *reply, const struct err *sent)
{
	struct batch *b = arg;
	struct soap_fault fault = {.type = ""};
	struct err err = *sent;

	if (err.kind == ERR_NONE && read_view(b, reply, &fault, &err) < 0)
		err_prefix(&err, "CreateContainerView");
	if (err.kind == ERR_NONE)
		start_view_groups(b);
	else if (says_expired(b, &fault))
		session_expired(b->session);
	else
		end_view_groups(b, false, &err);
}

static void create_view(struct batch *b)
{
	struct buf body = {.max = 64 * 1024};
	struct moref manager, root;

	session_service(b->session, "viewManager", &manager);
	session_service(b->session, "rootFolder", &root);
	soap_open(&body, "CreateContainerView", &manager);
	soap_ref(&body, "container", &root);
	for (const struct group *g = b->groups; g != NULL; g = g->next)
		if (g->kind == GROUP_VIEW && !g->ended)
			soap_element(&body, "type", g->type);
	soap_element(&body, "recursive", "true");
	soap_close(&body, "CreateContainerView");
	session_call(b->session, &(struct call_spec){
					 .what = "CreateContainerView", .body = &body, .safe = true, .done = on_view, .arg = b});
}

static void on_proof(void *arg, const struct http_reply *reply, const struct err *sent)
{
	struct batch *b = arg;
	struct soap_fault fault = {.type = ""};
	struct err err = *sent;

	if (err.kind == ERR_NONE && reply_response(b->arena, reply, &fault, &err) == NULL)
		err_prefix(&err, "DestroyView");
	if (says_expired(b, &fault))
		session_expired(b->session);
	else
		end_view_groups(b, true, &err);
}

/*
 * RetrievePropertiesEx needs no login: in an expired session it may answer, correctly, that there is nothing to see. An
 * empty answer counts only when the view still is there afterwards; only its own session can destroy it.
 */
static void prove_view(struct batch *b)
{
	struct buf body = {.max = 4096};

	b->proving = true;
	soap_open(&body, "DestroyView", &b->view);
	soap_close(&body, "DestroyView");
	session_call(b->session, &(struct call_spec){.what = "DestroyView", .body = &body, .done = on_proof, .arg = b});
}

void batch_start(struct batch *b)
{
	bool view = false;

	if (b->started)
		return;
	b->started = b->walking = true;
	for (struct group *g = b->groups; g != NULL; g = g->next) {
		if (g->ended)
			continue;
		if (g->kind == GROUP_OBJECT)
			start_object(g);
		else if (g->kind == GROUP_METHOD)
			method_start(g);
		else
			view = true;
	}
	b->walking = false;
	if (view)
		create_view(b);
	else
		settle(b);
}

void batch_reset(struct batch *b)
{
	if (!b->started)
		return;
	b->started = b->proving = false;
	b->restarted = true;
	b->view = (struct moref){0};
	for (struct group *g = b->groups; g != NULL; g = g->next) {
		for (size_t i = 0; i < g->nasks && g->answered && !g->ended; i++)
			g->asks[i]->on_restart(g->asks[i]);
		g->answered = g->empty = false;
	}
}

/* ---- making ---- */

static struct group *group_for(struct batch *b, const struct request *req, struct group ***tail)
{
	const char *object = request_get(req, "object");
	struct group *g;

	for (g = b->groups; g != NULL && object != NULL; g = g->next)
		if (g->kind != GROUP_METHOD && strcmp(g->object, object) == 0)
			return g;
	g = arena_alloc(b->arena, sizeof(*g));
	g->batch = b;
	g->kind = object == NULL ? GROUP_METHOD : object_is_single(object) ? GROUP_OBJECT : GROUP_VIEW;
	g->object = arena_strdup(b->arena, object != NULL ? object : request_get(req, "method"));
	g->type = g->object;
	**tail = g;
	*tail = &g->next;
	return g;
}

void batch_new(struct session *s, struct ask **asks, size_t n)
{
	struct batch *b = xcalloc(1, sizeof(*b));
	struct group **tail = &b->groups;

	b->session = s;
	b->arena = arena_new();
	b->next = s->batches;
	s->batches = b;
	for (size_t i = 0; i < n; i++) {
		struct group *g = group_for(b, asks[i]->req, &tail);

		g->asks = grow(g->asks, &g->cap, g->nasks, sizeof(struct ask *));
		g->asks[g->nasks++] = asks[i];
	}
}
