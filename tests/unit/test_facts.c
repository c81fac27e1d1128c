/* SPDX-License-Identifier: Apache-2.0 */
/* test_facts.c - sets, forgetting, recorded files of other versions and of other people. */
#include "store.h"

#include <sys/stat.h>
#include <unistd.h>

static char path[64];

static int setup(void **state)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/test_facts.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	return store_setup(state);
}

static int teardown(void **state)
{
	store_teardown(state);
	unlink(path);
	return 0;
}

static int64_t number(const char *query)
{
	sqlite3_stmt *st;
	int64_t v;

	if (sqlite3_prepare_v2(facts_db(s.facts), query, -1, &st, NULL) != SQLITE_OK || sqlite3_step(st) != SQLITE_ROW)
		fail_msg("%s: %s", query, sqlite3_errmsg(facts_db(s.facts)));
	v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return v;
}

/* One host with N features of the given value. */
static void features(const char *host, int n, const char *value)
{
	const struct table *t = probes_table(&s.probes, "vsphere_host_feature");
	const char *values[8] = {0};

	must(facts_object_begin(s.facts, t, &s.err));
	for (int i = n - 1; i >= 0; i--) {
		char name[32];

		snprintf(name, sizeof(name), "cpuid.f%03d", i);
		for (size_t c = 0; c < t->rows.ncolumns; c++)
			values[c] = t->rows.columns[c].link                           ? host
			            : strcmp(t->rows.columns[c].name, "feature") == 0 ? name
			                                                              : value;
		must(facts_row(s.facts, t, values, &s.err));
	}
	for (size_t c = 0; c < t->rows.ncolumns; c++)
		values[c] = host;
	must(facts_object_end(s.facts, t, values, &s.err));
}

static void test_equal_lists_are_stored_once(void **state)
{
	(void)state;
	store_open();
	features("vc01/host-1", 300, "1");
	features("vc01/host-2", 300, "1");
	features("vc01/host-3", 300, "0");
	features("vc01/host-4", 0, "");
	features("vc01/host-5", 0, "");
	assert_int_equal(number("SELECT count(*) FROM vsphere_host_feature"), 5);
	assert_int_equal(number("SELECT count(*) FROM vsphere_host_feature_set"), 600);
	assert_int_equal(number("SELECT count(DISTINCT set_id) FROM vsphere_host_feature"), 3);
	/* an empty list was answered; a host that wasn't asked has no link */
	assert_int_equal(
		number("SELECT count(*) FROM vsphere_host_feature WHERE host = 'vc01/host-4' AND set_id NOT NULL"), 1);
	assert_int_equal(number("SELECT count(*) FROM vsphere_host_feature WHERE host = 'vc01/host-9'"), 0);
}

/* The order in which a host lists its features doesn't matter; a NULL value and an empty one differ. */
static void test_what_equal_means(void **state)
{
	const struct table *t;
	const char *a[] = {"vc01/host-1", "x", NULL}, *b[] = {"vc01/host-2", "x", ""};

	(void)state;
	probe("p", "about: a\ntransport: vsphere\nobject: HostSystem\ntables:\n  pairs:\n    rows: l[]\n    set: true\n"
	           "    columns: {host: $ref, k: k, v: v}\n");
	store_open();
	t = probes_table(&s.probes, "pairs");
	must(facts_object_begin(s.facts, t, &s.err));
	must(facts_row(s.facts, t, a, &s.err));
	must(facts_object_end(s.facts, t, a, &s.err));
	must(facts_object_begin(s.facts, t, &s.err));
	must(facts_row(s.facts, t, b, &s.err));
	must(facts_object_end(s.facts, t, b, &s.err));
	assert_int_equal(number("SELECT count(DISTINCT set_id) FROM pairs"), 2);
}

static void test_forget_only_this_target(void **state)
{
	const struct table *t;

	(void)state;
	store_open();
	t = probes_table(&s.probes, "vsphere_host");
	sql("INSERT INTO vsphere_host(host, name) VALUES('vc01/host-1', 'a'), ('vc01x/host-1', 'b')");
	must(facts_filled(s.facts, "vsphere_host", "vc01", NULL, &s.err));
	must(facts_gap(s.facts, "vsphere_host", "vc01", "vc01/host-1", OUTCOME_DENIED, "p", "r", &s.err));
	must(facts_forget(s.facts, t, "vc01", &s.err));
	assert_int_equal(number("SELECT count(*) FROM vsphere_host"), 1);
	assert_int_equal(number("SELECT count(*) FROM run_filled"), 0);
	assert_int_equal(number("SELECT count(*) FROM run_gap"), 0);
}

