/* SPDX-License-Identifier: Apache-2.0 */
/* http_error.c - what libcurl calls an error, in words that whoever is on call can act on. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "transport/http_impl.h"

/* "SHA256:AA:BB:..." as the inventory takes it. */
static const char *thumbprint(char *buf, size_t size, const char *hex)
{
	size_t n = (size_t)snprintf(buf, size, "SHA256");

	for (const char *p = hex; p[0] != '\0' && p[1] != '\0' && n + 4 < size; p += 2)
		n += (size_t)snprintf(buf + n, size - n, ":%c%c", toupper((unsigned char)p[0]),
		                      toupper((unsigned char)p[1]));
	return buf;
}

static long os_error(const struct http_failure *f)
{
	long e = 0;

	curl_easy_getinfo(f->easy, CURLINFO_OS_ERRNO, &e);
	return e;
}

static void untrusted(const struct http_failure *f, struct err *err)
{
	const struct http_trust *t = f->trust;
	char shown[128], pin[128];

	thumbprint(shown, sizeof(shown), t->shown.thumbprint);
	if (t->target->thumbprint != NULL)
		err_set(err, ERR_TLS,
		        "certificate not trusted: its thumbprint is %s, pinned is %s. Was it renewed? Compare it on "
		        "the server, then "
		        "set tls: {thumbprint: ...}",
		        shown, thumbprint(pin, sizeof(pin), t->target->thumbprint));
	else if (t->shown.thumbprint[0] == '\0')
		err_set(err, ERR_TLS, "certificate not trusted: %s", f->text);
	else if (t->reason[0] == '\0') /* the chain was good, so it is the name */
		err_set(err, ERR_TLS,
		        "certificate not trusted: %s; call the server in the inventory what its certificate calls it, "
		        "or set tls: "
		        "{thumbprint: %s} after comparing that on the server",
		        f->text, shown);
	else
		err_set(err, ERR_TLS,
		        "certificate not trusted: %s; set tls: {ca: FILE}, or tls: {thumbprint: %s} after comparing "
		        "that on the server",
		        t->reason, shown);
}

static void tls_failed(const struct http_failure *f, struct err *err)
{
	if (f->trust->reason[0] != '\0')
		untrusted(f, err);
	else if (os_error(f) == ECONNRESET)
		err_set(err, ERR_UNREACHABLE, "connection reset during the TLS handshake");
	else
		err_set(err, ERR_TLS, "TLS handshake failed: %s; does HTTPS listen on that port?", f->text);
}

static void not_connected(const struct http_failure *f, struct err *err)
{
	long e = os_error(f);

	if (e == ECONNREFUSED)
		err_set(err, ERR_REFUSED, "connection refused: nothing listens there, or a firewall rejects it (%s)",
		        f->text);
	else
		err_set(err, ERR_UNREACHABLE, "can't connect: %s", f->text);
}

static double seconds_at(const struct http_failure *f, CURLINFO stage)
{
	double s = 0;

	curl_easy_getinfo(f->easy, stage, &s);
	return s;
}

static void timed_out(const struct http_failure *f, struct err *err)
{
	static const struct {
		CURLINFO reached;
		const char *waiting_for;
	} stages[] = {
		/* the last that was reached decides */
		{CURLINFO_STARTTRANSFER_TIME, "the rest of the answer"},
		{CURLINFO_PRETRANSFER_TIME, "an answer"},
		{CURLINFO_CONNECT_TIME, "the TLS handshake"},
		{CURLINFO_NAMELOOKUP_TIME, "a connection: is there a route, or does a firewall drop it?"},
	};
	const char *what = "the name look-up: does the resolver answer?";

	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		if (seconds_at(f, stages[i].reached) > 0) {
			what = stages[i].waiting_for;
			break;
		}
	err_set(err, ERR_TIMEOUT, "timed out after %.1f s waiting for %s", seconds_at(f, CURLINFO_TOTAL_TIME), what);
}

bool http_failure_lost(const struct http_failure *f)
{
	switch (f->code) {
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
		return true;
	case CURLE_SSL_CONNECT_ERROR:
		return f->trust->reason[0] == '\0' && os_error(f) == ECONNRESET;
	default: /* hundreds of codes; the rest would fail the same way again */
		return false;
	}
}

void http_failure_error(const struct http_failure *f, struct err *err)
{
	switch (f->code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		err_set(err, ERR_DNS, "the name can't be resolved: %s", f->text);
		return;
	case CURLE_COULDNT_RESOLVE_PROXY:
		err_set(err, ERR_DNS, "the proxy's name can't be resolved: %s; check https_proxy and no_proxy",
		        f->text);
		return;
	case CURLE_COULDNT_CONNECT:
		not_connected(f, err);
		return;
	case CURLE_OPERATION_TIMEDOUT:
		timed_out(f, err);
		return;
	case CURLE_PEER_FAILED_VERIFICATION:
		untrusted(f, err);
		return;
	case CURLE_SSL_CONNECT_ERROR:
		tls_failed(f, err);
		return;
	case CURLE_SSL_CACERT_BADFILE:
		err_set(err, ERR_TLS, "%s can't be read or holds no certificate (PEM); see tls: {ca: FILE}",
		        f->trust->target->ca_file != NULL ? f->trust->target->ca_file
		                                          : "the system's certificate store");
		return;
	case CURLE_GOT_NOTHING:
		err_set(err, ERR_UNREACHABLE, "the server closed the connection without an answer");
		return;
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
		err_set(err, ERR_UNREACHABLE, "connection lost after %zu bytes of the answer: %s", f->received,
		        f->text);
		return;
	case CURLE_WRITE_ERROR:
		if (f->too_large > 0) {
			err_set(err, ERR_LIMIT, "the answer is larger than %zu MiB", f->too_large >> 20);
			return;
		}
		break;
	case CURLE_BAD_CONTENT_ENCODING:
		err_set(err, ERR_PROTOCOL, "the answer's compression is damaged: %s", f->text);
		return;
	default: /* hundreds of codes, in libcurl's own words */
		break;
	}
	err_set(err, ERR_PROTOCOL, "HTTP exchange failed: %s", f->text);
}
