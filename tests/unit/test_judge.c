/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_judge.c - subjects, ledger, taint, coverage, verdict.
 *
 * Three hosts A, B, C (host-1 to host-3) of one cluster, and a full mesh of pings between them that a probe with a work
 * list brings. The cases (a) to (d) are the four ways in which a plausible rule still says "ready".
 */
#include "store.h"

#define CHECK(depends, select)                                                                                         \
	"/*\ntitle: t\nsubject: pair\ndepends: " depends                                                               \
	"\nseverity: critical\nplatforms: [vsphere]\nfix: f\n*/\n" select

/* As an author who never thinks of absence would write it: from the answers, not from the subjects. */
#define NAIVE "SELECT src AS host, dst AS peer, CASE WHEN received > 0 THEN 'pass' ELSE 'fail' END AS status FROM ping"

static const char ping_probe[] =
	"about: ping\ntransport: vsphere\nscope: host\nmethod: QueryNetConfig\nthis: HostVirtualNicManager ${n:moid}\n"
	"for_each: SELECT v.host, v.device AS n FROM vsphere_vmknic v\n"
	"tables:\n  ping:\n    columns: {src: $host, dst: $each.dst, received: {path: received, type: integer}}\n";

static struct run run;

static void three_hosts(void)
{
	probe("ping", ping_probe);
	store_open();
	sql("INSERT INTO vsphere_compute(compute, name, kind) VALUES('vc01/c1', 'prod', 'ClusterComputeResource');"
	    "INSERT INTO vsphere_host(host, name, compute) VALUES('vc01/host-1', 'A', 'vc01/c1'), ('vc01/host-2', 'B', "
	    "'vc01/c1'),"
	    " ('vc01/host-3', 'C', 'vc01/c1');"
	    "INSERT INTO run_filled VALUES('vsphere_compute', 'vc01', NULL), ('vsphere_host', 'vc01', NULL),"
	    " ('vsphere_vmknic', 'vc01', NULL), ('ping', 'vc01', NULL), ('vsphere_nic_service', 'vc01', NULL),"
	    " ('vsphere_vm', 'vc01', NULL), ('vsphere_datastore', 'vc01', NULL)");
}

static void pings(const char *pairs)
{
	for (const char *p = pairs; *p != '\0'; p += p[2] == ' ' ? 3 : 2) {
		char text[256];

		snprintf(text, sizeof(text), "INSERT INTO ping VALUES('vc01/host-%d', 'vc01/host-%d', 3)",
		         p[0] - 'A' + 1, p[1] - 'A' + 1);
		sql(text);
	}
}

static void judge_scoped(struct scope scope)
{
	must(try_plan());
	must(model_materialise(s.model, s.facts, &s.plan.views, &s.err));
	run = (struct run){.checks = &s.checks, .facts = s.facts, .arena = s.arena, .complete = true, .scope = scope};
	must(judge(&run, &s.plan, &s.probes, &s.err));
}

static void judge_all(void)
{
	judge_scoped((struct scope){0});
}

struct looking {
	const char *host, *peer;
	char *status; /* "pass", or several */
	char *detail;
};

static int look(void *arg, const struct finding *f, struct err *err)
{
	struct looking *l = arg;

	(void)err;
	if (strcmp(f->host != NULL ? f->host : "", l->host) != 0 ||
	    strcmp(f->peer != NULL ? f->peer : "", l->peer) != 0)
		return 0;
	l->status = arena_printf(s.arena, "%s%s%s", l->status != NULL ? l->status : "", l->status != NULL ? "," : "",
	                         status_name(f->status));
	l->detail = f->detail != NULL ? arena_strdup(s.arena, f->detail) : NULL;
	return 0;
}

static struct looking finding(const char *host, const char *peer)
{
	struct looking l = {.host = host, .peer = peer};

	must(run_findings(&run, true, true, look, &l, &s.err));
	return l;
}

