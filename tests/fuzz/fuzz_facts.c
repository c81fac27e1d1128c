/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_facts.c - recorded facts: a file of whoever sends one, opened and read through the model. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char probe[] = "about: a\ntransport: vsphere\nobject: HostSystem\ntables:\n  vsphere_host:\n"
			    "    columns: {host: $ref, name: name}\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct probes ps = {.arena = arena_new()};
	struct facts *f;
	struct err err;
	char path[64];
	int fd = memfd_create("facts", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	probe_parse(&ps, "p", "p.yaml", probe, sizeof(probe) - 1, false, &err);
	if (facts_open(&f, path, &ps, &err) == 0) {
		sqlite3_stmt *st;

		if (facts_prepare(f, "SELECT * FROM vsphere_host, run_filled, run_gap LIMIT 100", ps.arena, NULL, &st,
		                  &err) == 0) {
			facts_budget(f, 1000);
			while (sqlite3_step(st) == SQLITE_ROW)
				;
			sqlite3_finalize(st);
		}
		facts_close(f);
	}
	probes_dispose(&ps);
	close(fd);
	return 0;
}
