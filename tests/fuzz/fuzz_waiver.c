/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_waiver.c - waiver files, over one check. */
#include <stdint.h>

#include "waiver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char check[] =
		"/*\ntitle: t\nsubject: host\nseverity: info\nplatforms: [kvm]\nfix: f\n*/\nSELECT 1";
	static const char *const names[WAIVER_KEYS] = {"vc01", "prod", "esx01.example.com", "esx02", NULL,
	                                               "ds",   "vmk0"};
	struct arena *a = arena_new();
	struct checks cs = {.arena = arena_new()};
	struct waivers ws = {0};
	struct err err;

	check_parse(&cs, "host-a", "user", "a.sql", check, sizeof(check) - 1, true, &err);
	if (waivers_parse(&ws, a, "fuzz.yaml", (const char *)data, size, &cs, 1767225600000, &err) == 0)
		for (size_t i = 0; i < ws.n; i++)
			waiver_matches(&ws.v[i], names);
	checks_dispose(&cs);
	arena_free(a);
	return 0;
}
