/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ssh_tunnel.c - TCP through a jump host: a direct-tcpip channel on one side, a socket pair on the other.
 *
 * libssh2 wants a socket for the connection inside; bytes are carried between its other end and the channel.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/ssh_impl.h"

#define CHUNK 32768

struct flow {
	char bytes[CHUNK];
	size_t at, end;
};

struct tunnel {
	struct job job;
	struct host *proxy;
	struct conn *inner; /* NULL: has ended */
	int fd;             /* our end; -1: none yet */
	uv_poll_t poll;
	int events;
	struct flow out, in; /* to the host, from the host */
	bool begun;
};

static struct tunnel *of(struct job *j)
{
	return (struct tunnel *)j;
}

static LIBSSH2_CHANNEL *open_channel(struct job *j)
{
	struct tunnel *t = of(j);
	const char *address = t->inner != NULL ? t->inner->address : "";

	if (!t->begun && t->inner != NULL) {
		t->begun = true;
		conn_limit(t->inner);
	}

	return libssh2_channel_direct_tcpip_ex(j->conn->ssh, address, t->inner != NULL ? t->inner->port : 0,
	                                       "127.0.0.1", 22);
}

static int start(struct job *j)
{
	struct tunnel *t = of(j);
	int pair[2];

	if (t->inner == NULL)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return LIBSSH2_ERROR_ALLOC;
	t->fd = pair[0];
	uv_poll_init(j->conn->loop, &t->poll, t->fd);
	t->poll.data = t;
	conn_tunnelled(t->inner, pair[1]);
	return 0;
}

/* 0: nothing is left; LIBSSH2_ERROR_EAGAIN: not now; 1: the connection inside has closed; else an error */
static int send_out(struct tunnel *t)
{
	struct flow *f = &t->out;

	for (;;) {
		ssize_t n;

		if (f->at == f->end) {
			n = read(t->fd, f->bytes, CHUNK);
			if (n <= 0)
				return n < 0 && errno == EAGAIN ? 0 : 1;
			f->at = 0;
			f->end = (size_t)n;
		}
		n = libssh2_channel_write(t->job.channel, f->bytes + f->at, f->end - f->at);
		if (n <= 0)
			return n == 0 ? LIBSSH2_ERROR_EAGAIN : (int)n;
		f->at += (size_t)n;
	}
}

static int bring_in(struct tunnel *t)
{
	struct flow *f = &t->in;

	for (;;) {
		ssize_t n;

		if (f->at == f->end) {
			n = libssh2_channel_read(t->job.channel, f->bytes, CHUNK);
			if (n < 0)
				return (int)n;
			if (n == 0)
				return libssh2_channel_eof(t->job.channel) ? 1 : LIBSSH2_ERROR_EAGAIN;
			f->at = 0;
			f->end = (size_t)n;
		}
		n = send(t->fd, f->bytes + f->at, f->end - f->at, MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN ? 0 : 1;
		f->at += (size_t)n;
	}
}

static void on_poll(uv_poll_t *p, int status, int events)
{
	struct tunnel *t = p->data;

	(void)status, (void)events;
	if (t->job.conn != NULL)
		conn_step(t->job.conn);
}

static void watch(struct tunnel *t)
{
	int events = (t->out.at == t->out.end ? UV_READABLE : 0) | (t->in.at < t->in.end ? UV_WRITABLE : 0);

	if (events == t->events)
		return;
	t->events = events;
	if (events == 0)
		uv_poll_stop(&t->poll);
	else
		uv_poll_start(&t->poll, events, on_poll);
}

static int run(struct job *j)
{
	struct tunnel *t = of(j);
	int out, in;

	if (t->inner == NULL)
		return 0;
	out = send_out(t);
	if (out == LIBSSH2_ERROR_EAGAIN &&
	    (libssh2_session_block_directions(j->conn->ssh) & LIBSSH2_SESSION_BLOCK_OUTBOUND) != 0) {
		watch(t);
		return out;
	}
	if (out < 0 && out != LIBSSH2_ERROR_EAGAIN)
		return out;
	in = bring_in(t);
	if (in < 0 && in != LIBSSH2_ERROR_EAGAIN)
		return in;
	if (out == 1 || in == 1)
		return 0;
	watch(t);
	return LIBSSH2_ERROR_EAGAIN;
}

/* The connection inside hears why; it ends in its own time, and does not call back. */
static void end_inner(struct tunnel *t, const struct err *why)
{
	struct conn *inner = t->inner;

	t->inner = NULL;
	if (inner == NULL)
		return;
	inner->tunnel = NULL;
	conn_fail(inner, why);
}

static void failed(struct job *j, const struct err *why)
{
	struct err err = *why;

	err_prefix(&err, "through the jump host");
	end_inner(of(j), &err);
}

static void on_closed(uv_handle_t *h)
{
	struct tunnel *t = h->data;
	struct host *proxy = t->proxy;

	free(t);
	host_released(proxy);
}

static void gone(struct job *j, const struct err *why)
{
	static const struct err closed = {.kind = ERR_UNREACHABLE,
	                                  .text = "the connection through the jump host was closed"};
	struct tunnel *t = of(j);
	struct host *proxy = t->proxy;

	if (why != NULL && why->kind != ERR_NONE)
		failed(j, why);
	else
		end_inner(t, &closed);
	if (t->fd < 0) {
		free(t);
		host_released(proxy);
		return;
	}
	uv_close((uv_handle_t *)&t->poll, on_closed);
	close(t->fd);
}

static void refused(struct job *j, struct conn *c, const struct err *why)
{
	(void)c;
	failed(j, why);
	gone(j, NULL);
}

static const struct job_kind tunnel_kind = {
	.open = open_channel,
	.start = start,
	.run = run,
	.refused = refused,
	.failed = failed,
	.gone = gone,
};

struct job *tunnel_new(struct host *proxy, struct conn *inner)
{
	struct tunnel *t = xcalloc(1, sizeof(*t));

	t->job.kind = &tunnel_kind;
	t->proxy = proxy;
	t->inner = inner;
	t->fd = -1;
	inner->tunnel = &t->job;
	return &t->job;
}

void tunnel_unused(struct job *j)
{
	struct tunnel *t = of(j);

	t->inner = NULL;
	if (j->conn != NULL)
		job_close(j);
	else if (host_withdraw(t->proxy, j))
		gone(j, NULL);
}
