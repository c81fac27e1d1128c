/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_waiver.c - waiver files, whom they name, and what they make of findings and of the verdict.
 *
 * Judging: three hosts A, B, C (host-1 to host-3) of the cluster prod, and checks that say what a test wants them to.
 */
#include "base/str.h"
#include "store.h"
#include "waiver.h"

#define DAY_MS INT64_C(86400000)
#define NOW_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

static struct waivers ws;
static struct run run;

static int setup(void **state)
{
	ws = (struct waivers){0};
	return store_setup(state);
}

/* ---- files ---- */

static int parse_at(const char *text, int64_t now_ms)
{
	ws = (struct waivers){0};
	s.err = (struct err){0};
	return waivers_parse(&ws, s.arena, "w.yaml", text, strlen(text), &s.checks, now_ms, &s.err);
}

static int parse(const char *text)
{
	return parse_at(text, NOW_MS);
}

#define CHECK(subject, severity, select)                                                                               \
	"/*\ntitle: t\nsubject: " subject "\ndepends: own\nseverity: " severity                                        \
	"\nplatforms: [vsphere]\nfix: f\n*/\n" select

static void two_checks(void)
{
	check("inventory-complete",
	      CHECK("cluster", "critical", "SELECT id AS cluster, 'pass' AS status FROM cluster"));
	check("nfs-mount", CHECK("pair", "critical", "SELECT host, peer, 'pass' AS status FROM host_pair"));
}

#define REST "reason: r, owner: o, expiry: 2026-03-31"

static void test_whole_file(void **state)
{
	(void)state;
	two_checks();
	must(parse("waivers:\n"
	           "  - {check: nfs-mount, subject: {host: 'esx0*', object: nfs1}, " REST "}\n"
	           "  - {check: nfs-mount, subject: {peer: B}, " REST ", covers_unknown: true}\n"));
	assert_int_equal(ws.n, 2);
	assert_string_equal(ws.v[0].subject, "host esx0*, object nfs1");
	assert_string_equal(ws.v[0].where, "w.yaml:2:5");
	assert_false(ws.v[0].covers_unknown);
	assert_true(ws.v[1].covers_unknown);
	assert_string_equal(waiver_text(&ws.v[0], STATUS_FAIL, s.arena), "was fail; accepted by o until 2026-03-31: r");
}

/* Two files add up. */
static void test_two_files(void **state)
{
	static const char text[] = "waivers: [{check: nfs-mount, subject: {host: A}, " REST "}]";

	(void)state;
	two_checks();
	must(parse(text));
	must(waivers_parse(&ws, s.arena, "x.yaml", text, strlen(text), &s.checks, NOW_MS, &s.err));
	assert_int_equal(ws.n, 2);
	assert_string_equal(ws.v[0].where, "w.yaml:1:11");
	assert_string_equal(ws.v[1].where, "x.yaml:1:11");
}

static void refused(const char *text, const char *why)
{
	assert_int_equal(parse(text), -1);
	assert_int_equal(s.err.kind, ERR_CONFIG);
	if (strncmp(s.err.text, why, strlen(why)) != 0)
		fail_msg("'%s' does not begin with '%s'", s.err.text, why);
}

