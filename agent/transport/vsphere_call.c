/* SPDX-License-Identifier: Apache-2.0 */
/* vsphere_call.c - calls of a session: their queue, a second try where that is safe, and what is no answer of this API. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "transport/vsphere_session.h"

#define MAX_CALLS 4 /* under way at once */
/* Relayed calls do little in vCenter but wait. That it takes so many at once is a guess; its own limits are in the thousands. */
#define MAX_RELAYED (HTTP_MAX_CONNECTIONS - MAX_CALLS)

struct call {
	struct session *session;
	struct call *prev, *next;
	struct http_call *http; /* NULL: waits for its turn */
	char *what;
	struct buf body;
	bool get, safe, secret, relayed, resent;
	int timeout_ms;
	call_done *done;
	void *arg;
};

static void on_http_done(void *arg, const struct http_reply *reply);

/* How many of C's kind are under way. */
static size_t *count_of(const struct call *c)
{
	return c->relayed ? &c->session->relayed : &c->session->under_way;
}

static void send_call(struct call *c)
{
	struct session *s = c->session;
	const struct http_request req = {.url = c->get ? s->versions_url : s->url,
	                                 .soap_action = c->get ? NULL : s->action,
	                                 .body = c->get ? NULL : buf_str(&c->body),
	                                 .len = c->body.len,
	                                 .timeout_ms = c->timeout_ms,
	                                 .max_answer = c->relayed ? RELAYED_MAX_ANSWER : 0};
	s->sent++;
	*count_of(c) += 1;
	c->http = http_send(s->http, &req, on_http_done, c);
}

static bool may_send(const struct call *c)
{
	return *count_of(c) < (c->relayed ? MAX_RELAYED : MAX_CALLS);
}

static void pump(struct session *s)
{
	for (struct call *c = s->first; c != NULL && (s->under_way < MAX_CALLS || s->relayed < MAX_RELAYED);
	     c = c->next)
		if (c->http == NULL && may_send(c))
			send_call(c);
}

static void unlink_call(struct call *c)
{
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		c->session->first = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
}

static void free_call(struct call *c)
{
	if (c->secret && c->body.s != NULL)
		explicit_bzero(c->body.s, c->body.cap);
	buf_dispose(&c->body);
	free(c->what);
	free(c);
}

/* The first bytes of a page, for a message: printable ASCII only. */
static const char *beginning(char *buf, size_t size, const char *body)
{
	size_t n = 0;

	while (isspace((unsigned char)*body))
		body++;
	for (; *body != '\0' && n + 1 < size; body++)
		buf[n++] = isgraph((unsigned char)*body) ? *body : isspace((unsigned char)*body) ? ' ' : '?';
	buf[n] = '\0';
	return buf;
}

static bool is_xml(const struct http_reply *r, const char *start)
{
	if (strncasecmp(r->type, "text/html", 9) == 0)
		return false;
	return start[0] == '<' && strncasecmp(start, "<html", 5) != 0 && strncasecmp(start, "<!doctype html", 14) != 0;
}

/* Is the answer one of this API's at all? */
static int check_reply(const struct http_reply *r, struct err *err)
{
	char start[48], text[96];

	if (r->err.kind != ERR_NONE) {
		*err = r->err;
		return -1;
	}
	if (r->status == 503)
		return err_set(err, ERR_UNREACHABLE,
		               "HTTP 503: service not ready or its session table is full; try again in some minutes");
	if (r->status == 401 || r->status == 403)
		return err_set(err, ERR_DENIED, "HTTP %ld: refused before the vSphere API was reached: by a proxy?",
		               r->status);
	if (r->status >= 300 && r->status < 400)
		return err_set(err, ERR_PROTOCOL,
		               "HTTP %ld: moved to '%s'; name the vCenter's own address in the inventory", r->status,
		               beginning(text, sizeof(text), r->location));
	if (r->status != 200 && r->status != 500)
		return err_set(err, ERR_PROTOCOL, "HTTP %ld: is that the address of a vCenter or ESXi host?",
		               r->status);
	if (r->len == 0)
		return err_set(err, ERR_PROTOCOL, "an empty answer (HTTP %ld)", r->status);
	beginning(start, sizeof(start), r->body);
	if (!is_xml(r, start))
		return err_set(
			err, ERR_PROTOCOL,
			"not a vSphere API answer (%s, begins '%s'): is a proxy or another web server in between?",
			*r->type != '\0' ? beginning(text, sizeof(text), r->type) : "no content type", start);
	return 0;
}

static void on_http_done(void *arg, const struct http_reply *reply)
{
	struct call *c = arg;
	struct session *s = c->session;
	struct err err = {0};

	*count_of(c) -= 1;
	c->http = NULL;
	if (reply->lost && c->safe && !c->resent) {
		c->resent = true;
		pump(s);
		return;
	}
	if (check_reply(reply, &err) < 0)
		err_prefix(&err, "%s", c->what);
	unlink_call(c);
	c->done(c->arg, reply, &err);
	free_call(c);
	pump(s);
}

struct call *session_call(struct session *s, const struct call_spec *spec)
{
	struct call *c = xcalloc(1, sizeof(*c)), *last = s->first;

	c->session = s;
	c->what = xstrdup(spec->what);
	c->get = spec->body == NULL;
	if (spec->body != NULL) {
		c->body = *spec->body;
		*spec->body = (struct buf){.max = spec->body->max};
	}
	c->safe = spec->safe;
	c->secret = spec->secret;
	c->relayed = spec->relayed;
	c->timeout_ms = spec->timeout_ms > 0 ? spec->timeout_ms : s->target->timeout_ms;
	c->done = spec->done;
	c->arg = spec->arg;
	while (last != NULL && last->next != NULL)
		last = last->next;
	c->prev = last;
	if (last != NULL)
		last->next = c;
	else
		s->first = c;
	pump(s);
	return c;
}

static void abort_call(struct call *c)
{
	if (c->http != NULL) {
		http_abort(c->http);
		*count_of(c) -= 1;
	}
	unlink_call(c);
	free_call(c);
}

void session_abort_all(struct session *s)
{
	for (struct call *c = s->first, *next; c != NULL; c = next) {
		next = c->next;
		if (c != s->login)
			abort_call(c);
	}
}

const struct val *reply_response(struct arena *a, const struct http_reply *reply, struct soap_fault *ret_fault,
                                 struct err *err)
{
	return reply_relayed(a, reply, VAL_MAX_TEXT, ret_fault, err);
}

const struct val *reply_relayed(struct arena *a, const struct http_reply *reply, size_t max_text,
                                struct soap_fault *ret_fault, struct err *err)
{
	const struct xml_options options = {.max_text = max_text};
	const struct val *root = xml_decode_as(a, reply->body, reply->len, &options, err), *body;

	ret_fault->type = "";
	if (root == NULL || (body = soap_body(root, err)) == NULL)
		return NULL;
	if (!soap_fault(a, body, ret_fault))
		return body;
	soap_fault_error(ret_fault, err);
	return NULL;
}
