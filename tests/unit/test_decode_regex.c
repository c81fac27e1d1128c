/* SPDX-License-Identifier: Apache-2.0 */
/* test_decode_regex.c - every match of a pattern as a row of its named groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/str.h"
#include "decode/val.h"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct regex *compiled(const char *pattern)
{
	struct err err = {0};
	struct regex *re = regex_new(pattern, &err);

	if (re == NULL)
		print_error("%s\n", err.text);
	assert_non_null(re);
	return re;
}

/* "a=1 b=2; a=3": rows by semicolons. */
static const char *matched_n(const char *pattern, const char *text, size_t len)
{
	struct regex *re = compiled(pattern);
	struct err err = {0};
	struct val *list = regex_decode(re, arena, text, len, &err);
	const char *s = "";

	regex_free(re);
	assert_non_null(list);
	assert_int_equal(list->kind, VAL_LIST);
	for (const struct val *row = list->first; row != NULL; row = row->next) {
		assert_int_equal(row->kind, VAL_MAP);
		for (const struct val *v = row->first; v != NULL; v = v->next)
			s = arena_printf(arena, "%s%s=%s%s", s, v->name, v->text, v->next != NULL ? " " : "");
		s = arena_printf(arena, "%s;", s);
	}
	return s;
}

static const char *matched(const char *pattern, const char *text)
{
	return matched_n(pattern, text, strlen(text));
}

static void rows_of_groups(void **state)
{
	(void)state;
	assert_string_equal(matched("(?m)^(?<name>\\w+) mtu (?<mtu>\\d+)$", "eth0 mtu 1500\nlo mtu 65536\nx mtu\n"),
	                    "mtu=1500 name=eth0;mtu=65536 name=lo;");
	assert_string_equal(matched("(?<a>x)|(?<b>y)(z)?", "xyz"), "a=x;b=y;");
	assert_string_equal(matched("(?<a>q)", "nothing of it"), "");
	assert_string_equal(matched("(?<a>.)", ""), "");
}

static void empty_matches(void **state)
{
	(void)state;
	assert_string_equal(matched("(?<a>x*)", "axxb"), "a=;a=xx;a=;a=;");
	assert_string_equal(matched("(?<a>x*)", ""), "a=;");
	assert_string_equal(matched("(?<a>)", "ab"), "a=;a=;a=;");
	assert_string_equal(matched("(?m)^(?<line>.*)$", "a\n\nb"), "line=a;line=;line=b;");
	assert_string_equal(matched("(?<a>\\b|\\w)", "ab"), "a=;a=a;a=b;a=;");
	assert_string_equal(matched("a\\K(?<e>)|(?<c>b)", "ab"), "e=;c=b;");
}

static void bytes(void **state)
{
	(void)state;
	assert_string_equal(matched("(?s)(?<a>.+)", "\xc3\xa9 \xff\xc3"), "a=\xc3\xa9 ??;");
	assert_string_equal(matched_n("(?s)(?<a>.+)", "x\0y", 3), "a=x?y;");
	assert_string_equal(matched("(?s)(?<a>.+)", "\xed\xa0\x80|\xc0\x80|\xf4\x90\x80\x80|\xf0\x9f\x98\x80"),
	                    "a=???|??|????|\xf0\x9f\x98\x80;");
	assert_string_equal(matched("(?<a>.)", "\xc3\xa9"), "a=?;a=?;");
}

static void assert_bad_pattern(const char *pattern, const char *why)
{
	struct err err = {0};

	assert_null(regex_new(pattern, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	if (strstr(err.text, why) == NULL)
		fail_msg("'%s' doesn't say '%s'", err.text, why);
}

static void bad_patterns(void **state)
{
	(void)state;
	assert_bad_pattern("(?<a>x", "offset 6");
	assert_bad_pattern("a(b)c", "no named group");
	assert_bad_pattern("", "no named group");
	assert_bad_pattern("(*UTF)(?<a>x)", "offset");
	regex_free(NULL);
}

static void assert_limited(const char *pattern, const char *text)
{
	struct regex *re = compiled(pattern);
	struct err err = {0};
	clock_t before = clock();

	assert_null(regex_decode(re, arena, text, strlen(text), &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_true(clock() - before < 5 * CLOCKS_PER_SEC);
	regex_free(re);
}

static void limits(void **state)
{
	char *s = arena_alloc(arena, 100001);

	(void)state;
	assert_limited("^(?<a>(x+x+)+y)", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx!y");
	memset(s, 'x', 100000);
	assert_limited("(?s)(?=(?<rest>.*))", s); /* 5 * 10^9 bytes of overlapping texts */
	assert_limited("(?<a>)(?<b>)(?<c>)(?<d>)", s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_groups), cmocka_unit_test(empty_matches), cmocka_unit_test(bytes),
		cmocka_unit_test(bad_patterns),   cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
