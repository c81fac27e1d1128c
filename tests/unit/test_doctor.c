/* SPDX-License-Identifier: Apache-2.0 */
/* test_doctor.c - what the doctor makes of facts: rights from roles, clocks within their error, and what wasn't told. */
#include "base/str.h"
#include "doctor.h"
#include "store.h"

#define NOW_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

static const char role_text[] = "{\"name\": \"checker\", \"privileges\": [\"System.View\", \"System.Read\"],"
				" \"optional\": [{\"privilege\": \"A.B\", \"for\": \"tea\"}]}";

static struct role role;

static int setup(void **state)
{
	int rc = store_setup(state);

	must(role_parse(s.arena, "role.json", role_text, strlen(role_text), &role, &s.err));
	store_open();
	return rc;
}

static void test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t ms, step;
	} good[] = {
		{"2026-01-01T00:00:00Z", NOW_MS, 1000},
		{"2026-01-01T00:00:00.5Z", NOW_MS + 500, 1},
		{"2026-01-01T00:00:00.484891656Z", NOW_MS + 484, 1},
		{"2026-01-01T01:30:00+01:30", NOW_MS, 1000},
		{"2025-12-31T19:00:00.001-05:00", NOW_MS + 1, 1},
	};
	static const char *const bad[] = {
		"", "now", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00+1", "2026-01-01T00:00:00Z!"};
	int64_t ms, step;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(doctor_parse_time(good[i].text, &ms, &step));
		assert_int_equal(ms, good[i].ms);
		assert_int_equal(step, good[i].step);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (doctor_parse_time(bad[i], &ms, &step))
			fail_msg("'%s' is taken for a time", bad[i]);
}

static void test_role_file(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"name\": \"x\", \"privileges\": []}",
		"{\"name\": \"x\", \"privileges\": [1]}",
		"{\"name\": \"x\", \"privileges\": [\"a\"], \"optional\": [{\"privilege\": \"b\"}]}"};
	struct role r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(role_parse(s.arena, "r.json", bad[i], strlen(bad[i]), &r, &s.err), -1);
		assert_int_equal(s.err.kind, ERR_CONFIG);
	}
}

struct wanted {
	const char *step, *host;
	enum status status;
	char *found;
	bool seen;
};

static int look(void *arg, const struct doctor_line *line, struct err *err)
{
	struct wanted *w = arg;

	(void)err;
	if (line->status == STATUS_FAIL && line->remedy == NULL)
		fail_msg("%s fails without a remedy", line->step);
	if (strcmp(line->step, w->step) != 0 || strcmp(line->host != NULL ? line->host : "", w->host) != 0)
		return 0;
	assert_false(w->seen);
	w->seen = true;
	w->status = line->status;
	w->found = arena_strdup(s.arena, line->found);
	return 0;
}

static const struct inventory *inventory;

/* After SQL (NULL: nothing more) the step of the target (HOST "") or of a host has that status, and its text begins so. */
struct scene {
	const char *sql, *step, *host;
	enum status status;
	const char *found;
};

static void expect(const struct scene *c)
{
	static const struct inventory nobody = {0};
	struct wanted w = {.step = c->step, .host = c->host};

	must(doctor_examine(s.facts, s.arena, inventory != NULL ? inventory : &nobody, &role, NOW_MS, look, &w,
	                    &s.err));
	if (!w.seen)
		fail_msg("%s %s is not told", c->step, c->host);
	if (w.status != c->status || strncmp(w.found, c->found, strlen(c->found)) != 0)
		fail_msg("%s %s is %s: %s; expected %s: %s", c->step, c->host, status_name(w.status), w.found,
		         status_name(c->status), c->found);
}

static void play(const struct scene *scenes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (scenes[i].sql != NULL)
			sql(scenes[i].sql);
		expect(&scenes[i]);
	}
}

#define PLAY(scenes) play(scenes, sizeof(scenes) / sizeof((scenes)[0]))

