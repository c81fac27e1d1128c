/* SPDX-License-Identifier: Apache-2.0 */
/* test_options.c - the command line: every way to write an option, every way to get one wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "options.h"

static const char *const modes[] = {"auto", "always", NULL};

/* clang-format off */
static const struct option_def defs[] = {
	{.name = "host", .type = OPTION_TEXT, .arg = "GLOB", .repeat = true, .help = "hosts"},
	{.name = "format", .letter = 'f', .type = OPTION_TEXT, .arg = "FORMAT", .repeat = true, .dflt = "text", .help = "format"},
	{.name = "inventory", .letter = 'i', .type = OPTION_TEXT, .arg = "FILE", .help = "inventory"},
	{.name = "colour", .alias = "color", .type = OPTION_CHOICE, .arg = "WHEN", .choices = modes, .dflt = "auto", .help = "colour"},
	{.name = "deadline", .type = OPTION_DURATION, .arg = "TIME", .min = 1000, .max = 60000, .dflt = "10s", .help = "deadline"},
	{.name = "all", .letter = 'a', .help = "all"},
	OPTIONS_COMMON
};
/* clang-format on */

/* Parses WORDS, separated by single blanks. */
static int parse(struct parsed *p, const char *words, char **ret_copy, struct err *err)
{
	char *argv[16], *save = NULL;
	int argc = 0;

	*ret_copy = strdup(words);
	for (char *w = strtok_r(*ret_copy, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	return options_parse(p, defs, argc, argv, err);
}

static void accepts_every_spelling(void **state)
{
	static const char *const spellings[] = {
		"--host=a --inventory=x -vv -a --color always --deadline 2s arg",
		"arg --host a -i x -v -av --colour=always --deadline=2s",
		"--host=a -ix -avv --colour=always --deadline=2000ms -- arg",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		struct parsed p;
		struct err err = {0};
		char *copy;

		assert_int_equal(parse(&p, spellings[i], &copy, &err), 0);
		assert_string_equal(option_text(&p, "host"), "a");
		assert_string_equal(option_text(&p, "inventory"), "x");
		assert_int_equal(option_count(&p, "verbose"), 2);
		assert_int_equal(option_count(&p, "all"), 1);
		assert_string_equal(option_text(&p, "colour"), "always");
		assert_int_equal(option_duration_ms(&p, "deadline"), 2000);
		assert_int_equal(p.nargs, 1);
		assert_string_equal(p.args[0], "arg");
		options_dispose(&p);
		free(copy);
	}
}

static void gives_defaults(void **state)
{
	struct parsed p;
	struct err err = {0};
	char *copy;

	(void)state;
	assert_int_equal(parse(&p, "", &copy, &err), 0);
	assert_string_equal(option_text(&p, "format"), "text");
	assert_string_equal(option_text(&p, "colour"), "auto");
	assert_int_equal(option_duration_ms(&p, "deadline"), 10000);
	assert_null(option_text(&p, "inventory"));
	assert_null(option_list(&p, "host"));
	assert_int_equal(p.nargs, 0);
	options_dispose(&p);
	free(copy);
}

static void keeps_repeated_values_in_order(void **state)
{
	struct parsed p;
	struct err err = {0};
	const char **hosts;
	char *copy;

	(void)state;
	assert_int_equal(parse(&p, "--host a -f json --host b --host=-c", &copy, &err), 0);
	hosts = option_list(&p, "host");
	assert_string_equal(hosts[0], "a");
	assert_string_equal(hosts[1], "b");
	assert_string_equal(hosts[2], "-c");
	assert_null(hosts[3]);
	options_dispose(&p);
	free(copy);
}

static void treats_a_dash_and_what_follows_two_as_arguments(void **state)
{
	struct parsed p;
	struct err err = {0};
	char *copy;

	(void)state;
	assert_int_equal(parse(&p, "-i - - -- --host -- -x", &copy, &err), 0);
	assert_string_equal(option_text(&p, "inventory"), "-");
	assert_int_equal(p.nargs, 4);
	assert_string_equal(p.args[0], "-");
	assert_string_equal(p.args[1], "--host");
	assert_string_equal(p.args[2], "--");
	assert_string_equal(p.args[3], "-x");
	assert_null(p.args[4]);
	options_dispose(&p);
	free(copy);
}

static void refuses_with_a_reason(void **state)
{
	static const struct {
		const char *words, *says;
	} cases[] = {
		{"--hots a", "unknown option '--hots' (did you mean '--host'?)"},
		{"--inv x", "unknown option '--inv'"},
		{"--frobnicate", "unknown option '--frobnicate'"},
		{"-x", "unknown option '-x'"},
		{"-ax", "unknown option '-x'"},
		{"--host", "--host needs GLOB"},
		{"-i", "--inventory needs FILE"},
		{"-i --all", "--inventory needs FILE (if '--all' is meant, write --inventory=--all)"},
		{"--host=", "--host: GLOB is empty"},
		{"--all=yes", "--all takes no value"},
		{"-i a -i b", "--inventory is given twice"},
		{"--all -a", "--all is given twice"},
		{"--colour red", "--colour: 'red' is not one of auto, always"},
		{"--deadline soon", "--deadline: 'soon' is not a duration such as 500ms, 90s, 15m or 2h"},
		{"--deadline 2h", "--deadline: '2h' is not between 1 and 60 seconds"},
		{"--deadline 500ms", "--deadline: '500ms' is not between 1 and 60 seconds"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct parsed p;
		struct err err = {0};
		char *copy;

		assert_int_equal(parse(&p, cases[i].words, &copy, &err), -1);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_string_equal(err.text, cases[i].says);
		options_dispose(&p);
		free(copy);
	}
}

static void help_names_every_option(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	options_help(defs, out);
	fclose(out);
	assert_non_null(strstr(text, "      --host GLOB           hosts; repeatable\n"));
	assert_non_null(strstr(text, "  -f, --format FORMAT       format; default text; repeatable\n"));
	assert_non_null(strstr(text, "      --colour WHEN         colour (auto, always); default auto\n"));
	assert_non_null(strstr(text, "  -a, --all                 all\n"));
	for (const struct option_def *d = defs; d->name != NULL; d++)
		assert_non_null(strstr(text, d->name));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_every_spelling),
		cmocka_unit_test(gives_defaults),
		cmocka_unit_test(keeps_repeated_values_in_order),
		cmocka_unit_test(treats_a_dash_and_what_follows_two_as_arguments),
		cmocka_unit_test(refuses_with_a_reason),
		cmocka_unit_test(help_names_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
