/* SPDX-License-Identifier: Apache-2.0 */
/* ask_loop.h - for tests of transports: sends requests on a loop of their own and keeps what came back. */
#ifndef TESTS_ASK_LOOP_H
#define TESTS_ASK_LOOP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "transport/transport.h"

struct asked {
	struct ask ask;
	struct request req;
	struct request_field fields[8];
	struct arena *arena;
	struct val *root; /* a copy: answers live only while they are delivered */
	struct err err;
	int answers, ends;
};

static struct val *copy_val(struct arena *a, const struct val *v)
{
	struct val *copy = v->kind == VAL_TEXT ? val_text(a, v->name, v->text) : val_new(a, v->kind, v->name);

	for (const struct val *c = v->first; c != NULL; c = c->next)
		val_add(copy, copy_val(a, c));
	return copy;
}

static void keep_answer(struct ask *ask, const struct answer *answer)
{
	struct asked *q = ask->owner;

	assert_int_equal(q->ends, 0);
	assert_null(answer->ref);
	q->answers++;
	q->root = copy_val(q->arena, answer->root);
}

static void keep_end(struct ask *ask, const struct err *err)
{
	struct asked *q = ask->owner;

	q->ends++;
	q->err = *err;
}

static void no_restart(struct ask *ask)
{
	(void)ask;
	fail_msg("on_restart");
}

/* Fields are NAME, VALUE pairs that end with NULL. */
static void asked_init(struct asked *q, const struct regex *regex, int timeout_ms, ...)
{
	const char *name;
	va_list ap;

	*q = (struct asked){.arena = arena_new()};
	va_start(ap, timeout_ms);
	while ((name = va_arg(ap, const char *)) != NULL) {
		q->fields[q->req.nfields].name = name;
		q->fields[q->req.nfields++].value = va_arg(ap, const char *);
	}
	va_end(ap);
	q->req.probe = "test";
	q->req.fields = q->fields;
	q->req.regex = regex;
	q->req.timeout_ms = timeout_ms;
	q->ask = (struct ask){
		.req = &q->req, .owner = q, .on_answer = keep_answer, .on_restart = no_restart, .on_end = keep_end};
}

static void asked_dispose(struct asked *q)
{
	arena_free(q->arena);
}

static void set_true(void *arg)
{
	*(bool *)arg = true;
}

static bool all_ended(struct asked *const *asked, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (asked[i]->ends == 0)
			return false;
	return true;
}

/* Sends N requests in one call, optionally cancels them at once, and waits until the session is closed. */
static void ask_loop(const struct transport *t, struct asked *const *asked, size_t n, const struct err *cancel)
{
	const struct target target = {.name = "here", .kind = TARGET_LOCAL, .platform = "kvm", .timeout_ms = 20000};
	struct ask **asks = xcalloc(n, sizeof(struct ask *));
	struct session *s;
	bool closed = false;
	uv_loop_t loop;

	assert_int_equal(uv_loop_init(&loop), 0);
	s = t->open(&(struct opening){.loop = &loop, .target = &target});
	for (size_t i = 0; i < n; i++)
		asks[i] = &asked[i]->ask;
	t->ask(s, asks, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(asked[i]->ends, 0);
	if (cancel != NULL)
		t->cancel(s, cancel);
	while (!all_ended(asked, n))
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(t->sent(s), n);
	t->close(s, set_true, &closed);
	assert_false(closed);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_true(closed);
	assert_int_equal(uv_loop_close(&loop), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(asked[i]->ends, 1);
	free(asks);
}

static void ask_one(const struct transport *t, struct asked *q)
{
	struct asked *const one[] = {q};

	ask_loop(t, one, 1, NULL);
}

#endif