static void expect(const char *host, const char *peer, const char *status)
{
	struct looking l = finding(host, peer);

	if (l.status == NULL || strcmp(l.status, status) != 0)
		fail_msg("%s>%s is %s, expected %s", host, peer, l.status != NULL ? l.status : "not there", status);
}

static void expect_sums(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < STATUS_COUNT; i++)
		sum += run.count[i];
	assert_int_equal(sum, run.expected);
}

static void test_all_answered(void **state)
{
	(void)state;
	three_hosts();
	pings("AB AC BA BC CA CB");
	check("ping-ok", CHECK("own", NAIVE));
	judge_all();
	expect("A", "B", "pass");
	assert_int_equal(run.verdict, VERDICT_READY);
	assert_int_equal(run.expected, 6);
	assert_int_equal(run.count[STATUS_PASS], 6);
}

/* (a) B's shell is denied: B pinged nobody, while A and C ping B fine. */
static void test_a_no_row_nothing_to_turn(void **state)
{
	(void)state;
	three_hosts();
	pings("AB AC CA CB");
	sql("INSERT INTO run_gap VALUES('ping', 'vc01', 'vc01/host-2', 'denied', 'ping', 'SSH login refused')");
	check("ping-ok", CHECK("own", NAIVE));
	judge_all();
	expect("A", "C", "pass");
	expect("C", "A", "pass");
	expect("A", "B", "unknown");
	expect("C", "B", "unknown");
	expect("B", "A", "unknown");
	expect("B", "C", "unknown");
	assert_non_null(strstr(finding("B", "A").detail, "SSH login refused"));
	assert_int_equal(run.verdict, VERDICT_UNKNOWN);
	expect_sums();
}

/* (b) The work list shrinks: B's NICs are not known, so the probe had nothing to do for B and ended well. */
static void test_b_work_list_shrinks(void **state)
{
	(void)state;
	three_hosts();
	pings("AC CA");
	sql("INSERT INTO run_gap VALUES('vsphere_vmknic', 'vc01', 'vc01/host-2', 'denied', 'vsphere/vmknic', 'missing "
	    "privilege')");
	check("ping-ok",
	      CHECK("own", "SELECT p.host, p.peer, CASE WHEN g.received = 0 THEN 'fail' ELSE 'pass' END AS status"
	                   " FROM host_pair p LEFT JOIN ping g ON g.src = p.host AND g.dst = p.peer"));
	judge_all();
	expect("A", "C", "pass");
	expect("A", "B", "unknown");
	expect("B", "C", "unknown");
	assert_int_equal(run.verdict, VERDICT_UNKNOWN);
}

#define HOST_CHECK(depends, select)                                                                                    \
	"/*\ntitle: t\nsubject: host\ndepends: " depends                                                               \
	"\nseverity: critical\nplatforms: [vsphere]\nfix: f\n*/\n" select

/* (c) Absence read as a fact: a host whose mounts are not known doesn't lack them, nor has it the same as the others. */
static void test_c_absence_is_no_fact(void **state)
{
	(void)state;
	three_hosts();
	sql("INSERT INTO vsphere_vmknic(host, device) VALUES('vc01/host-1', 'vmk1'), ('vc01/host-3', 'vmk1');"
	    "INSERT INTO run_gap VALUES('vsphere_vmknic', 'vc01', 'vc01/host-2', 'timeout', 'vsphere/vmknic', 'no "
	    "answer in 60 s')");
	check("has-nic",
	      HOST_CHECK("own",
	                 "SELECT id AS host, CASE WHEN EXISTS (SELECT 1 FROM vsphere_vmknic v WHERE v.host = h.id)"
	                 " THEN 'pass' ELSE 'fail' END AS status FROM host h"));
	check("same-nics",
	      HOST_CHECK("own", "SELECT id AS host, CASE WHEN (SELECT count(DISTINCT device) FROM vsphere_vmknic) > 1"
	                        " THEN 'fail' ELSE 'pass' END AS status FROM host"));
	judge_all();
	expect("B", "", "unknown,unknown");
	expect("A", "", "pass,pass");
	assert_int_equal(run.verdict, VERDICT_UNKNOWN);
}

