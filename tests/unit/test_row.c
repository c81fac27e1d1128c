/* SPDX-License-Identifier: Apache-2.0 */
/* test_row.c - paths and rows: what a probe file's selectors make of a tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "row.h"

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

static const char host_xml[] =
	"<o xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><name>esx0</name>"
	"<parent type='ClusterComputeResource' xsi:type='ManagedObjectReference'>domain-c7</parent>"
	"<summary xsi:type='ClusterSummary'><evc>intel</evc><n>4</n></summary>"
	"<config><none/><network><mtu>1600</mtu>"
	"<vnic xsi:type='ArrayOfHostVirtualNic'>"
	"<HostVirtualNic "
	"xsi:type='HostVirtualNic'><device>vmk0</device><spec><ip>10.1.0.9</ip><dhcp>true</dhcp></spec></"
	"HostVirtualNic>"
	"<HostVirtualNic "
	"xsi:type='HostOddNic'><device>vmk1</device><spec><mtu>9000</mtu><dhcp>no</dhcp></spec></HostVirtualNic>"
	"<HostVirtualNic><device>VMK2</device><spec/></HostVirtualNic>"
	"</vnic></network></config>"
	"<switch><name>s0</name><pnic>a</pnic><pnic>b</pnic></switch>"
	"<switch><name>s1</name></switch>"
	"<switch><name>s2</name><pnic>c</pnic></switch>"
	"<datastore xsi:type='ArrayOfManagedObjectReference'>"
	"<x type='Datastore'>ds-1</x><x type='Datastore'>ds-2</x></datastore>"
	"<empty xsi:type='ArrayOfX'/></o>";

static const struct val *from_xml(const char *xml)
{
	struct err err = {0};
	const struct val *v = xml_decode(arena, xml, strlen(xml), &err);

	assert_non_null(v);
	return v;
}

static const struct val *from_json(const char *json)
{
	struct err err = {0};
	const struct val *v = json_decode(arena, json, strlen(json), &err);

	assert_non_null(v);
	return v;
}

static struct path *path(const char *text)
{
	struct err err = {0};
	struct path *p = path_parse(arena, text, &err);

	if (p == NULL)
		fail_msg("%s", err.text);
	return p;
}

static const char *each(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "n") == 0 ? "12" : strcmp(name, "word") == 0 ? "x" : NULL;
}

static bool missing(void *arg, const char *request)
{
	return strcmp(arg, request) == 0;
}

static size_t bad;

struct collected {
	const char *text;
	size_t ncolumns, rows, fail_at;
};

static int on_row(void *arg, const char *const *values, struct err *err)
{
	struct collected *c = arg;

	if (++c->rows == c->fail_at)
		return err_set(err, ERR_SQL, "full");
	for (size_t i = 0; i < c->ncolumns; i++)
		c->text = arena_printf(arena, "%s%s%s", c->text, values[i] != NULL ? values[i] : "NULL",
		                       i + 1 < c->ncolumns ? "|" : ";");
	return 0;
}

#define COLUMNS_MAX 8

struct question {
	const char *rows; /* NULL: none */
	struct column columns[COLUMNS_MAX];
	const char *missing;
	struct keep keep;
	size_t fail_at;
};

/* Columns come with name = the path's text. */
static const char *asked(const struct val *root, struct question q)
{
	struct rowctx ctx = {.target = "vc01",
	                     .ref = "host-10",
	                     .kind = "HostSystem",
	                     .via = "vsphere",
	                     .host = "vc01/host-10",
	                     .each = each,
	                     .missing = q.missing != NULL ? missing : NULL,
	                     .missing_arg = (void *)q.missing,
	                     .bad = &bad};
	struct rowspec spec = {.columns = q.columns, .keeps = &q.keep, .nkeeps = q.keep.nglobs > 0};
	struct collected c = {.text = "", .fail_at = q.fail_at};
	struct err err = {0};

	if (q.rows != NULL) {
		spec.rows = path(q.rows);
		spec.request = path_request(spec.rows, arena, NULL);
	}
	while (spec.ncolumns < COLUMNS_MAX && q.columns[spec.ncolumns].name != NULL) {
		struct column *column = &q.columns[spec.ncolumns++];

		column->path = path(column->name);
		column->request = path_request(column->path, arena, spec.request);
		assert_int_equal(path_check(spec.rows, column->path, &err), 0);
	}
	c.ncolumns = spec.ncolumns;
	bad = 0;
	if (rows_map(&spec, &ctx, root, arena, on_row, &c, &err) < 0) {
		assert_int_equal(err.kind, ERR_SQL);
		return "failed";
	}
	return c.text;
}

