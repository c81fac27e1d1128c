/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_migration.c - the SQL function migration_seconds, against what real migrations took.
 *
 * A guest of 128 MiB, about 64 of them in use, writes to its working set; the link carries 50 MiB/s (QEMU 7.2, TCG). Where the measured rate was the
 * working set itself, the guest writes faster than can be measured.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "function/function.h"

extern const struct function function_migration_seconds;

#define FAST 1e6
#define NEVER (-1.0)
#define NONE (-2.0) /* NULL */

static double ask(const char *arguments)
{
	char sql[200];
	sqlite3 *db;
	sqlite3_stmt *st;
	double ret;

	snprintf(sql, sizeof(sql), "SELECT f(%s)", arguments);
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_create_function(db, "f", function_migration_seconds.nargs, SQLITE_UTF8, NULL,
	                                         function_migration_seconds.fn, NULL, NULL),
	                 SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	ret = sqlite3_column_type(st, 0) == SQLITE_NULL ? NONE : sqlite3_column_double(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return ret;
}

static void as_real_migrations(void **state)
{
	static const struct {
		double memory, working_set, dirtied;
		int downtime_ms, throttle;
		double real; /* seconds */
	} rows[] = {
		{8, 8, FAST, 300, 0, 0.15},     {64, 16, FAST, 300, 0, NEVER}, {64, 64, 24, 300, 0, 1.5},
		{64, 64, 36, 300, 0, 3.2},      {64, 64, 78, 300, 0, NEVER},   {64, 64, 78, 300, 99, 19.4},
		{64, 64, FAST, 300, 99, NEVER}, {64, 64, FAST, 2000, 0, 1.4},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char arguments[150];
		double got;

		snprintf(arguments, sizeof(arguments), "%f, %f, %f, 50, %d, %d", rows[i].memory, rows[i].working_set,
		         rows[i].dirtied, rows[i].downtime_ms, rows[i].throttle);
		got = ask(arguments);
		if (rows[i].real == NEVER ? got != NEVER : got < rows[i].real / 2 || got > rows[i].real * 2)
			fail_msg("%s: %.2f s, in reality %.2f", arguments, got, rows[i].real);
	}
}

static void by_the_formula(void **state)
{
	(void)state;
	assert_float_equal(ask("64, 64, 24, 50, 300, 0"), (64 + 30.72 + 14.7456) / 50, 1e-9);
	assert_float_equal(ask("10, 10, 24, 50, 300, 0"), 0.2, 1e-9);
	assert_float_equal(ask("0, 0, 0, 50, 300, 0"), 0, 1e-9);
	assert_float_equal(ask("64, 14, 1e6, 50, 300, 0"), (64.0 + 14.0) / 50, 1e-9);
	assert_float_equal(ask("64, 64, 50, 50, 300, 0"), NEVER, 1e-9); /* as fast as the link */
	assert_true(ask("64, 64, 49.999, 50, 300, 0") > 100);
}

static void nonsense_is_null(void **state)
{
	static const char *const rows[] = {"NULL, 1, 1, 1, 1, 0", "1, 1, 1, 0, 1, 0",   "1, 1, 'x', 1, 1, 0",
	                                   "1, -1, 1, 1, 1, 0",   "1, 1, 1, 1, 1, 100", "1, 1, 1, 1, NULL, 0"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (ask(rows[i]) != NONE)
			fail_msg("%s: %f", rows[i], ask(rows[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_real_migrations),
		cmocka_unit_test(by_the_formula),
		cmocka_unit_test(nonsense_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
