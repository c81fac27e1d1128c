/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ssh_agent.c - a client of the agent at SSH_AUTH_SOCK (draft-miller-ssh-agent), on the loop.
 *
 * Not libssh2's client: that one blocks, and an agent may ask a person before it signs. Requests are sent one at a time.
 */
#include "transport/ssh_agent.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX (256 * 1024)
#define LIST_REQUEST 11
#define LIST_ANSWER 12
#define SIGN_REQUEST 13
#define SIGN_ANSWER 14

struct agent_request {
	struct agent_request *next;
	agent_done *done; /* NULL: nobody waits any more */
	void *arg;
	unsigned char *message; /* with its length in front */
	size_t len;
};

struct agent {
	uv_loop_t *loop;
	uv_pipe_t pipe;
	uv_connect_t connect;
	uv_write_t write;
	bool open, connected, closing;
	struct agent_request *first, *last; /* under way, then those that wait */
	bool under_way;
	unsigned char *answer;
	size_t len;
	struct err broken;
	void (*closed)(void *arg);
	void *closed_arg;
};

static void send_next(struct agent *g);

static void put_number(unsigned char *p, size_t n)
{
	p[0] = (unsigned char)(n >> 24);
	p[1] = (unsigned char)(n >> 16);
	p[2] = (unsigned char)(n >> 8);
	p[3] = (unsigned char)n;
}