/* (d) Others' findings depend on the missing host: what only it has is no longer missed by anybody. */
static void test_d_others_depend_on_the_missing(void **state)
{
	static const char has_all[] =
		"SELECT h.id AS host, CASE WHEN (SELECT count(*) FROM vsphere_vmknic v WHERE v.host = h.id) ="
		" (SELECT count(DISTINCT device) FROM vsphere_vmknic) THEN 'pass' ELSE 'fail' END AS status FROM host "
		"h";

	(void)state;
	three_hosts();
	sql("INSERT INTO vsphere_vmknic(host, device) VALUES('vc01/host-1', 'vmk1'), ('vc01/host-2', 'vmk1');"
	    "INSERT INTO run_gap VALUES('vsphere_vmknic', 'vc01', 'vc01/host-3', 'failed', 'vsphere/vmknic', 'not "
	    "responding')");
	check("cluster-wide", HOST_CHECK("cluster", "SELECT 1"));
	s.checks.v[0]->sql = has_all;
	check("whole-run", HOST_CHECK("run", "SELECT 1"));
	s.checks.v[1]->sql = has_all;
	judge_all();
	expect("A", "", "unknown,unknown");
	expect("B", "", "unknown,unknown");
	expect("C", "", "unknown,unknown");
	assert_int_equal(run.verdict, VERDICT_UNKNOWN);
}

/* In the wider circle a fail stays: what is missing can't make it good. */
static void test_fail_stays_in_the_wider_circle(void **state)
{
	(void)state;
	three_hosts();
	sql("INSERT INTO run_gap VALUES('vsphere_vmknic', 'vc01', 'vc01/host-3', 'failed', 'vsphere/vmknic', 'not "
	    "responding')");
	check("c",
	      HOST_CHECK(
		      "cluster",
		      "SELECT h.id AS host, 'fail' AS status FROM host h LEFT JOIN vsphere_vmknic v ON v.host = h.id"));
	judge_all();
	expect("A", "", "fail");
	expect("C", "", "unknown");
	assert_int_equal(run.verdict, VERDICT_NOT_READY);
}

static void test_no_entry_means_unfilled(void **state)
{
	(void)state;
	three_hosts();
	pings("AB AC BA BC CA CB");
	sql("DELETE FROM run_filled WHERE tbl = 'ping'");
	check("ping-ok", CHECK("own", NAIVE));
	judge_all();
	expect("A", "B", "unknown");
	assert_int_equal(run.count[STATUS_UNKNOWN], 6);
	assert_non_null(strstr(finding("A", "B").detail, "ping was not asked for"));
}

static void test_subject_without_a_row(void **state)
{
	(void)state;
	three_hosts();
	pings("AB AC BA BC CA");
	check("ping-ok", CHECK("own", NAIVE));
	judge_all();
	expect("C", "B", "unknown");
	assert_int_equal(run.count[STATUS_PASS], 5);
	assert_int_equal(run.count[STATUS_UNKNOWN], 1);
	assert_int_equal(run.verdict, VERDICT_UNKNOWN);
}

static void test_row_outside_the_spine(void **state)
{
	static const char *const selects[] = {
		"SELECT 'vc01/host-9' AS host, 'pass' AS status",
		"SELECT NULL AS host, 'pass' AS status",
	};

	(void)state;
	three_hosts();
	check("stranger", HOST_CHECK("own", "SELECT 1"));
	check("fine", HOST_CHECK("own", "SELECT id AS host, 'pass' AS status FROM host"));
	s.checks.v[0]->severity = SEVERITY_INFO; /* a broken check blocks whatever its severity */
	s.checks.v[0]->sql = selects[0];
	judge_all();
	assert_int_equal(run.verdict, VERDICT_UNKNOWN);
	assert_false(run.complete);
	expect("A", "", "pass,unknown");
	assert_non_null(strstr(finding("B", "").detail, "not a subject"));
	expect_sums();
}

