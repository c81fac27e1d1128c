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
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "transport/http_impl.h"

static void keep_name(char *ret, size_t size, const X509_NAME *name)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *text;
	long n;

	if (out == NULL)
		return;
	X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	n = BIO_get_mem_data(out, &text);
	snprintf(ret, size, "%.*s", (int)(n < (long)size ? n : (long)size - 1), text);
	BIO_free(out);
}

static size_t add_name(char *ret, size_t size, size_t n, const GENERAL_NAME *name)
{
	int type;
	const ASN1_STRING *s = GENERAL_NAME_get0_value(name, &type);
	const unsigned char *data;

	if (n >= size || (type != GEN_DNS && type != GEN_IPADD))
		return n;
	data = ASN1_STRING_get0_data(s);
	n += (size_t)snprintf(ret + n, size - n, "%s", n > 0 ? ", " : "");
	if (n < size && type == GEN_DNS)
		n += (size_t)snprintf(ret + n, size - n, "%.*s", ASN1_STRING_length(s), (const char *)data);
	else if (n < size && ASN1_STRING_length(s) == 4)
		n += (size_t)snprintf(ret + n, size - n, "%d.%d.%d.%d", data[0], data[1], data[2], data[3]);
	else if (n < size)
		n += (size_t)snprintf(ret + n, size - n, "an IPv6 address");
	return n;
}

static void keep_names(char *ret, size_t size, const X509 *cert)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	size_t n = 0;

	ret[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		n = add_name(ret, size, n, sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
}

static int64_t seconds_of(const ASN1_TIME *at)
{
	struct tm tm;

	return at != NULL && ASN1_TIME_to_tm(at, &tm) == 1 ? timegm(&tm) : 0;
}

static void keep_shown(struct http_trust *t, X509 *cert)
{
	struct http_certificate *shown = &t->shown;
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	*shown = (struct http_certificate){0};
	if (cert == NULL || X509_digest(cert, EVP_sha256(), md, &n) != 1 || 2 * n >= sizeof(shown->thumbprint))
		return;
	for (unsigned i = 0; i < n; i++)
		snprintf(shown->thumbprint + 2 * i, 3, "%02x", md[i]);
	keep_name(shown->subject, sizeof(shown->subject), X509_get_subject_name(cert));
	keep_name(shown->issuer, sizeof(shown->issuer), X509_get_issuer_name(cert));
	keep_names(shown->names, sizeof(shown->names), cert);
	shown->from_s = seconds_of(X509_get0_notBefore(cert));
	shown->until_s = seconds_of(X509_get0_notAfter(cert));
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
	if (strcmp(t->shown.thumbprint, pin) == 0) {
		X509_STORE_CTX_set_error(ctx, X509_V_OK);
		return 1;
	}
	snprintf(t->reason, sizeof(t->reason), "another thumbprint");
	X509_STORE_CTX_set_error(ctx, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

/* Whoever asked for no verification gets none; what the server shows is told all the same. */
static int look(X509_STORE_CTX *ctx, void *arg)
{
	keep_shown(arg, X509_STORE_CTX_get0_cert(ctx));
	return 1;
}

static CURLcode on_insecure_ctx(CURL *easy, void *ssl_ctx, void *arg)
{
	(void)easy;
	SSL_CTX_set_cert_verify_callback(ssl_ctx, look, arg);
	return CURLE_OK;
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
	if (target->insecure) {
		curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_insecure_ctx);
		curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, t);
		return 0;
	}
	if (target->ca_file != NULL && (curl_easy_setopt(easy, CURLOPT_CAINFO, target->ca_file) != CURLE_OK ||
	                                curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) != CURLE_OK))
		return err_set(err, ERR_TLS, "this libcurl can't take a CA file");
	if (curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, t) != CURLE_OK)
		return err_set(err, ERR_TLS, "this libcurl isn't built with OpenSSL: certificates can't be checked");
	return 0;
}
