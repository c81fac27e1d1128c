/* SPDX-License-Identifier: Apache-2.0 */
/* test_local_probes.c - every probe file of checks/probes/local, run on this machine down to rows. */
#include "tests/unit/ask_loop.h"

#include <stdio.h>
#include <unistd.h>

#include "probe.h"

#define MAX_COLUMNS 64

/* The rows of one table. */
struct rows {
	const struct table *table;
	struct arena *arena;
	const char *(*v)[MAX_COLUMNS];
	size_t n, cap;
	struct err err; /* of the ask */
};

static struct probes probes;

static int load(void **state)
{
	struct err err = {0};

	(void)state;
	probes.arena = arena_new();
	if (probes_load(&probes, SOURCE_DIR "/checks/probes/local", false, &err) == 0)
		return 0;
	print_message("%s\n", err.text);
	return -1;
}

static int unload(void **state)
{
	(void)state;
	probes_dispose(&probes);
	return 0;
}

static int keep_row(void *arg, const char *const *values, struct err *err)
{
	struct rows *r = arg;

	(void)err;
	r->v = grow(r->v, &r->cap, r->n, sizeof(*r->v));
	for (size_t i = 0; i < r->table->rows.ncolumns; i++)
		r->v[r->n][i] = values[i] != NULL ? arena_strdup(r->arena, values[i]) : NULL;
	r->n++;
	return 0;
}

/* Asks what the probe of TABLE asks. */
static struct rows rows_of(const char *table)
{
	struct rows r = {.table = probes_table(&probes, table), .arena = arena_new()};
	const struct rowctx ctx = {.target = "here", .host = "here/h", .via = "local"};
	struct asked q;
	struct err err;

	assert_non_null(r.table);
	asked_init(&q, NULL, 0, NULL);
	q.ask.req = &r.table->probe->req;
	ask_one(r.table->probe->transport, &q);
	r.err = q.err;
	if (q.answers > 0)
		assert_int_equal(rows_map(&r.table->rows, &ctx, q.root, r.arena, keep_row, &r, &err), 0);
	asked_dispose(&q);
	return r;
}

static void rows_dispose(struct rows *r)
{
	free(r->v);
	arena_free(r->arena);
}

static const char *cell(const struct rows *r, size_t row, const char *column)
{
	for (size_t i = 0; i < r->table->rows.ncolumns; i++)
		if (strcmp(r->table->rows.columns[i].name, column) == 0)
			return r->v[row][i];
	fail_msg("no column %s", column);
	return NULL;
}

static long number(const struct rows *r, size_t row, const char *column)
{
	const char *text = cell(r, row, column);

	return text != NULL ? strtol(text, NULL, 10) : -1;
}

static bool has(const struct rows *r, const char *column, const char *value)
{
	for (size_t i = 0; i < r->n; i++)
		if (cell(r, i, column) != NULL && strcmp(cell(r, i, column), value) == 0)
			return true;
	return false;
}

/* Every probe that needs nothing filled in answers here, or says that this machine doesn't have it; and every row knows its host. */
static void all_answer(void **state)
{
	(void)state;
	assert_true(probes.n > 0);
	for (size_t i = 0; i < probes.n; i++) {
		for (size_t j = 0; j < probes.v[i]->ntables && probes.v[i]->for_each == NULL; j++) {
			struct rows r = rows_of(probes.v[i]->tables[j].name);

			if (r.err.kind != ERR_NONE && r.err.kind != ERR_UNSUPPORTED)
				fail_msg("%s: %s", probes.v[i]->id, r.err.text);
			for (size_t row = 0; row < r.n; row++)
				assert_string_equal(cell(&r, row, "host"), "here/h");
			rows_dispose(&r);
		}
	}
}

static void host_is_this_one(void **state)
{
	struct rows r = rows_of("linux_host");
	char name[256];

	(void)state;
	assert_int_equal(r.n, 1);
	assert_int_equal(gethostname(name, sizeof(name)), 0);
	assert_string_equal(cell(&r, 0, "name"), name);
	assert_int_equal(number(&r, 0, "cpus"), sysconf(_SC_NPROCESSORS_ONLN));
	rows_dispose(&r);
}

static void links_and_addresses(void **state)
{
	struct rows links = rows_of("linux_link"), addresses = rows_of("linux_address");

	(void)state;
	for (size_t i = 0; i < links.n; i++) {
		assert_non_null(cell(&links, i, "name"));
		assert_true(number(&links, i, "mtu") > 0);
		assert_non_null(cell(&links, i, "kind"));
		assert_true(number(&links, i, "master") >= 0);
		assert_true(number(&links, i, "link") >= 0);
		assert_true(number(&links, i, "link_netns") >= 0);
		if (strcmp(cell(&links, i, "name"), "lo") == 0)
			assert_string_equal(cell(&links, i, "kind"), "");
	}
	assert_true(has(&links, "name", "lo"));
	assert_true(addresses.n == 0 || cell(&addresses, 0, "prefix_len") != NULL);
	rows_dispose(&addresses);
	rows_dispose(&links);
}

