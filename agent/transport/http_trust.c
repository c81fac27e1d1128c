/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_trust.c - which certificates are accepted.
 *
 * By default as every browser would: a chain to the system's store, or to the target's `ca:`, and the host's name. With
 * `thumbprint:` only the digest of the whole certificate counts. The check is part of the handshake: nothing was sent yet
 * when it fails. What the server showed is kept for the message.
 */
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "transport/http_impl.h"

static void keep_shown(struct http_trust *t, X509 *cert)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	t->shown[0] = '\0';
	if (cert == NULL || X509_digest(cert, EVP_sha256(), md, &n) != 1 || 2 * n >= sizeof(t->shown))
		return;
	for (unsigned i = 0; i < n; i++)
		snprintf(t->shown + 2 * i, 3, "%02x", md[i]);
}

static int verify(X509_STORE_CTX *ctx, void *arg)
{
	struct http_trust *t = arg;
	const char *pin = t->target->thumbprint;

	keep_shown(t, X509_STORE_CTX_get0_cert(ctx));
	t->reason[0] = '\0';
	if (pin == NULL) {
		int ok = X509_verify_cert(ctx);

		if (ok != 1)
			snprintf(t->reason, sizeof(t->reason), "%s",
			         X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
		return ok;
	}
	if (strcmp(t->shown, pin) == 0) {
		X509_STORE_CTX_set_error(ctx, X509_V_OK);
		return 1;
	}
	snprintf(t->reason, sizeof(t->reason), "another thumbprint");
	X509_STORE_CTX_set_error(ctx, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

static CURLcode on_ssl_ctx(CURL *easy, void *ssl_ctx, void *arg)
{
	(void)easy;
	/* libcurl leaves verification off when it was told not to check the chain; the pin needs it on. */
	SSL_CTX_set_verify(ssl_ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ssl_ctx, verify, arg);
	return CURLE_OK;
}

int http_trust_apply(struct http_trust *t, CURL *easy, struct err *err)
{
	const struct target *target = t->target;
	bool chain = !target->insecure && target->thumbprint == NULL;

	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, chain ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, chain ? 2L : 0L);
	if (target->insecure)
		return 0;
	if (target->ca_file != NULL && (curl_easy_setopt(easy, CURLOPT_CAINFO, target->ca_file) != CURLE_OK ||
	                                curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) != CURLE_OK))
		return err_set(err, ERR_TLS, "this libcurl can't take a CA file");
	if (curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, t) != CURLE_OK)
		return err_set(err, ERR_TLS, "this libcurl isn't built with OpenSSL: certificates can't be checked");
	return 0;
}
