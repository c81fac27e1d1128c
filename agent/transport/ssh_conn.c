/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ssh_conn.c - one SSH connection: TCP or a tunnel, handshake, host key, login, then jobs on channels.
 *
 * libssh2 keeps the state of what could not be finished: a call that returned EAGAIN is repeated as it was. Opening
 * channels has one such state a session, so one job opens at a time; and whoever sent half a packet goes first.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/ssh_impl.h"
#include "transport/ssh_key.h"

#define TICK_MS 1000
/* Where jobs run and nothing is heard the server is asked to answer, twice in the time that it has for a login; silent for
 * 5/3 of that, and for three such questions at least, it is dead. libssh2 waits 2 s or more from one to the next. */
#define KEEPALIVE_S(limit_ms) ((limit_ms) / 2000 > 2 ? (limit_ms) / 2000 : 2)
#define SILENT_MS(limit_ms) ((limit_ms) > 3600 ? (limit_ms) / 3 * 5 : 6000)
#define CLOSING_MS 3000 /* a channel that the server doesn't close: the connection is dropped */
#define IDLE_MS 60000

/* ---- the end ---- */

static void on_closed(uv_handle_t *h)
{
	struct conn *c = h->data;

	struct host *host = c->host;

	if (--c->handles > 0)
		return;
	free(c);
	host_released(host);
}

/* A socket that is shut down lets libssh2 free everything without waiting for anybody. */
static void free_ssh(struct conn *c)
{
	if (c->ssh == NULL)
		return;
	if (c->state == CONN_READY || c->spoke)
		libssh2_session_disconnect(c->ssh, "");
	shutdown(c->fd, SHUT_RDWR);
	for (int i = 0; i < 100 && libssh2_session_free(c->ssh) == LIBSSH2_ERROR_EAGAIN; i++)
		;
	c->ssh = NULL;
}

static void drop_jobs(struct conn *c)
{
	while (c->jobs != NULL) {
		struct job *j = c->jobs;

		c->jobs = j->next;
		j->conn = NULL;
		j->kind->gone(j, &c->why);
	}
	c->njobs = 0;
}

/* Everything of C but its memory, which goes when its handles are closed. */
static void bury(struct conn *c)
{
	if (c->dial != NULL)
		dial_stop(c->dial);
	if (c->tunnel != NULL)
		tunnel_unused(c->tunnel);
	c->dial = NULL;
	c->tunnel = NULL;
	login_end(c);
	free_ssh(c);
	if (c->fd >= 0) {
		uv_close((uv_handle_t *)&c->poll, on_closed);
		close(c->fd);
		c->fd = -1;
	}
	uv_close((uv_handle_t *)&c->timer, on_closed);
	drop_jobs(c);
	host_lost(c);
}

void conn_fail(struct conn *c, const struct err *why)
{
	if (c->state == CONN_DEAD)
		return;
	c->was = c->state;
	c->state = CONN_DEAD;
	c->why = *why;
	if (!c->stepping)
		bury(c);
}

static void fail(struct conn *c, enum err_kind kind, const char *text)
{
	struct err err;

	err_set(&err, kind, "%s", text);
	conn_fail(c, &err);
}

/* ---- jobs ---- */

static void remove_job(struct conn *c, struct job *j)
{
	if (j->next != NULL)
		j->next->prev = j->prev;
	if (j->prev != NULL)
		j->prev->next = j->next;
	else
		c->jobs = j->next;
	c->njobs--;
	c->opening = c->opening == j ? NULL : c->opening;
	c->used_ms = uv_now(c->loop);
	j->conn = NULL;
}

static void add_job(struct conn *c, struct job *j)
{
	j->conn = c;
	j->phase = JOB_OPENING;
	j->prev = NULL;
	j->next = c->jobs;
	if (j->next != NULL)
		j->next->prev = j;
	c->jobs = j;
	c->njobs++;
	c->opening = j;
	c->used_ms = c->opening_ms = uv_now(c->loop);
}

