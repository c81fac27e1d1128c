/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_facts.c - rows a second through the facts API, and the same rows by a bare prepared INSERT in one transaction.
 *
 * A line a workload: name, rows, rows/s of the API, rows/s of the bare INSERT, rows that the store holds afterwards. Each
 * rate is the median of three runs after one that warms up; making the values isn't timed as they stand ready.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "facts.h"

#define RUNS 3
#define POOL 512 /* different texts and numbers */
#define OBJECTS_MAX 10000
#define LISTS 22 /* different feature lists */

static const char probe_text[] =
	"about: rows to insert\n"
	"transport: vsphere\n"
	"scope: target\n"
	"object: HostSystem\n"
	"tables:\n"
	"  narrow:\n"
	"    rows: a[]\n"
	"    columns: {host: $ref, key: k, value: v, number: {path: n, type: integer}}\n"
	"  wide:\n"
	"    rows: a[]\n"
	"    columns:\n"
	"      {host: $ref, t1: a, t2: b, t3: c, t4: d, t5: e, t6: f, t7: g, t8: h, t9: i, t10: j, t11: k,\n"
	"       t12: l, t13: m,\n"
	"       n1: {path: n, type: integer}, n2: {path: o, type: integer}, n3: {path: p, type: integer},\n"
	"       n4: {path: q, type: integer}, n5: {path: r, type: integer}, n6: {path: s, type: integer}}\n"
	"  features:\n"
	"    rows: a[]\n"
	"    set: true\n"
	"    columns: {host: $ref, feature: k, value: v}\n";

static const struct workload {
	const char *table;
	size_t objects, rows; /* rows of each object */
} workloads[] = {{"narrow", 10000, 40}, {"wide", 10000, 20}, {"features", 998, 300}};

static char object_id[OBJECTS_MAX][24], word[POOL][24], number[POOL][8];

static void die(const char *what)
{
	fprintf(stderr, "bench_facts: %s\n", what);
	exit(1);
}

static void make_values(void)
{
	for (size_t i = 0; i < OBJECTS_MAX; i++)
		snprintf(object_id[i], sizeof(object_id[i]), "vc01/host-%zu", i);
	for (size_t i = 0; i < POOL; i++) {
		snprintf(word[i], sizeof(word[i]), "cpuid.FEATURE%03zu", i);
		snprintf(number[i], sizeof(number[i]), "%zu", i);
	}
}

/* Which of the pool's values a cell has. A feature's value tells the LISTS lists apart. */
static size_t cell(const struct table *t, size_t object, size_t row, size_t column)
{
	if (t->set && column == 2)
		return row % LISTS == object % LISTS;
	return (row + column + (t->set ? 0 : object)) % POOL;
}

