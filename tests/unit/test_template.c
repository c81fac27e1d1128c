/* SPDX-License-Identifier: Apache-2.0 */
/* test_template.c - typed placeholders: what each type takes, and that nothing else gets through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "template.h"

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

static const char *get(void *arg, const char *name)
{
	return strcmp(name, "v") == 0 ? arg : NULL;
}

/* TEXT with ${v:...} filled in; NULL when that is refused. */
static const char *filled(const char *text, const char *v)
{
	struct template t;
	struct err err = {0};
	const char *s;

	if (template_parse(arena, text, &t, &err) < 0)
		fail_msg("%s", err.text);
	s = template_fill(&t, arena, &(struct template_filling){.get = get, .arg = (void *)v, .between = ","}, &err);
	assert_int_equal(s == NULL, err.kind != ERR_NONE);
	return s;
}

static void lists_are_made_of_valid_values(void **state)
{
	(void)state;
	assert_string_equal(filled("vm[]=${v:moid[]} end", "[\"vm-1\", \"vm-2\"]"), "vm[]=vm-1,vm-2 end");
	assert_string_equal(filled("${v:int[]}", "[1, 22]"), "1,22");
	assert_null(filled("${v:moid[]}", "[]"));
	assert_null(filled("${v:moid[]}", "[\"vm-1\", \"-x\"]"));
	assert_null(filled("${v:moid[]}", "[\"vm-1\", null]"));
	assert_null(filled("${v:moid[]}", "[\"vm-1\", [\"vm-2\"]]"));
	assert_null(filled("${v:moid[]}", "[\"vm-1,vm-2\"]"));
	assert_null(filled("${v:moid[]}", "{\"a\": \"vm-1\"}"));
	assert_null(filled("${v:moid[]}", "[\"vm-1\""));
	assert_null(filled("${v:moid[]}", "vm-1"));
	assert_null(filled("${v:moid[]}", NULL));
}

static void type_tables(void **state)
{
	static const struct {
		const char *type, *value;
		bool valid;
	} rows[] = {
		{"ip", "10.0.7.17", true},
		{"ip", "fe80::1", true},
		{"ip", "::", true},
		{"ip", "10.0.7", false},
		{"ip", "10.0.7.256", false},
		{"ip", "fe80::1%eth0", false},
		{"ip", "010.0.0.1", false},
		{"ip", "10.0.0.1 ", false},
		{"ip", "esx01", false},
		{"iface", "vmk1", true},
		{"iface", "eth0.100", true},
		{"iface", "eth0:1", true},
		{"iface", ".x", false},
		{"iface", "a b", false},
		{"iface", "eth0;id", false},
		{"iface", "a/b", false},
		{"int", "0", true},
		{"int", "8972", true},
		{"int", "9223372036854775807", true},
		{"int", "9223372036854775808", false},
		{"int", "1.5", false},
		{"int", "+1", false},
		{"int", "0x10", false},
		{"int", "1 ", false},
		{"word", "vmotion", true},
		{"word", "_a.b:c@d-e", true},
		{"word", "a b", false},
		{"word", "@a", false},
		{"word", "a$b", false},
		{"word", "a\n", false},
		{"word", "\xc3\xa9", false},
		{"moid", "host-10", true},
		{"moid", "ha_host", true},
		{"moid", "1host", false},
		{"moid", "a.b", false},
		{"host", "esx01.example.com", true},
		{"host", "10.0.0.1", true},
		{"host", "::1", true},
		{"host", "a_b", false},
		{"host", ".a", false},
		{"host", "a b", false},
		{"path", "/", true},
		{"path", "/a b/\xc3\xa9", true},
		{"path", "/a/..b/c..", true},
		{"path", "a", false},
		{"path", "/..", false},
		{"path", "/a/../b", false},
		{"path", "/a/..", false},
		{"path", "/a\nb", false},
		{"path", "/\xff", false},
		{"text", "It's \"so\" $1; #", true},
		{"text", "\xc3\xa9\xe2\x82\xac", true},
		{"text", "a\tb", false},
		{"text", "\x7f", false},
		{"text",
	         "\xc2\x9b"
	         "31m",
	         false},
		{"text", "\xc3", false},
		{"text", "\xed\xa0\x80", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = arena_printf(arena, "${v:%s}", rows[i].type);
		const char *s = filled(text, rows[i].value);

		if ((s != NULL) != rows[i].valid)
			fail_msg("%s '%s'", rows[i].type, rows[i].value);
		if (s != NULL)
			assert_string_equal(s, rows[i].value);
	}
}

static void never_an_option_nor_nothing(void **state)
{
	static const char *const types[] = {"ip", "iface", "int", "word", "moid", "host", "path", "text"};
	static const char *const values[] = {"", "-", "-1", "--help", "-x /"};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const char *text = arena_printf(arena, "${v:%s}", types[i]);

		for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k++)
			assert_null(filled(text, values[k]));
		assert_null(filled(text, NULL));
	}
	assert_null(filled("${other:text}", "x"));
}

