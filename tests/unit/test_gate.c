/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_gate.c - which run may answer for a host and what it says: every way in which a "ready" would be a lie ends in unknown.
 */
#include "records.h"

#include "gate.h"

static struct gate_question question;
static struct gate_answer answer;

static void ask(void)
{
	struct history *h = open_history(false);

	gate_ask(h, &question, arena, &answer);
	history_close(h);
}

static int setup(void **state)
{
	question = (struct gate_question){.operation = &gate_operations[0],
	                                  .host = "esx01",
	                                  .profile = "maintenance",
	                                  .profile_digest = DIGEST,
	                                  .now_ms = NOW,
	                                  .max_age_ms = 15 * MINUTE};
	return records_setup(state);
}

static int teardown(void **state)
{
	gate_dispose(&answer);
	return records_teardown(state);
}

static const char *codes(void)
{
	char *text = arena_strdup(arena, "");

	for (size_t i = 0; i < answer.n; i++)
		text = arena_printf(arena, "%s%s%s", text, i > 0 ? " " : "", answer.reasons[i].code);
	return text;
}

/* ---- what makes the one run there is no answer, or a bad one ---- */

#define IDS_01 "\"target\":\"vc01\",\"cluster\":\"vc01/prod\",\"host\":\"vc01/host-01\""

struct change {
	const char *name;
	enum verdict verdict;
	const char *codes;
	struct record r; /* what is set here replaces what a fine run has */
	bool incomplete;
	int64_t started, ended, oldest; /* ms after NOW; 0: as a fine run */
};

