/* SPDX-License-Identifier: Apache-2.0 */
/* vsphere_batch.c - groups asks, makes their view, starts and ends them. */
#include "transport/vsphere_batch.h"

#include <stdlib.h>
#include <string.h>

#include "transport/vsphere_method.h"
#include "transport/vsphere_wait.h"

/* ---- batches ---- */

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
	wait_stop(g, true);
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

void group_empty(struct group *g)
{
	g->empty = true;
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

bool batch_says_expired(const struct batch *b, const struct soap_fault *f)
{
	const char *view = b->view.id;

	if (soap_fault_is(f, "NotAuthenticated"))
		return true;
	return view != NULL && soap_fault_is(f, "ManagedObjectNotFound") && strcmp(view, f->object) == 0;
}

/* ---- starting ---- */

bool object_is_single(const char *object)
{
	return strcmp(object, "ServiceInstance") == 0 || strncmp(object, "content.", 8) == 0;
}

int object_named(const struct session *s, struct arena *a, const char *text, bool by_id, struct moref *ret,
                 struct err *err)
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
	collect_start(g);
}

static void start_view_groups(struct batch *b)
{
	b->walking = true;
	for (struct group *g = b->groups; g != NULL; g = g->next)
		if (g->kind == GROUP_VIEW && !g->ended)
			collect_start(g);
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
	struct soap_fault fault = {.type = "", .name = "", .object = "", .privilege = ""};
	struct err err = *sent;

	if (err.kind == ERR_NONE && read_view(b, reply, &fault, &err) < 0)
		err_prefix(&err, "CreateContainerView");
	if (err.kind == ERR_NONE)
		start_view_groups(b);
	else if (batch_says_expired(b, &fault))
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
	session_call(b->session,
	             &(struct call_spec){
			     .what = "CreateContainerView", .body = &body, .safe = true, .done = on_view, .arg = b});
}

static void on_proof(void *arg, const struct http_reply *reply, const struct err *sent)
{
	struct batch *b = arg;
	struct soap_fault fault = {.type = "", .name = "", .object = "", .privilege = ""};
	struct err err = *sent;

	if (err.kind == ERR_NONE && reply_response(b->arena, reply, &fault, &err) == NULL)
		err_prefix(&err, "DestroyView");
	if (batch_says_expired(b, &fault))
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
		wait_stop(g, false); /* the task went with its session */
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
