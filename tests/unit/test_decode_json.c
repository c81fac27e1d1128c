/* SPDX-License-Identifier: Apache-2.0 */
/* test_decode_json.c - JSON to trees: what an answer becomes, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void dump(struct buf *b, const struct val *v)
{
	static const char *const open[] = {"null", "'", "[", "{"};
	static const char *const close[] = {"", "'", "]", "}"};

	buf_printf(b, "%s%s", v->name != NULL ? v->name : "", v->name != NULL ? "=" : "");
	buf_printf(b, "%s%s", open[v->kind], v->kind == VAL_TEXT ? v->text : "");
	for (const struct val *c = v->first; c != NULL; c = c->next) {
		dump(b, c);
		if (c->next != NULL)
			buf_puts(b, " ");
	}
	buf_puts(b, close[v->kind]);
}

static const char *dumped(const struct val *v)
{
	struct buf b = {.max = 1 << 20};
	const char *s;

	dump(&b, v);
	s = arena_strdup(arena, buf_str(&b));
	buf_dispose(&b);
	return s;
}

static const char *decoded(const char *json)
{
	struct err err = {0};
	struct val *v = json_decode(arena, json, strlen(json), &err);

	if (v == NULL)
		print_error("%s\n", err.text);
	assert_non_null(v);
	return dumped(v);
}

static void assert_refused(const char *json, enum err_kind kind, const char *why)
{
	struct err err = {0};

	assert_null(json_decode(arena, json, strlen(json), &err));
	assert_int_equal(err.kind, kind);
	if (strstr(err.text, why) == NULL)
		fail_msg("'%s' doesn't say '%s'", err.text, why);
	for (const char *c = err.text; *c != '\0'; c++)
		assert_in_range(*c, ' ', '~');
}

static void values(void **state)
{
	(void)state;
	assert_string_equal(decoded("[]"), "[]");
	assert_string_equal(decoded("{}"), "{}");
	assert_string_equal(decoded("{\"b\": [1, {\"c\": null}], \"a\": \"x\"}"), "{b=['1' {c=null}] a='x'}");
	assert_string_equal(decoded("[true, false, \"true\", \"\"]"), "['1' '0' 'true' '']");
	assert_string_equal(decoded("[\"[{,\\\"\\\\\", \"\\u00e9\\n\"]"), "['[{,\"\\' '\xc3\xa9\n']");
}

static void numbers(void **state)
{
	(void)state;
	assert_string_equal(decoded("[0, -7, 9223372036854775807, -9223372036854775808]"),
	                    "['0' '-7' '9223372036854775807' '-9223372036854775808']");
	assert_string_equal(decoded("[0.1, 2.5e3, 1e300, 0.30000000000000004]"),
	                    "['0.1' '2500' '1e+300' '0.30000000000000004']");
	assert_refused("[9223372036854775808]", ERR_PROTOCOL, "line 1");
	assert_refused("[1e999]", ERR_PROTOCOL, "line 1");
	assert_refused("[NaN]", ERR_PROTOCOL, "line 1");
	assert_refused("[01]", ERR_PROTOCOL, "line 1");
}

static void malformed(void **state)
{
	(void)state;
	assert_refused("", ERR_PROTOCOL, "JSON, line 1");
	assert_refused("12", ERR_PROTOCOL, "JSON, line 1");
	assert_refused("\"x\"", ERR_PROTOCOL, "JSON, line 1");
	assert_refused("<html></html>", ERR_PROTOCOL, "JSON, line 1");
	assert_refused("{\"a\": 1,\n\"a\": 2}", ERR_PROTOCOL, "line 2");
	assert_refused("[1,]", ERR_PROTOCOL, "JSON");
	assert_refused("[] []", ERR_PROTOCOL, "JSON");
	assert_refused("[\"\xff\"]", ERR_PROTOCOL, "JSON");
	assert_refused("[\"\\u0000\"]", ERR_PROTOCOL, "JSON");
	assert_refused("[\"a", ERR_PROTOCOL, "JSON");
	assert_refused("[\"a\\", ERR_PROTOCOL, "JSON");
	assert_refused("\x1b[31m", ERR_PROTOCOL, "JSON");
}

static char *repeated(const char *head, const char *item, size_t n, const char *tail)
{
	size_t len = strlen(item);
	char *s = xmalloc(strlen(head) + n * len + strlen(tail) + 1), *at = stpcpy(s, head);

	for (size_t i = 0; i < n; i++)
		at = stpcpy(at, item);
	strcpy(at, tail);
	return s;
}

static void limits(void **state)
{
	CLEANUP_FREE char *deep = repeated("", "[", VAL_MAX_DEPTH + 1, "");
	CLEANUP_FREE char *fit_deep = repeated("", "[", VAL_MAX_DEPTH, "");
	CLEANUP_FREE char *many = repeated("[0", ",0", VAL_MAX_NODES, "]");
	CLEANUP_FREE char *lengthy = repeated("[\"", "0123456789abcdef", VAL_MAX_TEXT / 16, "+\"]");
	CLEANUP_FREE char *commas = repeated("[\"", ",", VAL_MAX_NODES + 1, "\"]");
	struct err err = {0};

	(void)state;
	assert_refused(deep, ERR_LIMIT, "deep");
	assert_refused(fit_deep, ERR_PROTOCOL, "JSON, line 1");
	assert_refused(many, ERR_LIMIT, "values");
	assert_refused(lengthy, ERR_LIMIT, "bytes");
	assert_non_null(json_decode(arena, commas, strlen(commas), &err));
}

static void cut_sweep(void **state)
{
	char json[4096];
	size_t len;
	FILE *in = fopen(SOURCE_DIR "/tests/unit/data/links.json", "re");
	struct err err = {0};

	(void)state;
	assert_non_null(in);
	len = fread(json, 1, sizeof(json), in);
	fclose(in);
	assert_non_null(json_decode(arena, json, len, &err));
	for (size_t n = 0; n < len; n++) {
		char *part = memcpy(xmalloc(n), json, n); /* exactly N bytes, for the sanitizer */

		assert_null(json_decode(arena, part, n, &err));
		assert_int_equal(err.kind, ERR_PROTOCOL);
		free(part);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values), cmocka_unit_test(numbers),   cmocka_unit_test(malformed),
		cmocka_unit_test(limits), cmocka_unit_test(cut_sweep),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