static void lengths(void **state)
{
	static const struct {
		const char *type;
		size_t most;
	} rows[] = {{"iface", 32}, {"word", 128}, {"moid", 128}, {"host", 253}, {"text", 1024}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = arena_printf(arena, "${v:%s}", rows[i].type);
		char value[1100] = "";

		memset(value, 'a', rows[i].most);
		assert_non_null(filled(text, value));
		value[rows[i].most] = 'a';
		assert_null(filled(text, value));
	}
}

static void literals(void **state)
{
	(void)state;
	assert_string_equal(filled("", "x"), "");
	assert_string_equal(filled("ping -H ${v:ip} -c 3", "10.0.0.1"), "ping -H 10.0.0.1 -c 3");
	assert_string_equal(filled("${v:word}${v:word}", "x"), "xx");
	assert_string_equal(filled("$$ $${v} $1 a$ $", "x"), "$ ${v} $1 a$ $");
	assert_string_equal(filled("$$${v:word}", "x"), "$x");
	assert_string_equal(filled("{v:word} }", "x"), "{v:word} }");
	/* a value isn't looked through for placeholders again */
	assert_string_equal(filled("${v:text}", "${v:text} $$"), "${v:text} $$");
}

static void assert_bad(const char *text, const char *why)
{
	struct template t;
	struct err err = {0};

	assert_int_equal(template_parse(arena, text, &t, &err), -1);
	assert_int_equal(err.kind, ERR_CONFIG);
	if (strstr(err.text, why) == NULL)
		fail_msg("'%s' doesn't say '%s'", err.text, why);
}

static void bad_templates(void **state)
{
	(void)state;
	assert_bad("a ${v}", "no type");
	assert_bad("${v:wrd}", "did you mean 'word'?");
	assert_bad("${v:}", "no placeholder type ''");
	assert_bad("${v:word", "not closed");
	assert_bad("${v:word ${v:word}", "not closed");
	assert_bad("${", "was expected");
	assert_bad("${}", "was expected");
	assert_bad("${:word}", "was expected");
	assert_bad("${a b:word}", "was expected");
	assert_bad("${v", "was expected");
}

static const char *brackets(struct arena *a, const char *field, const char *value)
{
	return arena_printf(a, "<%s %s>", field, value);
}

static void encoded_after_validation(void **state)
{
	struct template_filling how = {.get = get, .encode = brackets, .field = "command", .between = " "};
	struct template t;
	struct err err = {0};

	(void)state;
	assert_int_equal(template_parse(arena, "x ${v:word} y", &t, &err), 0);
	how.arg = "a";
	assert_string_equal(template_fill(&t, arena, &how, &err), "x <command a> y");
	how.arg = "a\x1b b";
	assert_null(template_fill(&t, arena, &how, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_non_null(strstr(err.text, "${v:word}: 'a? b': a word"));
	assert_int_equal(template_parse(arena, "x ${v:text[]} y", &t, &err), 0);
	how.arg = "[\"a\", \"b,c\"]";
	assert_string_equal(template_fill(&t, arena, &how, &err), "x <command a> <command b,c> y");
}

static void shown_as_written(void **state)
{
	struct template t;
	struct err err = {0};

	(void)state;
	assert_int_equal(template_parse(arena, "ping ${dst:ip} -c ${n:int}", &t, &err), 0);
	assert_int_equal(t.n, 4);
	assert_string_equal(template_show(&t, arena), "ping ${dst:ip} -c ${n:int}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_made_of_valid_values),
		cmocka_unit_test(type_tables),
		cmocka_unit_test(never_an_option_nor_nothing),
		cmocka_unit_test(lengths),
		cmocka_unit_test(literals),
		cmocka_unit_test(bad_templates),
		cmocka_unit_test(encoded_after_validation),
		cmocka_unit_test(shown_as_written),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
