/* SPDX-License-Identifier: Apache-2.0 */
/* test_record.c - what of a judged run is written down: hosts in and out of scope, counts, ids, texts that nobody should trust. */
#include "store.h"

#include "record.h"

#define HEAD(subject, severity)                                                                                        \
	"/*\ntitle: t\nsubject: " subject "\ndepends: own\nseverity: " severity "\nplatforms: [vsphere]\nfix: f\n*/\n"

static struct run run;
static struct record record;
static struct recorded_host *hosts;
static struct recorded_finding *findings;
static size_t nhosts, nfindings;
static bool brief;

/* Hosts A to C (host-1 to host-3) in c1 and D in c2; a VM on A. */
static void four_hosts(void)
{
	store_open();
	sql("INSERT INTO vsphere_compute(compute, name, kind) VALUES('vc01/c1', 'prod', 'ClusterComputeResource'),"
	    " ('vc01/c2', 'test', 'ClusterComputeResource');"
	    "INSERT INTO vsphere_host(host, name, compute, connection, uuid) VALUES"
	    " ('vc01/host-1', 'A.example.com', 'vc01/c1', 'connected', '11111111-2222-3333-4444-555555555555'),"
	    " ('vc01/host-2', 'B', 'vc01/c1', 'connected', NULL), ('vc01/host-3', 'C', 'vc01/c1', 'notResponding', "
	    "NULL),"
	    " ('vc01/host-4', 'D', 'vc01/c2', 'connected', NULL);"
	    "INSERT INTO vsphere_vm(vm, name, host) VALUES('vc01/vm-1', 'db', 'vc01/host-1');"
	    "INSERT INTO run_filled VALUES('vsphere_compute', 'vc01', NULL), ('vsphere_host', 'vc01', NULL),"
	    " ('vsphere_vm', 'vc01', NULL), ('vsphere_datastore', 'vc01', NULL)");
}

static void judge_and_record(struct scope scope)
{
	must(try_plan());
	must(model_materialise(s.model, s.facts, &s.plan.views, &s.err));
	run = (struct run){.id = "RUN",
	                   .profile = "maintenance",
	                   .profile_digest = "sha256:0",
	                   .checks = &s.checks,
	                   .facts = s.facts,
	                   .arena = s.arena,
	                   .complete = true,
	                   .brief = brief,
	                   .scope = scope,
	                   .started_ms = 1000,
	                   .ended_ms = 2000,
	                   .oldest_fact_ms = 1000};
	must(judge(&run, &s.plan, &s.probes, &s.err));
	must(record_make(s.arena, &run, false, &record, &s.err));
	if (record_hosts(s.arena, &record, &hosts, &nhosts) < 0 ||
	    record_findings(s.arena, &record, &findings, &nfindings) < 0)
		fail_msg("%s: %s", record.damage, record.findings);
}

static const struct recorded_host *host(const char *id)
{
	for (size_t i = 0; i < nhosts; i++)
		if (strcmp(hosts[i].id, id) == 0)
			return &hosts[i];
	fail_msg("no host %s in %s", id, record.hosts);
	return NULL;
}

static void test_hosts(void **state)
{
	static const char *only[] = {"A", NULL};
	const struct recorded_host *a;

	(void)state;
	four_hosts();
	sql("INSERT INTO temp.run_excluded VALUES('vc01/host-2')");
	check("host-ok", HEAD("host", "critical") "SELECT id AS host, 'pass' AS status FROM host");
	check("vm-ok", HEAD("vm", "critical") "SELECT id AS vm, 'fail' AS status FROM vm");
	check("vm-small", HEAD("vm", "warning") "SELECT id AS vm, 'fail' AS status FROM vm");
	judge_and_record((struct scope){.hosts = only});
	assert_int_equal(nhosts, 4);
	a = host("vc01/host-1");
	assert_int_equal(a->state, HOST_COVERED);
	assert_string_equal(a->name, "A.example.com");
	assert_string_equal(a->label, "a");
	assert_string_equal(a->uuid, "11111111222233334444555555555555");
	assert_string_equal(a->cluster, "vc01/c1");
	assert_string_equal(a->cluster_name, "prod");
	assert_true(a->destination);
	assert_int_equal(a->critical[STATUS_PASS], 1);
	assert_int_equal(a->critical[STATUS_FAIL], 1);
	assert_int_equal(host("vc01/host-2")->state, HOST_EXCLUDED);
	assert_true(host("vc01/host-2")->destination);
	assert_string_equal(host("vc01/host-2")->cluster, "vc01/c1");
	assert_int_equal(host("vc01/host-3")->state, HOST_OUTSIDE);
	assert_false(host("vc01/host-3")->destination);
	assert_int_equal(host("vc01/host-4")->state, HOST_OUTSIDE);
	assert_true(record_judged(&record, "vm-ok"));
	assert_false(record_judged(&record, "vm-small"));
	assert_false(record_judged(&record, "vm"));
	assert_false(record_narrowed_to_vms(&record));
	assert_string_equal(record_scope_text(s.arena, &record), "A");
	assert_string_equal(record_targets_text(s.arena, &record), "vc01");
	assert_int_equal(record_count(&record, STATUS_FAIL), run.count[STATUS_FAIL]);
}

struct expanded {
	size_t n;
	char fingerprint[4][33];
};

static int note(void *arg, const struct finding *f, struct err *err)
{
	struct expanded *e = arg;

	(void)err;
	memcpy(e->fingerprint[e->n++], f->fingerprint, 33);
	return 0;
}