/* Nothing was answered: nothing passes. */
static void test_silence(void **state)
{
	static const struct scene scenes[] = {
		{NULL, "reachable", "", STATUS_UNKNOWN, ""},  {NULL, "certificate", "", STATUS_UNKNOWN, ""},
		{NULL, "login", "", STATUS_UNKNOWN, ""},      {NULL, "api", "", STATUS_UNKNOWN, ""},
		{NULL, "privileges", "", STATUS_UNKNOWN, ""}, {NULL, "clock", "", STATUS_UNKNOWN, ""},
		{NULL, "transports", "", STATUS_UNKNOWN, ""}, {NULL, "hosts", "", STATUS_UNKNOWN, ""},
	};

	(void)state;
	PLAY(scenes);
}

/* A secret that can't be fetched is the credential's fault, and only that: nobody was asked. */
static void test_no_secret(void **state)
{
	static const struct credential ro = {
		.name = "ro", .user = "u", .source = SECRET_ENV, .from = "VC_PASSWORD", .where = "i.yaml:5:3"};
	struct target vc01 = {.name = "vc01", .credential = &ro};
	const struct inventory inv = {.targets = &vc01, .ntargets = 1};
	static const struct scene scenes[] = {
		{"INSERT INTO run_outcome(probe, target, outcome, error) VALUES('vsphere/server', 'vc01', 'failed',"
	         " 'i.yaml:5:3: credential ''ro'': the environment variable VC_PASSWORD is not set')",
	         "credential", "", STATUS_FAIL, "i.yaml:5:3: credential 'ro': the environment variable"},
		{NULL, "reachable", "", STATUS_UNKNOWN, "not tried: the credential is missing"},
		{NULL, "login", "", STATUS_UNKNOWN, "not tried: the credential is missing"},
		{NULL, "hosts", "", STATUS_UNKNOWN, "not tried: the credential is missing"},
		{"UPDATE run_outcome SET error = 'connection refused'", "reachable", "", STATUS_UNKNOWN,
	         "connection refused"},
	};

	(void)state;
	inventory = &inv;
	PLAY(scenes);
	inventory = NULL;
}

#define ROLES                                                                                                          \
	"INSERT INTO vsphere_role VALUES('vc01/A', 'vc01', 7, 'viewer', 'System.Anonymous,System.View'),"              \
	" ('vc01/A', 'vc01', 8, 'reader', 'System.Reader,System.Read'), ('vc01/A', 'vc01', 9, 'odd', NULL);"
#define ROOT_ROLES(values) "DELETE FROM vsphere_root; INSERT INTO vsphere_root VALUES " values

static void test_roles_add_up(void **state)
{
	static const struct scene scenes[] = {
		{ROLES ROOT_ROLES("('vc01/g', 7)"), "privileges", "", STATUS_FAIL,
	         "on the root folder the account lacks System.Read"},
		{ROOT_ROLES("('vc01/g', 8)"), "privileges", "", STATUS_FAIL,
	         "on the root folder the account lacks System.View"},
		{ROOT_ROLES("('vc01/g', 7), ('vc01/g', 8)"), "privileges", "", STATUS_PASS,
	         "all of role checker; without A.B: no tea"},
		{ROOT_ROLES("('vc01/g', -1)"), "privileges", "", STATUS_PASS, "all of role checker"},
		/* What a role holds that the server doesn't describe: nobody knows. */
		{ROOT_ROLES("('vc01/g', 7), ('vc01/g', 9)"), "privileges", "", STATUS_UNKNOWN,
	         "the server did not tell what role 7,9"},
		{ROOT_ROLES("('vc01/g', 12)"), "privileges", "", STATUS_UNKNOWN,
	         "the server did not tell what role 12"},
		{ROOT_ROLES("('vc010/g', -1)"), "privileges", "", STATUS_UNKNOWN,
	         "the server did not tell which roles"},
	};

	(void)state;
	PLAY(scenes);
}

/* Servers that don't show their roles: what the system's own hold is known. */
static void test_system_roles(void **state)
{
	static const struct scene scenes[] = {
		{ROOT_ROLES("('vc01/g', -2)"), "privileges", "", STATUS_PASS, "all of role checker"},
		{ROOT_ROLES("('vc01/g', -3)"), "privileges", "", STATUS_FAIL,
	         "on the root folder the account lacks System.Read"},
		{ROOT_ROLES("('vc01/g', -5)"), "privileges", "", STATUS_FAIL,
	         "on the root folder the account lacks System.View, System.Read"},
	};

	(void)state;
	PLAY(scenes);
}

