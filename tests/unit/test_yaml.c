/* SPDX-License-Identifier: Apache-2.0 */
/* test_yaml.c - what the YAML reader accepts, refuses, and says about places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/yaml.h"

static struct arena *arena;
static struct err err;

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	err = (struct err){0};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct ynode *parse(const char *text)
{
	return yaml_parse(arena, "f.yaml", text, strlen(text), 1, &err);
}

static struct ynode *good(const char *text)
{
	struct ynode *n = parse(text);

	if (n == NULL)
		fail_msg("refused: %s", err.text);
	return n;
}

static void test_tree_and_places(void **state)
{
	struct ynode *root = good("a: 1\nlist:\n  - x\n  - {k: 'v'}\n");
	struct ynode *list = yaml_get(root, "list");

	(void)state;
	assert_int_equal(root->kind, YAML_MAP);
	assert_int_equal(root->n, 2);
	assert_string_equal(yaml_get(root, "a")->text, "1");
	assert_int_equal(yaml_get(root, "a")->column, 4);
	assert_int_equal(list->kind, YAML_SEQ);
	assert_int_equal(list->n, 2);
	assert_int_equal(list->key_line, 2);
	assert_int_equal(list->key_column, 1);
	assert_string_equal(list->first->text, "x");
	assert_null(list->first->key);
	assert_int_equal(list->first->line, 3);
	assert_int_equal(list->first->column, 5);
	assert_true(yaml_get(list->first->next, "k")->quoted);
	assert_false(list->first->quoted);
	assert_null(yaml_get(root, "b"));
	assert_null(yaml_get(list, "x"));
	assert_null(yaml_get(NULL, "x"));
}

static void test_scalars_stay_texts(void **state)
{
	struct ynode *root = good("a: NO\nb: 1.10\nc: 0x10\nd: ~\ne: |\n  two\n  lines\n");

	(void)state;
	assert_string_equal(yaml_text(root, "a", NULL), "NO");
	assert_string_equal(yaml_text(root, "b", NULL), "1.10");
	assert_string_equal(yaml_text(root, "c", NULL), "0x10");
	assert_string_equal(yaml_text(root, "d", NULL), "~");
	assert_string_equal(yaml_text(root, "e", NULL), "two\nlines\n");
	assert_true(yaml_get(root, "e")->quoted);
}

static void test_empty_documents_are_empty_mappings(void **state)
{
	static const char *const texts[] = {"", "# only words\n", "---\n", "--- # words\n...\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ynode *root = good(texts[i]);

		assert_int_equal(root->kind, YAML_MAP);
		assert_int_equal(root->n, 0);
		assert_int_equal(root->line, 1);
	}
}

static void test_first_line_shifts_places(void **state)
{
	struct ynode *root;

	(void)state;
	root = yaml_parse(arena, "check.sql", "a: 1\nb: 2\n", 10, 7, &err);
	assert_non_null(root);
	assert_int_equal(yaml_get(root, "b")->line, 8);
	assert_null(yaml_parse(arena, "check.sql", "a: 1\na: 2\n", 10, 7, &err));
	assert_string_equal(err.text, "check.sql:8:1: key 'a' stands twice, first in line 7 (expected once)");
}

static void test_refusals(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"a: &x 1\n", "f.yaml:1:4: anchors are not allowed"},
		{"a: &x {b: 1}\n", "f.yaml:1:4: anchors are not allowed"},
		{"a: &x [1]\n", "f.yaml:1:4: anchors are not allowed"},
		{"&x a: 1\n", "f.yaml:1:1: anchors are not allowed"},
		{"a: *x\n", "f.yaml:1:4: aliases are not allowed"},
		{"*x : 1\n", "f.yaml:1:1: aliases are not allowed"},
		{"a: !!str 1\n", "f.yaml:1:4: tags are not allowed"},
		{"a: !mine [1]\n", "f.yaml:1:4: tags are not allowed"},
		{"a: ! 1\n", "f.yaml:1:4: tags are not allowed"},
		{"a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document begins"},
		{"a: 1\nb: 2\na: 3\n", "f.yaml:3:1: key 'a' stands twice, first in line 1"},
		{"x: {a: 1, b: 2, a: 3}\n", "f.yaml:1:17: key 'a' stands twice"},
		{"? [a]\n: 1\n", "f.yaml:1:3: a key that is not a name"},
		{"? {a: 1}\n: 1\n", "f.yaml:1:3: a key that is not a name"},
		{"a: 1\n\"\": 2\n", "f.yaml:2:1: a key that is not a name"},
		{"a: \"x\\0y\"\n", "f.yaml:1:4: a control character"},
		{"a: \"x\\ey\"\n", "f.yaml:1:4: a control character"},
		{"\"a\\x7f\": 1\n", "f.yaml:1:1: a control character"},
		{"a: [1\n", "f.yaml:2:1: did not find expected ',' or ']'"},
		{"a: b: c\n", "f.yaml:1:5: mapping values are not allowed in this context"},
		{"a:\n\t- b\n", "f.yaml:2:1: found character that cannot start any token"},
		{"a: \xff\n", "f.yaml:1: invalid leading UTF-8 octet at byte 3 (expected UTF-8 text)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		err = (struct err){0};
		if (parse(cases[i].text) != NULL)
			fail_msg("accepted: %s", cases[i].text);
		assert_int_equal(err.kind, ERR_CONFIG);
		if (strncmp(err.text, cases[i].error, strlen(cases[i].error)) != 0)
			fail_msg("%s\nsaid: %s\nnot:  %s", cases[i].text, err.text, cases[i].error);
	}
}

static struct ynode *parse_repeated(const char *before, const char *item, size_t n, const char *after)
{
	struct buf b = {.max = 4 << 20};
	struct ynode *root;

	buf_puts(&b, before);
	for (size_t i = 0; i < n; i++)
		buf_puts(&b, item);
	buf_puts(&b, after);
	assert_false(b.over);
	root = yaml_parse(arena, "f.yaml", buf_str(&b), b.len, 1, &err);
	buf_dispose(&b);
	return root;
}

static void test_bounds(void **state)
{
	(void)state;
	assert_non_null(parse_repeated("", "[", 31, "x]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"));
	assert_null(parse_repeated("", "[", 32, "x]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"));
	assert_string_equal(err.text, "f.yaml:1:33: nested too deeply (expected at most 32 levels)");
	assert_non_null(parse_repeated("", "- a\n", 99999, ""));
	assert_null(parse_repeated("", "- a\n", 100000, ""));
	assert_string_equal(err.text, "f.yaml:100000:3: too many values (expected at most 100000)");
	assert_null(parse_repeated("# ", "x", 1 << 20, "\n"));
	assert_string_equal(err.text, "f.yaml: too large (expected at most 1 MiB)");
}

static const struct yaml_key keys[] = {
	{.name = "name", .type = YAML_T_TEXT, .required = true, .about = "a name"},
	{.name = "vcenter", .type = YAML_T_TEXT, .about = "a URL"},
	{.name = "count", .type = YAML_T_INT, .min = 1, .max = 9, .about = "1 to 9"},
	{.name = "any_count", .type = YAML_T_INT, .about = "a number"},
	{.name = "wait", .type = YAML_T_DURATION, .min = 500, .max = 7200000, .about = "a duration"},
	{.name = "on", .type = YAML_T_BOOL, .about = "a switch"},
	{.name = "list", .type = YAML_T_SEQ, .about = "a list of words"},
	{.name = "map", .type = YAML_T_MAP, .about = "a mapping of words"},
	{.name = "any", .type = YAML_T_ANY, .about = "anything"},
	{0},
};

static void test_check_accepts(void **state)
{
	struct ynode *root =
		good("name: n\ncount: 9\nany_count: -5\nwait: 90s\non: yes\nlist: []\nmap: {}\nany: [1]\n");

	(void)state;
	assert_int_equal(yaml_check(root, "a thing", keys, &err), 0);
	assert_int_equal(err.kind, ERR_NONE);
	assert_int_equal(yaml_int(root, "count", 0), 9);
	assert_int_equal(yaml_int(root, "any_count", 0), -5);
	assert_int_equal(yaml_duration_ms(root, "wait", 0), 90000);
	assert_true(yaml_bool(root, "on", false));
	assert_string_equal(yaml_text(root, "vcenter", "none"), "none");
	assert_int_equal(yaml_int(root, "absent", 7), 7);
	assert_int_equal(yaml_duration_ms(root, "absent", 8), 8);
	assert_true(yaml_bool(root, "absent", true));
	assert_false(yaml_bool(good("on: no\n"), "on", true));
}

static void test_check_refuses(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"name: n\nvcentre: x\n", "f.yaml:2:1: unknown key 'vcentre' in a thing (did you mean 'vcenter'?)"},
		{"name: n\nzzzzzzzz: x\n", "f.yaml:2:1: unknown key 'zzzzzzzz' in a thing (expected one of: name, "
	                                   "vcenter, count, any_count, wait, "
	                                   "on, list, map, any)"},
		{"{name:secret: 1}\n", "f.yaml:1:2: 'name' in a thing lacks a colon and a blank after it"},
		{"{name=secret}\n", "f.yaml:1:2: 'name' in a thing lacks a colon and a blank after it"},
		{"count: 1\n", "f.yaml:1:1: a thing lacks 'name' (expected a name)"},
		{"- x\n", "f.yaml:1:1: a thing is not a mapping"},
		{"name:\n", "f.yaml:1:6: 'name' is not a text (expected a name)"},
		{"name: [n]\n", "f.yaml:1:7: 'name' is not a text (expected a name)"},
		{"name: n\ncount: secret\n", "f.yaml:2:8: 'count' is not a whole number (expected 1 to 9)"},
		{"name: n\ncount: 10\n", "f.yaml:2:8: 'count' is out of range (expected 1 to 9)"},
		{"name: n\nwait: 90 secret\n", "f.yaml:2:7: 'wait' is not a duration"},
		{"name: n\nwait: 1ms\n", "f.yaml:2:7: 'wait' is out of range (expected 500ms to 2h)"},
		{"name: n\non: secret\n", "f.yaml:2:5: 'on' is neither true nor false"},
		{"name: n\nlist: secret\n", "f.yaml:2:7: 'list' is not a list (expected a list of words)"},
		{"name: n\nmap: secret\n", "f.yaml:2:6: 'map' is not a mapping (expected a mapping of words)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ynode *root = good(cases[i].text);

		if (yaml_check(root, "a thing", keys, &err) != -1)
			fail_msg("accepted: %s", cases[i].text);
		assert_int_equal(err.kind, ERR_CONFIG);
		if (strncmp(err.text, cases[i].error, strlen(cases[i].error)) != 0)
			fail_msg("%s\nsaid: %s\nnot:  %s", cases[i].text, err.text, cases[i].error);
		assert_null(strstr(err.text, "secret"));
	}
}

static void test_whole_nodes(void **state)
{
	struct ynode *list = good("[true, no, 12, x, [1]]\n");
	struct ynode *yes = list->first, *no = yes->next, *number = no->next, *word = number->next, *seq = word->next;
	int64_t v = 0;
	bool b = false;

	(void)state;
	assert_int_equal(yaml_as_bool(yes, &b, &err), 0);
	assert_true(b);
	assert_int_equal(yaml_as_bool(no, &b, &err), 0);
	assert_false(b);
	assert_int_equal(yaml_as_int(number, 0, 0, &v, &err), 0);
	assert_int_equal(v, 12);
	assert_int_equal(yaml_as_int(number, 1, 11, &v, &err), -1);
	assert_string_equal(err.text, "f.yaml:1:12: out of range (expected 1 to 11)");
	assert_int_equal(yaml_as_int(word, 0, 0, &v, &err), -1);
	assert_int_equal(yaml_as_bool(word, &b, &err), -1);
	assert_int_equal(yaml_as_bool(seq, &b, &err), -1);
	assert_int_equal(yaml_as_int(seq, 0, 0, &v, &err), -1);
}

static void test_load(void **state)
{
	char path[] = "/tmp/test_yaml_XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");

	(void)state;
	assert_non_null(f);
	fputs("a: 1\n", f);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(yaml_text(yaml_load(arena, path, &err), "a", ""), "1");
	remove(path);
	assert_null(yaml_load(arena, path, &err));
	assert_int_equal(err.kind, ERR_IO);
	assert_non_null(strstr(err.text, "No such file"));
	assert_null(yaml_load(arena, "/tmp", &err));
	assert_int_equal(err.kind, ERR_IO);
	assert_null(yaml_load(arena, "/dev/zero", &err));
	assert_int_equal(err.kind, ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tree_and_places, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scalars_stay_texts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty_documents_are_empty_mappings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_first_line_shifts_places, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_check_accepts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_check_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_whole_nodes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_load, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