static void columns_of_an_object(void **state)
{
	const struct val *host = from_xml(host_xml);

	(void)state;
	assert_string_equal(asked(host, (struct question){.columns = {{.name = "name"},
	                                                              {.name = "config.network.mtu"},
	                                                              {.name = "summary:evc"},
	                                                              {.name = "nosuch.x"},
	                                                              {.name = "/name"},
	                                                              {.name = "$ref"},
	                                                              {.name = "$target"},
	                                                              {.name = "$via"}}}),
	                    "esx0|1600|intel|NULL|esx0|vc01/host-10|vc01|vsphere;");
	assert_string_equal(
		asked(host, (struct question){.columns = {{.name = "parent", .type = COL_REF},
	                                                  {.name = "parent.$reftype"},
	                                                  {.name = "summary.$type"},
	                                                  {.name = "name.$reftype"},
	                                                  {.name = "$host", .type = COL_REF},
	                                                  {.name = "$ref", .type = COL_REF},
	                                                  {.name = "$error"},
	                                                  {.name = "$kind"}}}),
		"vc01/domain-c7|ClusterComputeResource|ClusterSummary|NULL|vc01/host-10|vc01/host-10|NULL|HostSystem;");
	assert_string_equal(asked(host, (struct question){.columns = {{.name = "$each.n", .type = COL_INTEGER},
	                                                              {.name = "$each.word"},
	                                                              {.name = "$each.nosuch"}}}),
	                    "12|x|NULL;");
	assert_int_equal(bad, 0);
}

static void rows_of_an_array(void **state)
{
	const struct val *host = from_xml(host_xml);

	(void)state;
	assert_string_equal(asked(host, (struct question){.rows = "config.network.vnic[]",
	                                                  .columns = {{.name = "device"},
	                                                              {.name = "spec.ip"},
	                                                              {.name = "$type"},
	                                                              {.name = "/name"}}}),
	                    "vmk0|10.1.0.9|HostVirtualNic|esx0;vmk1|NULL|HostOddNic|esx0;VMK2|NULL|NULL|esx0;");
	assert_string_equal(
		asked(host, (struct question){.rows = "datastore[]",
	                                      .columns = {{.name = ".", .type = COL_REF}, {.name = "$reftype"}}}),
		"vc01/ds-1|Datastore;vc01/ds-2|Datastore;");
	assert_string_equal(
		asked(host, (struct question){.rows = "switch[]", .columns = {{.name = "name"}, {.name = "pnic[]"}}}),
		"s0|a,b;s1|NULL;s2|c;");
	assert_string_equal(asked(host, (struct question){.rows = "empty[]", .columns = {{.name = "."}}}), "");
	assert_string_equal(asked(host, (struct question){.rows = "nosuch.x[]", .columns = {{.name = "."}}}), "");
	assert_string_equal(asked(host, (struct question){.rows = "name[]", .columns = {{.name = "."}}}), "esx0;");
	assert_string_equal(asked(host, (struct question){.rows = "config.network[]", .columns = {{.name = "mtu"}}}),
	                    "1600;");
	assert_string_equal(asked(host, (struct question){.rows = "datastore.x[]", .columns = {{.name = "."}}}), "");
	assert_string_equal(asked(host, (struct question){.columns = {{.name = "datastore[]", .type = COL_REF}}}),
	                    "vc01/ds-1,vc01/ds-2;");
}

static void nested_arrays(void **state)
{
	const struct val *root =
		from_json("{\"id\": 7, \"a\": [{\"n\": 1, \"b\": [{\"m\": 2, \"c\": [3, 4]}, {\"m\": 5, \"c\": []}]},"
	                  " {\"n\": 6}, {\"n\": 8, \"b\": {\"m\": 9, \"c\": 10}}]}");

	(void)state;
	assert_string_equal(
		asked(from_xml(host_xml),
	              (struct question){.rows = "switch[].pnic[]", .columns = {{.name = "."}, {.name = "..name"}}}),
		"a|s0;b|s0;c|s2;");
	assert_string_equal(
		asked(root,
	              (struct question){
			      .rows = "a[].b[].c[]",
			      .columns = {{.name = "."}, {.name = "..m"}, {.name = "....n"}, {.name = "/id"}}}),
		"3|2|1|7;4|2|1|7;10|9|8|7;");
	assert_string_equal(
		asked(from_json("[[1, 2], [], 3]"), (struct question){.rows = "[][]", .columns = {{.name = "."}}}),
		"1;2;3;");
	assert_string_equal(asked(from_json("[{\"a\": 1}, {\"a\": 2}, null]"),
	                          (struct question){.rows = "[]", .columns = {{.name = "a", .unset = "u"}}}),
	                    "1;2;NULL;");
}

