/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_profile.c - profiles, over two checks. */
#include <stdint.h>

#include "profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char check[] = "/*\ntitle: t\nsubject: host\nseverity: info\nplatforms: [kvm]\nfix: f\n"
				    "params: {limit: 5, word: x, ratio: 0.5}\n*/\nSELECT 1";
	struct arena *a = arena_new();
	struct checks cs = {.arena = arena_new()};
	struct profile profile;
	struct err err;

	check_parse(&cs, "host-a", "user", "a.sql", check, sizeof(check) - 1, true, &err);
	check_parse(&cs, "inventory-complete", "host", "b.sql", check, sizeof(check) - 1, false, &err);
	profile_parse(a, NULL, "fuzz.yaml", (const char *)data, size, &cs, &profile, &err);
	checks_dispose(&cs);
	arena_free(a);
	return 0;
}