static const struct change changes[] = {
	{.name = "nothing", .verdict = VERDICT_READY, .codes = ""},
	{.name = "replay", .verdict = VERDICT_UNKNOWN, .codes = "unknown-host", .r = {.replay = true}},
	{.name = "incomplete", .verdict = VERDICT_UNKNOWN, .codes = "incomplete", .incomplete = true},
	{.name = "another profile", .verdict = VERDICT_UNKNOWN, .codes = "not-covered", .r = {.profile = "onboarding"}},
	{.name = "the profile changed since",
         .verdict = VERDICT_UNKNOWN,
         .codes = "other-profile",
         .r = {.profile_digest = "sha256:0"}},
	{.name = "another version", .verdict = VERDICT_UNKNOWN, .codes = "other-version", .r = {.version = "0.0.9"}},
	{.name = "own checks", .verdict = VERDICT_UNKNOWN, .codes = "own-checks", .r = {.own_checks = true}},
	{.name = "no word on destinations",
         .verdict = VERDICT_UNKNOWN,
         .codes = "no-destination-check",
         .r = {.checks = "[]"}},
	{.name = "destinations only a warning",
         .verdict = VERDICT_UNKNOWN,
         .codes = "no-destination-check",
         .r = {.checks = "[{\"id\":\"vm-has-destination\",\"severity\":\"warning\",\"subject\":\"vm\"}]"}},
	{.name = "a platform whose VMs nobody asks about",
         .verdict = VERDICT_UNKNOWN,
         .codes = "no-destination-check",
         .r = {.targets = "[{\"name\":\"vc01\",\"platform\":\"hyperv\",\"address\":\"https://vc01\"}]"}},
	{.name = "old", .verdict = VERDICT_UNKNOWN, .codes = "stale", .started = -16 * MINUTE, .oldest = -16 * MINUTE},
	{.name = "old facts", .verdict = VERDICT_UNKNOWN, .codes = "stale", .oldest = -15 * MINUTE - 1},
	{.name = "just not old",
         .verdict = VERDICT_READY,
         .codes = "",
         .started = -15 * MINUTE,
         .oldest = -15 * MINUTE},
	{.name = "no fact", .verdict = VERDICT_UNKNOWN, .codes = "no-fact", .oldest = -NOW},
	{.name = "started in the future", .verdict = VERDICT_UNKNOWN, .codes = "future", .started = 1, .ended = 2},
	{.name = "ended in the future", .verdict = VERDICT_UNKNOWN, .codes = "future", .ended = 1},
	{.name = "facts of the future", .verdict = VERDICT_UNKNOWN, .codes = "future", .oldest = 1},
	{.name = "ended before it started", .verdict = VERDICT_UNKNOWN, .codes = "future", .ended = -3 * MINUTE},
	{.name = "a waiver holds", .verdict = VERDICT_READY, .codes = "", .r = {.waived_until_ms = NOW + 1}},
	{.name = "a waiver expired",
         .verdict = VERDICT_UNKNOWN,
         .codes = "waiver-expired",
         .r = {.waived_until_ms = NOW}},
	{.name = "only VMs",
         .verdict = VERDICT_UNKNOWN,
         .codes = "not-covered",
         .r = {.scope = "{\"hosts\":[],\"clusters\":[],\"vms\":[\"db*\"],\"excluded\":[]}"}},
	{.name = "a scope that nobody can read",
         .verdict = VERDICT_UNKNOWN,
         .codes = "not-covered",
         .r = {.scope = "?"}},
	{.name = "out of scope",
         .verdict = VERDICT_UNKNOWN,
         .codes = "not-covered",
         .r = {.hosts = "[" HOST("01", "prod", "\"state\":\"outside\"") "]"}},
	{.name = "excluded",
         .verdict = VERDICT_UNKNOWN,
         .codes = "excluded",
         .r = {.hosts = "[" HOST("01", "prod", "\"state\":\"excluded\"") "]"}},
	{.name = "a destination excluded",
         .verdict = VERDICT_UNKNOWN,
         .codes = "candidate-excluded",
         .r = {.hosts = "[" HOST("01", "prod", FINE) "," HOST("02", "prod", "\"state\":\"excluded\"") "]"}},
	{.name = "a dead host excluded",
         .verdict = VERDICT_READY,
         .codes = "",
         .r = {.hosts = "[" HOST("01", "prod",
                                 FINE) ",{\"id\":\"vc01/host-02\",\"target\":\"vc01\",\"cluster\":\"vc01/prod\","
                                       "\"destination\":false,\"state\":\"excluded\"}]"}},
	{.name = "another cluster's host excluded",
         .verdict = VERDICT_READY,
         .codes = "",
         .r = {.hosts = "[" HOST("01", "prod", FINE) "," HOST("11", "test", "\"state\":\"excluded\"") "]"}},
	{.name = "nothing judged",
         .verdict = VERDICT_UNKNOWN,
         .codes = "nothing-judged",
         .r = {.hosts = "[" HOST("01", "prod", "\"state\":\"covered\",\"critical\":[0,0,0,0,7,0]") "]"}},
	{.name = "nothing judged but what is waived",
         .verdict = VERDICT_UNKNOWN,
         .codes = "nothing-judged",
         .r = {.hosts = "[" HOST("01", "prod", "\"state\":\"covered\",\"critical\":[0,0,0,0,7,3]") "]"}},
	{.name = "fewer than none",
         .verdict = VERDICT_UNKNOWN,
         .codes = "damaged",
         .r = {.hosts = "[" HOST("01", "prod", "\"state\":\"covered\",\"critical\":[-1,0,0,0,7,0]") "]"}},
	{.name = "hosts that nobody can read", .verdict = VERDICT_UNKNOWN, .codes = "damaged", .r = {.hosts = "{}"}},
	{.name = "a state of tomorrow",
         .verdict = VERDICT_UNKNOWN,
         .codes = "damaged",
         .r = {.hosts = "[" HOST("01", "prod", "\"state\":\"fine\",\"critical\":[5,0,0,0,1,0]") "]"}},
	{.name = "findings that nobody can read",
         .verdict = VERDICT_UNKNOWN,
         .codes = "damaged",
         .r = {.findings = "[1]"}},
	{.name = "a status of tomorrow",
         .verdict = VERDICT_UNKNOWN,
         .codes = "damaged",
         .r = {.findings = FINDING("good", "critical", "host", IDS_01)}},
	/* findings */
	{.name = "it fails",
         .verdict = VERDICT_NOT_READY,
         .codes = "fail",
         .r = {.findings = FINDING("fail", "critical", "host", IDS_01)}},
	{.name = "it is unknown",
         .verdict = VERDICT_UNKNOWN,
         .codes = "unknown",
         .r = {.findings = FINDING("unknown", "critical", "host", IDS_01)}},
	{.name = "it fails, and the run is old",
         .verdict = VERDICT_UNKNOWN,
         .codes = "stale fail",
         .oldest = -16 * MINUTE,
         .r = {.findings = FINDING("fail", "critical", "host", IDS_01)}},
	{.name = "a warning",
         .verdict = VERDICT_READY,
         .codes = "",
         .r = {.findings = FINDING("warn", "critical", "host", IDS_01)}},
	{.name = "waived",
         .verdict = VERDICT_READY,
         .codes = "",
         .r = {.findings = FINDING("waived", "critical", "host", IDS_01)}},
	{.name = "not critical",
         .verdict = VERDICT_READY,
         .codes = "",
         .r = {.findings = FINDING("fail", "warning", "host", IDS_01)}},
	{.name = "a VM of it",
         .verdict = VERDICT_NOT_READY,
         .codes = "fail",
         .r = {.findings = FINDING("fail", "critical", "vm", IDS_01 ",\"vm\":\"vc01/vm-1\"")}},
	{.name = "a candidate of a VM",
         .verdict = VERDICT_READY,
         .codes = "",
         .r = {.findings = FINDING("fail", "critical", "vm_host",
                                   IDS_01 ",\"vm\":\"vc01/vm-1\",\"peer\":\"vc01/host-02\"")}},
	{.name = "a pair that it starts",
         .verdict = VERDICT_NOT_READY,
         .codes = "fail",
         .r = {.findings = FINDING("fail", "critical", "pair", IDS_01 ",\"peer\":\"vc01/host-02\"")}},
	{.name = "a pair that it ends",
         .verdict = VERDICT_READY,
         .codes = "",
         .r = {.findings = FINDING("fail", "critical", "pair",
                                   "\"target\":\"vc01\",\"cluster\":\"vc01/prod\",\"host\":\"vc01/"
                                   "host-02\",\"peer\":\"vc01/host-01\"")}},
	{.name = "another host",
         .verdict = VERDICT_READY,
         .codes = "",
         .r = {.findings = FINDING("fail", "critical", "host",
                                   "\"target\":\"vc01\",\"cluster\":\"vc01/prod\",\"host\":\"vc01/host-02\"")}},
	{.name = "its cluster",
         .verdict = VERDICT_NOT_READY,
         .codes = "fail",
         .r = {.findings = FINDING("fail", "critical", "cluster", "\"target\":\"vc01\",\"cluster\":\"vc01/prod\"")}},
	{.name = "another cluster",
         .verdict = VERDICT_READY,
         .codes = "",
         .r = {.findings = FINDING("fail", "critical", "cluster", "\"target\":\"vc01\",\"cluster\":\"vc01/test\"")}},
	{.name = "its target",
         .verdict = VERDICT_UNKNOWN,
         .codes = "unknown",
         .r = {.findings = FINDING("unknown", "critical", "target", "\"target\":\"vc01\"")}},
	{.name = "another target",
         .verdict = VERDICT_READY,
         .codes = "",
         .r = {.findings = FINDING("unknown", "critical", "target", "\"target\":\"vc02\"")}},
	{.name = "a datastore of its target",
         .verdict = VERDICT_NOT_READY,
         .codes = "fail",
         .r = {.findings =
                       FINDING("fail", "critical", "datastore", "\"target\":\"vc01\",\"datastore\":\"vc01/ds-1\"")}},
	{.name = "nobody in particular",
         .verdict = VERDICT_UNKNOWN,
         .codes = "unknown",
         .r = {.findings = FINDING("unknown", "critical", "host", "")}},
	{.name = "ids that can't be told",
         .verdict = VERDICT_NOT_READY,
         .codes = "fail",
         .r = {.findings = "[{\"check\":\"c\",\"severity\":\"critical\",\"subject\":\"host\",\"status\":\"fail\","
                           "\"fingerprint\":\"00112233445566778899aabbccddeeff\"}]"}},
};

