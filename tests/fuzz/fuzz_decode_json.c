/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_decode_json.c - any bytes as a JSON answer. */
#include <stdint.h>

#include "decode/val.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct err err = {0};

	json_decode(a, (const char *)data, size, &err);
	arena_free(a);
	return 0;
}
