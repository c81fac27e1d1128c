/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_known_hosts.c - the first line is a host's name, the rest known_hosts: a key is known only where it stands. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "transport/ssh_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* "AAAA" in base64. */
static void look(const struct known_hosts *k, const char *name, const char *text)
{
	static const unsigned char key[3];
	int line = 0, lines = 1;
	enum known found = known_hosts_check(k, name, "ssh-ed25519", key, sizeof(key), &line);

	for (const char *p = text; *p != '\0'; p++)
		lines += *p == '\n';
	require((line == 0) == (found == KNOWN_MISSING) && line >= 0 && line <= lines);
	if (found == KNOWN_GOOD)
		require(strstr(text, "AAAA") != NULL && known_hosts_has(k, name, "ssh-ed25519"));
	if (found == KNOWN_REVOKED)
		require(strstr(text, "@revoked") != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data, *end = size > 0 ? memchr(data, '\n', size) : NULL;
	struct arena *a = arena_new();

	if (end != NULL) {
		const char *text = arena_strndup(a, end + 1, size - (size_t)(end + 1 - s));

		look(known_hosts_parse(a, text), arena_strndup(a, s, (size_t)(end - s)), text);
	}
	arena_free(a);
	return 0;
}
