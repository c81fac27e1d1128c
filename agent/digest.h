/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest.h - SHA-256 of several texts: whether two things are the same, without keeping them.
 */
#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>

#define DIGEST_HEX 65 /* 64 hex digits and NUL */

struct digest {
	void *ctx;
};

struct digest digest_new(void);
void digest_bytes(struct digest *d, const void *p, size_t n);
void digest_text(struct digest *d, const char *s); /* with its NUL, so that "a", "b" isn't "ab"; NULL is "" */
void digest_end(struct digest *d, char ret[DIGEST_HEX]);

/* All at once. */
void digest_of(const void *p, size_t n, char ret[DIGEST_HEX]);

#endif