static bool has_room(const struct conn *c)
{
	return c->state == CONN_READY && c->opening == NULL && c->njobs < c->max_jobs;
}

void job_close(struct job *j)
{
	if (j->phase != JOB_CLOSING) {
		j->closing_ms = uv_now(j->conn->loop);
		/* Only who opens knows whether it still does; a half-opened channel can't be closed. */
		if (j->phase != JOB_OPENING)
			j->phase = JOB_CLOSING;
	}
	conn_step(j->conn);
}

/* Is the call to be repeated? Then others wait if half a packet was sent. */
static bool again(struct job *j, int rc)
{
	struct conn *c = j->conn;

	if (rc != LIBSSH2_ERROR_EAGAIN)
		return false;
	if ((libssh2_session_block_directions(c->ssh) & LIBSSH2_SESSION_BLOCK_OUTBOUND) != 0)
		c->stuck = j;
	return true;
}

/* Does the error mean that the whole connection is gone? */
static bool is_fatal(int rc)
{
	return rc == LIBSSH2_ERROR_SOCKET_DISCONNECT || rc == LIBSSH2_ERROR_SOCKET_SEND ||
	       rc == LIBSSH2_ERROR_SOCKET_RECV || rc == LIBSSH2_ERROR_DECRYPT || rc == LIBSSH2_ERROR_INVALID_MAC ||
	       rc == LIBSSH2_ERROR_BAD_USE || rc == LIBSSH2_ERROR_ALLOC;
}

static void broken(struct conn *c, int rc)
{
	struct err err;

	ssh_error(c->ssh, rc, "connection", &err);
	conn_fail(c, &err);
}

static void drive_opening(struct job *j)
{
	struct conn *c = j->conn;
	struct err err;
	int rc;

	j->channel = j->kind->open(j);
	rc = j->channel != NULL ? 0 : libssh2_session_last_errno(c->ssh);
	if (again(j, rc))
		return;
	if (rc == 0) {
		j->phase = j->closing_ms != 0 ? JOB_CLOSING : JOB_STARTING;
		return;
	}
	if (is_fatal(rc)) {
		broken(c, rc);
		return;
	}
	ssh_error(c->ssh, rc, "channel", &err);
	remove_job(c, j);
	if (j->closing_ms != 0)
		j->kind->gone(j, NULL);
	else
		j->kind->refused(j, c, &err);
}

static void drive_started(struct job *j)
{
	struct conn *c = j->conn;
	bool starting = j->phase == JOB_STARTING;
	int rc = starting ? j->kind->start(j) : j->kind->run(j);
	struct err err;

	if (j->phase == JOB_CLOSING || again(j, rc))
		return;
	if (starting && c->opening == j)
		c->opening = NULL;
	if (rc == 0 && starting) {
		j->phase = JOB_RUNNING;
	} else if (is_fatal(rc)) {
		broken(c, rc);
	} else {
		if (rc != 0) {
			ssh_error(c->ssh, rc, "command", &err);
			j->kind->failed(j, &err);
		}
		j->phase = JOB_CLOSING;
		j->closing_ms = uv_now(c->loop);
	}
}

static void drive_closing(struct job *j)
{
	struct conn *c = j->conn;
	int rc;

	if (c->opening == j)
		c->opening = NULL;
	rc = libssh2_channel_free(j->channel);
	if (again(j, rc))
		return;
	if (is_fatal(rc)) {
		broken(c, rc);
		return;
	}
	remove_job(c, j);
	j->kind->gone(j, NULL);
}

/* As far as it goes without waiting. */
static void drive(struct job *j)
{
	struct conn *c = j->conn;
	enum job_phase phase;

	do {
		phase = j->phase;
		c->stuck = NULL;
		switch (phase) {
		case JOB_OPENING:
			drive_opening(j);
			break;
		case JOB_STARTING:
		case JOB_RUNNING:
			drive_started(j);
			break;
		case JOB_CLOSING:
			drive_closing(j);
			return; /* J may be gone */
		}
		if (phase == JOB_OPENING && c->opening != j)
			return; /* likewise */
	} while (c->state == CONN_READY && j->phase != phase);
}

