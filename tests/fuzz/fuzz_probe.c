/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_probe.c - probe files. */
#include <stdint.h>

#include "probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct probes ps = {.arena = arena_new()};
	struct err err;

	probe_parse(&ps, "fuzz", "fuzz.yaml", (const char *)data, size, true, &err);
	probes_dispose(&ps);
	return 0;
}