static size_t number_at(const unsigned char *p)
{
	return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

bool agent_string(const unsigned char **p, size_t *left, const unsigned char **ret, size_t *ret_len)
{
	size_t len = *left >= 4 ? number_at(*p) : SIZE_MAX;

	if (*left < 4 || len > *left - 4)
		return false;
	*ret = *p + 4;
	*ret_len = len;
	*p += 4 + len;
	*left -= 4 + len;
	return true;
}

/* ---- requests ---- */

/* The first one has ended: ANSWER is what follows the type, or NULL. */
static void end_first(struct agent *g, const unsigned char *answer, size_t len, const struct err *err)
{
	struct agent_request *r = g->first;

	g->first = r->next;
	g->under_way = false;
	if (r->done != NULL)
		r->done(r->arg, answer, len, err);
	free(r->message);
	free(r);
}

static void break_up(struct agent *g, const char *why)
{
	if (g->broken.kind == ERR_NONE)
		err_set(&g->broken, ERR_CONFIG, "the SSH agent at SSH_AUTH_SOCK: %s", why);
	while (g->first != NULL)
		end_first(g, NULL, 0, &g->broken);
}

static void on_alloc(uv_handle_t *h, size_t size, uv_buf_t *ret)
{
	struct agent *g = h->data;

	(void)size;
	*ret = uv_buf_init((char *)g->answer + g->len, (unsigned)(ANSWER_MAX - g->len));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct agent *g = stream->data;
	size_t len;

	(void)buf;
	if (n < 0) {
		uv_read_stop(stream);
		break_up(g, n == UV_EOF ? "it closed the connection" : uv_strerror((int)n));
		return;
	}
	g->len += (size_t)n;
	len = g->len >= 5 ? number_at(g->answer) : 0;
	if (len > ANSWER_MAX - 4) {
		uv_read_stop(stream);
		break_up(g, "its answer is too long");
	} else if (g->len >= 5 && g->len >= 4 + len && g->first != NULL) {
		const struct err refused = {.kind = ERR_AUTH, .text = "the agent refused"};
		unsigned char want = g->first->message[4] == LIST_REQUEST ? LIST_ANSWER : SIGN_ANSWER;
		bool good = len >= 1 && g->answer[4] == want;

		g->len = 0;
		end_first(g, good ? g->answer + 5 : NULL, good ? len - 1 : 0, good ? NULL : &refused);
		send_next(g);
	}
}

static void on_written(uv_write_t *w, int status)
{
	struct agent *g = w->data;

	if (status < 0 && !g->closing)
		break_up(g, uv_strerror(status));
}

static void send_next(struct agent *g)
{
	uv_buf_t b;

	if (!g->connected || g->under_way || g->first == NULL)
		return;
	g->under_way = true;
	g->len = 0;
	b = uv_buf_init((char *)g->first->message, (unsigned)g->first->len);
	uv_write(&g->write, (uv_stream_t *)&g->pipe, &b, 1, on_written);
}

static void on_connected(uv_connect_t *c, int status)
{
	struct agent *g = c->data;

	if (g->closing)
		return;
	if (status < 0) {
		break_up(g, uv_strerror(status));
		return;
	}
	g->connected = true;
	uv_read_start((uv_stream_t *)&g->pipe, on_alloc, on_read);
	send_next(g);
}

static void connect_once(struct agent *g)
{
	const char *path = getenv("SSH_AUTH_SOCK");

	if (g->open || g->broken.kind != ERR_NONE)
		return;
	if (path == NULL || *path == '\0') {
		err_set(&g->broken, ERR_CONFIG, "no SSH agent: SSH_AUTH_SOCK is not set; run ssh-agent and ssh-add");
		return;
	}
	g->open = true;
	g->answer = xmalloc(ANSWER_MAX);
	uv_pipe_init(g->loop, &g->pipe, 0);
	g->pipe.data = g->connect.data = g->write.data = g;
	uv_pipe_connect(&g->connect, &g->pipe, path, on_connected);
}

static struct agent_request *request(struct agent *g, unsigned char *message, size_t len, agent_done *done, void *arg,
                                     struct err *err)
{
	struct agent_request *r;

	connect_once(g);
	if (g->broken.kind != ERR_NONE) {
		free(message);
		*err = g->broken;
		return NULL;
	}
	r = xcalloc(1, sizeof(*r));
	r->done = done;
	r->arg = arg;
	r->message = message;
	r->len = len;
	if (g->first == NULL)
		g->first = r;
	else
		g->last->next = r;
	g->last = r;
	send_next(g);
	return r;
}

struct agent_request *agent_list(struct agent *g, agent_done *done, void *arg, struct err *err)
{
	unsigned char *m = xcalloc(1, 5);

	put_number(m, 1);
	m[4] = LIST_REQUEST;
	return request(g, m, 5, done, arg, err);
}

struct agent_request *agent_sign(struct agent *g, const struct agent_signing *s, agent_done *done, void *arg,
                                 struct err *err)
{
	size_t len = 5 + 4 + s->key_len + 4 + s->data_len + 4;
	unsigned char *m = xcalloc(1, len), *p = m + 5;

	put_number(m, len - 4);
	m[4] = SIGN_REQUEST;
	put_number(p, s->key_len);
	memcpy(p + 4, s->key, s->key_len);
	p += 4 + s->key_len;
	put_number(p, s->data_len);
	memcpy(p + 4, s->data, s->data_len);
	p += 4 + s->data_len;
	put_number(p, s->flags);
	return request(g, m, len, done, arg, err);
}

void agent_abandon(struct agent_request *r)
{
	r->done = NULL;
}

/* ---- life ---- */

struct agent *agent_open(uv_loop_t *loop)
{
	struct agent *g = xcalloc(1, sizeof(*g));

	g->loop = loop;
	return g;
}

static void finish(struct agent *g)
{
	void (*closed)(void *) = g->closed;
	void *arg = g->closed_arg;

	free(g->answer);
	free(g);
	closed(arg);
}

static void on_closed(uv_handle_t *h)
{
	finish(h->data);
}

void agent_close(struct agent *g, void (*closed)(void *arg), void *arg)
{
	g->closing = true;
	g->closed = closed;
	g->closed_arg = arg;
	break_up(g, "closed");
	if (g->open)
		uv_close((uv_handle_t *)&g->pipe, on_closed);
	else
		finish(g);
}
