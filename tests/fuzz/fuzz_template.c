/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_template.c - the first line is a template, the rest the value of all its placeholders. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *get(void *arg, const char *name)
{
	(void)name;
	return arg;
}

/* What an encoder gets was validated: it is never empty, an option, or more than one line. */
static const char *check(struct arena *a, const char *field, const char *value)
{
	(void)a;
	(void)field;
	if (value[0] == '\0' || value[0] == '-' || strpbrk(value, "\n\r\x1b") != NULL)
		abort();
	return value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data, *end = size > 0 ? memchr(data, '\n', size) : NULL;
	struct arena *a = arena_new();
	struct err err = {0};
	struct template t;

	if (end != NULL && template_parse(a, arena_strndup(a, s, (size_t)(end - s)), &t, &err) == 0) {
		char *value = arena_strndup(a, end + 1, size - (size_t)(end + 1 - s));

		struct template_filling how = {
			.get = get, .arg = value, .encode = check, .field = "command", .between = " "};

		template_fill(&t, a, &how, &err);
		template_show(&t, a);
	}
	arena_free(a);
	return 0;
}