static void whole_names_in_the_root(void **state)
{
	struct val *root = val_new(arena, VAL_MAP, NULL);
	struct val *list = val_new(arena, VAL_LIST, "config.network.vnic");
	struct val *nic = val_add(list, val_new(arena, VAL_MAP, NULL));
	struct val *summary = val_new(arena, VAL_MAP, "summary");

	(void)state;
	val_add(nic, val_text(arena, "device", "vmk0"));
	val_add(summary, val_text(arena, "evc", "intel"));
	val_add(root, list);
	val_add(root, summary);
	val_add(root, val_text(arena, "summary.config.name", "esx0"));
	assert_string_equal(
		asked(root, (struct question){.rows = "config.network.vnic[]",
	                                      .columns = {{.name = "device"}, {.name = "/summary.config.name"}}}),
		"vmk0|esx0;");
	assert_string_equal(asked(root, (struct question){.columns = {{.name = "summary.config.name"},
	                                                              {.name = "summary:evc"},
	                                                              {.name = "summary.evc"}}}),
	                    "esx0|intel|intel;");
}

static void typed_columns(void **state)
{
	const struct val *root = from_json(
		"{\"i\": 5, \"big\": \"9223372036854775808\", \"r\": 2.5, \"t\": true, \"s\": \"x\", \"e\": \"\","
		" \"m\": {\"k\": 1}, \"z\": null, \"f\": \"false\"}");

	(void)state;
	assert_string_equal(asked(root, (struct question){.columns = {{.name = "i", .type = COL_INTEGER},
	                                                              {.name = "r", .type = COL_REAL},
	                                                              {.name = "i", .type = COL_REAL},
	                                                              {.name = "t", .type = COL_BOOLEAN},
	                                                              {.name = "f", .type = COL_BOOLEAN},
	                                                              {.name = "s"},
	                                                              {.name = "e"},
	                                                              {.name = "z", .type = COL_INTEGER}}}),
	                    "5|2.5|5|1|0|x||NULL;");
	assert_int_equal(bad, 0);
	assert_string_equal(asked(root, (struct question){.columns = {{.name = "big", .type = COL_INTEGER},
	                                                              {.name = "r", .type = COL_INTEGER},
	                                                              {.name = "s", .type = COL_REAL},
	                                                              {.name = "s", .type = COL_BOOLEAN},
	                                                              {.name = "e", .type = COL_INTEGER},
	                                                              {.name = "e", .type = COL_REF},
	                                                              {.name = "m"},
	                                                              {.name = "s.x"}}}),
	                    "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL;");
	assert_int_equal(bad, 8);
}

static void unset_means_absent_only(void **state)
{
	const struct val *host = from_xml(host_xml);
	struct column mtu = {.name = "spec.mtu", .type = COL_INTEGER, .unset = "1500"};

	(void)state;
	/* vmk2 has an empty spec: nothing in it is set */
	assert_string_equal(asked(host, (struct question){.rows = "config.network.vnic[]", .columns = {mtu}}),
	                    "1500;9000;1500;");
	assert_string_equal(
		asked(host, (struct question){.columns = {{.name = "summary.x", .unset = "a"},
	                                                  {.name = "config.none.x", .unset = "b"},
	                                                  {.name = "name", .unset = "c"},
	                                                  {.name = "nosuch[]", .unset = "d"},
	                                                  {.name = "t", .unset = "true", .type = COL_BOOLEAN}}}),
		"a|b|esx0|d|1;");
	assert_int_equal(bad, 0);
	/* there but unusable: what it means to be left out says nothing */
	assert_string_equal(asked(from_json("{\"a\": null, \"b\": [1], \"c\": \"x\", \"d\": \"x\", \"e\": {}}"),
	                          (struct question){.columns = {{.name = "a", .unset = "u"},
	                                                        {.name = "a.x", .unset = "u"},
	                                                        {.name = "b.x", .unset = "u"},
	                                                        {.name = "c.x", .unset = "u"},
	                                                        {.name = "d", .unset = "1", .type = COL_INTEGER},
	                                                        {.name = "e", .unset = "u"},
	                                                        {.name = "b", .unset = "u"},
	                                                        {.name = "a[]", .unset = "u"}}}),
	                    "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL;");
}

