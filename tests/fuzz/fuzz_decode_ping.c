/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_decode_ping.c - any bytes as what ping printed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "decode/val.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_number(const struct val *map, const char *name)
{
	const struct val *v = val_get(map, name);
	int64_t n;

	if (v != NULL && (!parse_int64(v->text, &n) || n < 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const numbers[] = {"sent", "received", "rtt_min_us", "rtt_avg_us", "rtt_max_us",
	                                      "seq",  "rtt_us",   "ttl",        "bytes",      "dup"};
	struct arena *a = arena_new();
	struct err err = {0};
	const struct val *root = ping_decode(a, (const char *)data, size, &err);

	if (root != NULL && (val_get(root, "sent") == NULL || val_get(root, "replies") == NULL))
		abort();
	for (size_t i = 0; root != NULL && i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		check_number(root, numbers[i]);
		for (const struct val *r = val_get(root, "replies")->first; r != NULL; r = r->next)
			check_number(r, numbers[i]);
	}
	arena_free(a);
	return 0;
}
