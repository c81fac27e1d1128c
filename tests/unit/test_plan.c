/* SPDX-License-Identifier: Apache-2.0 */
/* test_plan.c - what a check reads decides what is asked, in which order; what can't be planned is refused with its place. */
#include "store.h"

#define HEADER "/*\ntitle: t\nsubject: host\nseverity: critical\nplatforms: [vsphere]\nfix: f\n*/\n"
#define HOST_CHECK(select) HEADER select

#define WORK_PROBE(id_table, for_each)                                                                                 \
	"about: a\ntransport: vsphere\nscope: host\nmethod: QueryNetConfig\nthis: HostVirtualNicManager ${n:moid}\n"   \
	"for_each: " for_each "\ntables:\n  " id_table ":\n    columns: {host: $host, value: value}\n"

static const struct planned *planned_probe(const char *id, size_t *ret_stage)
{
	for (size_t i = 0; i < s.plan.nstages; i++)
		for (size_t k = 0; k < s.plan.stages[i].n; k++)
			if (strcmp(s.plan.stages[i].probes[k].probe->id, id) == 0) {
				*ret_stage = i;
				return &s.plan.stages[i].probes[k];
			}
	return NULL;
}

static bool asks(const struct planned *p, const char *path)
{
	for (size_t i = 0; p != NULL && i < p->req.npaths; i++)
		if (strcmp(p->req.paths[i], path) == 0)
			return true;
	return false;
}

static void refused(const char *words)
{
	assert_int_equal(try_plan(), -1);
	if (strstr(s.err.text, words) == NULL)
		fail_msg("expected \"%s\" in: %s", words, s.err.text);
	s.plan = (struct plan){0};
}

static void test_only_what_is_read(void **state)
{
	size_t stage;

	(void)state;
	check("c",
	      HOST_CHECK("SELECT h.id AS host, 'pass' AS status FROM host h JOIN vsphere_host_evc e ON e.host = h.id"));
	store_open();
	must(try_plan());
	assert_true(names_have(&s.plan.tables, "vsphere_host_evc"));
	assert_true(names_have(&s.plan.tables, "vsphere_host"));
	assert_false(names_have(&s.plan.tables, "vsphere_vmknic"));
	assert_false(names_have(&s.plan.tables, "vsphere_vm"));
	assert_null(planned_probe("vsphere/vm", &stage));
	assert_true(asks(planned_probe("vsphere/evc", &stage), "summary.currentEVCModeKey"));
}

static void test_set_counts_as_its_table(void **state)
{
	(void)state;
	check("c", HOST_CHECK("SELECT h.id AS host, 'pass' AS status FROM host h, vsphere_host_feature_set f"));
	store_open();
	must(try_plan());
	assert_true(names_have(&s.plan.tables, "vsphere_host_feature"));
}

static void test_unused_cte_needs_nothing(void **state)
{
	(void)state;
	check("c",
	      HOST_CHECK("WITH x AS (SELECT * FROM vsphere_vm_setting) SELECT id AS host, 'pass' AS status FROM host"));
	store_open();
	must(try_plan());
	assert_false(names_have(&s.plan.tables, "vsphere_vm_setting"));
}

static void test_other_platforms_are_left_out(void **state)
{
	(void)state;
	check("c", "/*\ntitle: t\nsubject: host\nseverity: critical\nplatforms: [kvm]\nfix: f\n*/\n"
	           "SELECT host, 'pass' AS status FROM linux_clock");
	store_open();
	must(try_plan());
	assert_int_equal(s.plan.nneeds, 0);
	assert_int_equal(s.plan.nstages, 0);
}