static const char * or (const char *changed, const char *fine_one)
{
	return changed != NULL ? changed : fine_one;
}

static struct record changed(const struct change *c)
{
	struct record r = fine();

	r.profile = or (c->r.profile, r.profile);
	r.profile_digest = or (c->r.profile_digest, r.profile_digest);
	r.version = or (c->r.version, r.version);
	r.checks = or (c->r.checks, r.checks);
	r.scope = or (c->r.scope, r.scope);
	r.targets = or (c->r.targets, r.targets);
	r.hosts = or (c->r.hosts, r.hosts);
	r.findings = or (c->r.findings, r.findings);
	r.replay = c->r.replay;
	r.own_checks = c->r.own_checks;
	r.waived_until_ms = c->r.waived_until_ms;
	r.complete = !c->incomplete;
	r.started_ms = c->started != 0 ? NOW + c->started : r.started_ms;
	r.ended_ms = c->ended != 0 ? NOW + c->ended : r.ended_ms;
	r.oldest_fact_ms = c->oldest != 0 ? NOW + c->oldest : r.oldest_fact_ms;
	return r;
}

static void expect(const char *name, enum verdict verdict, const char *wanted)
{
	ask();
	if (answer.verdict != verdict || strcmp(codes(), wanted) != 0)
		fail_msg("%s: %s (%s) instead of %s (%s)", name, verdict_name(answer.verdict), codes(),
		         verdict_name(verdict), wanted);
	if (verdict == VERDICT_READY)
		assert_non_null(answer.record);
	gate_dispose(&answer);
}

