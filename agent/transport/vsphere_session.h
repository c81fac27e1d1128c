/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsphere_session.h - a session with a vCenter or ESXi host: connect, log in, send calls, log out.
 *
 * Calls are queued until the session is logged in; a few are under way at once. Whatever ends the session for good (a
 * refused login, Ctrl-C) is kept in `broken`, and every ask, present and future, ends with it. What is collected belongs
 * to batches (vsphere_collect.c): the session starts them when it is ready, and again after it had to log in once more.
 */
#ifndef TRANSPORT_VSPHERE_SESSION_H
#define TRANSPORT_VSPHERE_SESSION_H

#include "transport/http.h"
#include "transport/transport.h"
#include "transport/vsphere_object.h"
#include "transport/vsphere_soap.h"

struct batch;
struct call;

enum phase {
	PHASE_NEW,        /* nothing was sent yet */
	PHASE_CONNECTING, /* versions, service content */
	PHASE_LOGIN,
	PHASE_READY,
	PHASE_BROKEN,
};

/* A path that the server turned out not to know. */
struct unknown {
	const char *type;
	struct paths paths;
};

struct session {
	uv_loop_t *loop;
	const struct target *target;
	const struct secret *secret;
	struct http *http;
	struct arena *arena;
	const char *url, *versions_url, *action; /* SOAPAction */
	enum phase phase;
	struct err broken;
	const struct val *namespaces; /* vimServiceVersions.xml, or NULL */
	const struct val *content;    /* service content */
	const char *api_version;      /* about.apiVersion, "" before */
	bool logged_in;               /* there is something to log out of */
	uint64_t sent;
	uv_timer_t soon;    /* work that must not be done within the caller's call */
	uv_timer_t bound;   /* the end of close(), at the latest */
	struct call *first; /* under way or waiting, in order */
	struct call *login; /* under way; not among them */
	size_t under_way;   /* without relayed ones */
	size_t relayed;     /* of those, under way */
	struct batch *batches;
	struct unknown *unknown;
	size_t nunknown, unknown_cap;
	bool closing;
	void (*closed)(void *arg);
	void *closed_arg;
};

/* ERR is of the exchange: no answer came, or none of this API. ERR_NONE: REPLY is a response or a fault, not decoded yet.
 * REPLY lives during the call only. */
typedef void call_done(void *arg, const struct http_reply *reply, const struct err *err);

#define RELAYED_MAX_ANSWER (8u * 1024 * 1024) /* bytes of what a relayed call answers: many are under way at once */

struct call_spec {
	const char *what; /* "RetrievePropertiesEx HostSystem", for messages; copied */
	struct buf *body; /* taken over and emptied; NULL: a GET of the versions */
	bool safe;        /* may be sent again when the connection was lost */
	bool secret;      /* the body is wiped */
	bool relayed;     /* the server waits for a host: many of these are under way at once */
	int timeout_ms;   /* 0: the target's */
	call_done *done;
	void *arg;
};

/* Sends, or queues until others have ended (vsphere_call.c). */
struct call *session_call(struct session *s, const struct call_spec *spec);
/* Aborts all calls, their DONE is not called; but for a login: it may still make a session that has to be ended. */
void session_abort_all(struct session *s);

/* A reference in the service content, by property name ("viewManager"). false: the server has none. */
bool session_service(const struct session *s, const char *name, struct moref *ret);

/* The paths of TYPE that the server doesn't know. */
struct paths *session_unknown(struct session *s, const char *type);

/* For batches: the session turned out to have expired. Everything under way starts again after another login, once. */
void session_expired(struct session *s);
void session_break(struct session *s, const struct err *why); /* ends everything, now */
void session_start(struct session *s); /* soon: connects if need be, and starts batches that wait */

/* Decodes a reply that needs no streaming: the response element in A, or NULL with err (also for a fault, *ret_fault then
 * tells which; its type is "" otherwise). */
const struct val *reply_response(struct arena *a, const struct http_reply *reply, struct soap_fault *ret_fault,
                                 struct err *err);
/* The same for an answer one of whose texts is a document of its own. */
const struct val *reply_relayed(struct arena *a, const struct http_reply *reply, size_t max_text,
                                struct soap_fault *ret_fault, struct err *err);

/* Entries of struct transport. */
struct session *session_open(const struct opening *o);
void session_cancel(struct session *s, const struct err *why);
void session_close(struct session *s, void (*closed)(void *arg), void *arg);
uint64_t session_sent(const struct session *s);

#endif