static void test_for_each_gives_the_order(void **state)
{
	size_t first, second, third;

	(void)state;
	probe("b", WORK_PROBE("b_table", "SELECT host, value AS n FROM a_table"));
	probe("a", WORK_PROBE("a_table", "SELECT id AS host, name AS n FROM host"));
	check("c", HOST_CHECK("SELECT host, 'pass' AS status FROM b_table"));
	store_open();
	must(try_plan());
	assert_non_null(planned_probe("vsphere/host", &first));
	assert_non_null(planned_probe("a", &second));
	assert_non_null(planned_probe("b", &third));
	assert_true(first < second);
	assert_true(second < third);
	/* the gaps of the work list are inherited: what it reads belongs to the closure */
	assert_true(names_have(&s.plan.needs[0].tables, "a_table"));
}

/* Which of them is asked first is settled within a stage; what reads another table of the one that moves down follows. */
static void test_probes_of_one_table_stand_together(void **state)
{
	size_t first, other, reader;

	(void)state;
	probe("a", WORK_PROBE("a_table", "SELECT id AS host, name AS n FROM host"));
	probe("b", "about: a\nprefer: 200\ntransport: vsphere\nscope: host\nobject: HostSystem\ntables:\n"
	           "  a_table:\n    columns: {host: $ref, value: name}\n  b_table:\n    columns: {host: $ref, value: "
	           "name}\n");
	probe("d", WORK_PROBE("d_table", "SELECT host, value AS n FROM b_table"));
	check("c",
	      HOST_CHECK("SELECT d.host, 'pass' AS status FROM d_table AS d JOIN a_table AS a ON a.host = d.host"));
	store_open();
	must(try_plan());
	assert_non_null(planned_probe("a", &first));
	assert_non_null(planned_probe("b", &other));
	assert_non_null(planned_probe("d", &reader));
	assert_int_equal(first, other);
	assert_true(other < reader);
	assert_string_equal(s.plan.stages[first].probes[0].probe->id, "a");
}

/* It comes after those whose gaps it fills, which it doesn't hold up, and what it isn't told makes nothing unknown. */
static void test_what_stands_in_comes_last(void **state)
{
	size_t first, second, reader;

	(void)state;
	probe("a", "about: a\ntransport: vsphere\nobject: HostSystem\ntables:\n  a_table:\n    columns: {host: $ref, "
	           "value: name}\n");
	probe("c", "about: a\ntransport: vsphere\nobject: HostSystem\ntables:\n  c_table:\n    columns: {host: $ref, "
	           "value: name}\n");
	probe("b", "about: a\ntransport: vsphere\nscope: host\nmethod: QueryNetConfig\nthis: HostVirtualNicManager "
	           "${n:moid}\nstands_in: true\nfor_each: SELECT host, value AS n FROM c_table\ntables:\n  a_table:\n"
	           "    columns: {host: $each.host, value: value}\n");
	probe("d", WORK_PROBE("d_table", "SELECT host, value AS n FROM a_table"));
	check("x", HOST_CHECK("SELECT d.host, 'pass' AS status FROM d_table AS d"));
	store_open();
	must(try_plan());
	assert_non_null(planned_probe("a", &first));
	assert_non_null(planned_probe("b", &second));
	assert_non_null(planned_probe("d", &reader));
	assert_int_equal(first, 0);
	assert_int_equal(second, 1);
	assert_int_equal(reader, 2);
	assert_true(names_have(&s.plan.needs[0].tables, "a_table"));
	assert_false(names_have(&s.plan.needs[0].tables, "c_table"));
	assert_true(names_have(&s.plan.tables, "c_table"));
}

/* What is only known through a hint is asked for, and before the work list that it makes longer; nobody is unknown without it. */
static void test_hints(void **state)
{
	size_t hint, work;
	const struct planned *p;

	(void)state;
	probe("a", WORK_PROBE("a_table", "SELECT host, device AS n FROM hint_leaf"));
	check("c",
	      HOST_CHECK("SELECT a.host, 'pass' AS status FROM a_table AS a JOIN hint_leaf AS l ON l.host = a.host"));
	store_open();
	must(try_plan());
	p = planned_probe("vsphere/network_hint", &hint);
	assert_non_null(p);
	assert_true(p->hint);
	assert_non_null(planned_probe("a", &work));
	assert_true(hint < work);
	assert_true(names_have(&s.plan.tables, "vsphere_network_hint"));
	assert_true(names_have(&s.plan.needs[0].hints, "vsphere_network_hint"));
	assert_false(names_have(&s.plan.needs[0].tables, "vsphere_network_hint"));
	assert_false(names_have(&s.plan.needs[0].tables, "vsphere_vmknic"));
	assert_true(names_have(&s.plan.views, "hint_leaf"));
	assert_true(names_have(&s.plan.views, "uplink_neighbor"));
	assert_true(names_have(&s.plan.needs[0].tables, "vsphere_host"));
	assert_false(planned_probe("a", &work)->hint);
}

