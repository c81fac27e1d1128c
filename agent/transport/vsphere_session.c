/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsphere_session.c - versions, service content, login; then calls; then logout.
 */
#include "transport/vsphere_session.h"

#include <stdlib.h>
#include <string.h>

#include "credential.h"
#include "transport/vsphere_batch.h"

#define CLOSE_MS 2000

/* ---- connecting ---- */

void session_break(struct session *s, const struct err *why)
{
	s->phase = PHASE_BROKEN;
	s->broken = *why;
	session_abort_all(s);
	while (s->batches != NULL)
		batch_end(s->batches, &s->broken);
}

bool session_service(const struct session *s, const char *name, struct moref *ret)
{
	return soap_moref(val_get(s->content, name), ret);
}

static void log_out(struct session *s);

static void on_login(void *arg, const struct http_reply *reply, const struct err *sent)
{
	struct session *s = arg;
	struct arena *a = arena_new();
	struct soap_fault fault;
	struct err err = *sent;

	s->login = NULL;
	if (err.kind == ERR_NONE && reply_response(a, reply, &fault, &err) == NULL) {
		if (err.kind == ERR_AUTH)
			err_set(&err, ERR_AUTH,
			        "the server refused the password of %s (credential '%s'); it is not tried again",
			        s->target->credential->user, s->target->credential->name);
		err_prefix(&err, "Login");
	}
	arena_free(a);
	s->logged_in = err.kind == ERR_NONE;
	if (s->closing) {
		log_out(s);
	} else if (s->phase == PHASE_BROKEN) {
		return; /* cancelled in the meantime; close() follows */
	} else if (err.kind != ERR_NONE) {
		session_break(s, &err);
	} else {
		s->phase = PHASE_READY;
		session_start(s);
	}
}

/* The longest that escaping can make of a text. */
static size_t escaped_size(const char *text)
{
	return 6 * strlen(text);
}

static void log_in(struct session *s)
{
	const char *user = s->target->credential->user;
	size_t size = 2048 + escaped_size(user) + escaped_size(s->secret->text);
	/* Large enough from the start: growing would leave copies of the password behind. */
	struct buf body = {.s = xcalloc(1, size), .cap = size, .max = size - 1};
	struct moref manager = {"SessionManager", "SessionManager"};

	session_service(s, "sessionManager", &manager);
	soap_open(&body, "Login", &manager);
	soap_element(&body, "userName", user);
	soap_element(&body, "password", s->secret->text);
	soap_close(&body, "Login");
	s->phase = PHASE_LOGIN;
	s->login = session_call(
		s, &(struct call_spec){.what = "Login", .body = &body, .secret = true, .done = on_login, .arg = s});
}

static int read_content(struct session *s, const struct http_reply *reply, struct err *err)
{
	static const char *const needed[] = {"rootFolder", "propertyCollector", "viewManager", "sessionManager"};
	struct soap_fault fault;
	const struct val *response = reply_response(s->arena, reply, &fault, err), *version;
	struct moref ref;

	if (response == NULL)
		return -1;
	s->content = val_get(response, "returnval");
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!session_service(s, needed[i], &ref))
			return err_set(err, ERR_PROTOCOL, "the service content names no %s", needed[i]);
	version = val_get(val_get(s->content, "about"), "apiVersion");
	if (version != NULL && version->kind == VAL_TEXT)
		s->api_version = version->text;
	return 0;
}

static void set_action(struct session *s)
{
	const char *version =
		vim_version_choose(s->arena, s->namespaces, *s->api_version != '\0' ? s->api_version : NULL);

	s->action = arena_printf(s->arena, "urn:vim25/%s", version != NULL ? version : VIM_VERSION_LOWEST);
}

static void on_content(void *arg, const struct http_reply *reply, const struct err *sent)
{
	struct session *s = arg;
	struct err err = *sent;

	if (err.kind == ERR_NONE && read_content(s, reply, &err) < 0)
		err_prefix(&err, "RetrieveServiceContent");
	if (err.kind != ERR_NONE) {
		session_break(s, &err);
		return;
	}
	set_action(s);
	log_in(s);
}

/* Anything that isn't a list of versions means that the server has none: what is wrong with it, the next call will say. */
static void on_versions(void *arg, const struct http_reply *reply, const struct err *sent)
{
	struct session *s = arg;
	struct buf body = {.max = 4096};
	struct err err;

	if (reply->err.kind != ERR_NONE && reply->err.kind != ERR_LIMIT && reply->err.kind != ERR_PROTOCOL) {
		session_break(s, &reply->err);
		return;
	}
	if (sent->kind == ERR_NONE && reply->status == 200)
		s->namespaces = xml_decode(s->arena, reply->body, reply->len, &err);
	set_action(s);
	soap_open(&body, "RetrieveServiceContent", &(struct moref){"ServiceInstance", "ServiceInstance"});
	soap_close(&body, "RetrieveServiceContent");
	session_call(
		s,
		&(struct call_spec){
			.what = "RetrieveServiceContent", .body = &body, .safe = true, .done = on_content, .arg = s});
}

