/* SPDX-License-Identifier: Apache-2.0 */
/* ssh_dial.c - a name or an address becomes a connected socket: all its addresses are tried, one after the other. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/ssh_impl.h"

#define TRY_MS 5000 /* of an address that is not the last one */

struct dial {
	uv_loop_t *loop;
	uv_getaddrinfo_t look_up;
	uv_timer_t timer;
	uv_poll_t poll;
	bool looking_up, polling, stopped;
	int handles; /* open ones */
	int fd;
	struct addrinfo *first, *at;
	bool from_loop; /* FIRST is to be freed by libuv */
	char port[8];
	dial_done *done;
	void *arg;
	struct err err; /* of the last address */
};

static void try_next(struct dial *d);

static void free_dial(struct dial *d)
{
	if (d->handles > 0 || d->looking_up)
		return;
	if (d->first != NULL && d->from_loop)
		uv_freeaddrinfo(d->first);
	else if (d->first != NULL)
		freeaddrinfo(d->first);
	free(d);
}

static void on_closed(uv_handle_t *h)
{
	struct dial *d = h->data;

	d->handles--;
	free_dial(d);
}

static void leave(struct dial *d)
{
	if (d->stopped)
		return;
	d->stopped = true;
	if (d->polling)
		uv_close((uv_handle_t *)&d->poll, on_closed);
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	uv_close((uv_handle_t *)&d->timer, on_closed);
	if (d->looking_up)
		uv_cancel((uv_req_t *)&d->look_up);
}

static void tell(struct dial *d, int fd)
{
	d->fd = -1;
	leave(d);
	d->done(d->arg, fd, fd < 0 ? &d->err : NULL);
}

static void set_errno(struct dial *d, int error)
{
	if (error == ECONNREFUSED)
		err_set(&d->err, ERR_REFUSED, "connection refused: is SSH running there, and on port %s?", d->port);
	else if (error == ETIMEDOUT)
		err_set(&d->err, ERR_TIMEOUT, "no answer to a connection attempt");
	else
		err_set(&d->err, ERR_UNREACHABLE, "%s", strerror(error));
}

static void on_poll_closed(uv_handle_t *h)
{
	struct dial *d = h->data;

	d->handles--;
	if (d->stopped)
		free_dial(d);
	else
		try_next(d);
}

/* This address is no good; its handle must be closed before the next one can have it. */
static void give_up(struct dial *d, int error)
{
	set_errno(d, error);
	uv_timer_stop(&d->timer);
	d->polling = false;
	uv_close((uv_handle_t *)&d->poll, on_poll_closed);
	close(d->fd);
	d->fd = -1;
}

static void on_writable(uv_poll_t *p, int status, int events)
{
	struct dial *d = p->data;
	int error = 0, fd = d->fd;
	socklen_t len = sizeof(error);

	(void)events;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	else if (error == 0 && status < 0)
		error = ECONNABORTED;
	if (error != 0) {
		give_up(d, error);
		return;
	}
	uv_poll_stop(p);
	tell(d, fd);
}

static void on_try_timeout(uv_timer_t *t)
{
	give_up(t->data, ETIMEDOUT);
}

/* Begins with one address. -1: it can't be tried at all. */
static int try_one(struct dial *d, const struct addrinfo *ai)
{
	const int on = 1;
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || (connect(fd, ai->ai_addr, ai->ai_addrlen) < 0 && errno != EINPROGRESS)) {
		set_errno(d, errno);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	d->fd = fd;
	d->polling = true;
	d->handles++;
	uv_poll_init(d->loop, &d->poll, fd);
	d->poll.data = d;
	uv_poll_start(&d->poll, UV_WRITABLE, on_writable);
	if (ai->ai_next != NULL)
		uv_timer_start(&d->timer, on_try_timeout, TRY_MS, 0);
	return 0;
}

static void try_next(struct dial *d)
{
	while (d->at != NULL) {
		const struct addrinfo *ai = d->at;

		d->at = ai->ai_next;
		if (try_one(d, ai) == 0)
			return;
	}
	tell(d, -1);
}

static void on_looked_up(uv_getaddrinfo_t *req, int status, struct addrinfo *found)
{
	struct dial *d = req->data;

	d->looking_up = false;
	d->first = d->at = found;
	d->from_loop = true;
	if (d->stopped) {
		free_dial(d);
		return;
	}
	if (status < 0) {
		err_set(&d->err, ERR_DNS, "the name has no address: %s", uv_strerror(status));
		tell(d, -1);
		return;
	}
	uv_update_time(d->loop);
	try_next(d);
}

static void on_numeric(uv_timer_t *t)
{
	try_next(t->data);
}

static void on_no_resolver(uv_timer_t *t)
{
	tell(t->data, -1);
}

struct dial *dial_start(uv_loop_t *loop, const char *address, int port, dial_done *done, void *arg)
{
	struct dial *d = xcalloc(1, sizeof(*d));
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	int rc;

	d->loop = loop;
	d->done = done;
	d->arg = arg;
	d->fd = -1;
	d->look_up.data = d;
	snprintf(d->port, sizeof(d->port), "%d", port);
	uv_timer_init(loop, &d->timer);
	d->timer.data = d;
	d->handles = 1;
	if (getaddrinfo(address, d->port, &hints, &d->first) == 0) { /* an address: nobody needs to be asked */
		d->at = d->first;
		uv_timer_start(&d->timer, on_numeric, 0, 0);
		return d;
	}
	d->first = NULL;
	hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
	rc = uv_getaddrinfo(loop, &d->look_up, on_looked_up, address, d->port, &hints);
	d->looking_up = rc == 0;
	if (rc < 0) {
		err_set(&d->err, ERR_DNS, "the name can't be looked up: %s", uv_strerror(rc));
		uv_timer_start(&d->timer, on_no_resolver, 0, 0);
	}
	return d;
}

void dial_stop(struct dial *d)
{
	leave(d);
}
