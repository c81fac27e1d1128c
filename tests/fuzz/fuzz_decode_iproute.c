/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_decode_iproute.c - any bytes as what `ip -j` printed. */
#include <stdint.h>
#include <stdlib.h>

#include "decode/val.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct err err = {0};
	const struct val *root = iproute_decode(a, (const char *)data, size, &err);
	const struct val *links = val_get(root, "links");

	if ((root == NULL) != (err.kind != ERR_NONE))
		abort();
	for (const struct val *v = links != NULL ? links->first : NULL; v != NULL; v = v->next)
		if (val_get(v, "name") == NULL)
			abort();
	arena_free(a);
	return 0;
}
