/* SPDX-License-Identifier: Apache-2.0 */
/* test_ssh_quote.c - what a value can't do to a command line, and where a command's own output begins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "transport/ssh_quote.h"

static struct arena *a;

static int setup(void **state)
{
	(void)state;
	a = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(a);
	return 0;
}

/* What a real shell prints when it is given LINE. */
static const char *shell(const char *line)
{
	char text[4096];
	FILE *f = popen(line, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	pclose(f);
	return arena_strdup(a, text);
}

static void test_values_stay_one_word(void **state)
{
	static const char *const values[] = {
		"plain", "two words", "it's", "'", "''", "'; id; '", "$(id) `id` $HOME \\ \" * ?",
		"a\nb",  "#x",        "~",    "!!"};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const char *command = arena_printf(a, "printf '<%%s>' %s", ssh_quote(a, values[i]));
		const char *want = arena_printf(a, "T1\n<%s>", values[i]);

		assert_string_equal(shell(ssh_frame(a, command, "T1", NULL)), want);
	}
	assert_string_equal(ssh_quote(a, ""), "''");
}

static bool replaces(const char *command)
{
	return strstr(ssh_frame(a, arena_printf(a, "  %s", command), "T", NULL),
	              arena_printf(a, "; exec %.3s", command)) != NULL;
}

static void test_simple_commands_replace_the_shell(void **state)
{
	static const char *const simple[] = {"uname -a", "vmkping -I 'vmk1' -c 3 '10.0.0.1'", "cat '/a;b|c'",
	                                     "echo $PATH", "echo 'it'\\''s; id' \\; a"};
	static const char *const lists[] = {
		"a; b", "a | b",    "a && b",    "a > b",      "A=1 b", "cd /", "if a; then b; fi",
		"(a)",  "echo `a`", "echo $(a)", "echo \"a\"", "! a",   "a\nb"};

	(void)state;
	for (size_t i = 0; i < sizeof(simple) / sizeof(simple[0]); i++)
		assert_true(replaces(simple[i]));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		assert_false(replaces(lists[i]));
	assert_string_equal(shell(ssh_frame(a, "if true; then echo $LC_ALL; fi", "T", NULL)), "T\nC\n");
	assert_string_equal(shell(ssh_frame(a, "cat", "T", NULL)), "T\n");
}

static void test_payload(void **state)
{
	(void)state;
	assert_string_equal(ssh_payload("T1\nx", "T1"), "x");
	assert_string_equal(ssh_payload("noise\nT1\nx\nT1\ny", "T1"), "x\nT1\ny");
	assert_string_equal(ssh_payload("T1\n", "T1"), "");
	assert_string_equal(ssh_payload("echo T1; T1\nT1\nx", "T1"), "x");
	assert_null(ssh_payload("no prompt here\n", "T1"));
	assert_null(ssh_payload("aT1\n", "T1"));
	assert_null(ssh_payload("T1", "T1"));
	assert_null(ssh_payload("", "T1"));
}

static void test_checks(void **state)
{
	static const struct {
		const char *command, *error; /* NULL: it is fine */
	} cases[] = {
		{"vmkping -I ${dev:iface} ${ip:ip}", NULL},
		{"echo 'a b' \"c\" ${x:text}", NULL},
		{"echo \\' ${x:text}", NULL},
		{"", "command: is empty"},
		{" \t", "command: is empty"},
		{"${x:word} a", "command: the program's name can't be a placeholder"},
		{"echo \"${x:text}\"", "command: a placeholder within quotes (values are quoted by themselves)"},
		{"echo 'a ${x:text}'", "command: a placeholder within quotes (values are quoted by themselves)"},
		{"echo \"it's ${x:text}\"", "command: a placeholder within quotes (values are quoted by themselves)"},
		{"echo \\${x:text}", "command: a placeholder right behind a backslash or a dollar"},
		{"echo $$${x:text}", "command: a placeholder right behind a backslash or a dollar"},
		{"echo $$ ${x:text} $${HOME} \"$${HOME}\"", NULL},
		{"echo 'a", "command: a quote is not closed"},
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		err = (struct err){0};
		assert_int_equal(ssh_check_command(cases[i].command, &err), cases[i].error != NULL ? -1 : 0);
		assert_string_equal(err.text, cases[i].error != NULL ? cases[i].error : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_values_stay_one_word, setup, teardown),
		cmocka_unit_test_setup_teardown(test_simple_commands_replace_the_shell, setup, teardown),
		cmocka_unit_test_setup_teardown(test_payload, setup, teardown),
		cmocka_unit_test_setup_teardown(test_checks, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
