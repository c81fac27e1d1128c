/* SPDX-License-Identifier: Apache-2.0 */
/* test_cpu.c - the SQL function feature_meets: what a VM requires of a host's CPU, and what the host has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "function/function.h"

extern const struct function function_feature_meets;

#define UNKNOWN (-1)

struct requirement {
	const char *required, *value;
};

/* What SQL says: 1, 0, or UNKNOWN for NULL. */
static int meets(const char *required, const char *value)
{
	sqlite3 *db;
	sqlite3_stmt *st;
	int ret;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_create_function(db, "f", function_feature_meets.nargs, SQLITE_UTF8, NULL,
	                                         function_feature_meets.fn, NULL, NULL),
	                 SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT f(?1, ?2)", -1, &st, NULL), SQLITE_OK);
	sqlite3_bind_text(st, 1, required, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, value, -1, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	ret = sqlite3_column_type(st, 0) == SQLITE_NULL ? UNKNOWN : sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return ret;
}

#define expect(want, list)                                                                                             \
	for (size_t i = 0; i < sizeof(list) / sizeof((list)[0]); i++)                                                  \
		if (meets((list)[i].required, (list)[i].value) != (want))                                              \
	fail_msg("'%s', '%s': not %d", (list)[i].required, (list)[i].value, want)

static void test_met(void **state)
{
	static const struct requirement list[] = {
		{"Bool:Min:1", "1"},
		{"Bool:Min:0", "0"},
		{"Num:Min:13", "13"},
		{"Num:Min:13", "22"},
		{"Num:Min:9", "13"},
		{"Num:Min:0x16", "22"},
		{"Num:Min:10", "0xA"},
		{"bool:min:1", "1"},
		{"Min:1", "1"},
		{"Num:Min:1", "0001"},
		{"Num:Min:0X1f", "31"},
		{"Num:Min:1", "18446744073709551615"},
		{"Num:Min:2147483648", "0x80000008"},
	};

	(void)state;
	expect(1, list);
}

static void test_not_met(void **state)
{
	static const struct requirement list[] = {
		{"Bool:Min:1", "0"}, {"Num:Min:13", "12"},        {"Num:Min:100", "22"},
		{"Min:2", "1"},      {"Num:Min:0x80000008", "8"},
	};

	(void)state;
	expect(0, list);
}

static void test_no_answer(void **state)
{
	static const struct requirement list[] = {
		{NULL, "1"},
		{"Bool:Min:1", NULL},
		{"", "1"},
		{"Bool:Min:1", ""},
		{"Bool:Min:", "1"},
		{"Bool:Max:1", "1"},
		{"Bool:Match:1", "1"},
		{"Val:1", "1"},
		{"Bool:1", "1"},
		{"Bool", "1"},
		{"1", "1"},
		{"Min", "1"},
		{"Bool:Min:-1", "1"},
		{"Bool:Min:1", "-1"},
		{"Bool:Min:1 ", "1"},
		{" Bool:Min:1", "1"},
		{"Bool:Min:+1", "1"},
		{"Bool:Min:1.5", "2"},
		{"Bool:Min:0x", "1"},
		{"Bool:Min:1", "true"},
		{"Bool:Min:1:1", "1"},
		{"Minimum:1", "1"},
		{"Bool:Min:1", "0x"},
		{"Num:Min:18446744073709551616", "1"},
		{"Num:Min:1", "99999999999999999999999"},
		{"Str:Min:1", "1"},
		{"Num:Bool:Min:1", "1"},
	};

	(void)state;
	expect(UNKNOWN, list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_met),
		cmocka_unit_test(test_not_met),
		cmocka_unit_test(test_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