/* What nobody will list is counted all the same, of a check that breaks in mid-way only once. */
static void test_brief(void **state)
{
	struct expanded e = {0};
	const struct recorded_host *a;

	(void)state;
	four_hosts();
	check("host-ok", HEAD("host", "critical") "SELECT id AS host, 'pass' AS status FROM host");
	check("vm-ok", HEAD("vm", "critical") "SELECT id AS vm, 'na' AS status FROM vm");
	check("host-odd", HEAD("host", "critical") "SELECT id AS host, 'pass' AS status FROM host"
	                                           " UNION ALL SELECT 'nobody', 'pass'");
	brief = true;
	judge_and_record((struct scope){0});
	brief = false;
	a = host("vc01/host-1");
	assert_int_equal(a->critical[STATUS_PASS], 1);
	assert_int_equal(a->critical[STATUS_NA], 1);
	assert_int_equal(a->critical[STATUS_UNKNOWN], 1);
	assert_int_equal(run.count[STATUS_PASS], 4);
	assert_int_equal(nfindings, 4);
	assert_int_equal(run_findings(&run, true, true, note, &e, &s.err), -1);
	assert_int_equal(s.err.kind, ERR_INTERNAL);
	run.brief = false;
	must(run_findings(&run, true, true, note, &e, &s.err));
	assert_int_equal(e.n, 4);
}

static void test_findings(void **state)
{
	(void)state;
	four_hosts();
	check("vm-ok", HEAD("vm", "critical") "SELECT id AS vm, 'fail' AS status, 'o' AS object FROM vm");
	check("pair-ok",
	      HEAD("pair", "warning") "SELECT host, json_group_array(peer) AS peer, CASE host WHEN 'vc01/host-3' THEN"
	                              " 'warn' ELSE 'pass' END AS status FROM host_pair GROUP BY host");
	judge_and_record((struct scope){0});
	assert_int_equal(nfindings, 2);
	assert_string_equal(findings[0].check, "vm-ok");
	assert_int_equal(findings[0].subject, SUBJECT_VM);
	assert_true(findings[0].known);
	assert_string_equal(findings[0].vm, "vc01/vm-1");
	assert_string_equal(findings[0].host, "vc01/host-1");
	assert_string_equal(findings[0].cluster, "vc01/c1");
	assert_string_equal(findings[0].f.vm, "db");
	assert_string_equal(findings[0].f.object, "o");
	assert_int_equal(findings[1].f.status, STATUS_WARN);
	assert_int_equal(findings[1].f.npeers, 2);
	assert_string_equal(findings[1].f.peers, "[\"A.example.com\",\"B\"]");
	assert_string_equal(findings[1].peer_ids[1], "vc01/host-2");
	assert_string_equal(findings[1].peer, "");
}

/* A report lists each peer by itself; the record's group has the same fingerprints to give. */
static void test_fingerprints_of_a_group(void **state)
{
	struct expanded e = {0};
	char fingerprint[33];

	(void)state;
	four_hosts();
	check("pair-ok",
	      HEAD("pair", "warning") "SELECT host, json_group_array(peer) AS peer, CASE host WHEN 'vc01/host-3' THEN"
	                              " 'warn' ELSE 'pass' END AS status FROM host_pair GROUP BY host");
	judge_and_record((struct scope){0});
	must(run_findings(&run, false, true, note, &e, &s.err));
	assert_int_equal(e.n, findings[0].f.npeers);
	for (size_t i = 0; i < e.n; i++) {
		finding_fingerprint(findings[0].check, findings[0].ids, findings[0].peer_ids[i], findings[0].f.object,
		                    fingerprint);
		assert_string_equal(fingerprint, e.fingerprint[i]);
	}
}

/* Neither control characters nor broken UTF-8 nor length make a record that can't be read back. */
static void test_hostile_texts(void **state)
{
	char *text = arena_alloc(s.arena, 6001);

	(void)state;
	memset(text, 'x', 6000);
	four_hosts();
	sql("UPDATE vsphere_host SET name = CAST(x'1b5b33316dff0a22' AS TEXT) WHERE host = 'vc01/host-1'");
	check("host-ok",
	      arena_printf(s.arena,
	                   HEAD("host", "critical") "SELECT id AS host, 'fail' AS status, '%s' AS observed FROM host",
	                   text));
	judge_and_record((struct scope){0});
	assert_string_equal(host("vc01/host-1")->name, "\033[31m\xef\xbf\xbd\n\"");
	assert_int_equal(nfindings, 4);
	assert_int_equal(strlen(findings[0].f.observed), RECORD_TEXT_MAX);
}

/* An id with a blank could stand for two others: nobody can tell whom the finding is about, so it is about everybody. */
static void test_blank_in_an_id(void **state)
{
	(void)state;
	four_hosts();
	sql("UPDATE vsphere_host SET host = 'vc01/host-1 vc01/host-2' WHERE host = 'vc01/host-4'");
	check("host-ok", HEAD("host", "critical") "SELECT id AS host, 'fail' AS status FROM host WHERE name = 'D'"
	                                          " UNION ALL SELECT id, 'pass' FROM host WHERE name <> 'D'");
	judge_and_record((struct scope){0});
	assert_int_equal(nfindings, 1);
	assert_false(findings[0].known);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, store_setup, store_teardown)
	const struct CMUnitTest tests[] = {
		T(test_hosts), T(test_findings),      T(test_fingerprints_of_a_group),
		T(test_brief), T(test_hostile_texts), T(test_blank_in_an_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