static void start_connecting(struct session *s)
{
	struct err err;

	if (s->target->credential == NULL || s->secret == NULL) {
		err_set(&err, ERR_CONFIG, "target %s has no credential", s->target->name);
		session_break(s, &err);
		return;
	}
	s->phase = PHASE_CONNECTING;
	session_call(
		s, &(struct call_spec){.what = "vimServiceVersions.xml", .safe = true, .done = on_versions, .arg = s});
}

static void on_soon(uv_timer_t *t)
{
	struct session *s = t->data;

	if (s->broken.kind != ERR_NONE) {
		session_break(s, &s->broken);
	} else if (s->phase == PHASE_NEW) {
		start_connecting(s);
	} else if (s->phase == PHASE_READY) {
		for (struct batch *b = s->batches, *next; b != NULL && s->phase == PHASE_READY; b = next) {
			next = b->next;
			batch_start(b);
		}
	}
}

void session_start(struct session *s)
{
	uv_timer_start(&s->soon, on_soon, 0, 0);
}

void session_expired(struct session *s)
{
	struct err err;

	for (const struct batch *b = s->batches; b != NULL; b = b->next)
		if (b->restarted) {
			err_set(&err, ERR_DENIED,
			        "session expired again after a second login: does something end sessions early?");
			session_break(s, &err);
			return;
		}
	session_abort_all(s);
	for (struct batch *b = s->batches; b != NULL; b = b->next)
		batch_reset(b);
	s->logged_in = false;
	log_in(s);
}

struct paths *session_unknown(struct session *s, const char *type)
{
	for (size_t i = 0; i < s->nunknown; i++)
		if (strcmp(s->unknown[i].type, type) == 0)
			return &s->unknown[i].paths;
	s->unknown = grow(s->unknown, &s->unknown_cap, s->nunknown, sizeof(*s->unknown));
	s->unknown[s->nunknown] = (struct unknown){.type = arena_strdup(s->arena, type)};
	return &s->unknown[s->nunknown++].paths;
}

/* ---- life ---- */

struct session *session_open(const struct opening *o)
{
	struct session *s = xcalloc(1, sizeof(*s));

	s->loop = o->loop;
	s->target = o->target;
	s->secret = o->secret;
	s->arena = arena_new();
	s->url = arena_printf(s->arena, "%s/sdk", s->target->url);
	s->versions_url = arena_printf(s->arena, "%s/sdk/vimServiceVersions.xml", s->target->url);
	s->api_version = "";
	s->http = http_open(s->loop, s->target);
	uv_timer_init(s->loop, &s->soon);
	uv_timer_init(s->loop, &s->bound);
	s->soon.data = s->bound.data = s;
	return s;
}

void session_cancel(struct session *s, const struct err *why)
{
	if (s->broken.kind == ERR_NONE)
		s->broken = *why;
	session_start(s);
}

uint64_t session_sent(const struct session *s)
{
	return s->sent;
}

static void free_session(struct session *s)
{
	void (*closed)(void *) = s->closed;
	void *arg = s->closed_arg;

	for (size_t i = 0; i < s->nunknown; i++)
		paths_dispose(&s->unknown[i].paths);
	free(s->unknown);
	arena_free(s->arena);
	free(s);
	closed(arg);
}

static void on_bound_closed(uv_handle_t *handle)
{
	free_session(handle->data);
}

static void on_soon_closed(uv_handle_t *handle)
{
	struct session *s = handle->data;

	uv_close((uv_handle_t *)&s->bound, on_bound_closed);
}

static void on_http_closed(void *arg)
{
	struct session *s = arg;

	uv_close((uv_handle_t *)&s->soon, on_soon_closed);
}

static void on_bound(uv_timer_t *t)
{
	struct session *s = t->data;

	s->login = NULL;
	session_abort_all(s);
	http_close(s->http, on_http_closed, s);
}

/* What Logout answers changes nothing; the client must not be closed from within its own callback, hence the timer. */
static void on_logout(void *arg, const struct http_reply *reply, const struct err *err)
{
	struct session *s = arg;

	(void)reply, (void)err;
	uv_timer_start(&s->bound, on_bound, 0, 0);
}

static void log_out(struct session *s)
{
	struct buf body = {.max = 4096};
	struct moref manager;

	if (!s->logged_in || !session_service(s, "sessionManager", &manager)) {
		uv_timer_start(&s->bound, on_bound, 0, 0);
		return;
	}
	soap_open(&body, "Logout", &manager);
	soap_close(&body, "Logout");
	session_call(s, &(struct call_spec){
				.what = "Logout", .body = &body, .timeout_ms = CLOSE_MS, .done = on_logout, .arg = s});
}

void session_close(struct session *s, void (*closed)(void *arg), void *arg)
{
	s->closing = true;
	s->closed = closed;
	s->closed_arg = arg;
	uv_timer_stop(&s->soon);
	uv_timer_start(&s->bound, on_bound, CLOSE_MS, 0);
	if (s->login == NULL)
		log_out(s);
}
