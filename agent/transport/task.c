/* SPDX-License-Identifier: Apache-2.0 */
/* task.c - asks of this machine: deadlines, cancelling, closing, and blocking reads beside the loop. */
#include "transport/task.h"

#include <stdlib.h>

#define GRACE_MS 1500

struct session *task_open(const struct opening *o)
{
	struct session *s = xcalloc(1, sizeof(*s));

	s->loop = o->loop;
	s->timeout_ms = o->target->timeout_ms;
	uv_timer_init(o->loop, &s->grace);
	s->grace.data = s;
	return s;
}

uint64_t task_sent(const struct session *s)
{
	return s->sent;
}

void task_end(struct task *t, const struct err *err)
{
	struct ask *ask = t->ask;

	if (ask == NULL)
		return;
	t->ask = NULL;
	uv_timer_stop(&t->deadline);
	ask->on_end(ask, err);
}

void task_answer(struct task *t, const struct val *root)
{
	const struct answer answer = {.root = root};
	const struct err ok = {.kind = ERR_NONE};

	t->ask->on_answer(t->ask, &answer);
	task_end(t, &ok);
}

static void on_deadline(uv_timer_t *timer)
{
	struct task *t = timer->data;

	task_end(t, &t->why);
	t->stop(t);
}

void task_soon(struct task *t, const struct err *err)
{
	t->why = *err;
	uv_timer_start(&t->deadline, on_deadline, 0, 0);
}

void task_start(struct task *t, struct session *s, struct ask *ask)
{
	int ms = ask->req->timeout_ms > 0 ? ask->req->timeout_ms : s->timeout_ms;

	t->session = s;
	t->ask = ask;
	t->arena = arena_new();
	t->next = s->first;
	if (t->next != NULL)
		t->next->prev = t;
	s->first = t;
	s->sent++;
	err_set(&t->why, ERR_TIMEOUT, "no answer within %d ms", ms);
	uv_timer_init(s->loop, &t->deadline);
	t->deadline.data = t;
	/* Timers count from when the loop last looked at the clock, which may be long ago. */
	uv_update_time(s->loop);
	uv_timer_start(&t->deadline, on_deadline, (uint64_t)ms, 0);
}

void task_cancel(struct session *s, const struct err *why)
{
	for (struct task *t = s->first; t != NULL; t = t->next)
		if (t->ask != NULL)
			task_soon(t, why);
}

static void on_session_closed(uv_handle_t *handle)
{
	struct session *s = handle->data;
	void (*closed)(void *arg) = s->closed;
	void *arg = s->closed_arg;

	free(s);
	closed(arg);
}

static void leave(struct session *s)
{
	uv_close((uv_handle_t *)&s->grace, on_session_closed);
}

static void on_grace(uv_timer_t *timer)
{
	struct session *s = timer->data;

	for (struct task *t = s->first; t != NULL; t = t->next)
		t->session = NULL;
	leave(s);
}

void task_close(struct session *s, void (*closed)(void *arg), void *arg)
{
	s->closed = closed;
	s->closed_arg = arg;
	if (s->first == NULL)
		leave(s);
	else
		uv_timer_start(&s->grace, on_grace, GRACE_MS, 0);
}

static void forget(struct task *t)
{
	struct session *s = t->session;

	if (t->next != NULL)
		t->next->prev = t->prev;
	if (t->prev != NULL)
		t->prev->next = t->next;
	if (s == NULL)
		return;
	if (t->prev == NULL)
		s->first = t->next;
	if (s->first == NULL && s->closed != NULL)
		leave(s);
}

static void on_task_closed(uv_handle_t *handle)
{
	struct task *t = handle->data;

	forget(t);
	arena_free(t->arena);
	free(t);
}

void task_done(struct task *t)
{
	uv_close((uv_handle_t *)&t->deadline, on_task_closed);
}

void task_refuse(struct session *s, struct ask *ask, const struct err *why)
{
	struct task *t = xcalloc(1, sizeof(*t));

	t->stop = task_done;
	task_start(t, s, ask);
	task_soon(t, why);
}

struct offload {
	struct task task;
	uv_work_t work;
	task_read *read;
	const char *what;
	task_decode *decode;
	struct val *root; /* NULL: err says why */
	struct err err;
};

static void on_work(uv_work_t *work)
{
	struct offload *o = work->data;

	o->root = o->read(o->task.arena, o->what, &o->err);
}

static void on_worked(uv_work_t *work, int status)
{
	struct offload *o = work->data;
	struct task *t = &o->task;

	if (t->ask != NULL && status == 0 && o->root != NULL && o->decode != NULL)
		o->root = o->decode(t->ask->req, t->arena, o->root, &o->err);
	if (t->ask != NULL && o->root != NULL)
		task_answer(t, o->root);
	else
		task_end(t, &o->err);
	task_done(t);
}

/* A read that has begun can't be ended; it is left alone and ends in on_worked(), when it does. */
static void stop_offload(struct task *t)
{
	uv_cancel((uv_req_t *)&((struct offload *)t)->work);
}

void task_offload(struct session *s, struct ask *ask, task_read *read, const char *what, task_decode *decode)
{
	struct offload *o = xcalloc(1, sizeof(*o));

	o->task.stop = stop_offload;
	task_start(&o->task, s, ask);
	o->read = read;
	o->what = arena_strdup(o->task.arena, what);
	o->decode = decode;
	o->work.data = o;
	uv_queue_work(s->loop, &o->work, on_work, on_worked);
}