static void unset_only_where_another_value_stands(void **state)
{
	struct column sent = {.name = "sum.sent", .type = COL_INTEGER, .unset = "0", .unset_if = path("fault.text")};

	(void)state;
	assert_string_equal(asked(from_json("{\"fault\": {\"text\": \"x\"}}"), (struct question){.columns = {sent}}),
	                    "0;");
	assert_string_equal(asked(from_json("{\"sum\": {\"Sent\": 3}}"), (struct question){.columns = {sent}}),
	                    "NULL;");
	assert_string_equal(
		asked(from_json("{\"sum\": {\"sent\": 3}, \"fault\": {}}"), (struct question){.columns = {sent}}),
		"3;");
	assert_string_equal(asked(from_json("{\"fault\": {\"text\": null}}"), (struct question){.columns = {sent}}),
	                    "NULL;");
	assert_int_equal(bad, 0);
	/* in rows: of the same element, or of the root */
	assert_string_equal(asked(from_json("{\"a\": [{\"n\": 1}, {\"m\": 2, \"n\": 1}, {}], \"b\": 1}"),
	                          (struct question){.rows = "a[]",
	                                            .columns = {{.name = "m", .unset = "u", .unset_if = path("n")},
	                                                        {.name = "o", .unset = "v", .unset_if = path("/b")}}}),
	                    "u|v;2|v;NULL|v;");
}

static void missing_is_not_unset(void **state)
{
	const struct val *root = from_json("{\"a\": [{\"n\": 1}]}");

	(void)state;
	assert_string_equal(asked(root, (struct question){.missing = "x.y",
	                                                  .columns = {{.name = "x.y", .unset = "u"},
	                                                              {.name = "x.z", .unset = "u"},
	                                                              {.name = "x.y:k", .unset = "u"}}}),
	                    "NULL|u|NULL;");
	/* inside rows the rows' property was answered, but an absolute path asks for a property of its own */
	assert_string_equal(asked(root, (struct question){.rows = "a[]",
	                                                  .missing = "b",
	                                                  .columns = {{.name = "b", .unset = "u"},
	                                                              {.name = "/b", .unset = "u"},
	                                                              {.name = "/c", .unset = "u"}}}),
	                    "u|NULL|u;");
}

static void kept_rows(void **state)
{
	static const char *globs[] = {"vmk[01]", "VMK2*"}, *none[] = {"x*"};
	const struct val *host = from_xml(host_xml);
	struct question q = {.rows = "config.network.vnic[]", .columns = {{.name = "device"}}};

	(void)state;
	q.keep = (struct keep){.column = 0, .globs = globs + 1, .nglobs = 1};
	assert_string_equal(asked(host, q), "VMK2;");
	q.keep.globs = globs, q.keep.nglobs = 2;
	assert_string_equal(asked(host, q), "vmk0;vmk1;VMK2;");
	q.keep.globs = none, q.keep.nglobs = 1;
	assert_string_equal(asked(host, q), "");
	q.columns[0].name = "nosuch";
	q.keep.globs = globs;
	assert_string_equal(asked(host, q), "NULL;NULL;NULL;");
}

/* Whether it was one to keep is not known, so it may not vanish; what it says may be a secret, so it is not kept either. */
static void row_without_its_kept_column_is_a_gap(void **state)
{
	static const char *globs[] = {"log.*"};
	const struct val *vm =
		from_xml("<o><s><k>log.a</k><v>1</v></s><s><v>secret</v></s><s><k>b</k><v>2</v></s></o>");
	struct question q = {.rows = "s[]", .columns = {{.name = "$ref", .link = true}, {.name = "k"}, {.name = "v"}}};

	(void)state;
	q.keep = (struct keep){.column = 1, .globs = globs, .nglobs = 1};
	assert_string_equal(asked(vm, q), "vc01/host-10|log.a|1;vc01/host-10|NULL|NULL;");
}

static void failed_item_has_one_row(void **state)
{
	static const char *globs[] = {"x"};
	struct question q = {.rows = "a[]",
	                     .columns = {{.name = "$ref"},
	                                 {.name = "$each.n"},
	                                 {.name = "n", .unset = "u"},
	                                 {.name = "/m", .unset = "u"}}};

	(void)state;
	q.keep = (struct keep){.column = 2, .globs = globs, .nglobs = 1};
	assert_string_equal(asked(NULL, q), "vc01/host-10|12|NULL|NULL;");
}