/* Who reads the same otherwise, too, rests on it. */
static void test_a_hint_for_one_and_a_fact_for_another(void **state)
{
	size_t stage;

	(void)state;
	check("a", HOST_CHECK("SELECT host, 'pass' AS status FROM hint_leaf"));
	check("b", HOST_CHECK("SELECT n.host, 'pass' AS status FROM uplink_neighbor AS n LEFT JOIN hint_leaf AS l ON "
	                      "l.host = n.host"));
	store_open();
	must(try_plan());
	assert_false(names_have(&s.plan.needs[0].tables, "vsphere_network_hint"));
	assert_true(names_have(&s.plan.needs[1].tables, "vsphere_network_hint"));
	assert_false(planned_probe("vsphere/network_hint", &stage)->hint);
}

static void test_probe_cycle(void **state)
{
	(void)state;
	probe("a", WORK_PROBE("a_table", "SELECT host, value AS n FROM b_table"));
	probe("b", WORK_PROBE("b_table", "SELECT host, value AS n FROM a_table"));
	check("c", HOST_CHECK("SELECT host, 'pass' AS status FROM b_table"));
	store_open();
	refused("in a cycle");
}

static void test_for_each_must_say_whom(void **state)
{
	(void)state;
	probe("a", WORK_PROBE("a_table", "SELECT name AS n FROM host"));
	check("c", HOST_CHECK("SELECT host, 'pass' AS status FROM a_table"));
	store_open();
	refused("no column 'host'");
}

static void test_findings_give_the_order(void **state)
{
	(void)state;
	check("aa", HOST_CHECK("SELECT host, status FROM finding_zz"));
	check("zz", HOST_CHECK("SELECT id AS host, 'pass' AS status FROM host"));
	store_open();
	must(try_plan());
	assert_int_equal(s.plan.nneeds, 2);
	assert_string_equal(s.plan.needs[0].check->id, "zz");
	assert_string_equal(s.plan.needs[1].check->id, "aa");
}

static void test_findings_cycle(void **state)
{
	(void)state;
	check("aa", HOST_CHECK("SELECT host, status FROM finding_zz"));
	check("zz", HOST_CHECK("SELECT host, status FROM finding_aa"));
	store_open();
	refused("aa -> zz -> aa");
}

static void test_unselected_check_that_is_read_runs(void **state)
{
	(void)state;
	check("aa", HOST_CHECK("SELECT host, status FROM finding_zz"));
	check("zz", HOST_CHECK("SELECT id AS host, 'pass' AS status FROM host"));
	s.checks.v[1]->selected = false;
	store_open();
	must(try_plan());
	assert_int_equal(s.plan.nneeds, 2);
}

static void test_sql_error_has_a_place(void **state)
{
	(void)state;
	check("c", HEADER "SELECT id AS host,\n       nonsense AS status FROM host");
	store_open();
	refused("c:9:8: no such column: nonsense");
}

static void test_columns(void **state)
{
	(void)state;
	check("c", HOST_CHECK("SELECT id AS host, 'pass' AS status, 1 AS obsrved FROM host"));
	store_open();
	refused("did you mean 'observed'?");
}

static void test_missing_key(void **state)
{
	(void)state;
	check("c", HOST_CHECK("SELECT id AS vm, 'pass' AS status FROM host"));
	store_open();
	refused("emits no column 'host'");
}