static bool is_number(const struct table *t, size_t column)
{
	return t->rows.columns[column].type == COL_INTEGER || (t->set && column == 2);
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static size_t count_rows(sqlite3 *db, const char *table)
{
	char sql[80];
	sqlite3_stmt *st;
	size_t n = 0;

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM main.%s", table);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK || sqlite3_step(st) != SQLITE_ROW)
		die(sqlite3_errmsg(db));
	n = (size_t)sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

/* ---- through the facts API ---- */

static int insert_object(struct facts *f, const struct table *t, size_t object, size_t rows, struct err *err)
{
	const char *values[32];

	if (facts_object_begin(f, t, err) < 0)
		return -1;
	for (size_t row = 0; row < rows; row++) {
		values[0] = object_id[object];
		for (size_t c = 1; c < t->rows.ncolumns; c++)
			values[c] = is_number(t, c) ? number[cell(t, object, row, c)] : word[cell(t, object, row, c)];
		if (facts_row(f, t, values, err) < 0)
			return -1;
	}
	return facts_object_end(f, t, values, err);
}

static double by_facts(const struct probes *ps, const struct workload *w, size_t *ret_stored)
{
	const struct table *t = probes_table(ps, w->table);
	struct facts *f;
	struct err err;
	double started, seconds;
	char set[40];

	if (facts_create(&f, NULL, ps, &err) < 0)
		die(err.text);
	started = now_s();
	for (size_t i = 0; i < w->objects; i++)
		if (insert_object(f, t, i, w->rows, &err) < 0)
			die(err.text);
	if (facts_commit(f, &err) < 0)
		die(err.text);
	seconds = now_s() - started;
	snprintf(set, sizeof(set), "%s_set", w->table);
	*ret_stored = count_rows(facts_db(f), w->table) + (t->set ? count_rows(facts_db(f), set) : 0);
	facts_close(f);
	return seconds;
}

/* ---- bare ---- */

static void exec(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(db));
}

/* An INSERT into a new table of T's columns, a set's as plain rows. */
static sqlite3_stmt *bare_insert(sqlite3 *db, const struct table *t)
{
	struct buf create = {.max = 4096}, insert = {.max = 4096};
	sqlite3_stmt *st;

	for (size_t c = 0; c < t->rows.ncolumns; c++) {
		buf_printf(&create, "%s%s %s", c > 0 ? ", " : "CREATE TABLE bare(", t->rows.columns[c].name,
		           t->rows.columns[c].type == COL_INTEGER ? "INTEGER" : "TEXT");
		buf_puts(&insert, c > 0 ? ",?" : "INSERT INTO bare VALUES(?");
	}
	buf_puts(&create, ") STRICT");
	buf_puts(&insert, ")");
	exec(db, buf_str(&create));
	if (sqlite3_prepare_v3(db, buf_str(&insert), -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(db));
	buf_dispose(&create);
	buf_dispose(&insert);
	return st;
}

static void bare_row(sqlite3_stmt *st, const struct table *t, size_t object, size_t row)
{
	sqlite3_bind_text(st, 1, object_id[object], -1, SQLITE_STATIC);
	for (size_t c = 1; c < t->rows.ncolumns; c++) {
		size_t i = cell(t, object, row, c);

		if (t->rows.columns[c].type == COL_INTEGER)
			sqlite3_bind_int64(st, (int)c + 1, (int64_t)i);
		else
			sqlite3_bind_text(st, (int)c + 1, is_number(t, c) ? number[i] : word[i], -1, SQLITE_STATIC);
	}
	if (sqlite3_step(st) != SQLITE_DONE)
		die(sqlite3_errmsg(sqlite3_db_handle(st)));
	sqlite3_reset(st);
}

static double by_insert(const struct probes *ps, const struct workload *w)
{
	const struct table *t = probes_table(ps, w->table);
	sqlite3 *db;
	sqlite3_stmt *st;
	double started, seconds;

	if (sqlite3_open_v2("", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(db));
	exec(db, "PRAGMA cache_size=-2048; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF");
	st = bare_insert(db, t);
	started = now_s();
	exec(db, "BEGIN");
	for (size_t i = 0; i < w->objects; i++)
		for (size_t row = 0; row < w->rows; row++)
			bare_row(st, t, i, row);
	exec(db, "COMMIT");
	seconds = now_s() - started;
	sqlite3_finalize(st);
	sqlite3_close(db);
	return seconds;
}

/* ---- the table ---- */

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double seconds[RUNS])
{
	qsort(seconds, RUNS, sizeof(seconds[0]), ascending);
	return seconds[RUNS / 2];
}

static void measure(const struct probes *ps, const struct workload *w)
{
	double facts[RUNS], bare[RUNS], rows = (double)(w->objects * w->rows);
	size_t stored;

	by_facts(ps, w, &stored);
	by_insert(ps, w);
	for (size_t i = 0; i < RUNS; i++) {
		facts[i] = by_facts(ps, w, &stored);
		bare[i] = by_insert(ps, w);
	}
	printf("%s\t%.0f\t%.0f\t%.0f\t%zu\n", w->table, rows, rows / median(facts), rows / median(bare), stored);
}

int main(void)
{
	struct probes ps = {.arena = arena_new()};
	struct err err;

	make_values();
	if (probe_parse(&ps, "bench", "bench", probe_text, strlen(probe_text), false, &err) < 0)
		die(err.text);
	for (size_t i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++)
		measure(&ps, &workloads[i]);
	probes_dispose(&ps);
	return 0;
}