static void test_refusals(void **state)
{
	(void)state;
	two_checks();
	refused("{}", "w.yaml:1:1: ");
	refused("waivers: [x]", "w.yaml:1:11: expected a waiver");
	refused("waivers: [{check: nfs-mount, subject: {host: a}, reason: r, owner: o}]", "w.yaml:1:11: ");
	assert_non_null(strstr(s.err.text, "expiry"));
	refused("waivers: [{subject: {host: a}, " REST "}]", "w.yaml:1:11: ");
	refused("waivers: [{check: nfs-mount, " REST "}]", "w.yaml:1:11: ");
	refused("waivers: [{check: nfs-mount, subject: {}, " REST "}]", "w.yaml:1:39: expected at least one glob");
	refused("waivers: [{check: nfs-mount, subject: {hots: a}, " REST "}]", "w.yaml:1:40: ");
	assert_non_null(strstr(s.err.text, "(did you mean 'host'?)"));
	refused("waivers: [{check: nfs-mount, subject: a, " REST "}]", "w.yaml:1:39: ");
	refused("waivers: [{check: nfs-moutn, subject: {host: a}, " REST "}]",
	        "w.yaml:1:19: unknown check 'nfs-moutn' (did you mean 'nfs-mount'?)");
	refused("waivers: [{check: 'nfs-*', subject: {host: a}, " REST "}]", "w.yaml:1:19: unknown check 'nfs-*'");
	refused("waivers: [{check: inventory-complete, subject: {cluster: a}, " REST "}]",
	        "w.yaml:1:19: inventory-complete can't be waived");
	refused("waivers: [{check: nfs-mount, subject: {host: a}, reason: ' ', owner: o, expiry: 2026-03-31}]",
	        "w.yaml:1:58: the reason is empty");
	refused("waivers: [{check: nfs-mount, subject: {host: a}, " REST ", until: 1}]", "w.yaml:1:");
}

static void test_days(void **state)
{
	static const char *const wrong[] = {"2026-02-30",  "2026-13-01", "2026-1-1",    "26-01-01",  "never",
	                                    "2026-01-01T", "01.02.2026", " 2026-01-01", "2025-02-29"};

	(void)state;
	two_checks();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		refused(arena_printf(
				s.arena,
				"waivers: [{check: nfs-mount, subject: {host: a}, reason: r, owner: o, expiry: '%s'}]",
				wrong[i]),
		        "w.yaml:1:79: expected a day as YYYY-MM-DD");
	must(parse("waivers: [{check: nfs-mount, subject: {host: a}, reason: r, owner: o, expiry: 2024-02-29}]"));
}

/* The last day counts, to its end in UTC. */
static void test_expiry(void **state)
{
	static const char text[] =
		"waivers: [{check: nfs-mount, subject: {host: a}, reason: r, owner: o, expiry: 2026-01-01}]";

	(void)state;
	two_checks();
	must(parse_at(text, NOW_MS));
	assert_false(ws.v[0].expired);
	must(parse_at(text, NOW_MS + DAY_MS - 1));
	assert_false(ws.v[0].expired);
	must(parse_at(text, NOW_MS + DAY_MS));
	assert_true(ws.v[0].expired);
}

/* ---- whom it names ---- */

static bool matches(const char *globs, const char *host, const char *peer, const char *object)
{
	const char *names[WAIVER_KEYS] = {[WAIVER_TARGET] = "vc01",
	                                  [WAIVER_CLUSTER] = "prod",
	                                  [WAIVER_HOST] = host,
	                                  [WAIVER_PEER] = peer,
	                                  [WAIVER_OBJECT] = object};

	must(parse(arena_printf(s.arena, "waivers: [{check: nfs-mount, subject: {%s}, " REST "}]", globs)));
	return waiver_matches(&ws.v[0], names);
}

static void test_matching(void **state)
{
	(void)state;
	two_checks();
	assert_true(matches("host: esx07", "esx07.example.com", NULL, NULL));
	assert_true(matches("host: 'ESX0?'", "esx07.example.com", "esx08", NULL));
	assert_false(matches("host: esx0", "esx07", NULL, NULL));
	assert_true(matches("host: esx07, peer: esx08", "esx07", "esx08", NULL));
	assert_false(matches("host: esx07, peer: esx08", "esx08", "esx07", NULL));
	/* Nobody has no name. */
	assert_false(matches("host: esx07, peer: '*'", "esx07", NULL, NULL));
	assert_false(matches("object: '*'", "esx07", NULL, NULL));
	assert_true(matches("cluster: 'PROD', target: vc*, object: 'nfs?'", "a", NULL, "nfs1"));
	assert_false(matches("cluster: prod, target: vc02", "a", NULL, NULL));
}

/* ---- judging ---- */