/* The run alone, and behind an older one that is fine: the newer one is never passed over. */
static void test_one_run(void **state)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		records_teardown(state);
		records_setup(state);
		record(changed(&changes[i]));
		expect(changes[i].name, changes[i].verdict, changes[i].codes);
	}
}

/* What covers nothing of the host leaves the older run its say; everything else takes it away. */
static void test_newer_run(void **state)
{
	static const char *const leave[] = {"replay", "another profile", "only VMs", "a scope that nobody can read",
	                                    "out of scope"};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		bool leaves = false;
		struct record old;

		records_teardown(state);
		records_setup(state);
		old = fine();
		old.started_ms = old.oldest_fact_ms = NOW - 10 * MINUTE;
		old.ended_ms = NOW - 9 * MINUTE;
		record(old);
		record(changed(&changes[i]));
		for (size_t k = 0; k < sizeof(leave) / sizeof(leave[0]); k++)
			leaves = leaves || strcmp(leave[k], changes[i].name) == 0;
		expect(changes[i].name, leaves ? VERDICT_READY : changes[i].verdict, leaves ? "" : changes[i].codes);
	}
}

/* ---- several runs ---- */

static void test_newer_partial_run_tells_bad_news(void **state)
{
	struct record r = fine();

	(void)state;
	r.started_ms = r.oldest_fact_ms = NOW - 10 * MINUTE;
	r.ended_ms = NOW - 9 * MINUTE;
	record(r);
	r = fine();
	r.started_ms = r.oldest_fact_ms = NOW - 5 * MINUTE;
	r.ended_ms = NOW - 4 * MINUTE;
	r.scope = "{\"hosts\":[],\"clusters\":[],\"vms\":[\"db\"],\"excluded\":[]}";
	r.findings = FINDING("fail", "critical", "vm", IDS_01 ",\"vm\":\"vc01/vm-1\"");
	record(r);
	expect("a VM of it fails", VERDICT_NOT_READY, "fail");
	r = fine();
	record(r);
	expect("repaired since", VERDICT_READY, "");
}

static void test_older_bad_run_is_over(void **state)
{
	struct record bad = fine();

	(void)state;
	bad.findings = FINDING("fail", "critical", "host", IDS_01);
	bad.started_ms = NOW - 10 * MINUTE;
	bad.ended_ms = NOW - 9 * MINUTE;
	record(bad);
	record(fine());
	expect("the newer one is fine", VERDICT_READY, "");
}

/* The long run was recorded last and started first: neither is newer, so both have a say. */
static void test_overlapping_runs(void **state)
{
	struct record quick = fine(), slow = fine();

	(void)state;
	quick.findings = FINDING("fail", "critical", "host", IDS_01);
	record(quick);
	slow.started_ms = slow.oldest_fact_ms = NOW - 10 * MINUTE;
	record(slow);
	expect("the quick one found a fail", VERDICT_NOT_READY, "fail");
}