static void test_hosts(void **state)
{
	static const struct scene scenes[] = {
		{ROLES "INSERT INTO vsphere_host(host, name, connection) VALUES('vc01/h1', 'a', 'connected'),"
	               " ('vc01/h2', 'b', 'notResponding'), ('vc01/h3', NULL, NULL);"
	               "INSERT INTO vsphere_host_role VALUES('vc01/h1', 7), ('vc01/h1', 8), ('vc01/h2', 7);"
	               "INSERT INTO vsphere_host_now VALUES"
	               " ('vc01/h1', '2026-01-01T00:00:01.000Z', 1767225600900, 1767225601100, NULL),"
	               " ('vc01/h2', NULL, NULL, NULL, 'it is gone')",
	         "connected", "a", STATUS_PASS, "connected"},
		{NULL, "privileges", "a", STATUS_PASS, "all of role checker"},
		{NULL, "clock", "a", STATUS_PASS, "+0.000 s from this machine's, within 0.101 s"},
		{NULL, "connected", "b", STATUS_FAIL, "notResponding"},
		{NULL, "privileges", "b", STATUS_FAIL, "on this host the account lacks System.Read"},
		{NULL, "clock", "b", STATUS_UNKNOWN, "it is gone"},
		{"INSERT INTO run_outcome(probe, target, host, outcome) VALUES('vsphere/host_now', 'vc01', 'vc01/h2',"
	         " 'denied')",
	         "clock", "b", STATUS_NA, "not told: it is gone"},
		{"UPDATE run_outcome SET outcome = 'timeout'", "clock", "b", STATUS_UNKNOWN, "it is gone"},
		{NULL, "transports", "b", STATUS_UNKNOWN, ""},
		/* Only a host that told is known to lack the service. */
		{NULL, "clock", "vc01/h3", STATUS_UNKNOWN, "it was not answered"},
		{"INSERT INTO vsphere_host_date_time VALUES('vc01/h3', 'vc01', 'dateTimeSystem-3')", "clock", "vc01/h3",
	         STATUS_UNKNOWN, "it was not answered"},
		{"UPDATE vsphere_host_date_time SET system = NULL", "clock", "vc01/h3", STATUS_NA,
	         "not told: the host has no such service"},
		{"INSERT INTO run_gap VALUES('vsphere_host_date_time', 'vc01', 'vc01/h3', 'denied', 'p', 'no rights')",
	         "clock", "vc01/h3", STATUS_UNKNOWN, "it was not answered"},
		{NULL, "connected", "vc01/h3", STATUS_UNKNOWN, ""},
		{NULL, "privileges", "vc01/h3", STATUS_UNKNOWN, ""},
		{NULL, "hosts", "", STATUS_UNKNOWN, "3 shown; the server did not tell how many there are"},
		{"INSERT INTO vsphere_compute(compute, num_hosts) VALUES('vc01/c', 3)", "hosts", "", STATUS_PASS,
	         "3 shown"},
		{"INSERT INTO vsphere_compute(compute, num_hosts) VALUES('vc01/d', NULL)", "hosts", "", STATUS_UNKNOWN,
	         "3 shown; "},
	};

	(void)state;
	PLAY(scenes);
}