/* Records a finished file at PATH, then changes it with SQL as a stranger might. */
static void record(const char *changes)
{
	static const struct target vc01 = {
		.name = "vc01", .kind = TARGET_VCENTER, .platform = "vsphere", .url = "https://vc01"};
	sqlite3 *db;
	char *message = NULL;

	must(facts_create(&s.facts, path, &s.probes, &s.err));
	must(facts_add_target(s.facts, &vc01, &s.err));
	must(facts_set_info(s.facts, "ended", "1", &s.err));
	sql("INSERT INTO vsphere_host(host, name) VALUES('vc01/host-1', 'a')");
	must(facts_finish(s.facts, &s.err));
	facts_close(s.facts);
	s.facts = NULL;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, changes, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", changes, message);
	sqlite3_close(db);
}

static void refused(const char *words)
{
	assert_int_equal(facts_open(&s.facts, path, &s.probes, &s.err), -1);
	if (strstr(s.err.text, words) == NULL)
		fail_msg("expected \"%s\" in: %s", words, s.err.text);
}

static void test_reopen(void **state)
{
	(void)state;
	record("");
	must(facts_open(&s.facts, path, &s.probes, &s.err));
	assert_true(facts_replayed(s.facts));
	assert_int_equal(number("SELECT count(*) FROM vsphere_host"), 1);
	assert_int_equal(sqlite3_exec(facts_db(s.facts), "DELETE FROM main.vsphere_host", NULL, NULL, NULL),
	                 SQLITE_READONLY);
	assert_int_equal(sqlite3_exec(facts_db(s.facts), "ATTACH 'x' AS y", NULL, NULL, NULL), SQLITE_ERROR);
}

static void test_file_that_lacks_columns_and_tables(void **state)
{
	(void)state;
	record("ALTER TABLE vsphere_host DROP COLUMN name; DROP TABLE vsphere_vmknic");
	must(facts_open(&s.facts, path, &s.probes, &s.err));
	assert_int_equal(number("SELECT count(*) FROM vsphere_host WHERE name IS NULL"), 1);
	assert_int_equal(number("SELECT count(*) FROM vsphere_vmknic"), 0);
}

static void test_view_in_place_of_a_table(void **state)
{
	(void)state;
	record("DROP TABLE vsphere_host; CREATE VIEW vsphere_host AS SELECT 'vc01/host-1' AS host, 'a' AS name");
	refused("'vsphere_host' is not a table");
}

static void test_generated_column_counts_as_absent(void **state)
{
	(void)state;
	record("ALTER TABLE vsphere_host DROP COLUMN name;"
	       "ALTER TABLE vsphere_host ADD COLUMN name TEXT GENERATED ALWAYS AS ('forged') VIRTUAL");
	must(facts_open(&s.facts, path, &s.probes, &s.err));
	assert_int_equal(number("SELECT count(*) FROM vsphere_host WHERE name = 'forged'"), 0);
}

static void test_unfinished(void **state)
{
	(void)state;
	record("DELETE FROM run_info WHERE key = 'ended'");
	refused("never ended");
}

static void test_other_format(void **state)
{
	(void)state;
	record("UPDATE run_info SET value = 'migready-facts/9' WHERE key = 'schema'");
	refused("facts of another format");
}

static void test_no_facts_at_all(void **state)
{
	FILE *f = fopen(path, "w");

	(void)state;
	assert_non_null(f);
	fputs("this is a shopping list\n", f);
	assert_int_equal(fclose(f), 0);
	refused("not a");
	unlink(path);
	refused("No such file");
}

static void test_unfinished_file_leaves_the_old_one(void **state)
{
	struct stat st;

	(void)state;
	record("");
	must(facts_create(&s.facts, path, &s.probes, &s.err));
	facts_close(s.facts); /* the run failed */
	s.facts = NULL;
	assert_int_equal(stat(path, &st), 0);
	must(facts_open(&s.facts, path, &s.probes, &s.err));
	assert_int_equal(number("SELECT count(*) FROM vsphere_host"), 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(test_equal_lists_are_stored_once),
	                                   T(test_what_equal_means),
	                                   T(test_forget_only_this_target),
	                                   T(test_reopen),
	                                   T(test_file_that_lacks_columns_and_tables),
	                                   T(test_view_in_place_of_a_table),
	                                   T(test_generated_column_counts_as_absent),
	                                   T(test_unfinished),
	                                   T(test_other_format),
	                                   T(test_no_facts_at_all),
	                                   T(test_unfinished_file_leaves_the_old_one)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