static void test_host_vanished(void **state)
{
	struct record r;

	(void)state;
	record(fine());
	r = fine();
	r.hosts = "[" HOST("02", "prod", FINE) "]";
	record(r);
	expect("its vCenter doesn't list it any more", VERDICT_UNKNOWN, "unknown-host");
}

static void test_target_unreached(void **state)
{
	struct record r;

	(void)state;
	record(fine());
	r = fine();
	r.hosts = "[]";
	r.complete = false;
	record(r);
	expect("its vCenter didn't answer", VERDICT_UNKNOWN, "not-listed");
}

static void test_other_target_leaves_it_alone(void **state)
{
	struct record r;

	(void)state;
	record(fine());
	r = fine();
	r.targets = "[{\"name\":\"vc02\",\"platform\":\"vsphere\",\"address\":\"https://vc02\"}]";
	r.hosts = "[]";
	record(r);
	expect("a run of another inventory", VERDICT_READY, "");
}

/* ---- who is meant ---- */

#define OTHER_01(uuid)                                                                                                 \
	"[{\"id\":\"vc02/host-7\",\"name\":\"esx01.example.com\",\"label\":\"esx01\",\"target\":\"vc02\",\"cluster\":" \
	"\"vc02/c\",\"uuid\":\"" uuid "\",\"destination\":true," FINE "}]"

static void record_other_target(const char *hosts)
{
	struct record r = fine();

	r.targets = "[{\"name\":\"vc02\",\"platform\":\"vsphere\",\"address\":\"https://vc02\"}]";
	r.hosts = hosts;
	record(r);
}

static void test_two_targets_one_name(void **state)
{
	(void)state;
	record(fine());
	record_other_target(OTHER_01("uuid-other"));
	expect("two hosts", VERDICT_UNKNOWN, "ambiguous-host");
	question.host = "vc01/esx01";
	expect("named with its target", VERDICT_READY, "");
	question.host = "vc02/esx01";
	expect("the other", VERDICT_READY, "");
	question.host = "vc03/esx01";
	expect("of a target that isn't there", VERDICT_UNKNOWN, "unknown-host");
}

static void test_two_targets_one_host(void **state)
{
	(void)state;
	record(fine());
	record_other_target(OTHER_01("uuid-01"));
	expect("one machine under two targets", VERDICT_READY, "");
}

/* Two inventories, one history: their targets have one name, and so have the ids of their hosts. */
static void record_elsewhere(const char *targets, const char *hosts)
{
	struct record r = fine();

	r.targets = targets;
	r.hosts = hosts;
	record(r);
}

#define HOST_OF_LAB                                                                                                    \
	"[{\"id\":\"vc01/"                                                                                             \
	"host-01\",\"name\":\"esx01.example.com\",\"label\":\"esx01\",\"target\":\"vc01\",\"cluster\":"                \
	"\"vc01/prod\",\"uuid\":\"uuid-lab\",\"destination\":true," FINE "}]"

static void test_one_target_name_for_two(void **state)
{
	(void)state;
	record(fine());
	record_elsewhere("[{\"name\":\"vc01\",\"platform\":\"vsphere\",\"address\":\"https://lab\"}]", HOST_OF_LAB);
	expect("the same id in another vCenter", VERDICT_UNKNOWN, "ambiguous-host");
}

/* A standalone host's id is always the same, and tells no instance. */
static void test_one_target_name_for_two_hosts(void **state)
{
	(void)state;
	record(fine());
	record_elsewhere(
		"[{\"name\":\"vc01\",\"platform\":\"vsphere\",\"address\":\"https://esx99\"}]",
		"[{\"id\":\"vc01/host-01\",\"name\":\"esx99.example.com\",\"label\":\"esx99\",\"target\":\"vc01\","
		"\"cluster\":\"vc01/c\",\"uuid\":\"uuid-99\",\"destination\":true," FINE "}]");
	expect("another host under the same id", VERDICT_UNKNOWN, "not-listed");
}