static void test_params(void **state)
{
	(void)state;
	check("c", HOST_CHECK("SELECT id AS host, :limit AS status FROM host"));
	store_open();
	refused("':limit'");
}

static void test_json_each_may_be_used(void **state)
{
	(void)state;
	check("c", HOST_CHECK("SELECT h.id AS host, 'pass' AS status FROM host h, json_each('[1]') j"));
	store_open();
	must(try_plan());
}

/* A fact table that looks like SQLite's own would be read without being planned. */
static void test_reserved_table_names(void **state)
{
	static const char *const names[] = {"json_alarm", "run_filled", "finding_x", "sqlite_x", "pragma_x", "dbstat"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char text[256];

		snprintf(
			text, sizeof(text),
			"about: a\ntransport: vsphere\nobject: HostSystem\ntables:\n  %s:\n    columns: {host: $ref}\n",
			names[i]);
		if (probe_parse(&s.probes, "p", "p", text, strlen(text), true, &s.err) == 0)
			fail_msg("accepted: %s", names[i]);
	}
}

static void test_rows_belong_to_whom_is_asked(void **state)
{
	static const char *const texts[] = {
		"about: a\ntransport: local\nfile: /etc/hostname\ntables:\n  t:\n    columns: {host: $ref, x: .}\n",
		"about: a\ntransport: vsphere\nobject: HostSystem\ntables:\n  t:\n    columns: {host: $host, x: "
		"name}\n",
		"about: a\ntransport: vsphere\nmethod: QueryX\nthis: A b\ntables:\n  t:\n    columns: {host: $ref, x: "
		"a}\n",
		"about: a\ntransport: vsphere\nobject: HostSystem\ntables:\n  t:\n    columns: {host: $ref, x: {path: "
		"a, type: integer, unset: b}}\n",
		"about: a\ntransport: vsphere\nobject: HostSystem\ntables:\n  t:\n    columns: {host: $ref, x: {path: "
		"a, unset_if: b}}\n",
		"about: a\ntransport: vsphere\nobject: HostSystem\ntables:\n  t:\n    columns: {host: $ref, x: {path: "
		"a, unset: b, unset_if: $error}}\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (probe_parse(&s.probes, "p", "p", texts[i], strlen(texts[i]), true, &s.err) == 0)
			fail_msg("accepted: %s", texts[i]);
}

static void test_only_reading(void **state)
{
	static const char *const evil[] = {"DELETE FROM host",
	                                   "ATTACH 'x' AS y",
	                                   "PRAGMA page_size",
	                                   "SELECT * FROM pragma_table_info('host')",
	                                   "SELECT 1; SELECT 2",
	                                   "CREATE TEMP TABLE z(a)",
	                                   ""};

	(void)state;
	store_open();
	for (size_t i = 0; i < sizeof(evil) / sizeof(evil[0]); i++) {
		s.err = (struct err){0};
		if (facts_prepare(s.facts, evil[i], s.arena, NULL, NULL, &s.err) == 0)
			fail_msg("accepted: %s", evil[i]);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(test_only_what_is_read),
	                                   T(test_set_counts_as_its_table),
	                                   T(test_unused_cte_needs_nothing),
	                                   T(test_other_platforms_are_left_out),
	                                   T(test_for_each_gives_the_order),
	                                   T(test_probes_of_one_table_stand_together),
	                                   T(test_what_stands_in_comes_last),
	                                   T(test_hints),
	                                   T(test_a_hint_for_one_and_a_fact_for_another),
	                                   T(test_probe_cycle),
	                                   T(test_for_each_must_say_whom),
	                                   T(test_findings_give_the_order),
	                                   T(test_findings_cycle),
	                                   T(test_unselected_check_that_is_read_runs),
	                                   T(test_sql_error_has_a_place),
	                                   T(test_columns),
	                                   T(test_missing_key),
	                                   T(test_params),
	                                   T(test_json_each_may_be_used),
	                                   T(test_reserved_table_names),
	                                   T(test_rows_belong_to_whom_is_asked),
	                                   T(test_only_reading)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
