/* SPDX-License-Identifier: Apache-2.0 */
/* http_impl.h - what the files of the HTTP client share. */
#ifndef TRANSPORT_HTTP_IMPL_H
#define TRANSPORT_HTTP_IMPL_H

#include <curl/curl.h>

#include "transport/http.h"

/* Whom to trust, and what the server showed. */
struct http_trust {
	const struct target *target;
	struct http_certificate shown; /* last */
	char reason[128];              /* why it was not trusted; "" when it was */
};

/* Sets what EASY accepts. -1: this libcurl can't do what the target asks for. */
int http_trust_apply(struct http_trust *t, CURL *easy, struct err *err);

/* An exchange that failed, in words for whoever has to repair it. */
struct http_failure {
	CURL *easy;
	CURLcode code;
	const char *text; /* libcurl's own */
	const struct http_trust *trust;
	size_t received;
	size_t too_large; /* than this; 0: it isn't */
	int timeout_ms;
};

void http_failure_error(const struct http_failure *f, struct err *err);
bool http_failure_lost(const struct http_failure *f);

/* libcurl with memory functions that wipe what they free: it keeps copies of what it sends. Balanced by
 * curl_global_cleanup(). */
CURLcode http_global_init(void);

#endif