static void test_one_vcenter_by_two_addresses(void **state)
{
	(void)state;
	record_elsewhere(
		"[{\"name\":\"vc01\",\"platform\":\"vsphere\",\"address\":\"https://vc01\",\"instance\":\"i-1\"}]",
		HOSTS);
	record_elsewhere(
		"[{\"name\":\"vc01\",\"platform\":\"vsphere\",\"address\":\"https://10.0.0.1\",\"instance\":\"i-1\"}]",
		HOSTS);
	expect("one instance", VERDICT_READY, "");
	record_elsewhere(
		"[{\"name\":\"vc01\",\"platform\":\"vsphere\",\"address\":\"https://vc01\",\"instance\":\"i-2\"}]",
		"[]");
	expect("another instance is somebody else", VERDICT_READY, "");
}

/* A glob means one host of the newest run: an older run may know others that it fits. */
static void test_glob_in_an_older_run(void **state)
{
	struct record r = fine();

	(void)state;
	r.hosts = "[" HOST("01", "prod", FINE) "," HOST("02", "prod", "\"state\":\"outside\"") "]";
	record(r);
	r = fine();
	r.hosts = "[" HOST("02", "prod", "\"state\":\"outside\"") "]";
	record(r);
	question.host = "esx0[12]*";
	expect("a glob", VERDICT_UNKNOWN, "not-covered");
}

static void test_names(void **state)
{
	static const struct {
		const char *host, *codes;
	} names[] = {{"esx01", ""},
	             {"ESX01.example.com", ""},
	             {"esx0?", "ambiguous-host"},
	             {"esx04", "unknown-host"},
	             {"esx1", "unknown-host"},
	             {"esx01.example", "unknown-host"},
	             {"vc01/esx11", ""},
	             {"", "unknown-host"},
	             {"/esx01", "unknown-host"}};

	(void)state;
	record(fine());
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		question.host = names[i].host;
		expect(names[i].host, *names[i].codes == '\0' ? VERDICT_READY : VERDICT_UNKNOWN, names[i].codes);
	}
}

/* Hardware was replaced under the same name: the newest state of the target counts, so nothing is ambiguous. */
static void test_replaced_host(void **state)
{
	struct record r = fine();

	(void)state;
	r.hosts = "[{\"id\":\"vc01/"
		  "host-99\",\"name\":\"esx01.example.com\",\"label\":\"esx01\",\"target\":\"vc01\",\"cluster\":"
		  "\"vc01/prod\",\"uuid\":\"uuid-99\",\"destination\":true," FINE "}]";
	record(r);
	record(fine());
	expect("replaced", VERDICT_READY, "");
}

/* ---- the file ---- */