static void test_status_not_in_the_list(void **state)
{
	(void)state;
	three_hosts();
	check("c", HOST_CHECK("own", "SELECT id AS host, CASE name WHEN 'A' THEN 'ok' WHEN 'B' THEN NULL ELSE 'waived' "
	                             "END AS status FROM host"));
	judge_all();
	assert_int_equal(run.count[STATUS_UNKNOWN], 3);
}

static void test_check_that_fails(void **state)
{
	(void)state;
	three_hosts();
	check("c", HOST_CHECK("own", "SELECT id AS host, json_extract(name, '$.a') AS status FROM host"));
	judge_all();
	assert_int_equal(run.count[STATUS_UNKNOWN], 3);
	assert_int_equal(run.verdict, VERDICT_UNKNOWN);
	assert_non_null(strstr(finding("A", "").detail, "malformed JSON"));
}

static void test_peer_list_is_split(void **state)
{
	(void)state;
	three_hosts();
	sql("INSERT INTO run_gap VALUES('vsphere_vmknic', 'vc01', 'vc01/host-3', 'failed', 'vsphere/vmknic', 'not "
	    "responding')");
	check("c", CHECK("own", "SELECT p.host, json_group_array(p.peer) AS peer, 'pass' AS status FROM host_pair p"
	                        " LEFT JOIN vsphere_vmknic v ON v.host = p.host GROUP BY p.host"));
	judge_all();
	expect("A", "B", "pass");
	expect("A", "C", "unknown");
	expect("C", "A", "unknown");
	assert_int_equal(run.count[STATUS_PASS], 2);
	assert_int_equal(run.count[STATUS_UNKNOWN], 4);
}

/* A join that doubles its rows names peers twice. */
static void test_peers_named_twice(void **state)
{
	(void)state;
	three_hosts();
	check("c", CHECK("own", "SELECT p.host, json_group_array(p.peer) AS peer, 'fail' AS status FROM (SELECT * FROM"
	                        " host_pair UNION ALL SELECT * FROM host_pair) AS p GROUP BY p.host"));
	judge_all();
	expect("A", "B", "fail");
	expect("C", "B", "fail");
	assert_int_equal(run.count[STATUS_FAIL], 6);
}

static void test_target_that_shows_nothing(void **state)
{
	(void)state;
	store_open();
	sql("INSERT INTO run_filled VALUES('vsphere_host', 'vc01', NULL), ('vsphere_compute', 'vc01', NULL)");
	check("c", HOST_CHECK("own", "SELECT id AS host, 'pass' AS status FROM host"));
	judge_all();
	assert_int_equal(run.expected, 1);
	assert_int_equal(run.count[STATUS_UNKNOWN], 1);
	assert_int_equal(run.verdict, VERDICT_UNKNOWN);
}

/* The list of clusters (or of VMs) failed after its first page: what is listed may not be all, whatever else knows of it. */
static void test_discovery_that_failed(void **state)
{
	(void)state;
	three_hosts();
	sql("DELETE FROM run_filled WHERE tbl = 'vsphere_vm';"
	    "INSERT INTO run_gap VALUES('vsphere_vm', 'vc01', NULL, 'failed', 'vsphere/vm', 'page 2 was a fault')");
	check("vm-check",
	      "/*\ntitle: t\nsubject: vm\ndepends: own\nseverity: critical\nplatforms: [vsphere]\nfix: f\n*/\n"
	      "SELECT id AS vm, 'pass' AS status FROM vm");
	check("host-check", HOST_CHECK("own", "SELECT id AS host, 'pass' AS status FROM host"));
	judge_all();
	assert_int_equal(run.count[STATUS_UNKNOWN], 1);
	assert_int_equal(run.count[STATUS_PASS], 3);
	assert_int_equal(run.verdict, VERDICT_UNKNOWN);
	expect_sums();
}

