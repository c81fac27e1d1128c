/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.c - libcurl's multi-socket interface as a guest of the libuv loop.
 *
 * libcurl says which sockets to watch and when to be woken; it is only ever called from a libuv callback or from the
 * client's user, never from its own socket and timer callbacks.
 */
#include "transport/http.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/version.h"
#include "transport/http_impl.h"

#define CONNECT_TIMEOUT_MS 20000 /* of name look-up, TCP and TLS together */

struct http {
	uv_loop_t *loop;
	uv_timer_t timer;
	CURLM *multi;
	CURLSH *cookies;
	struct http_trust trust;
	struct http_call *first;
	size_t handles; /* libuv handles that are not closed yet */
	bool closing;
	void (*closed)(void *arg);
	void *closed_arg;
};

struct http_call {
	struct http *http;
	struct http_call *prev, *next;
	CURL *easy;
	struct curl_slist *headers;
	struct buf body;
	struct err refused; /* why it couldn't be sent at all */
	int timeout_ms;
	http_done_fn *done;
	void *arg;
	char text[CURL_ERROR_SIZE];
};

/* A socket that libcurl wants watched. */
struct watch {
	uv_poll_t poll;
	struct http *http;
	curl_socket_t fd;
};

/* ---- calls that end ---- */

static void free_call(struct http_call *c)
{
	curl_multi_remove_handle(c->http->multi, c->easy);
	curl_easy_cleanup(c->easy);
	curl_slist_free_all(c->headers);
	buf_dispose(&c->body);
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		c->http->first = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	free(c);
}

static void fill_reply(const struct http_call *c, CURLcode code, struct http_reply *r)
{
	char *type = NULL, *location = NULL;
	curl_off_t connected_us = 0;

	curl_easy_getinfo(c->easy, CURLINFO_CONNECT_TIME_T, &connected_us);
	/* A handshake that fails leaves no time of connection behind. */
	r->connected = connected_us > 0 || code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION;
	curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &r->status);
	curl_easy_getinfo(c->easy, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(c->easy, CURLINFO_REDIRECT_URL, &location);
	r->type = type != NULL ? type : "";
	r->location = location != NULL ? location : "";
	r->body = buf_str(&c->body);
	r->len = c->body.len;
	if (c->refused.kind != ERR_NONE) {
		r->err = c->refused;
	} else if (code != CURLE_OK) {
		const struct http_failure f = {.easy = c->easy,
		                               .code = code,
		                               .text = c->text[0] != '\0' ? c->text : curl_easy_strerror(code),
		                               .trust = &c->http->trust,
		                               .received = c->body.len,
		                               .too_large = c->body.over ? c->body.max : 0,
		                               .timeout_ms = c->timeout_ms};

		http_failure_error(&f, &r->err);
		r->lost = http_failure_lost(&f);
	}
}

static void finish(struct http_call *c, CURLcode code)
{
	struct http_reply reply = {0};

	fill_reply(c, code, &reply);
	curl_multi_remove_handle(c->http->multi, c->easy);
	/* DONE may abort other calls, and send new ones; this one is only freed here. */
	c->done(c->arg, &reply);
	free_call(c);
}

/* Hands over what ended. DONE may change anything, so the queue of messages is read anew each time. */
static void drain(struct http *h)
{
	const CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(h->multi, &left)) != NULL) {
		struct http_call *c;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c);
		finish(c, m->data.result);
	}
}

/* ---- sockets and timer ---- */

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct watch *w = poll->data;
	/* What went wrong with a socket libcurl finds out, and words, by using it. */
	int flags = status < 0 ? CURL_CSELECT_IN | CURL_CSELECT_OUT : 0, running;

	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	curl_multi_socket_action(w->http->multi, w->fd, flags, &running);
	drain(w->http);
}

static void on_timer(uv_timer_t *t)
{
	struct http *h = t->data;
	int running;

	curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	drain(h);
}

static int want_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct http *h = arg;

	(void)multi;
	if (timeout_ms < 0) {
		uv_timer_stop(&h->timer);
		return 0;
	}
	/* A timer that fires early would not be asked for again: from the present time, and a millisecond later. */
	uv_update_time(h->loop);
	uv_timer_start(&h->timer, on_timer, timeout_ms > 0 ? (uint64_t)timeout_ms + 1 : 0, 0);
	return 0;
}

static void closed_one(struct http *h)
{
	void (*closed)(void *) = h->closed;
	void *arg = h->closed_arg;

	if (--h->handles > 0 || !h->closing)
		return;
	curl_share_cleanup(h->cookies);
	curl_global_cleanup();
	free(h);
	closed(arg);
}

static void on_watch_closed(uv_handle_t *handle)
{
	struct watch *w = handle->data;
	struct http *h = w->http;

	free(w);
	closed_one(h);
}

static void on_timer_closed(uv_handle_t *handle)
{
	closed_one(handle->data);
}

