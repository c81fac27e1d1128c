/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_decode_regex.c - the first line is a pattern, the rest the text that it is matched with. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "decode/val.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_utf8(const char *s)
{
	for (size_t n; *s != '\0'; s += n) {
		n = utf8_char(s, strlen(s));
		if (n == 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = size > 0 ? memchr(data, '\n', size) : NULL;
	struct arena *a = arena_new();
	struct err err = {0};
	struct regex *re = NULL;

	if (line != NULL)
		re = regex_new(arena_strndup(a, (const char *)data, (size_t)(line - data)), &err);
	if (re != NULL) {
		const char *text = (const char *)line + 1;
		const struct val *list = regex_decode(re, a, text, size - (size_t)(line + 1 - data), &err);

		for (const struct val *row = list != NULL ? list->first : NULL; row != NULL; row = row->next)
			for (const struct val *v = row->first; v != NULL; v = v->next)
				check_utf8(v->text);
	}
	regex_free(re);
	arena_free(a);
	return 0;
}