/* Two targets list the same hosts, and one of them fails: its hosts fold into the other's, its silence doesn't. */
static void test_discovery_that_failed_of_a_twin(void **state)
{
	static const struct target vc02 = {
		.name = "vc02", .kind = TARGET_VCENTER, .platform = "vsphere", .url = "https://vc02"};
	static const char uuid[] =
		"UPDATE vsphere_host SET uuid = '4c4c4544-0000-0000-0000-00000000000' || substr(host, -1)";

	(void)state;
	three_hosts();
	must(facts_add_target(s.facts, &vc02, &s.err));
	sql("INSERT INTO vsphere_host(host, name) VALUES('vc02/host-1', 'A'), ('vc02/host-2', 'B'), ('vc02/host-3', "
	    "'C');"
	    "INSERT INTO run_filled VALUES('vsphere_host', 'vc02', NULL);"
	    "INSERT INTO run_gap VALUES('vsphere_compute', 'vc02', NULL, 'failed', 'vsphere/compute', 'a fault')");
	sql(uuid);
	check("host-check", HOST_CHECK("own", "SELECT id AS host, 'pass' AS status FROM host"));
	judge_all();
	assert_int_equal(run.count[STATUS_PASS], 3);
	assert_int_equal(run.count[STATUS_UNKNOWN], 1);
	assert_int_equal(run.verdict, VERDICT_UNKNOWN);
}

/* One of two probes filled the table, the other failed: what that one would have brought is missing. */
static void test_one_of_two_probes_failed(void **state)
{
	(void)state;
	three_hosts();
	pings("AB AC BA BC CA CB");
	sql("INSERT INTO run_gap VALUES('ping', 'vc01', NULL, 'failed', 'ping2', 'a fault')");
	check("ping-ok", CHECK("own", NAIVE));
	judge_all();
	assert_int_equal(run.count[STATUS_UNKNOWN], 6);
}

static void add_silent_target(void)
{
	static const struct target vc02 = {
		.name = "vc02", .kind = TARGET_VCENTER, .platform = "vsphere", .url = "https://vc02"};

	must(facts_add_target(s.facts, &vc02, &s.err));
	sql("INSERT INTO run_filled VALUES('vsphere_host', 'vc02', NULL), ('vsphere_compute', 'vc02', NULL)");
}

/* A glob could match what a target doesn't show; a plain name that was found elsewhere is found. */
static void test_scope_and_a_silent_target(void **state)
{
	static const struct {
		const char *host;
		enum verdict verdict;
	} rows[] = {{"*", VERDICT_UNKNOWN}, {"A*", VERDICT_UNKNOWN}, {"a", VERDICT_READY}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *hosts[] = {rows[i].host, NULL};

		if (i > 0) {
			store_teardown(state);
			store_setup(state);
		}
		three_hosts();
		add_silent_target();
		check("host-check", HOST_CHECK("own", "SELECT id AS host, 'pass' AS status FROM host"));
		judge_scoped((struct scope){.hosts = hosts});
		if (run.verdict != rows[i].verdict)
			fail_msg("--host %s: %s", hosts[0], verdict_name(run.verdict));
	}
}

/* A VM whose host or name wasn't told may be one of those that the scope means. */
static void test_scope_takes_in_who_cannot_be_told(void **state)
{
	const char *hosts[] = {"B", NULL}, *vms[] = {"app*", NULL};

	(void)state;
	three_hosts();
	sql("INSERT INTO vsphere_vm(vm, name, host) VALUES('vc01/vm-1', 'app1', 'vc01/host-1'), ('vc01/vm-2', 'app2', "
	    "'vc01/host-2'),"
	    " ('vc01/vm-3', 'app3', NULL), ('vc01/vm-4', NULL, 'vc01/host-2'), ('vc01/vm-5', 'web', 'vc01/host-2')");
	check("vm-check",
	      "/*\ntitle: t\nsubject: vm\ndepends: own\nseverity: critical\nplatforms: [vsphere]\nfix: f\n*/\n"
	      "SELECT id AS vm, 'pass' AS status FROM vm");
	judge_scoped((struct scope){.hosts = hosts, .vms = vms});
	assert_int_equal(run.count[STATUS_PASS], 3); /* vm-2, vm-3, vm-4 */
}

