/* SPDX-License-Identifier: Apache-2.0 */
/* vsphere_wait.c - asks a task for its state until it has ended. */
#include "transport/vsphere_wait.h"

#include <stdlib.h>
#include <string.h>

#include "transport/vsphere_batch.h"

#define FIRST_MS 100 /* until the first look; then half as much again each time */
#define LONGEST_MS 5000

struct wait {
	struct group *group; /* NULL: nobody waits any more */
	struct session *session;
	struct moref task;
	uv_timer_t timer;
	uint64_t until_ms, interval_ms;
};

bool wait_needed(const char *method)
{
	size_t n = strlen(method);

	return n > 5 && strcmp(method + n - 5, "_Task") == 0;
}

static int timeout_ms(const struct group *g)
{
	int own = g->asks[0]->req->timeout_ms;

	return own > 0 ? own : g->batch->session->target->timeout_ms;
}

/* ---- the end ---- */

static void on_closed(uv_handle_t *handle)
{
	struct wait *w = handle->data;

	free((char *)(uintptr_t)w->task.type);
	free((char *)(uintptr_t)w->task.id);
	free(w);
}

static void on_cancelled(void *arg, const struct http_reply *reply, const struct err *err)
{
	(void)arg, (void)reply, (void)err; /* a task that can't be cancelled ends by itself */
}

static void cancel_task(struct wait *w)
{
	struct buf body = {.max = 4096};

	soap_open(&body, "CancelTask", &w->task);
	soap_close(&body, "CancelTask");
	session_call(w->session, &(struct call_spec){.what = "CancelTask", .body = &body, .done = on_cancelled});
}

void wait_stop(struct group *g, bool cancel)
{
	struct wait *w = g->wait;

	if (w == NULL)
		return;
	g->wait = NULL;
	w->group = NULL;
	if (cancel)
		cancel_task(w);
	uv_close((uv_handle_t *)&w->timer, on_closed);
}

static void fail(struct group *g, struct err *err, bool cancel)
{
	wait_stop(g, cancel);
	err_prefix(err, "%s", g->object);
	group_end(g, err);
}

/* RESULT's elements, or the one value that it is, as another method's answer would bring them. */
static void answer(struct group *g, struct arena *a, const struct val *result)
{
	struct val *root = val_new(a, VAL_MAP, g->object);
	bool list = result != NULL && result->kind == VAL_LIST;
	struct err none = {0};

	for (const struct val *v = list ? result->first : result; v != NULL; v = list ? v->next : NULL) {
		struct val *copy = arena_alloc(a, sizeof(*copy));

		*copy = *v;
		copy->name = "returnval";
		copy->next = NULL;
		val_add(root, copy);
	}
	wait_stop(g, false);
	g->answered = true;
	g->asks[0]->on_answer(g->asks[0], &(struct answer){.root = root});
	group_end(g, &none);
}

/* ---- asking ---- */

static void on_info(void *arg, const struct http_reply *reply, const struct err *sent);

static void look(uv_timer_t *timer)
{
	static const char *const info[] = {"info"};
	struct wait *w = timer->data;
	struct buf body = {.max = 4096};
	struct moref collector;

	session_service(w->session, "propertyCollector", &collector);
	soap_retrieve(&body, &(struct soap_retrieve){.collector = &collector,
	                                             .type = w->task.type,
	                                             .paths = info,
	                                             .npaths = 1,
	                                             .object = &w->task,
	                                             .page = 1});
	session_call(w->session, &(struct call_spec){.what = "RetrievePropertiesEx Task",
	                                             .body = &body,
	                                             .safe = true,
	                                             .timeout_ms = timeout_ms(w->group),
	                                             .done = on_info,
	                                             .arg = w->group});
}

static void look_later(struct group *g)
{
	struct wait *w = g->wait;
	uint64_t now = uv_now(w->session->loop);
	struct err err;

	if (now >= w->until_ms) {
		err_set(&err, ERR_TIMEOUT, "the task did not end within %d s", timeout_ms(g) / 1000);
		fail(g, &err, true);
		return;
	}
	uv_timer_start(&w->timer, look, w->interval_ms < w->until_ms - now ? w->interval_ms : w->until_ms - now, 0);
	w->interval_ms = w->interval_ms * 3 / 2 < LONGEST_MS ? w->interval_ms * 3 / 2 : LONGEST_MS;
}

static void fail_as_told(struct group *g, struct arena *a, const struct val *localized)
{
	struct soap_fault fault = {.type = "", .text = "", .name = "", .object = "", .privilege = ""};
	struct err err;

	if (localized != NULL)
		soap_local_fault(a, localized, &fault);
	soap_fault_error(&fault, &err);
	fail(g, &err, false);
}

static void judge(struct group *g, struct arena *a, const struct val *info)
{
	const struct val *state = val_get(info, "state");
	const char *word = state != NULL && state->kind == VAL_TEXT ? state->text : "";
	struct err err;

	if (strcmp(word, "queued") == 0 || strcmp(word, "running") == 0) {
		look_later(g);
	} else if (strcmp(word, "success") == 0) {
		answer(g, a, val_get(info, "result"));
	} else if (strcmp(word, "error") == 0) {
		fail_as_told(g, a, val_get(info, "error"));
	} else {
		err_set(&err, ERR_PROTOCOL, "the task did not tell its state");
		fail(g, &err, true);
	}
}

/* The task's `info` in RESPONSE, or NULL: err says why, or the session has *EXPIRED. */
static const struct val *read_info(struct arena *a, const struct val *response, bool *expired, struct err *err)
{
	const char *info[] = {"info"};
	const struct paths asked = {.v = info, .n = 1};
	const struct val *node = val_get(val_get(response, "returnval"), "objects"), *found;
	struct object o;

	if (node == NULL) {
		err_set(err, ERR_PROTOCOL, "no answer about the task");
		return NULL;
	}
	if (object_read(a, node, &asked, &o, err) < 0)
		return NULL;
	*expired = o.expired;
	found = val_get(o.root, "info");
	if (found == NULL && o.ngaps > 0)
		err_set(err, o.gaps[0].kind, "the task's state: %s", o.gaps[0].text);
	else if (found == NULL)
		err_set(err, ERR_PROTOCOL, "the task did not tell its state");
	return found;
}

static void on_info(void *arg, const struct http_reply *reply, const struct err *sent)
{
	struct group *g = arg;
	struct session *s = g->batch->session;
	struct arena *a = arena_new();
	struct soap_fault fault = {.type = "", .name = "", .object = "", .privilege = ""};
	const struct val *response = NULL, *info = NULL;
	struct err err = *sent;
	bool expired = false;

	if (err.kind == ERR_NONE)
		response = reply_response(a, reply, &fault, &err);
	if (response != NULL)
		info = read_info(a, response, &expired, &err);
	if (expired || soap_fault_is(&fault, "NotAuthenticated"))
		session_expired(s);
	else if (info == NULL)
		fail(g, &err, true);
	else
		judge(g, a, info);
	arena_free(a);
}

void wait_start(struct group *g, const struct moref *task)
{
	struct wait *w = xcalloc(1, sizeof(*w));

	w->group = g;
	w->session = g->batch->session;
	w->task = (struct moref){xstrdup(task->type), xstrdup(task->id)};
	w->interval_ms = FIRST_MS;
	w->until_ms = uv_now(w->session->loop) + (uint64_t)timeout_ms(g);
	uv_timer_init(w->session->loop, &w->timer);
	w->timer.data = w;
	g->wait = w;
	look_later(g);
}
