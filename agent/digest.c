/* SPDX-License-Identifier: Apache-2.0 */
/* digest.c - SHA-256 of several texts. */
#include "digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A digest that isn't one would make different things the same. */
static void must(int ok)
{
	if (ok == 1)
		return;
	fputs("migready: SHA-256 is not available\n", stderr);
	abort();
}

struct digest digest_new(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	must(ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1);
	return (struct digest){ctx};
}

void digest_bytes(struct digest *d, const void *p, size_t n)
{
	must(EVP_DigestUpdate(d->ctx, p, n));
}

void digest_text(struct digest *d, const char *s)
{
	digest_bytes(d, s != NULL ? s : "", (s != NULL ? strlen(s) : 0) + 1);
}

void digest_end(struct digest *d, char ret[DIGEST_HEX])
{
	unsigned char md[EVP_MAX_MD_SIZE];

	must(EVP_DigestFinal_ex(d->ctx, md, NULL));
	for (int i = 0; i < DIGEST_HEX / 2; i++)
		snprintf(ret + 2 * i, 3, "%02x", md[i]);
	EVP_MD_CTX_free(d->ctx);
	d->ctx = NULL;
}

void digest_of(const void *p, size_t n, char ret[DIGEST_HEX])
{
	struct digest d = digest_new();

	digest_bytes(&d, p, n);
	digest_end(&d, ret);
}