static void test_nothing_judged(void **state)
{
	(void)state;
	three_hosts();
	check("c", HOST_CHECK("own", "SELECT id AS host, 'na' AS status FROM host"));
	judge_all();
	assert_int_equal(run.count[STATUS_NA], 3);
	assert_int_equal(run.verdict, VERDICT_UNKNOWN);
}

static void test_findings_are_a_table(void **state)
{
	(void)state;
	three_hosts();
	sql("INSERT INTO run_gap VALUES('vsphere_vmknic', 'vc01', 'vc01/host-2', 'failed', 'vsphere/vmknic', 'not "
	    "responding')");
	check("a-first", HOST_CHECK("own", "SELECT host, CASE status WHEN 'pass' THEN 'pass' ELSE 'fail' END AS status "
	                                   "FROM finding_z_last"));
	check("z-last",
	      HOST_CHECK(
		      "own",
		      "SELECT h.id AS host, 'pass' AS status FROM host h LEFT JOIN vsphere_vmknic v ON v.host = h.id"));
	judge_all();
	expect("A", "", "pass,pass");
	expect("B", "", "fail,unknown"); /* it saw what the ledger made of the other's pass */
}

#define CLUSTER_CHECK(select)                                                                                          \
	"/*\ntitle: t\nsubject: cluster\ndepends: run\nseverity: info\nplatforms: [vsphere]\nfix: f\n*/\n" select

/* Whoever asks what stands in the way must be told of hosts outside the scope too; the report isn't. */
static void test_reader_sees_beyond_the_scope(void **state)
{
	const char *only_a[] = {"A", NULL};

	(void)state;
	three_hosts();
	pings("AB AC BA BC CA");
	check("host-x", HOST_CHECK("own", "SELECT id AS host, CASE name WHEN 'C' THEN 'fail' ELSE 'pass' END AS status"
	                                  " FROM host WHERE name <> 'B'"));
	check("ping-ok", CHECK("own", NAIVE));
	check("reader", CLUSTER_CHECK("SELECT id AS cluster, 'fail' AS status,"
	                              " (SELECT group_concat(host || status, ' ') FROM (SELECT * FROM "
	                              "critical_host_finding ORDER BY host))"
	                              " || (SELECT group_concat(host || peer || status, ' ') FROM critical_pair_finding"
	                              " WHERE status <> 'pass') AS detail FROM cluster"));
	judge_scoped((struct scope){.hosts = only_a});
	assert_string_equal(finding("", "").detail, "vc01/host-1pass vc01/host-2unknown vc01/host-3fail"
	                                            "vc01/host-3vc01/host-2unknown");
	expect("A", "", "pass");
	assert_null(finding("C", "").status);
	assert_null(finding("B", "").status);
	expect("A", "B", "pass");
	assert_null(finding("C", "B").status);
	assert_int_equal(run.verdict, VERDICT_READY);
	expect_sums();
}

static void test_reader_of_a_check_that_fails(void **state)
{
	const char *only_a[] = {"A", NULL};

	(void)state;
	three_hosts();
	check("host-x", HOST_CHECK("own", "SELECT id AS host, json('{') AS status FROM host"));
	check("reader",
	      CLUSTER_CHECK("SELECT id AS cluster, 'pass' AS status, (SELECT count(*) FROM critical_host_finding"
	                    " WHERE status = 'unknown') AS detail FROM cluster"));
	judge_scoped((struct scope){.hosts = only_a});
	assert_string_equal(finding("", "").detail, "3");
}