static void speeds_are_positive_or_null(void **state)
{
	struct rows r = rows_of("linux_link_speed");

	(void)state;
	assert_true(has(&r, "name", "lo"));
	for (size_t i = 0; i < r.n; i++)
		assert_true(cell(&r, i, "speed_mbit") == NULL || number(&r, i, "speed_mbit") > 0);
	rows_dispose(&r);
}

/* Counts lines of a file that begin with WORD: how many rows there should be. */
static long lines_with(const char *path, const char *word)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	long n = 0;

	if (f == NULL)
		return -1;
	while (getline(&line, &size, f) > 0)
		n += strncmp(line, word, strlen(word)) == 0;
	free(line);
	fclose(f);
	return n;
}

static void a_row_for_each_processor(void **state)
{
	struct rows r = rows_of("linux_cpu"), features = rows_of("linux_cpu_feature");
	struct arena *a = arena_new();
	long flags = lines_with("/proc/cpuinfo", "flags");
	char *flag, *rest;
	size_t n = 0;

	(void)state;
	assert_int_equal((long)r.n, lines_with("/proc/cpuinfo", "processor"));
	if (flags == 0) {
		print_message("this architecture has no flags in /proc/cpuinfo\n");
		skip();
	}
	for (size_t i = 0; i < r.n; i++) {
		assert_int_equal(number(&r, i, "processor"), (long)i);
		assert_non_null(cell(&r, i, "vendor"));
		assert_true(number(&r, i, "family") >= 0);
		assert_true(number(&r, i, "model") >= 0);
		assert_non_null(cell(&r, i, "model_name"));
		assert_non_null(cell(&r, i, "flags"));
	}
	for (flag = strtok_r(arena_strdup(a, cell(&r, 0, "flags")), " ", &rest); flag != NULL;
	     flag = strtok_r(NULL, " ", &rest), n++)
		assert_true(has(&features, "feature", flag));
	assert_true(n > 10);
	assert_int_equal(features.n, n);
	arena_free(a);
	rows_dispose(&features);
	rows_dispose(&r);
}

static long node_memory_kib(const char *node)
{
	char path[96];
	long kib = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%s/meminfo", node);
	f = fopen(path, "re");
	if (f == NULL || fscanf(f, "Node %*d MemTotal: %ld kB", &kib) != 1)
		kib = -1;
	if (f != NULL)
		fclose(f);
	return kib;
}

static void memory_and_numa(void **state)
{
	struct rows memory = rows_of("linux_memory"), nodes = rows_of("linux_numa_node"),
		    cpus = rows_of("linux_numa_cpus");

	(void)state;
	assert_int_equal(memory.n, 1);
	assert_int_equal(number(&memory, 0, "total_kib"), sysconf(_SC_PHYS_PAGES) * (sysconf(_SC_PAGESIZE) / 1024));
	assert_true(number(&memory, 0, "available_kib") > 0);
	assert_int_equal(nodes.n, cpus.n);
	for (size_t i = 0; i < nodes.n; i++) {
		assert_int_equal(number(&nodes, i, "memory_kib"), node_memory_kib(cell(&nodes, i, "node")));
		assert_true(has(&cpus, "node", cell(&nodes, i, "node")));
		assert_non_null(cell(&cpus, i, "cpulist"));
	}
	rows_dispose(&cpus);
	rows_dispose(&nodes);
	rows_dispose(&memory);
}

static void clock_clocksource_kvm(void **state)
{
	struct rows clock = rows_of("linux_clock"), source = rows_of("linux_clocksource"), kvm = rows_of("linux_kvm");

	(void)state;
	assert_int_equal(clock.n, 1);
	assert_in_range((unsigned long)number(&clock, 0, "unsync"), 0, 1);
	assert_true(number(&clock, 0, "max_error_us") >= 0);
	if (source.n > 0)
		assert_true(strlen(cell(&source, 0, "name")) > 0);
	assert_int_equal(kvm.n, 1);
	assert_non_null(cell(&kvm, 0, "device"));
	rows_dispose(&kvm);
	rows_dispose(&source);
	rows_dispose(&clock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_answer),
		cmocka_unit_test(host_is_this_one),
		cmocka_unit_test(links_and_addresses),
		cmocka_unit_test(speeds_are_positive_or_null),
		cmocka_unit_test(a_row_for_each_processor),
		cmocka_unit_test(memory_and_numa),
		cmocka_unit_test(clock_clocksource_kvm),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
