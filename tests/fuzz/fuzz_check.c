/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_check.c - check files: the header and where the query starts. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct checks cs = {.arena = arena_new()};
	char *text = strndup((const char *)data, size);
	struct err err;

	check_parse(&cs, "fuzz", "user", "fuzz.sql", text, size, true, &err);
	free(text);
	checks_dispose(&cs);
	return 0;
}
