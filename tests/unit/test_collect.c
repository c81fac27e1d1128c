/* SPDX-License-Identifier: Apache-2.0 */
/* test_collect.c - what answers and ends leave in the ledger: objects that come twice, fallbacks, failed items. */
#include "store.h"

#include "collect.h"

#define PROBE(prefer)                                                                                                  \
	"about: a\ntransport: vsphere\nprefer: " prefer "\nobject: HostSystem\ntables:\n  names:\n"                    \
	"    columns: {host: $ref, name: name}\n"

static const struct target vc01 = {
	.name = "vc01", .kind = TARGET_VCENTER, .platform = "vsphere", .url = "https://vc01"};
static struct collector c;
static const struct table *tables[1];
static struct planned planned;

static int setup(void **state)
{
	store_setup(state);
	probe("first", PROBE("10"));
	store_open();
	c = (struct collector){.facts = s.facts, .scratch = arena_new()};
	tables[0] = probes_table(&s.probes, "names");
	planned = (struct planned){.probe = tables[0]->probe, .tables = tables, .ntables = 1};
	return 0;
}

static int teardown(void **state)
{
	map_dispose(&c.retry);
	arena_free(c.scratch);
	return store_teardown(state);
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

static struct job new_job(bool fallback, bool more)
{
	return (struct job){.c = &c, .planned = &planned, .target = &vc01, .fallback = fallback, .more = more};
}

static void answer(struct job *job, const char *ref, const char *name)
{
	struct arena *a = arena_new();
	struct val *root = val_new(a, VAL_MAP, NULL);

	val_add(root, val_text(a, "name", name));
	collect_answer(job, &(struct answer){.ref = ref, .kind = "HostSystem", .root = root});
	arena_free(a);
	assert_int_equal(c.fatal.kind, ERR_NONE);
}

static void end(struct job *job, enum err_kind kind)
{
	struct err err = {.kind = kind, .text = "a fault"};

	collect_end(job, &err, 0);
	assert_int_equal(c.fatal.kind, ERR_NONE);
}

static void test_good_end(void **state)
{
	struct job job = new_job(false, false);

	(void)state;
	answer(&job, "host-1", "a");
	end(&job, ERR_NONE);
	assert_int_equal(number("SELECT count(*) FROM run_filled WHERE tbl = 'names' AND object IS NULL"), 1);
	assert_int_equal(number("SELECT count(*) FROM run_gap"), 0);
}

/* Which of two answers would be the true one? Neither passes anything. */
static void test_object_that_comes_twice(void **state)
{
	struct job job = new_job(false, false);

	(void)state;
	answer(&job, "host-1", "clean");
	answer(&job, "host-1", "broken");
	end(&job, ERR_NONE);
	assert_int_equal(number("SELECT count(*) FROM names"), 1);
	assert_int_equal(number("SELECT count(*) FROM run_gap WHERE tbl = 'names' AND object = 'vc01/host-1'"), 1);
	assert_true(c.incomplete);
}

/* The run is complete without what no finding rests on. */
static void test_a_hint_may_fail(void **state)
{
	struct job job = new_job(false, false);

	(void)state;
	planned.hint = true;
	answer(&job, "host-1", "a");
	answer(&job, "host-1", "b");
	end(&job, ERR_TIMEOUT);
	assert_int_equal(
		number("SELECT count(*) FROM run_gap WHERE tbl = 'names' AND object IS NULL AND outcome = 'timeout'"),
		1);
	assert_int_equal(number("SELECT count(*) FROM run_outcome WHERE outcome = 'timeout'"), 1);
	assert_false(c.incomplete);
	planned.hint = false;
	end(&job, ERR_TIMEOUT);
	assert_true(c.incomplete);
}

/* The first probe failed on a late page: what its first pages brought must not stand beside the second probe's rows. */
static void test_fallback_after_half_an_answer(void **state)
{
	struct job first = new_job(false, true), second = new_job(true, false);

	(void)state;
	answer(&first, "host-1", "a");
	end(&first, ERR_DENIED);
	assert_true(collect_wants(&c, &planned, &vc01, NULL));
	answer(&second, "host-1", "a");
	answer(&second, "host-2", "b");
	end(&second, ERR_NONE);
	assert_int_equal(number("SELECT count(*) FROM names"), 2);
	assert_int_equal(number("SELECT count(*) FROM run_filled WHERE tbl = 'names'"), 1);
	assert_int_equal(number("SELECT count(*) FROM run_gap"), 0);
	assert_true(collect_complete(&c));
}

/* Whoever was asked in place of another, and didn't know either, or wasn't asked about that one. */
static void test_what_nobody_answers_is_missing(void **state)
{
	struct job first = new_job(false, true), second = new_job(true, false);

	(void)state;
	end(&first, ERR_DENIED);
	assert_false(collect_complete(&c));
	assert_false(c.incomplete);
	end(&second, ERR_TIMEOUT);
	assert_false(collect_complete(&c));
	assert_true(c.incomplete);
}

/* A host that one way can't reach is asked another way. */
static void test_items_that_are_answered_another_way(void **state)
{
	static const struct item item = {0};
	const struct err refused = {.kind = ERR_REFUSED, .text = "connection refused"}, none = {0};
	struct job first = new_job(false, true), second = new_job(true, false);

	(void)state;
	first.item = second.item = &item;
	first.host = second.host = "vc01/host-1";
	collect_item_end(&first, &refused, 0);
	collect_item_retry(&first);
	assert_int_equal(number("SELECT count(*) FROM run_gap WHERE object = 'vc01/host-1'"), 1);
	assert_false(collect_complete(&c));
	collect_item_end(&second, &none, 0);
	assert_int_equal(number("SELECT count(*) FROM run_gap"), 0);
	assert_true(collect_complete(&c));
	/* another one of the host's, after an answer, is not asked again */
	first = new_job(false, true);
	first.item = &item;
	first.host = "vc01/host-1";
	collect_item_end(&first, &refused, 0);
	collect_item_failed(&first);
	assert_false(collect_complete(&c));
}

static void test_no_fallback_after_a_timeout(void **state)
{
	struct job first = new_job(false, true);

	(void)state;
	end(&first, ERR_TIMEOUT);
	assert_false(collect_wants(&c, &planned, &vc01, NULL));
	assert_int_equal(number("SELECT count(*) FROM run_gap WHERE outcome = 'timeout'"), 1);
}

static void test_restart_forgets(void **state)
{
	struct job job = new_job(false, false);

	(void)state;
	answer(&job, "host-1", "a");
	collect_restart(&job);
	assert_int_equal(number("SELECT count(*) FROM names"), 0);
	answer(&job, "host-1", "a");
	end(&job, ERR_NONE);
	assert_int_equal(number("SELECT count(*) FROM names"), 1);
	assert_int_equal(number("SELECT count(*) FROM run_gap"), 0);
}

/* However many items of a set table fail, the run goes on, and no list is invented for them. */
static void test_failed_items_of_a_set_table(void **state)
{
	static const char text[] =
		"about: a\ntransport: vsphere\nscope: host\nmethod: QueryX\nthis: A ${n:moid}\n"
		"for_each: SELECT id AS host, name AS n FROM host\ntables:\n  lists:\n    set: true\n"
		"    columns: {host: $host, value: value, why: $error}\n";
	const struct item item = {0};

	(void)state;
	facts_close(s.facts);
	probe("lists", text);
	store_open();
	c.facts = s.facts;
	tables[0] = probes_table(&s.probes, "lists");
	planned = (struct planned){.probe = tables[0]->probe, .tables = tables, .ntables = 1};
	for (int i = 0; i < 20002; i++) {
		struct job job = new_job(false, false);

		job.host = "vc01/host-1";
		job.item = &item;
		job.end = (struct err){.kind = ERR_DENIED, .text = "no"};
		collect_item_failed(&job);
	}
	assert_int_equal(c.fatal.kind, ERR_NONE);
	assert_int_equal(number("SELECT count(*) FROM lists"), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* A gap that is the object's own: taken away by an answer to the item, and by nothing else. */
static void test_what_stands_in_fills_gaps(void **state)
{
	const char *names[] = {"host", "n"}, *one[] = {"vc01/host-1", "host-1"}, *two[] = {"vc01/host-2", "host-2"};
	const struct item items[] = {{.names = names, .values = one, .n = 2}, {.names = names, .values = two, .n = 2}};
	const struct err fault = {.kind = ERR_DENIED, .text = "a fault"}, none = {0};
	struct err err;

	(void)state;
	probe("second",
	      "about: a\ntransport: vsphere\nscope: host\nmethod: QueryNetConfig\nthis: HostVirtualNicManager "
	      "${n:moid}\nstands_in: true\nfor_each: SELECT host, n FROM host\ntables:\n  names:\n"
	      "    columns: {host: $each.host, name: name}\n");
	tables[0] = &s.probes.v[s.probes.n - 1]->tables[0];
	planned.probe = tables[0]->probe;
	for (size_t i = 0; i < 2; i++) {
		struct job job = new_job(false, false);

		job.item = &items[i];
		job.host = "vc01/host-9"; /* who is asked, and not whom it is about */
		must(facts_gap(s.facts, "names", "vc01", items[i].values[0], OUTCOME_DENIED, "first", "refused", &err));
		if (i == 0)
			answer(&job, NULL, "a");
		collect_item_end(&job, i == 0 ? &none : &fault, 0);
	}
	assert_int_equal(number("SELECT count(*) FROM names WHERE host = 'vc01/host-1' AND name = 'a'"), 1);
	assert_int_equal(number("SELECT count(*) FROM names"), 1);
	assert_int_equal(number("SELECT count(*) FROM run_gap WHERE object = 'vc01/host-2'"), 1);
	assert_int_equal(number("SELECT count(*) FROM run_gap"), 1);
	assert_int_equal(number("SELECT count(*) FROM run_filled"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {T(test_good_end),
	                                   T(test_object_that_comes_twice),
	                                   T(test_a_hint_may_fail),
	                                   T(test_fallback_after_half_an_answer),
	                                   T(test_no_fallback_after_a_timeout),
	                                   T(test_restart_forgets),
	                                   T(test_what_nobody_answers_is_missing),
	                                   T(test_items_that_are_answered_another_way),
	                                   T(test_failed_items_of_a_set_table),
	                                   T(test_what_stands_in_fills_gaps)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