static void work(struct conn *c)
{
	struct job *next;

	if (c->stuck != NULL)
		drive(c->stuck);
	for (struct job *j = c->jobs; j != NULL && c->stuck == NULL && c->state == CONN_READY; j = next) {
		next = j->next;
		drive(j);
	}
	while (c->stuck == NULL && has_room(c) && (next = host_next(c)) != NULL) {
		add_job(c, next);
		drive(next);
	}
}

/* ---- until it is ready ---- */

static void on_timer(uv_timer_t *t);

static bool spoke(struct conn *c)
{
	const char *banner = libssh2_session_banner_get(c->ssh);

	return banner != NULL && strncmp(banner, "SSH-", 4) == 0;
}

/* A server that takes no more logins at once says so before its banner, or just closes. */
static void handshake_failed(struct conn *c, int rc)
{
	const char *banner = libssh2_session_banner_get(c->ssh);
	struct err err;

	ssh_error(c->ssh, rc, "handshake", &err);
	if (!c->spoke && rc == LIBSSH2_ERROR_SOCKET_DISCONNECT)
		err_set(&err, ERR_UNREACHABLE,
		        "the server closed the connection before it said who it is%s%.60s%s: too many logins at once "
		        "(MaxStartups), or no SSH server",
		        banner != NULL ? " (\"" : "", banner != NULL ? banner : "", banner != NULL ? "\")" : "");
	conn_fail(c, &err);
}

static void shake_hands(struct conn *c)
{
	int rc = libssh2_session_handshake(c->ssh, c->fd);
	struct err err;

	c->spoke = c->spoke || spoke(c);
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return;
	if (rc != 0)
		handshake_failed(c, rc);
	else if (hostkey_check(c, &err) < 0)
		conn_fail(c, &err);
	else
		c->state = CONN_LOGIN;
}

static void log_in(struct conn *c)
{
	struct err err;
	int rc = login_step(c, &err);

	if (rc == LIBSSH2_ERROR_EAGAIN)
		return;
	if (rc != 0) {
		conn_fail(c, &err);
		return;
	}
	login_end(c);
	c->state = CONN_READY;
	c->used_ms = c->heard_ms = uv_now(c->loop);
	libssh2_keepalive_config(c->ssh, 1, (unsigned)KEEPALIVE_S(c->limit_ms));
	uv_timer_start(&c->timer, on_timer, TICK_MS, TICK_MS);
	host_ready(c);
}

static void step_once(struct conn *c)
{
	if (c->state == CONN_HANDSHAKE)
		shake_hands(c);
	if (c->state == CONN_LOGIN)
		log_in(c);
	if (c->state == CONN_READY)
		work(c);
}

/* ---- the loop's side ---- */

static void on_poll(uv_poll_t *p, int status, int events);

static void watch(struct conn *c)
{
	int events = UV_READABLE, directions = libssh2_session_block_directions(c->ssh);

	if (c->state == CONN_READY && c->jobs == NULL)
		events = UV_DISCONNECT; /* nobody would read what comes */
	else if (c->state == CONN_LOGIN && login_waits_for_agent(c))
		events = 0;
	else if (c->state != CONN_READY ? (directions & LIBSSH2_SESSION_BLOCK_OUTBOUND) != 0 : c->stuck != NULL)
		events |= UV_WRITABLE;
	if (events == c->events)
		return;
	c->events = events;
	if (events == 0)
		uv_poll_stop(&c->poll);
	else
		uv_poll_start(&c->poll, events, on_poll);
}

void conn_step(struct conn *c)
{
	if (c->stepping) {
		c->again = true;
		return;
	}
	if (c->state == CONN_DIALING || c->state == CONN_DEAD)
		return;
	c->stepping = true;
	do {
		c->again = false;
		step_once(c);
	} while (c->again && c->state != CONN_DEAD);
	c->stepping = false;
	if (c->state == CONN_DEAD)
		bury(c);
	else
		watch(c);
}