static struct watch *new_watch(struct http *h, curl_socket_t fd)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	if (uv_poll_init_socket(h->loop, &w->poll, fd) < 0) {
		free(w);
		return NULL;
	}
	w->poll.data = w;
	w->http = h;
	w->fd = fd;
	h->handles++;
	curl_multi_assign(h->multi, fd, w);
	return w;
}

static int want_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct http *h = arg;
	struct watch *w = socket_arg;
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w != NULL) {
			uv_poll_stop(&w->poll);
			uv_close((uv_handle_t *)&w->poll, on_watch_closed);
			curl_multi_assign(h->multi, fd, NULL);
		}
		return 0;
	}
	if (w == NULL)
		w = new_watch(h, fd);
	if (w == NULL)
		return -1;
	if (what != CURL_POLL_OUT)
		events |= UV_READABLE;
	if (what != CURL_POLL_IN)
		events |= UV_WRITABLE;
	uv_poll_start(&w->poll, events, on_poll);
	return 0;
}

/* ---- sending ---- */

static size_t on_body(char *data, size_t one, size_t n, void *arg)
{
	struct http_call *c = arg;

	(void)one; /* always 1 */
	return buf_add(&c->body, data, n) ? n : 0;
}

static void add_header(struct http_call *c, const char *line)
{
	struct curl_slist *more = curl_slist_append(c->headers, line);

	if (more == NULL)
		abort();
	c->headers = more;
}

static void set_body(struct http_call *c, const struct http_request *req)
{
	struct buf line = {.max = 256};

	add_header(c, "Content-Type: text/xml; charset=utf-8");
	add_header(c, "Expect:");
	if (req->soap_action != NULL) {
		buf_printf(&line, "SOAPAction: \"%s\"", req->soap_action);
		add_header(c, buf_str(&line));
		buf_dispose(&line);
	}
	curl_easy_setopt(c->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, req->body);
	curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->len);
}

static void set_options(struct http_call *c, const struct http_request *req)
{
	CURL *e = c->easy;
	long connect_ms = req->timeout_ms < CONNECT_TIMEOUT_MS ? req->timeout_ms : CONNECT_TIMEOUT_MS;

	curl_easy_setopt(e, CURLOPT_URL, req->url);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "migready/" MIGREADY_VERSION);
	curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L); /* a name look-up that hangs is left behind, not waited for */
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)req->timeout_ms);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
	curl_easy_setopt(e, CURLOPT_SHARE, c->http->cookies);
	curl_easy_setopt(e, CURLOPT_COOKIEFILE, "");
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, c->text);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(e, CURLOPT_PRIVATE, c);
	if (req->body != NULL)
		set_body(c, req);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, c->headers);
}

struct http_call *http_send(struct http *h, const struct http_request *req, http_done_fn *done, void *arg)
{
	struct http_call *c = xcalloc(1, sizeof(*c));

	c->http = h;
	c->done = done;
	c->arg = arg;
	c->timeout_ms = req->timeout_ms;
	c->body.max = req->max_answer > 0 ? req->max_answer : HTTP_MAX_ANSWER;
	c->next = h->first;
	if (c->next != NULL)
		c->next->prev = c;
	h->first = c;
	c->easy = curl_easy_init();
	if (c->easy == NULL)
		abort();
	set_options(c, req);
	/* Without the trust asked for nothing may go out: a URL that no protocol is allowed for makes the call fail, later. */
	if (http_trust_apply(&h->trust, c->easy, &c->refused) < 0)
		curl_easy_setopt(c->easy, CURLOPT_URL, "none://");
	curl_multi_add_handle(h->multi, c->easy);
	return c;
}

void http_abort(struct http_call *c)
{
	free_call(c);
}

const struct http_certificate *http_certificate(const struct http *h)
{
	return &h->trust.shown;
}

/* ---- life ---- */

struct http *http_open(uv_loop_t *loop, const struct target *target)
{
	struct http *h = xcalloc(1, sizeof(*h));

	h->loop = loop;
	h->trust.target = target;
	uv_timer_init(loop, &h->timer);
	h->timer.data = h;
	h->handles = 1;
	if (http_global_init() != CURLE_OK || (h->multi = curl_multi_init()) == NULL ||
	    (h->cookies = curl_share_init()) == NULL)
		abort();
	curl_share_setopt(h->cookies, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)HTTP_MAX_CONNECTIONS);
	return h;
}

void http_close(struct http *h, void (*closed)(void *arg), void *arg)
{
	h->closing = true;
	h->closed = closed;
	h->closed_arg = arg;
	for (struct http_call *c = h->first, *next; c != NULL; c = next) {
		next = c->next;
		free_call(c);
	}
	curl_multi_cleanup(h->multi);
	uv_timer_stop(&h->timer);
	uv_close((uv_handle_t *)&h->timer, on_timer_closed);
}