static void three_hosts(void)
{
	store_open();
	sql("INSERT INTO vsphere_compute(compute, name, kind) VALUES('vc01/c1', 'prod', 'ClusterComputeResource');"
	    "INSERT INTO vsphere_host(host, name, compute) VALUES('vc01/host-1', 'A', 'vc01/c1'), ('vc01/host-2', 'B', "
	    "'vc01/c1'), ('vc01/host-3', 'C', 'vc01/c1');"
	    "INSERT INTO run_filled VALUES('vsphere_compute', 'vc01', NULL), ('vsphere_host', 'vc01', NULL),"
	    " ('vsphere_vmknic', 'vc01', NULL)");
}

/* As app.c does it: waivers are read before planning, their own checks come after it. */
static void judge_scoped(const char *waivers, struct scope scope)
{
	must(parse(waivers));
	must(try_plan());
	must(model_materialise(s.model, s.facts, &s.plan.views, &s.err));
	waivers_add_checks(&ws, &s.checks);
	run = (struct run){.checks = &s.checks,
	                   .waivers = &ws,
	                   .facts = s.facts,
	                   .arena = s.arena,
	                   .complete = true,
	                   .scope = scope};
	must(judge(&run, &s.plan, &s.probes, &s.err));
}

static void judge_with(const char *waivers)
{
	judge_scoped(waivers, (struct scope){0});
}

/* "check host peers status;" of every finding that is neither pass nor na, and the waiver of the last one that has one. */
struct told {
	struct buf text;
	const char *waiver, *observed, *detail;
};

static int tell(void *arg, const struct finding *f, struct err *err)
{
	struct told *t = arg;

	(void)err;
	buf_printf(&t->text, "%s %s %s %s; ", f->check->id, f->host != NULL ? f->host : "-",
	           f->peers != NULL  ? f->peers
	           : f->peer != NULL ? f->peer
	                             : "-",
	           status_name(f->status));
	if (f->waiver != NULL)
		t->waiver = arena_strdup(s.arena, f->waiver);
	t->observed = f->observed != NULL ? arena_strdup(s.arena, f->observed) : NULL;
	t->detail = f->detail != NULL ? arena_strdup(s.arena, f->detail) : NULL;
	return 0;
}

static struct told expect(const char *findings)
{
	struct told t = {.text = {.max = 8192}};

	must(run_findings(&run, false, false, tell, &t, &s.err));
	assert_string_equal(buf_str(&t.text), findings);
	buf_dispose(&t.text);
	return t;
}

static void expect_sums(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < STATUS_COUNT; i++)
		sum += run.count[i];
	assert_int_equal(sum, run.expected);
}

/* A fails, B warns, C's answer is missing. */
#define HOSTS(c)                                                                                                       \
	"SELECT id AS host, CASE name WHEN 'A' THEN 'fail' WHEN 'B' THEN 'warn' ELSE '" c                              \
	"' END AS status, 'seen' AS observed FROM host"
#define WAIVER(check, subject, more) "{check: " check ", subject: {" subject "}, " REST more "}"
#define WAIVERS(...) "waivers: [" __VA_ARGS__ "]"

static void test_fail_is_waived(void **state)
{
	struct told t;

	(void)state;
	three_hosts();
	check("h", CHECK("host", "critical", HOSTS("pass")));
	judge_with(WAIVERS(WAIVER("h", "host: A", "")));
	t = expect("h B - warn; h A - waived; ");
	assert_string_equal(t.waiver, "was fail; accepted by o until 2026-03-31: r");
	assert_string_equal(t.observed, "seen");
	assert_int_equal(run.verdict, VERDICT_READY);
	assert_non_null(strstr(run.why, "1 waived"));
	assert_int_equal(run.count[STATUS_WAIVED], 1);
	assert_int_equal(run.count[STATUS_FAIL], 0);
	assert_int_equal(ws.v[0].findings, 1);
	expect_sums();
}

static void test_others_stay(void **state)
{
	(void)state;
	three_hosts();
	check("h", CHECK("host", "critical", HOSTS("pass")));
	check("i", CHECK("host", "critical", HOSTS("pass")));
	judge_with(WAIVERS(WAIVER("h", "host: '*'", "")));
	expect("h A - waived; h B - waived; i A - fail; i B - warn; ");
	assert_int_equal(run.verdict, VERDICT_NOT_READY);
}

