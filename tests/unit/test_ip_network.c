/* SPDX-License-Identifier: Apache-2.0 */
/* test_ip_network.c - the SQL functions ip_network, ip_in and ip_same: which network an address is in, and which address it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "function/function.h"

extern const struct function function_ip_network, function_ip_in, function_ip_same;

/* What SQL says for F(A, B), as text; "" for NULL. */
static const char *call(const struct function *f, const char *a, const char *b)
{
	static char text[128];
	const char *result;
	sqlite3_stmt *st;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_create_function(db, "f", f->nargs, SQLITE_UTF8, NULL, f->fn, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT f(?1, ?2)", -1, &st, NULL), SQLITE_OK);
	sqlite3_bind_text(st, 1, a, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, b, -1, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	result = (const char *)sqlite3_column_text(st, 0);
	text[0] = '\0';
	if (result != NULL)
		strncat(text, result, sizeof(text) - 1);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return text;
}

struct expectation {
	const char *a, *b, *want;
};

static void expect(const struct function *f, const struct expectation *e)
{
	for (; e->want != NULL; e++)
		if (strcmp(call(f, e->a, e->b), e->want) != 0)
			fail_msg("%s('%s', '%s'): '%s' instead of '%s'", f->name, e->a, e->b, call(f, e->a, e->b),
			         e->want);
}

static void test_network(void **state)
{
	static const struct expectation all[] = {
		{"10.1.0.7", "255.255.255.0", "10.1.0.0/24"},
		{"10.1.0.7", "24", "10.1.0.0/24"},
		{"10.1.255.7", "255.255.128.0", "10.1.128.0/17"},
		{"200.1.2.3", "128.0.0.0", "128.0.0.0/1"},
		{"10.1.0.7", "255.255.255.255", "10.1.0.7/32"},
		{"10.1.0.6", "255.255.255.254", "10.1.0.6/31"},
		{"10.1.0.5", "255.255.255.252", "10.1.0.4/30"},
		{"fd00:77::2", "64", "fd00:77::/64"},
		{"FD00:0077:0:0::2", "64", "fd00:77::/64"},
		{"fd00:77:0:0:8000::2", "65", "fd00:77:0:0:8000::/65"},
		{"fd00:77::", "64", "fd00:77::/64"},
		{"2001:db8::1", "128", "2001:db8::1/128"},
		{"2001:db8::1", "1", "::/1"},
		{NULL, NULL, NULL},
	};

	(void)state;
	expect(&function_ip_network, all);
}

static void test_no_network(void **state)
{
	static const struct expectation all[] = {
		{"10.1.0.7", "0.0.0.0", ""},
		{"10.1.0.7", "0", ""},
		{"10.1.0.7", "33", ""},
		{"10.1.0.7", "-1", ""},
		{"10.1.0.7", "255.0.255.0", ""},
		{"10.1.0.7", "0.0.0.255", ""},
		{"10.1.0.7", "255.255.255", ""},
		{"10.1.0.7", "", ""},
		{"10.1.0.7", "ffff::", ""},
		{"10.1.0.7", NULL, ""},
		{NULL, "255.255.255.0", ""},
		{"", "255.255.255.0", ""},
		{"10.1.0.256", "24", ""},
		{"10.1.0.7/24", "24", ""},
		{"10.1.0.0", "255.255.255.0", ""},
		{"10.1.0.255", "255.255.255.0", ""},
		{"0.0.0.0", "0.0.0.0", ""},
		{"10.1.0.4", "255.255.255.252", ""},
		{"fd00::1", "0", ""},
		{"fd00::1", "129", ""},
		{"fd00::1", "255.255.0.0", ""},
		{"fd00::1", "ffff:ffff::", ""},
		{"fd00::1%vmk1", "64", ""},
		{"10.1.0.7", "99999999999999999999", ""},
		{"10.1.0.7", "24x", ""},
		{NULL, NULL, NULL},
	};

	(void)state;
	expect(&function_ip_network, all);
}

static void test_in(void **state)
{
	static const struct expectation all[] = {
		{"10.1.0.9", "10.1.0.0/24", "1"},
		{"10.1.1.9", "10.1.0.0/24", "0"},
		{"10.1.1.9", "10.1.0.0/16", "1"},
		{"10.1.1.9", "10.1.77.88/16", "1"},
		{"10.1.0.7", "10.1.0.7/32", "1"},
		{"10.1.0.8", "10.1.0.7/32", "0"},
		{"fd00::9", "fd00::/64", "1"},
		{"fd00:0:0:1::9", "fd00::/64", "0"},
		{"10.1.0.9", "fd00::/64", "0"},
		{"fd00::9", "10.1.0.0/24", "0"},
		{"::10.1.0.9", "10.1.0.0/24", "0"},
		{"none", "10.1.0.0/24", ""},
		{"10.1.0.9", "10.1.0.0", ""},
		{"10.1.0.9", "10.1.0.0/0", ""},
		{"10.1.0.9", "10.1.0.0/", ""},
		{"10.1.0.9", "/24", ""},
		{"10.1.0.9", "1111:2222:3333:4444:5555:6666:7777:8888:9999/24", ""},
		{NULL, "10.1.0.0/24", ""},
		{"10.1.0.9", NULL, ""},
		{NULL, NULL, NULL},
	};

	(void)state;
	expect(&function_ip_in, all);
}

static void test_same(void **state)
{
	static const struct expectation all[] = {
		{"10.1.0.9", "10.1.0.9", "1"},
		{"10.1.0.9", "10.1.0.8", "0"},
		{"fd00::1", "FD00:0:0::0001", "1"},
		{"fd00::1%vmk1", "fd00::1", "1"},
		{"fd00::1", "fd00::1%3", "1"},
		{"fd00::1", "fd00::2", "0"},
		{"0.0.0.0", "::", "0"},
		{"10.1.0.9", "::ffff:10.1.0.9", "0"},
		{"esx02", "10.1.0.9", ""},
		{"10.1.0.9", "", ""},
		{"10.1.0.9/32", "10.1.0.9", ""},
		{"10.1.0.9", NULL, ""},
		{NULL, "10.1.0.9", ""},
		{NULL, NULL, NULL},
	};

	(void)state;
	expect(&function_ip_same, all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_no_network),
		cmocka_unit_test(test_in),
		cmocka_unit_test(test_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
