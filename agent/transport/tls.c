/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.c - what a server shows of itself before anybody logs in: does somebody take the connection, and with which
 * certificate? That it doesn't, or shows one that isn't trusted, is an answer here and no failure.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "transport/http.h"
#include "transport/transport.h"

/* One ask under way. */
struct look {
	struct session *session;
	struct look *next;
	struct ask *ask;
	struct http_call *call;
};

struct session {
	const struct target *target;
	struct http *http;
	struct arena *arena;
	const char *url;
	struct look *first;
	uv_timer_t soon; /* cancelling must not end asks within the caller's call */
	struct err why;
	uint64_t sent;
	void (*closed)(void *arg);
	void *closed_arg;
};

static int check(const struct request *req, struct err *err)
{
	const char *look = request_get(req, "look");

	if (look == NULL || strcmp(look, "certificate") != 0)
		return err_set(err, ERR_CONFIG, "transport tls needs `look: certificate`");
	return 0;
}

static const char *encode(struct arena *a, const char *field, const char *value)
{
	(void)field;
	return arena_strdup(a, value);
}

static void add_text(struct arena *a, struct val *map, const char *name, const char *text)
{
	if (text[0] != '\0')
		val_add(map, val_text(a, name, text));
}

static void add_time(struct arena *a, struct val *map, const char *name, int64_t seconds)
{
	if (seconds != 0)
		val_add(map, val_int(a, name, seconds));
}

static void forget(struct look *l)
{
	struct look **at = &l->session->first;

	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	free(l);
}

static const struct val *tree(struct arena *a, const struct http_reply *reply, const struct http_certificate *c)
{
	struct val *map = val_new(a, VAL_MAP, NULL);

	val_add(map, val_int(a, "connected", reply->connected));
	/* Only an answer proves it: another complaint than of trust may come before the handshake has ended. */
	val_add(map, val_int(a, "trusted", reply->err.kind == ERR_NONE));
	if (reply->err.kind != ERR_NONE) {
		add_text(a, map, "error", err_kind_name(reply->err.kind));
		add_text(a, map, "text", reply->err.text);
	}
	add_text(a, map, "thumbprint", c->thumbprint);
	add_text(a, map, "subject", c->subject);
	add_text(a, map, "issuer", c->issuer);
	add_text(a, map, "names", c->names);
	add_time(a, map, "from", c->from_s);
	add_time(a, map, "until", c->until_s);
	return map;
}

static void on_reply(void *arg, const struct http_reply *reply)
{
	struct look *l = arg;
	struct ask *ask = l->ask;
	struct arena *a = arena_new();
	const struct answer answer = {.ref = "server", .root = tree(a, reply, http_certificate(l->session->http))};
	static const struct err none;

	forget(l);
	ask->on_answer(ask, &answer);
	arena_free(a);
	ask->on_end(ask, &none);
}

static struct session *open_session(const struct opening *o)
{
	struct session *s = xcalloc(1, sizeof(*s));

	s->target = o->target;
	s->arena = arena_new();
	s->url = arena_printf(s->arena, "%s/sdk/vimServiceVersions.xml", o->target->url);
	s->http = http_open(o->loop, o->target);
	uv_timer_init(o->loop, &s->soon);
	s->soon.data = s;
	return s;
}

static void ask_all(struct session *s, struct ask **asks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct look *l = xcalloc(1, sizeof(*l));
		int timeout_ms = asks[i]->req->timeout_ms > 0 ? asks[i]->req->timeout_ms : s->target->timeout_ms;

		l->session = s;
		l->ask = asks[i];
		l->next = s->first;
		s->first = l;
		s->sent++;
		l->call = http_send(s->http, &(struct http_request){.url = s->url, .timeout_ms = timeout_ms}, on_reply,
		                    l);
	}
}

static void on_cancelled(uv_timer_t *t)
{
	struct session *s = t->data;

	while (s->first != NULL) {
		struct ask *ask = s->first->ask;

		http_abort(s->first->call);
		forget(s->first);
		ask->on_end(ask, &s->why);
	}
}

static void cancel(struct session *s, const struct err *why)
{
	s->why = *why;
	uv_timer_start(&s->soon, on_cancelled, 0, 0);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct session *s = handle->data;
	void (*closed)(void *) = s->closed;
	void *arg = s->closed_arg;

	arena_free(s->arena);
	free(s);
	closed(arg);
}

static void on_http_closed(void *arg)
{
	struct session *s = arg;

	uv_close((uv_handle_t *)&s->soon, on_timer_closed);
}

static void close_session(struct session *s, void (*closed)(void *arg), void *arg)
{
	s->closed = closed;
	s->closed_arg = arg;
	http_close(s->http, on_http_closed, s);
}

static uint64_t sent(const struct session *s)
{
	return s->sent;
}

static void show(const struct target *target, const struct request *const *reqs, size_t n, FILE *out)
{
	(void)reqs;
	for (size_t i = 0; i < n; i++)
		fprintf(out, "GET %s/sdk/vimServiceVersions.xml\n", target->url);
}

static const struct request_key keys[] = {
	{"look", "certificate: does somebody take the connection, and which certificate does the server show?", false},
	{0},
};

const struct transport transport_tls = {
	.name = "tls",
	.about = "the certificate that a server shows, before anybody logs in",
	.platform = "vsphere",
	.serves = transport_serves_vcenter,
	.per_host = false,
	.keys = keys,
	.check = check,
	.encode = encode,
	.open = open_session,
	.ask = ask_all,
	.cancel = cancel,
	.close = close_session,
	.sent = sent,
	.show = show,
};