static void test_excluded_host(void **state)
{
	(void)state;
	three_hosts();
	pings("AC CA");
	sql("INSERT INTO run_gap VALUES('ping', 'vc01', 'vc01/host-2', 'failed', 'ping', 'dead');"
	    "INSERT INTO run_excluded VALUES('vc01/host-2')");
	check("ping-ok", CHECK("run", NAIVE " WHERE 'vc01/host-2' NOT IN (src, dst)"));
	judge_all();
	assert_int_equal(run.expected, 2);
	assert_int_equal(run.count[STATUS_PASS], 2);
	assert_int_equal(run.verdict, VERDICT_READY);
}

/* That every host is listed is no judgement of any migration. */
static void test_complete_inventory_is_not_ready(void **state)
{
	(void)state;
	three_hosts();
	check("inventory-complete", HOST_CHECK("own", "SELECT id AS host, 'pass' AS status FROM host"));
	judge_all();
	assert_int_equal(run.count[STATUS_PASS], 3);
	assert_int_equal(run.verdict, VERDICT_UNKNOWN);
}

/* Nor are warnings: what can't make a run "not ready" can't make it "ready". */
static void test_warnings_alone_are_not_ready(void **state)
{
	(void)state;
	three_hosts();
	check("host-x", HOST_CHECK("own", "SELECT id AS host, 'pass' AS status FROM host"));
	checks_find(&s.checks, "host-x")->severity = SEVERITY_WARNING;
	judge_all();
	assert_int_equal(run.count[STATUS_PASS], 3);
	assert_int_equal(run.verdict, VERDICT_UNKNOWN);
	assert_string_equal(run.why, "nothing critical was judged");
}

static void test_verdict_order(void **state)
{
	static const struct {
		struct tally t;
		enum verdict v;
	} rows[] = {
		{{0, 0, 0, 0, 0}, VERDICT_UNKNOWN},   {{0, 0, 0, 1, 0}, VERDICT_READY},
		{{1, 0, 0, 1, 0}, VERDICT_NOT_READY}, {{0, 1, 0, 1, 0}, VERDICT_UNKNOWN},
		{{0, 0, 1, 1, 0}, VERDICT_UNKNOWN},   {{1, 1, 1, 1, 0}, VERDICT_NOT_READY},
		{{1, 0, 0, 0, 0}, VERDICT_NOT_READY}, {{0, 0, 0, 1, 1}, VERDICT_UNKNOWN},
		{{1, 0, 0, 1, 1}, VERDICT_NOT_READY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(verdict_of(&rows[i].t), rows[i].v);
}

#define T(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(test_all_answered),
	                                   T(test_a_no_row_nothing_to_turn),
	                                   T(test_b_work_list_shrinks),
	                                   T(test_c_absence_is_no_fact),
	                                   T(test_d_others_depend_on_the_missing),
	                                   T(test_fail_stays_in_the_wider_circle),
	                                   T(test_no_entry_means_unfilled),
	                                   T(test_subject_without_a_row),
	                                   T(test_row_outside_the_spine),
	                                   T(test_status_not_in_the_list),
	                                   T(test_check_that_fails),
	                                   T(test_peer_list_is_split),
	                                   T(test_peers_named_twice),
	                                   T(test_target_that_shows_nothing),
	                                   T(test_discovery_that_failed),
	                                   T(test_discovery_that_failed_of_a_twin),
	                                   T(test_one_of_two_probes_failed),
	                                   T(test_scope_and_a_silent_target),
	                                   T(test_scope_takes_in_who_cannot_be_told),
	                                   T(test_nothing_judged),
	                                   T(test_findings_are_a_table),
	                                   T(test_reader_sees_beyond_the_scope),
	                                   T(test_reader_of_a_check_that_fails),
	                                   T(test_excluded_host),
	                                   T(test_complete_inventory_is_not_ready),
	                                   T(test_warnings_alone_are_not_ready),
	                                   T(test_verdict_order)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