static void test_tampered(void **state)
{
	static const struct {
		const char *sql, *codes;
	} cases[] = {
		{"UPDATE run SET verdict = 'not-ready'", "damaged"},
		{"UPDATE run SET oldest_fact = oldest_fact + 1000", "damaged"},
		{"UPDATE run SET complete = 2", "damaged"},
		{"UPDATE run SET waived_until = 1", "damaged"},
		{"UPDATE run SET started = -9223372036854775808", "damaged"},
		{"UPDATE run SET replay = NULL, started = 'x' || started WHERE 0", ""},
		{"UPDATE run SET profile = 'onboarding'", "damaged"},
		{"UPDATE run SET run = 'OTHER'", "damaged"},
		{"UPDATE run SET seq = seq + 7", "damaged"},
		{"UPDATE run SET digest = NULL", "damaged"},
		{"UPDATE document SET body = replace(body, 'esx02', 'esx03')", "damaged"},
		{"UPDATE document SET body = '[]' WHERE body <> '[]'", "damaged"},
		{"DELETE FROM document", "damaged"},
		{"DELETE FROM document WHERE body = '[]'", "damaged"},
		{"UPDATE history_info SET value = replace(value, substr(value, 1, 1), 'x') WHERE key = 'history'",
	         "damaged"},
		{"INSERT INTO run SELECT seq + 1, 'COPY', version, profile, profile_digest, verdict, why, complete, "
	         "replay, own_checks,"
	         " started, ended, oldest_fact, waived_until, summary, scope, targets, checks, hosts, findings, digest "
	         "FROM run",
	         "damaged"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		records_teardown(state);
		records_setup(state);
		record(fine());
		tamper(cases[i].sql);
		/* a tampered newest run has no host that it could be asked for by itself */
		ask();
		if (*cases[i].codes == '\0' ? answer.verdict != VERDICT_READY : answer.verdict != VERDICT_UNKNOWN)
			fail_msg("%s: %s (%s)", cases[i].sql, verdict_name(answer.verdict), codes());
		gate_dispose(&answer);
	}
}

/* Runs are numbered upwards: behind the last number there is none. */
static void test_last_number(void **state)
{
	struct record r = fine();
	struct history *h;

	(void)state;
	record(fine());
	tamper("UPDATE sqlite_sequence SET seq = 9223372036854775807");
	expect("numbers are missing", VERDICT_UNKNOWN, "runs-missing");
	r.hosts_digest = r.findings_digest = "";
	h = open_history(true);
	assert_int_equal(history_add(h, &r, &HISTORY_KEEP_DEFAULT, &err), -1);
	assert_int_equal(err.kind, ERR_CONFIG);
	history_close(h);
}

static void test_tampered_newest(void **state)
{
	(void)state;
	record(fine());
	record(fine());
	tamper("UPDATE run SET replay = 1 WHERE seq = 2");
	expect("the newest is damaged", VERDICT_UNKNOWN, "damaged");
}

static void test_damaged_oldest_is_over(void **state)
{
	struct record old = fine();

	(void)state;
	old.ended_ms = NOW - 10 * MINUTE;
	record(old);
	record(fine());
	tamper("UPDATE run SET verdict = 'x' WHERE seq = 1");
	expect("only the oldest is damaged", VERDICT_READY, "");
}

static void test_newest_deleted(void **state)
{
	struct record bad = fine();

	(void)state;
	record(fine());
	bad.findings = FINDING("fail", "critical", "host", IDS_01);
	record(bad);
	tamper("DELETE FROM run WHERE seq = 2");
	expect("the bad one was deleted", VERDICT_UNKNOWN, "runs-missing");
}

static void test_middle_deleted(void **state)
{
	struct record partial;

	(void)state;
	record(fine());
	record(fine());
	partial = fine();
	partial.scope = "{\"hosts\":[],\"clusters\":[],\"vms\":[\"db\"],\"excluded\":[]}";
	record(partial);
	tamper("DELETE FROM run WHERE seq = 2");
	expect("one between was deleted", VERDICT_UNKNOWN, "runs-missing");
}

static void test_empty_history(void **state)
{
	(void)state;
	history_close(open_history(true));
	expect("no run", VERDICT_UNKNOWN, "unknown-host");
}

static void test_only_this_run(void **state)
{
	struct record bad = fine(), good;

	(void)state;
	bad.findings = FINDING("fail", "critical", "host", IDS_01);
	record(bad);
	good = fine();
	record(good);
	question.run = good.run;
	expect("the one just made", VERDICT_READY, "");
	question.run = bad.run;
	expect("that one", VERDICT_NOT_READY, "fail");
	question.run = "RUN";
	expect("none of that id", VERDICT_UNKNOWN, "no-run");
	good = fine();
	good.hosts = "[" HOST("01", "prod", "\"state\":\"outside\"") "]";
	record(good);
	question.run = good.run;
	expect("it doesn't cover the host", VERDICT_UNKNOWN, "not-covered");
}

static void test_evacuate(void **state)
{
	struct record r = fine();

	(void)state;
	r.profile = "evacuation";
	record(r);
	question.operation = &gate_operations[1];
	question.profile = "evacuation";
	expect("no placement", VERDICT_UNKNOWN, "no-placement");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_one_run),
		T(test_newer_run),
		T(test_newer_partial_run_tells_bad_news),
		T(test_older_bad_run_is_over),
		T(test_overlapping_runs),
		T(test_host_vanished),
		T(test_target_unreached),
		T(test_other_target_leaves_it_alone),
		T(test_two_targets_one_name),
		T(test_two_targets_one_host),
		T(test_one_target_name_for_two),
		T(test_one_target_name_for_two_hosts),
		T(test_one_vcenter_by_two_addresses),
		T(test_glob_in_an_older_run),
		T(test_names),
		T(test_replaced_host),
		T(test_tampered),
		T(test_tampered_newest),
		T(test_last_number),
		T(test_damaged_oldest_is_over),
		T(test_newest_deleted),
		T(test_middle_deleted),
		T(test_empty_history),
		T(test_only_this_run),
		T(test_evacuate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
