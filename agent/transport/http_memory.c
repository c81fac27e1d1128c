/* SPDX-License-Identifier: Apache-2.0 */
/* http_memory.c - memory for libcurl that is wiped when it is freed: requests hold passwords, answers cookies. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "transport/http_impl.h"

static void wipe_free(void *p)
{
	if (p == NULL)
		return;
	explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static void *wipe_realloc(void *p, size_t size)
{
	size_t old = p != NULL ? malloc_usable_size(p) : 0;
	void *q;

	if (p != NULL && size <= old && size >= old / 2)
		return p;
	q = malloc(size);
	if (q == NULL)
		return NULL;
	if (p != NULL)
		memcpy(q, p, old < size ? old : size);
	wipe_free(p);
	return q;
}

static char *copy_text(const char *s)
{
	return strdup(s);
}

CURLcode http_global_init(void)
{
	return curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wipe_free, wipe_realloc, copy_text, calloc);
}
