/* SPDX-License-Identifier: Apache-2.0 */
/* listed.c - what the inventory itself says of a target's hosts. Nothing is sent, so that a dead host is there, too. */
#include <stdlib.h>

#include "transport/transport.h"

struct session {
	uv_timer_t soon; /* answers never come before ask() returns */
	const struct target *target;
	struct ask *waiting, **tail;
	void (*closed)(void *arg);
	void *closed_arg;
};

static const char *text_or_none(const char *s)
{
	return s != NULL ? s : "none";
}

static void answer_host(struct session *s, struct ask *ask, struct arena *a, const char *name, const char *address)
{
	struct val *root = val_new(a, VAL_MAP, NULL);

	val_add(root, val_text(a, "name", name));
	val_add(root, val_text(a, "address", address));
	/* "*" is no host's name: the hosts that VMs migrate between, as one object. */
	val_add(root, val_text(a, "cluster", s->target->kind == TARGET_LOCAL ? name : "*"));
	val_add(root, val_text(a, "libvirt", text_or_none(s->target->libvirt)));
	val_add(root, val_text(a, "migration_network", text_or_none(s->target->migration_network)));
	ask->on_answer(ask, &(struct answer){.ref = name, .kind = "host", .root = root});
}

static void answer_all(struct session *s, struct ask *ask)
{
	static const struct err ok = {.kind = ERR_NONE};
	struct arena *a = arena_new();

	if (s->target->kind == TARGET_LOCAL)
		answer_host(s, ask, a, "local", "local");
	for (size_t i = 0; i < s->target->nhosts; i++) {
		arena_reset(a);
		answer_host(s, ask, a, s->target->hosts[i].name, s->target->hosts[i].address);
	}
	arena_free(a);
	ask->on_end(ask, &ok);
}

static void on_soon(uv_timer_t *timer)
{
	struct session *s = timer->data;
	struct ask *next, *ask = s->waiting;

	s->waiting = NULL;
	s->tail = &s->waiting;
	for (; ask != NULL; ask = next) {
		next = ask->next;
		answer_all(s, ask);
	}
}

static int check(const struct request *req, struct err *err)
{
	return req->nfields == 0 ? 0 : err_set(err, ERR_CONFIG, "transport listed asks for nothing in particular");
}

static const char *encode(struct arena *a, const char *field, const char *value)
{
	(void)a;
	(void)field;
	return value;
}

static struct session *open_session(const struct opening *o)
{
	struct session *s = xcalloc(1, sizeof(*s));

	s->target = o->target;
	s->tail = &s->waiting;
	uv_timer_init(o->loop, &s->soon);
	s->soon.data = s;
	return s;
}

static void ask_all(struct session *s, struct ask **asks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		asks[i]->next = NULL;
		*s->tail = asks[i];
		s->tail = &asks[i]->next;
	}
	uv_timer_start(&s->soon, on_soon, 0, 0);
}

/* What waits is answered in the loop's next round anyway. */
static void cancel(struct session *s, const struct err *why)
{
	(void)s;
	(void)why;
}

static void on_closed(uv_handle_t *handle)
{
	struct session *s = handle->data;
	void (*closed)(void *arg) = s->closed;
	void *arg = s->closed_arg;

	free(s);
	closed(arg);
}

static void close_session(struct session *s, void (*closed)(void *arg), void *arg)
{
	s->closed = closed;
	s->closed_arg = arg;
	uv_close((uv_handle_t *)&s->soon, on_closed);
}

static uint64_t sent(const struct session *s)
{
	(void)s;
	return 0;
}

static void show(const struct target *target, const struct request *const *reqs, size_t n, FILE *out)
{
	(void)target, (void)reqs, (void)n, (void)out;
}

static const struct request_key keys[] = {{0}};

const struct transport transport_listed = {
	.name = "listed",
	.about = "the hosts that the inventory lists; nothing is sent",
	.platform = "kvm",
	.keys = keys,
	.serves = transport_serves_linux,
	.check = check,
	.encode = encode,
	.open = open_session,
	.ask = ask_all,
	.cancel = cancel,
	.close = close_session,
	.sent = sent,
	.show = show,
};