static void test_unknown_only_on_demand(void **state)
{
	(void)state;
	three_hosts();
	check("h", CHECK("host", "critical", HOSTS("unknown")));
	judge_with(WAIVERS(WAIVER("h", "host: '*'", "")));
	expect("h C - unknown; h A - waived; h B - waived; ");
	assert_int_equal(run.verdict, VERDICT_UNKNOWN);
}

static void test_unknown_covered(void **state)
{
	(void)state;
	three_hosts();
	check("h", CHECK("host", "critical", HOSTS("unknown")));
	check("p", CHECK("host", "critical", "SELECT id AS host, 'pass' AS status FROM host"));
	judge_with(WAIVERS(WAIVER("h", "host: '*'", ", covers_unknown: true")));
	assert_string_equal(expect("h A - waived; h B - waived; h C - waived; ").waiver,
	                    "was unknown; accepted by o until 2026-03-31: r");
	assert_int_equal(run.verdict, VERDICT_READY);
}

/* A subject without a row, and a table that isn't filled: unknown as well. */
static void test_unfilled_covered(void **state)
{
	struct told t;

	(void)state;
	three_hosts();
	sql("INSERT INTO run_gap VALUES('vsphere_vmknic', 'vc01', 'vc01/host-1', 'denied', 'p', 'no right')");
	check("h", CHECK("host", "critical",
	                 "SELECT h.id AS host, 'pass' AS status FROM host h LEFT JOIN vsphere_vmknic v ON v.host = h.id"
	                 " WHERE h.name <> 'B'"));
	judge_with(WAIVERS(WAIVER("h", "host: '[AB]'", ", covers_unknown: true")));
	t = expect("h A - waived; h B - waived; ");
	assert_string_equal(t.detail, "the check gave no row for this subject");
	assert_int_equal(run.verdict, VERDICT_READY);
}

/* Nobody accepted anything that was judged, so nobody said that anything works. */
static void test_all_waived_is_not_ready(void **state)
{
	(void)state;
	three_hosts();
	check("h", CHECK("host", "critical", "SELECT id AS host, 'unknown' AS status FROM host"));
	judge_with(WAIVERS(WAIVER("h", "host: '*'", ", covers_unknown: true")));
	assert_int_equal(run.verdict, VERDICT_UNKNOWN);
	assert_string_equal(run.why, "nothing critical was judged but what is waived");
}

/* All six pairs fail. */
#define LISTS "SELECT host, json_group_array(peer) AS peer, 'fail' AS status FROM host_pair GROUP BY host"

static void test_list_falls_apart(void **state)
{
	(void)state;
	three_hosts();
	check("p", CHECK("pair", "critical", LISTS));
	judge_with(WAIVERS(WAIVER("p", "host: A, peer: B", "") ", " WAIVER("p", "host: B", "")));
	expect("p A C fail; p C [\"A\",\"B\"] fail; p A B waived; p B [\"A\",\"C\"] waived; ");
	assert_int_equal(run.count[STATUS_FAIL], 3);
	assert_int_equal(run.count[STATUS_WAIVED], 3);
	assert_int_equal(ws.v[1].findings, 2);
	expect_sums();
}

/* Two waivers for peers of one row: each is named beside its own. */
static void test_two_waivers_one_row(void **state)
{
	(void)state;
	three_hosts();
	check("p", CHECK("pair", "critical", LISTS));
	judge_with(WAIVERS(WAIVER("p", "host: A, peer: B", "") ", " WAIVER("p", "host: A, peer: C", "")));
	expect("p B [\"A\",\"C\"] fail; p C [\"A\",\"B\"] fail; p A B waived; p A C waived; ");
}