/* When the answer took long, nobody knows when the clock was read; beyond the limit as it was measured nothing passes. */
static void test_clocks(void **state)
{
	static const struct {
		const char *time;
		int64_t took_ms;
		enum status status;
	} clocks[] = {
		{"2026-01-01T00:00:00.100Z", 200, STATUS_PASS},
		{"2026-01-01T00:00:05.000Z", 200, STATUS_PASS},
		{"2026-01-01T00:00:05.300Z", 200, STATUS_FAIL},
		{"2025-12-31T23:59:54.000Z", 200, STATUS_FAIL},
		{"2025-12-31T23:59:55.000Z", 200, STATUS_UNKNOWN},
		{"2026-01-01T00:00:10.000Z", 12000, STATUS_UNKNOWN},
		{"2026-01-01T00:00:30.000Z", 12000, STATUS_FAIL},
		{"2026-01-01T00:00:10.000Z", 8000, STATUS_UNKNOWN},
		{"soon", 200, STATUS_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		const struct scene scene = {
			arena_printf(s.arena,
		                     "DELETE FROM vsphere_clock;"
		                     "INSERT INTO vsphere_clock VALUES(NULL, 'vc01', '%s', %lld, %lld, NULL)",
		                     clocks[i].time, (long long)NOW_MS, (long long)(NOW_MS + clocks[i].took_ms)),
			"clock", "", clocks[i].status, ""};

		play(&scene, 1);
	}
}

static void test_hosts_that_are_missing(void **state)
{
	static const struct scene scenes[] = {
		{"INSERT INTO vsphere_session VALUES('vc01/S', 'vc01', 'u')", "login", "", STATUS_PASS, "as u"},
		{NULL, "hosts", "", STATUS_FAIL, "the server shows no host"},
		{"INSERT INTO vsphere_compute(compute, num_hosts) VALUES('vc01/c', 3);"
	         "INSERT INTO vsphere_host(host) VALUES('vc01/h1'), ('vc01/h2')",
	         "hosts", "", STATUS_FAIL, "2 shown of 3 that the server counts"},
	};

	(void)state;
	PLAY(scenes);
}

static void test_old_api(void **state)
{
	static const struct scene scenes[] = {
		{"INSERT INTO vsphere_about(instance, api_version, product) VALUES('vc01/S', '6.0', 'old')", "api", "",
	         STATUS_WARN, "API 6.0, old: older than 6.5"},
		{"UPDATE vsphere_about SET api_version = '6.5'", "api", "", STATUS_PASS, "API 6.5, old"},
		{"UPDATE vsphere_about SET api_version = '10.0.1.0'", "api", "", STATUS_PASS, "API 10.0.1.0, old"},
	};

	(void)state;
	PLAY(scenes);
}

static void test_certificates(void **state)
{
	static const struct scene scenes[] = {
		{"INSERT INTO vsphere_server(server, target, connected, trusted, error, text, thumbprint, subject, "
	         "issuer,"
	         " valid_until) VALUES"
	         "('vc01/server', 'vc01', 1, 1, NULL, NULL, 'ab', 'CN=a', 'CN=b', 1798761600)",
	         "certificate", "", STATUS_PASS, "verified by system CAs: CN=a of CN=b, valid until 2027-01-01"},
		{"UPDATE vsphere_server SET valid_until = 1767225600 + 86400 * 29", "certificate", "", STATUS_WARN,
	         "CN=a of CN=b, valid until 2026-01-30; it expires soon"},
		{"UPDATE vsphere_server SET valid_until = 1767225599", "certificate", "", STATUS_WARN,
	         "CN=a of CN=b, valid until 2025-12-31; it has expired"},
		{"UPDATE run_target SET tls = 'certificate not verified'", "certificate", "", STATUS_WARN,
	         "NOT verified"},
		{"UPDATE vsphere_server SET trusted = 0, error = 'timeout', text = 'timed out'", "certificate", "",
	         STATUS_UNKNOWN, "timed out"},
		{"UPDATE vsphere_server SET error = 'tls', text = 'not trusted'", "certificate", "", STATUS_FAIL,
	         "not trusted (CN=a of CN=b"},
		{NULL, "login", "", STATUS_UNKNOWN, "not tried: no password"},
		{"UPDATE vsphere_server SET connected = 0, error = 'dns', text = 'no such name'", "reachable", "",
	         STATUS_FAIL, "no such name"},
		{NULL, "login", "", STATUS_UNKNOWN, "not tried: the server wasn't reached"},
	};

	(void)state;
	PLAY(scenes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_times),     TEST(test_role_file),    TEST(test_silence),
		TEST(test_no_secret), TEST(test_roles_add_up), TEST(test_system_roles),
		TEST(test_hosts),     TEST(test_clocks),       TEST(test_hosts_that_are_missing),
		TEST(test_old_api),   TEST(test_certificates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
