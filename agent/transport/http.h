/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - HTTPS requests on the libuv loop, by libcurl.
 *
 * A client serves one target: its connections, cookies and its trust in certificates are its own, so that nothing of one
 * target is ever used for another. Nothing here blocks. A proxy is used where the environment names one (https_proxy,
 * no_proxy), as with any program that uses libcurl.
 */
#ifndef TRANSPORT_HTTP_H
#define TRANSPORT_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "inventory.h"

#define HTTP_MAX_CONNECTIONS 132           /* of one client at once; requests beyond wait for one to be free */
#define HTTP_MAX_ANSWER (64 * 1024 * 1024) /* bytes of one answer, after decompression, unless the request says less */

struct http;
struct http_call;

/* What a server said that it is. Texts are its own words. */
struct http_certificate {
	char thumbprint[65]; /* SHA-256 of the certificate, lower-case hex; "": none was shown yet */
	char subject[256], issuer[256];
	char names[512];         /* that it is valid for, with commas between */
	int64_t from_s, until_s; /* its validity, seconds since 1970 UTC; 0: can't be read */
};

struct http_request {
	const char *url;         /* https:// */
	const char *soap_action; /* without quotes; NULL: none */
	const char *body;        /* NULL: GET, else POST of XML. Borrowed until the call ended or was aborted */
	size_t len;
	int timeout_ms;    /* of the whole exchange */
	size_t max_answer; /* bytes, after decompression, whole MiB; 0: HTTP_MAX_ANSWER */
};

struct http_reply {
	struct err err; /* ERR_NONE: an answer came, whatever its status. ERR_LIMIT: larger than it may be */
	bool connected; /* somebody took the connection: the server, or the proxy before it */
	bool lost;      /* the connection was lost: sending the same again may help */
	long status;
	const char *type;     /* Content-Type, "" when absent */
	const char *location; /* where a redirection leads, "" without one; it is never followed */
	const char *body;     /* ended by NUL */
	size_t len;
};

/* The reply, and all that it points to, lives during the call only. */
typedef void http_done_fn(void *arg, const struct http_reply *reply);

/* TARGET is borrowed until closed(). */
struct http *http_open(uv_loop_t *loop, const struct target *target);

/* Sends REQ. DONE is called once, later, from the loop; never after http_abort(). */
struct http_call *http_send(struct http *h, const struct http_request *req, http_done_fn *done, void *arg);
void http_abort(struct http_call *c);

/* Shown in the last handshake that verified one, or would have if the target weren't insecure. Lives as long as H. */
const struct http_certificate *http_certificate(const struct http *h);

/* Aborts what is under way, closes the connections and frees the client, then calls CLOSED. Never from within a DONE. */
void http_close(struct http *h, void (*closed)(void *arg), void *arg);

#endif
