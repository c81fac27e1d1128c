/* SPDX-License-Identifier: Apache-2.0 */
/* test_ip.c - the SQL function ip_usable: addresses that another host can connect to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "function/function.h"

extern const struct function function_ip_usable;

#define UNKNOWN (-1)

/* What SQL says for TEXT: 1, 0, or UNKNOWN for NULL. */
static int usable(const char *text)
{
	sqlite3 *db;
	sqlite3_stmt *st;
	int ret;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_create_function(db, "f", function_ip_usable.nargs, SQLITE_UTF8, NULL,
	                                         function_ip_usable.fn, NULL, NULL),
	                 SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT f(?1)", -1, &st, NULL), SQLITE_OK);
	sqlite3_bind_text(st, 1, text, -1, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	ret = sqlite3_column_type(st, 0) == SQLITE_NULL ? UNKNOWN : sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return ret;
}

static void expect(int want, const char *const *texts)
{
	for (; *texts != NULL; texts++)
		if (usable(*texts) != want)
			fail_msg("'%s': %d instead of %d", *texts, usable(*texts), want);
}

static void test_usable(void **state)
{
	static const char *const texts[] = {
		"10.0.0.1",   "1.0.0.0",     "223.255.255.255",     "169.253.1.1",      "169.255.1.1",   "126.0.0.1",
		"fd00:77::2", "2001:db8::1", "fe80::1,2001:db8::1", "0.0.0.0,10.0.0.1", "what,10.0.0.1", NULL};

	(void)state;
	expect(1, texts);
}

static void test_not_usable(void **state)
{
	static const char *const texts[] = {"",
	                                    "0.0.0.0",
	                                    "0.1.2.3",
	                                    "127.0.0.1",
	                                    "127.255.1.1",
	                                    "169.254.7.9",
	                                    "224.0.0.1",
	                                    "240.0.0.1",
	                                    "255.255.255.255",
	                                    "::",
	                                    "::1",
	                                    "fe80::1",
	                                    "febf::1",
	                                    "ff02::1",
	                                    "::ffff:10.0.0.1",
	                                    "::10.0.0.1",
	                                    "fe80::1,fe80::2",
	                                    NULL};

	(void)state;
	expect(0, texts);
}

static void test_nonsense(void **state)
{
	static const char *const texts[] = {"none",
	                                    "10.0.0",
	                                    "10.0.0.256",
	                                    "10.0.0.1.1",
	                                    "10.0.0.1/24",
	                                    " 10.0.0.1",
	                                    "010.0.0.0001",
	                                    "999",
	                                    "1.2.3.4x",
	                                    ",",
	                                    "fe80::1,",
	                                    "fe80::1%vmk0",
	                                    "fe80::1,x",
	                                    "dead",
	                                    "1:2",
	                                    "10.0.0.1;DROP",
	                                    "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111",
	                                    NULL};

	(void)state;
	assert_int_equal(usable(NULL), UNKNOWN);
	expect(UNKNOWN, texts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usable),
		cmocka_unit_test(test_not_usable),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
