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
		const char *want = arena_printf(a, "T1\n<%s>\nT1 0\n", values[i]);

		assert_string_equal(shell(ssh_frame(a, command, "T1", NULL)), want);
	}
	assert_string_equal(ssh_quote(a, ""), "''");
}

static bool stands_alone(const char *command)
{
	return strstr(ssh_frame(a, arena_printf(a, "  %s", command), "T", NULL), arena_printf(a, "; (%.3s", command)) ==
	       NULL;
}

/* They can't end the shell that is to tell their status; others could. */
static void test_only_lists_get_a_shell_of_their_own(void **state)
{
	static const char *const simple[] = {"uname -a", "vmkping -I 'vmk1' -c 3 '10.0.0.1'", "cat '/a;b|c'",
	                                     "echo $PATH", "echo 'it'\\''s; id' \\; a"};
	static const char *const lists[] = {
		"a; b",     "a | b",     "a && b",     "a > b", "A=1 b", "cd /",  "if a; then b; fi", "exit 3", "(a)",
		"echo `a`", "echo $(a)", "echo \"a\"", "! a",   "a\nb",  "exec a"};

	(void)state;
	for (size_t i = 0; i < sizeof(simple) / sizeof(simple[0]); i++)
		assert_true(stands_alone(simple[i]));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		assert_false(stands_alone(lists[i]));
	assert_string_equal(shell(ssh_frame(a, "if true; then echo $LC_ALL; fi", "T", NULL)), "T\nC\n\nT 0\n");
	assert_string_equal(shell(ssh_frame(a, "cat", "T", NULL)), "T\n\nT 0\n");
}

/* Whatever the command does to its shell. */
static void test_the_end_is_told(void **state)
{
	static const struct {
		const char *command, *said;
		int status;
	} all[] = {
		{"printf a", "a", 0},
		{"sh -c 'exit 7'", "", 7},
		{"echo a; exit 3", "a\n", 3},
		{"set -e; false; echo no", "", 1},
		{"exec sh -c 'echo b; exit 255'", "b\n", 255},
		{"trap 'echo bye' EXIT; echo c # why", "c\nbye\n", 0},
		{"sh -c 'kill -9 $$' 2>/dev/null", "", 137},
		{"printf '\\nT 0\\n'; exit 5", "\nT 0\n", 5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const char *payload = ssh_payload(shell(ssh_frame(a, all[i].command, "T", NULL)), "T");
		size_t len = strlen(payload);
		int status;

		assert_true(ssh_told_end(payload, &len, "T", &status));
		assert_int_equal(status, all[i].status);
		assert_int_equal(len, strlen(all[i].said));
		assert_memory_equal(payload, all[i].said, len);
	}
}

static void test_the_end_is_not_told(void **state)
{
	static const char *const cut[] = {"",      "a",        "a\nT",      "a\nT ",    "a\nT 0", "aT 0\n",
	                                  "T 0\n", "\nT 0\nx", "\nT 256\n", "\nT -1\n", "\nT x\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		size_t len = strlen(cut[i]);
		int status;

		if (ssh_told_end(cut[i], &len, "T", &status))
			fail_msg("'%s' ends with status %d", cut[i], status);
		assert_int_equal(len, strlen(cut[i]));
	}
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
		cmocka_unit_test_setup_teardown(test_only_lists_get_a_shell_of_their_own, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_end_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_end_is_not_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_payload, setup, teardown),
		cmocka_unit_test_setup_teardown(test_checks, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
