/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shell.c - commands on Linux hosts, whichever way leads there: over SSH, or right here for the machine that this runs on.
 *
 * It rides on the sessions of the transports ssh and local, which count, cancel and time out.
 */
#include <stdlib.h>

#include "transport/local_shell.h"
#include "transport/ssh.h"

/* Not ssh's or local's struct of that name: pointers to those are handed to their transports as they are. */
struct session {
	struct session *ssh, *local; /* one of them is NULL */
	uv_timer_t soon;             /* for closing, which tells later */
	void (*closed)(void *arg);
	void *closed_arg;
};

static int check(const struct request *req, struct err *err)
{
	return transport_ssh.check(req, err);
}

static struct session *open_session(const struct opening *o)
{
	struct session *s = xcalloc(1, sizeof(*s));

	s->ssh = o->over[0];
	s->local = o->over[1];
	uv_timer_init(o->loop, &s->soon);
	s->soon.data = s;
	return s;
}

static void ask_all(struct session *s, struct ask **asks, size_t n)
{
	if (s->ssh != NULL) {
		transport_ssh.ask(s->ssh, asks, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		local_shell(s->local, asks[i], request_get(asks[i]->req, "command"));
}

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
	if (target->ssh != NULL) {
		transport_ssh.show(target, reqs, n, out);
		return;
	}
	for (size_t i = 0; i < n; i++)
		fprintf(out, "run sh -c: %s\n", request_get(reqs[i], "command"));
}

static const char *encode(struct arena *a, const char *field, const char *value)
{
	return transport_ssh.encode(a, field, value);
}

static const struct request_key keys[] = {
	{"command",
         "in the language of the host's sh; values are quoted, so no placeholder may stand within quotes. It must end "
         "with status 0 (but with decode ping) and print at most 4 MiB; standard input is empty",
         true},
	{"decode",
         "text (default; at most 1 MiB, path `.`), lines (the list `lines`), json (an array becomes the list `items`), "
         "xml, regex (the list `matches`: the named groups of every match of `pattern`), ping or iproute",
         false},
	{"pattern", "PCRE2 pattern with named groups, for decode regex", false},
	{0},
};

const struct transport transport_shell = {
	.name = "shell",
	.about = "commands on Linux hosts, over SSH or on the machine itself",
	.platform = "kvm",
	.per_host = true,
	.addressed = true,
	.over = (const struct transport *const[]){&transport_ssh, &transport_local, NULL},
	.keys = keys,
	.serves = transport_serves_linux,
	.check = check,
	.encode = encode,
	.between = " ",
	.open = open_session,
	.ask = ask_all,
	.cancel = cancel,
	.close = close_session,
	.sent = sent,
	.show = show,
};
