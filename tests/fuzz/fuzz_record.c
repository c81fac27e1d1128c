/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_record.c - the JSON of a recorded run, in a history of whoever made it: targets, scope, hosts and findings, an empty line
 * between each two; then the findings of another run of these hosts, with which it is compared.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "diff.h"
#include "report/recorded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The text up to the next empty line, which ends there. */
static const char *part(char **rest)
{
	char *text = *rest, *end = strstr(text, "\n\n");

	*rest = end != NULL ? end + 2 : text + strlen(text);
	if (end != NULL)
		*end = '\0';
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *rest = arena_strndup(a, (const char *)data, size);
	struct record r = {.checks = "[]", .summary = "{}"}, other;
	struct recorded_target *targets;
	FILE *out = fopen("/dev/null", "we");
	struct diff d;
	size_t n;

	r.targets = r.checks = r.summary = part(&rest);
	r.scope = part(&rest);
	r.hosts = part(&rest);
	r.findings = part(&rest);
	other = r;
	other.findings = part(&rest);
	record_targets(a, &r, &targets, &n);
	record_targets_text(a, &r);
	record_scope_text(a, &r);
	record_narrowed_to_vms(&r);
	record_judged(&r, "vm-has-destination");
	record_count(&r, STATUS_FAIL);
	if (diff_records(a, &r, &other, &d) == 0) {
		for (size_t i = 0; i < d.n && out != NULL; i++) {
			struct buf b = {.max = 65536};

			recorded_text(d.v[i].after != NULL ? d.v[i].after : d.v[i].before, &b);
			put_recorded(out, d.v[i].before);
			put_recorded(out, d.v[i].after);
			buf_dispose(&b);
		}
		diff_dispose(&d);
	}
	if (out != NULL)
		fclose(out);
	arena_free(a);
	return 0;
}