/* The others of a subject's findings still count. */
static void test_object(void **state)
{
	(void)state;
	three_hosts();
	check("h", CHECK("host", "critical",
	                 "SELECT id AS host, 'fail' AS status, 'vmk1' AS object FROM host UNION ALL"
	                 " SELECT id, 'fail', 'vmk2' FROM host WHERE name = 'A'"));
	judge_with(WAIVERS(WAIVER("h", "host: '*', object: vmk1", "")));
	assert_int_equal(run.count[STATUS_FAIL], 1);
	assert_int_equal(run.count[STATUS_WAIVED], 2);
	assert_int_equal(run.verdict, VERDICT_NOT_READY);
}

/* What reads the findings of others sees what was accepted, inside the scope and outside. */
static void test_readers_see_it(void **state)
{
	static const char *hosts[] = {"A", NULL};

	(void)state;
	three_hosts();
	check("p", CHECK("pair", "critical", LISTS));
	check("reader",
	      CHECK("host", "critical",
	            "SELECT h.id AS host, CASE WHEN count(f.status) = 0 THEN 'pass' ELSE 'fail' END AS status FROM "
	            "host h"
	            " LEFT JOIN (critical_pair_finding f JOIN json_each(CASE WHEN f.peer LIKE '[%' THEN f.peer"
	            " ELSE json_array(f.peer) END) e) ON e.value = h.id AND f.status <> 'waived' GROUP BY h.id"));
	checks_find(&s.checks, "p")->selected = false;
	judge_scoped(WAIVERS(WAIVER("p", "peer: A", "")), (struct scope){.hosts = hosts});
	expect("");
	assert_int_equal(run.verdict, VERDICT_READY);
}

static void test_crash_is_not_waived(void **state)
{
	(void)state;
	three_hosts();
	check("h", CHECK("host", "critical",
	                 "SELECT id AS host, 'fail' AS status FROM host UNION ALL SELECT 'nobody', 'fail'"));
	check("p", CHECK("host", "critical", "SELECT id AS host, 'pass' AS status FROM host"));
	judge_with(WAIVERS(WAIVER("h", "host: '*'", ", covers_unknown: true")));
	expect("h A - unknown; h B - unknown; h C - unknown; ");
	assert_int_equal(run.verdict, VERDICT_UNKNOWN);
	assert_int_equal(ws.v[0].findings, 0);
	assert_false(ws.v[0].used);
}

/* ---- waivers as findings ---- */

static void test_expired_is_a_finding(void **state)
{
	struct told t;

	(void)state;
	three_hosts();
	check("h", CHECK("host", "critical", HOSTS("pass")));
	judge_with("waivers: [{check: h, subject: {host: A}, reason: r, owner: o, expiry: 2025-12-31}]");
	t = expect("h A - fail; h B - warn; waiver-expired - - warn; ");
	assert_string_equal(t.observed, "expired at the end of 2025-12-31");
	assert_string_equal(t.detail, "w.yaml:1:11, owner o: r");
	assert_int_equal(run.verdict, VERDICT_NOT_READY);
	expect_sums();
}

static void test_unused_is_a_finding(void **state)
{
	(void)state;
	three_hosts();
	check("h", CHECK("host", "critical", HOSTS("pass")));
	judge_with(WAIVERS(WAIVER("h", "host: C", "") ", " WAIVER("h", "host: esx99", "")));
	expect("h A - fail; h B - warn; waiver-unused - - warn; waiver-unused - - warn; ");
	assert_string_equal(ws.v[0].idle, "nothing of what it names fails or warns");
	assert_string_equal(ws.v[1].idle, "it names nobody whom the check is about");
	expect_sums();
}

/* A finding about a waiver is no result of any check. */
static void test_waivers_alone_are_no_verdict(void **state)
{
	(void)state;
	three_hosts();
	check("h", CHECK("host", "critical", "SELECT id AS host, 'na' AS status FROM host"));
	judge_with(WAIVERS(WAIVER("h", "host: C", "")));
	expect("waiver-unused - - warn; ");
	assert_int_equal(run.verdict, VERDICT_UNKNOWN);
	assert_string_equal(run.why, "nothing critical was judged");
}

