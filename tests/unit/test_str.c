/* SPDX-License-Identifier: Apache-2.0 */
/* test_str.c - bounded texts, checked numbers, globs, suggestions; errors and arenas beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

static void test_buf_grows_to_its_maximum(void **state)
{
	struct buf b = {.max = 10};

	(void)state;
	assert_string_equal(buf_str(&b), "");
	assert_true(buf_puts(&b, "12345"));
	assert_true(buf_printf(&b, "%03d", 678));
	assert_true(buf_add(&b, "90x", 2));
	assert_string_equal(buf_str(&b), "1234567890");
	assert_false(b.over);
	assert_false(buf_puts(&b, "1"));
	assert_true(b.over);
	assert_false(buf_add(&b, "", 0));
	assert_string_equal(buf_str(&b), "1234567890");
	buf_clear(&b);
	assert_false(b.over);
	assert_string_equal(buf_str(&b), "");
	assert_false(buf_printf(&b, "%s", "12345678901"));
	buf_dispose(&b);
	assert_null(b.s);
	assert_int_equal(b.max, 10);
}

static void test_numbers(void **state)
{
	static const char *const bad[] = {
		"", " 1", "1 ", "+1", "0x1", "1.0", "1e3", "-", "--1", "x", "9223372036854775808"};
	static const char *const bad_double[] = {"", " 1", "1 ", "inf", "nan", "0x1p3", "1e999", ".", "e", "1.2.3"};
	int64_t v = 42;
	double d = 4.5;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parse_int64(bad[i], &v))
			fail_msg("accepted: '%s'", bad[i]);
	for (size_t i = 0; i < sizeof(bad_double) / sizeof(bad_double[0]); i++)
		if (parse_double(bad_double[i], &d))
			fail_msg("accepted: '%s'", bad_double[i]);
	assert_int_equal(v, 42);
	assert_true(d > 4.4 && d < 4.6);
	assert_true(parse_int64("-9223372036854775808", &v));
	assert_true(v == INT64_MIN);
	assert_true(parse_int64("9223372036854775807", &v));
	assert_true(v == INT64_MAX);
	assert_true(parse_double("-2.5e1", &d));
	assert_true(d > -25.1 && d < -24.9);
}

static void test_durations(void **state)
{
	static const char *const bad[] = {
		"", "s", "-1s", "1.5s", "1 s", "1d", "1S", "1sx", "ms", "99999999999999999h", "99999999999999999999s"};
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {{"90", 90000}, {"500ms", 500}, {"90s", 90000}, {"15m", 900000}, {"2h", 7200000}, {"0", 0}};
	int64_t v = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parse_duration_ms(bad[i], &v))
			fail_msg("accepted: '%s'", bad[i]);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(parse_duration_ms(good[i].text, &v));
		assert_int_equal(v, good[i].ms);
	}
}

static void test_globs(void **state)
{
	(void)state;
	assert_true(glob_match("esx*", "ESX01.example.com"));
	assert_true(glob_match("esx0[12]", "esx02"));
	assert_true(glob_match("*", "a/b"));
	assert_false(glob_match("esx0[12]", "esx03"));
	assert_false(glob_match("esx", "esx01"));
}

static void test_suggestions(void **state)
{
	static const char *const words[] = {"vcenter", "credential", "tls", "timeout"};
	char buf[64], tiny[8];

	(void)state;
	assert_string_equal(suggest("vcentre", words, 4), "vcenter");
	assert_string_equal(suggest("credentials", words, 4), "credential");
	assert_string_equal(suggest("tsl", words, 4), "tls");
	assert_null(suggest("zzzzzz", words, 4));
	assert_null(suggest("vcenter", words, 0));
	assert_null(
		suggest("a-word-that-is-much-longer-than-sixty-three-letters-and-so-is-not-near-anything", words, 4));
	assert_string_equal(did_you_mean(buf, sizeof(buf), "vcentr", words, 4), " (did you mean 'vcenter'?)");
	assert_string_equal(did_you_mean(buf, sizeof(buf), "zzzzzz", words, 4), "");
	assert_int_equal(strlen(did_you_mean(tiny, sizeof(tiny), "vcentr", words, 4)), sizeof(tiny) - 1);
}

static void test_errors_gather_context(void **state)
{
	struct err err = {0};
	char longer[600];

	(void)state;
	assert_int_equal(err_set(&err, ERR_AUTH, "wrong %s", "password"), -1);
	assert_int_equal(err_prefix(&err, "%s: login", "vc01"), -1);
	assert_string_equal(err.text, "vc01: login: wrong password");
	assert_int_equal(err.kind, ERR_AUTH);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	err_prefix(&err, "%s", longer);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void test_error_kinds_have_outcomes(void **state)
{
	(void)state;
	for (int kind = ERR_NONE; kind <= ERR_INTERNAL; kind++) {
		assert_string_not_equal(err_kind_name((enum err_kind)kind), "?");
		assert_true((outcome_of((enum err_kind)kind) == OUTCOME_OK) == (kind == ERR_NONE));
	}
	assert_string_equal(outcome_name(outcome_of(ERR_AUTH)), "denied");
	assert_string_equal(outcome_name(outcome_of(ERR_DENIED)), "denied");
	assert_string_equal(outcome_name(outcome_of(ERR_UNSUPPORTED)), "unsupported");
	assert_string_equal(outcome_name(outcome_of(ERR_TIMEOUT)), "timeout");
	assert_string_equal(outcome_name(outcome_of(ERR_CANCELLED)), "skipped");
	assert_string_equal(outcome_name(outcome_of(ERR_TLS)), "failed");
}

static void test_arena(void **state)
{
	struct arena *a = arena_new();
	char *small = arena_strdup(a, "small"), *big = arena_alloc(a, 100000), *last = arena_printf(a, "%s-%d", "n", 7);

	(void)state;
	memset(big, 'x', 100000);
	assert_string_equal(small, "small");
	assert_string_equal(last, "n-7");
	assert_true((uintptr_t)big % 16 == 0);
	assert_true(arena_used(a) >= 100000);
	arena_reset(a);
	assert_int_equal(arena_used(a), 0);
	for (size_t i = 0; i < 1000; i++) {
		char *zeroed = arena_alloc(a, 100);

		for (size_t k = 0; k < 100; k++)
			assert_int_equal(zeroed[k], 0);
		memset(zeroed, 'x', 100);
	}
	arena_free(a);
	arena_free(NULL);
}

static void test_host_match(void **state)
{
	(void)state;
	assert_true(host_match("esx07", "esx07.lab.example"));
	assert_true(host_match("ESX0?", "esx07.lab.example"));
	assert_true(host_match("esx07.lab.*", "esx07.lab.example"));
	assert_true(host_match("esx07", "esx07"));
	assert_false(host_match("esx07", "esx070.lab.example"));
	assert_false(host_match("esx07.lab", "esx07.lab.example"));
	assert_false(host_match("10", "10.0.0.1"));
	assert_false(host_match("", "esx07.lab.example"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_match),
		cmocka_unit_test(test_buf_grows_to_its_maximum),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_globs),
		cmocka_unit_test(test_suggestions),
		cmocka_unit_test(test_errors_gather_context),
		cmocka_unit_test(test_error_kinds_have_outcomes),
		cmocka_unit_test(test_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