static void error_of_a_row_ends_the_walk(void **state)
{
	struct question q = {.rows = "switch[].pnic[]", .columns = {{.name = "."}}, .fail_at = 2};

	(void)state;
	assert_string_equal(asked(from_xml(host_xml), q), "failed");
}

static void requests(void **state)
{
	static const struct {
		const char *path, *rows_request, *request;
	} rows[] = {
		{"config.network.vnic[]", NULL, "config.network.vnic"},
		{"a[].b[]", NULL, "a"},
		{"summary:x.y[]", NULL, "summary"},
		{"[]", NULL, ""},
		{"a.b", NULL, "a.b"},
		{"a.b[]", NULL, "a.b"},
		{"summary:k", NULL, "summary"},
		{"a.b.$type", NULL, "a.b"},
		{"a.b:c.$type", NULL, "a.b"},
		{"$type", NULL, NULL},
		{".", NULL, NULL},
		{"$ref", NULL, NULL},
		{"$each.x", NULL, NULL},
		{"/a.b", NULL, "a.b"},
		{"a.b", "rows", NULL},
		{"a", "", NULL},
		{"/a.b:c", "rows", "a.b"},
		{"..a", "rows", NULL},
		{".", "rows", NULL},
		{"$type", "rows", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *request = path_request(path(rows[i].path), arena, rows[i].rows_request);

		if ((request == NULL) != (rows[i].request == NULL) ||
		    (request != NULL && strcmp(request, rows[i].request) != 0))
			fail_msg("%s: %s", rows[i].path, request);
	}
}

static void bad_paths(void **state)
{
	static const char *const paths[] = {
		"",          "..",        "/",     "a.",   ".a",  "a..b", "a b",    "a[",       "a[0]",  "a]",
		"[]a",       "a.[]",      "a:b:c", "a:",   ":a",  "a[].", "a$type", "$nosuch",  "$reff", "$each.",
		"a.$nosuch", "a.$type.b", "../a",  "...a", "//a", "a;b",  "a[]b",   "\xc3\xa9",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct err err = {0};

		if (path_parse(arena, paths[i], &err) != NULL)
			fail_msg("'%s' was taken", paths[i]);
		assert_int_equal(err.kind, ERR_CONFIG);
	}
}

static void bounded_paths(void **state)
{
	struct err err = {0};
	char text[1024] = "";

	(void)state;
	for (int i = 0; i < 8; i++)
		strcat(text, "[]");
	assert_non_null(path_parse(arena, text, &err));
	strcat(text, "[]");
	assert_null(path_parse(arena, text, &err));
	strcpy(text, "a");
	for (int i = 0; i < 31; i++)
		strcat(text, ".a");
	assert_non_null(path_parse(arena, text, &err));
	strcat(text, ".a");
	assert_null(path_parse(arena, text, &err));
	memset(text, 'a', 600);
	assert_null(path_parse(arena, text, &err));
}

static void fitting_paths(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(path_check(path("a[].b[]"), path("..x"), &err), 0);
	assert_int_equal(path_check(path("a[].b[]"), path("....x"), &err), -1);
	assert_int_equal(path_check(path("a[]"), path("..x"), &err), -1);
	assert_int_equal(path_check(NULL, path("..x"), &err), -1);
	assert_int_equal(path_check(path("a"), path("x"), &err), -1);
	assert_int_equal(path_check(path("a[].b"), path("x"), &err), -1);
	assert_int_equal(path_check(path("/a[]"), path("x"), &err), -1);
	assert_int_equal(path_check(path("$ref"), path("x"), &err), -1);
	assert_int_equal(err.kind, ERR_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_of_an_object),
		cmocka_unit_test(rows_of_an_array),
		cmocka_unit_test(nested_arrays),
		cmocka_unit_test(whole_names_in_the_root),
		cmocka_unit_test(typed_columns),
		cmocka_unit_test(unset_means_absent_only),
		cmocka_unit_test(unset_only_where_another_value_stands),
		cmocka_unit_test(missing_is_not_unset),
		cmocka_unit_test(kept_rows),
		cmocka_unit_test(row_without_its_kept_column_is_a_gap),
		cmocka_unit_test(failed_item_has_one_row),
		cmocka_unit_test(error_of_a_row_ends_the_walk),
		cmocka_unit_test(requests),
		cmocka_unit_test(bad_paths),
		cmocka_unit_test(bounded_paths),
		cmocka_unit_test(fitting_paths),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