static void test_unused_unless_nobody_can_tell(void **state)
{
	(void)state;
	three_hosts();
	check("h", CHECK("host", "critical", HOSTS("unknown")));
	check("left-out", CHECK("host", "critical", HOSTS("pass")));
	checks_find(&s.checks, "left-out")->selected = false;
	judge_with(WAIVERS(WAIVER("h", "host: C", "") ", " WAIVER("h", "target: vc02", "") ", " WAIVER("left-out",
	                                                                                               "host: C", "")));
	expect("h A - fail; h C - unknown; h B - warn; ");
}

static void test_scope_hides_no_use(void **state)
{
	static const char *hosts[] = {"A", NULL};

	(void)state;
	three_hosts();
	check("h", CHECK("host", "critical", HOSTS("pass")));
	judge_scoped(
		WAIVERS(WAIVER("h", "host: B", "") ", " WAIVER("h", "host: C", "") ", " WAIVER("h", "host: x", "")),
		(struct scope){.hosts = hosts});
	expect("h A - fail; ");
}

static void test_silent_target_hides_no_use(void **state)
{
	(void)state;
	three_hosts();
	sql("DELETE FROM run_filled WHERE tbl = 'vsphere_host';"
	    "INSERT INTO run_gap VALUES('vsphere_host', 'vc01', NULL, 'timeout', 'p', 'deadline')");
	check("h", CHECK("host", "critical", HOSTS("pass")));
	judge_with(WAIVERS(WAIVER("h", "host: x", "")));
	for (size_t i = 0; i < ws.n; i++)
		assert_null(ws.v[i].idle);
	assert_int_equal(run.verdict, VERDICT_UNKNOWN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, store_teardown)

/* What is wider than anybody should accept unseen is named, and holds. NOW_MS is 2026-01-01. */
static void test_excess(void **state)
{
	static const struct {
		const char *subject, *expiry, *excess;
	} cases[] = {
		{"{host: esx07}", "2027-01-02", NULL},
		{"{host: esx07}", "2027-01-03",
	         "w.yaml:2:5: the waiver of nfs-mount holds for more than a year, until 2027-01-03"},
		{"{host: '*'}", "2026-03-31",
	         "w.yaml:2:5: the waiver of nfs-mount is for every subject that the check has"},
		{"{host: '*', peer: '**'}", "9999-01-01",
	         "w.yaml:2:5: the waiver of nfs-mount is for every subject that the check has, and holds for more than "
	         "a "
	         "year, until 9999-01-01"},
		{"{host: '*', cluster: prod}", "2026-03-31", NULL},
		{"{host: 'esx*'}", "2026-03-31", NULL},
	};

	(void)state;
	two_checks();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *excess;

		must(parse(arena_printf(
			s.arena, "waivers:\n  - {check: nfs-mount, subject: %s, reason: r, owner: o, expiry: %s}\n",
			cases[i].subject, cases[i].expiry)));
		assert_false(ws.v[0].expired);
		excess = waiver_excess(&ws.v[0], NOW_MS, s.arena);
		assert_string_equal(excess != NULL ? excess : "", cases[i].excess != NULL ? cases[i].excess : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_whole_file),
		TEST(test_two_files),
		TEST(test_refusals),
		TEST(test_days),
		TEST(test_expiry),
		TEST(test_excess),
		TEST(test_matching),
		TEST(test_fail_is_waived),
		TEST(test_others_stay),
		TEST(test_unknown_only_on_demand),
		TEST(test_unknown_covered),
		TEST(test_unfilled_covered),
		TEST(test_all_waived_is_not_ready),
		TEST(test_list_falls_apart),
		TEST(test_two_waivers_one_row),
		TEST(test_object),
		TEST(test_readers_see_it),
		TEST(test_crash_is_not_waived),
		TEST(test_expired_is_a_finding),
		TEST(test_unused_is_a_finding),
		TEST(test_waivers_alone_are_no_verdict),
		TEST(test_unused_unless_nobody_can_tell),
		TEST(test_scope_hides_no_use),
		TEST(test_silent_target_hides_no_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