static void on_poll(uv_poll_t *p, int status, int events)
{
	struct conn *c = p->data;

	if (c->state == CONN_READY && c->jobs == NULL && (status < 0 || (events & UV_DISCONNECT) != 0)) {
		fail(c, ERR_UNREACHABLE, "the host closed the connection");
		return;
	}
	if ((events & UV_READABLE) != 0)
		c->heard_ms = uv_now(c->loop);
	conn_step(c);
}

/* ---- time ---- */

static bool is_closing_too_long(const struct conn *c, uint64_t now)
{
	for (const struct job *j = c->jobs; j != NULL; j = j->next)
		/* One that is still being opened keeps nobody but those behind it waiting. */
		if (j->closing_ms != 0 && (j->phase == JOB_CLOSING || c->njobs == 1) &&
		    now - j->closing_ms > CLOSING_MS)
			return true;
	return false;
}

static void on_timer(uv_timer_t *t)
{
	static const char *const doing[] = {
		[CONN_DIALING] = "connecting",
		[CONN_HANDSHAKE] = "handshake",
		[CONN_LOGIN] = "login",
	};
	struct conn *c = t->data;
	uint64_t now = uv_now(c->loop);
	struct err err;
	int next;

	if (c->state != CONN_READY) {
		err_set(&err, ERR_TIMEOUT, "%s: no answer within %d ms", doing[c->state], c->limit_ms);
		conn_fail(c, &err);
	} else if (c->jobs == NULL && now - c->used_ms > IDLE_MS) {
		fail(c, ERR_NONE, "");
	} else if (c->jobs != NULL &&
	           (now - c->heard_ms > (uint64_t)SILENT_MS(c->limit_ms) || is_closing_too_long(c, now))) {
		fail(c, ERR_TIMEOUT, "the host stopped answering");
	} else if (c->jobs != NULL && c->stuck == NULL) {
		libssh2_keepalive_send(c->ssh, &next);
	}
}

/* ---- the beginning ---- */

static void begin(struct conn *c, int fd)
{
	struct err err;

	c->fd = fd;
	c->ssh = memory_session(c);
	c->handles++;
	uv_poll_init(c->loop, &c->poll, fd);
	c->poll.data = c;
	if (c->ssh == NULL) {
		fail(c, ERR_INTERNAL, "libssh2 can't make a session");
		return;
	}
	libssh2_session_set_blocking(c->ssh, 0);
	c->state = CONN_HANDSHAKE;
	if (hostkey_prefer(c, &err) < 0)
		conn_fail(c, &err);
	else
		conn_step(c);
}

static void on_dialled(void *arg, int fd, const struct err *err)
{
	struct conn *c = arg;

	c->dial = NULL;
	if (fd < 0)
		conn_fail(c, err);
	else
		begin(c, fd);
}

void conn_tunnelled(struct conn *c, int fd)
{
	begin(c, fd);
}

struct conn *conn_start(struct host *h, const struct way *way, const char *address, int port, int limit_ms)
{
	struct conn *c = xcalloc(1, sizeof(*c));

	c->host = h;
	c->way = way;
	c->address = address;
	c->port = port;
	c->loop = host_loop(h);
	c->fd = -1;
	c->max_jobs = CONN_MAX_JOBS;
	c->limit_ms = limit_ms;
	uv_timer_init(c->loop, &c->timer);
	c->timer.data = c;
	c->handles = 1;
	return c;
}

void conn_limit(struct conn *c)
{
	uv_update_time(c->loop);
	uv_timer_start(&c->timer, on_timer, (uint64_t)c->limit_ms, 0);
}

void conn_dial(struct conn *c)
{
	conn_limit(c);
	c->dial = dial_start(c->loop, c->address, c->port, on_dialled, c);
}
