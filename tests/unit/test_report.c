/* SPDX-License-Identifier: Apache-2.0 */
/* test_report.c - the report writers over a hand-made run: bytes, escapes, full disks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <jansson.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/escape.h"
#include "report/format.h"

/* Everything that a terminal, JSON or XML must not get as it is, with valid UTF-8 behind it. */
#define HOSTILE "\033]0;x\a<&>\"'\\ \x01 \xff\xc0\xaf\xed\xa0\x80 \xe2\x80\xae \xc3\xa9 ]]>"

static const char *refs[] = {"KB 1", "KB 2"};
static struct check mtu = {
	.id = "mtu",
	.title = "The MTU is the same",
	.symptom = "It stalls",
	.fix = "Make it\n  the same",
	.refs = refs,
	.nrefs = 2,
	.severity = SEVERITY_CRITICAL,
	.selected = true,
};
static struct check logs = {
	.id = "logs", .title = "Logs rotate", .severity = SEVERITY_WARNING, .user = true, .selected = true};
static struct check unselected = {.id = "helper", .title = "Read by others", .severity = SEVERITY_INFO};
static struct check *check_list[] = {&logs, &mtu, &unselected};
static const struct checks checks = {.v = check_list, .n = 3};

#define COMMON                                                                                                         \
	.target = "vc01", .platform = "vsphere", .cluster = "prod-1", .fingerprint = "00112233445566778899aabbccddeeff"

static const struct finding few[] = {
	{.check = &mtu,
         .status = STATUS_FAIL,
         .host = "esx01",
         .peer = "esx02",
         .object = "vmk1",
         .observed = "1500",
         .expected = "9000",
         .detail = "so it is",
         .via = "esxcli",
         COMMON},
	{.check = &mtu,
         .status = STATUS_UNKNOWN,
         .host = "esx03",
         .peers = "[\"a\",\"b\"]",
         .npeers = 2,
         .detail = HOSTILE,
         COMMON},
	{.check = &mtu, .status = STATUS_PASS, .host = "esx02", COMMON},
	{.check = &logs, .status = STATUS_WARN, .vm = "db", .host = "esx01", .observed = "0", COMMON},
	{.check = &logs, .status = STATUS_WAIVED, .vm = "web", .waiver = "me, until spring", COMMON},
	{.check = &logs, .status = STATUS_NA, .vm = "vcls", .detail = "an agent", COMMON},
};

/* The run that the writers see; run.h's readers below play it. */
static const struct finding *findings;
static size_t nfindings, repeats;
static bool unverified;
static bool asked_all;
static const struct probe_outcome *unanswered; /* beside the one that is always there */
static size_t nunanswered;

int run_findings(const struct run *run, bool all, bool expand,
                 int (*fn)(void *arg, const struct finding *f, struct err *err), void *arg, struct err *err)
{
	(void)run, (void)expand;
	asked_all = all;
	for (size_t i = 0; i < nfindings; i++)
		for (size_t j = 0; j < repeats; j++)
			if (all || (findings[i].status != STATUS_PASS && findings[i].status != STATUS_NA))
				if (fn(arg, &findings[i], err) < 0)
					return -1;
	return 0;
}

int run_probes(const struct run *run, int (*fn)(void *arg, const struct probe_outcome *p, struct err *err), void *arg,
               struct err *err)
{
	static const struct probe_outcome ok = {
		.probe = "vsphere/host", .target = "vc01", .outcome = "ok", .rows = 3, .ms = 5};
	static const struct probe_outcome bad = {.probe = "mine",
	                                         .target = "vc01",
	                                         .host = "esx01",
	                                         .outcome = "denied",
	                                         .error = "no \033 right",
	                                         .user = true};

	(void)run;
	for (size_t i = 0; i < nunanswered; i++)
		if (fn(arg, &unanswered[i], err) < 0)
			return -1;
	return fn(arg, &ok, err) < 0 ? -1 : fn(arg, &bad, err);
}

int run_targets(const struct run *run,
                int (*fn)(void *arg, const char *name, const char *platform, const char *address, const char *tls,
                          struct err *err),
                void *arg, struct err *err)
{
	(void)run;
	return fn(arg, "vc01", "vsphere", "https://vc01", unverified ? "certificate not verified" : "system CAs", err);
}

int run_exit_code(const struct run *run)
{
	if (run->verdict == VERDICT_READY)
		return run->replay && !run->as_of_facts ? 2 : 0;
	return run->verdict == VERDICT_NOT_READY ? 1 : 2;
}

static struct run sample(void)
{
	static const char *excluded[] = {"esx09", NULL};
	struct run run = {
		.id = "01J00000000000000000000000",
		.profile = "evacuation",
		.profile_digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		.scope = {.excluded = excluded},
		.checks = &checks,
		.verdict = VERDICT_NOT_READY,
		.why = "1 critical check failed",
		.started_ms = 1769843793000,
		.ended_ms = 1769843798120,
		.oldest_fact_ms = 1769843793000,
		.expected = 7,
	};

	run.count[STATUS_FAIL] = 1;
	run.count[STATUS_UNKNOWN] = 2;
	run.count[STATUS_PASS] = run.count[STATUS_WARN] = run.count[STATUS_NA] = run.count[STATUS_WAIVED] = 1;
	return run;
}

static int setup(void **state)
{
	(void)state;
	findings = few;
	nfindings = sizeof(few) / sizeof(few[0]);
	repeats = 1;
	unverified = false;
	nunanswered = 0;
	return 0;
}

static char *render(const char *format, const struct run *run, const struct format_options *o)
{
	struct err err = {0};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(format_find(format));
	assert_int_equal(format_find(format)->write(run, o, out, &err), 0);
	fclose(out);
	return text;
}

static void assert_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		fail_msg("'%s' is in:\n%s", part, text);
}

static void text_ends_with_the_verdict(void **state)
{
	struct run run = sample();
	char *text = render("text", &run, &(struct format_options){0});
	const char *last = "\nNOT READY  evacuation: 1 critical check failed\n";

	(void)state;
	assert_string_equal(text + strlen(text) - strlen(last), last);
	assert_has(text, "The MTU is the same  [mtu, critical]\n"
	                 "  FAIL     prod-1 esx01 -> esx02, vmk1: 1500 (expected 9000) - so it is\n"
	                 "  UNKNOWN  prod-1 esx03 -> a, b: ");
	assert_has(text, "  symptom: It stalls\n  fix: Make it the same\n  refs: KB 1; KB 2\n\n"
	                 "Logs rotate  [logs, warning, from a --checks folder]\n"
	                 "  WARN     prod-1 db on esx01: 0\n"
	                 "  waived   prod-1 web: [waived: me, until spring]\n");
	assert_has(text, "Not answered:\n  denied       vc01 esx01  mine: no \\x1b right (from a --checks folder)\n");
	assert_has(text, "Excluded, as subject and as destination: esx09\n");
	assert_has(text,
	           "7 results: 1 pass, 1 warn, 1 fail, 2 unknown, 1 na, 1 waived  (2026-01-31T07:16:33Z, 5.1 s, ");
	assert_lacks(text, "vcls");
	assert_lacks(text, "vsphere/host");
	assert_lacks(text, "verified");
	free(text);
}

static void text_is_safe_on_a_terminal(void **state)
{
	struct run run = sample();
	char *text = render("text", &run, &(struct format_options){.all = true});

	(void)state;
	assert_lacks(text, "\033");
	assert_lacks(text, "\a");
	assert_lacks(text, "\xff");
	assert_lacks(text, "\xe2\x80\xae");
	assert_has(text, "\\x1b]0;x\\x07<&>\"'\\ \\x01 \\xff\\xc0\\xaf\\xed\\xa0\\x80 \\xe2\\x80\\xae \xc3\xa9 ]]>");
	free(text);
	text = render("text", &run, &(struct format_options){.colour = true});
	assert_has(text, "\033[1;31mNOT READY\033[0m  evacuation");
	assert_has(text, "\\x1b]0;");
	free(text);
}

static void text_shows_unverified_certificates(void **state)
{
	struct run run = sample();
	char *text;

	(void)state;
	unverified = true;
	text = render("text", &run, &(struct format_options){0});
	assert_has(text, "Certificates are NOT verified for: vc01\n");
	free(text);
}

static void text_is_short_unless_all_is_asked(void **state)
{
	struct run run = sample();
	char *text;

	(void)state;
	repeats = 50;
	text = render("text", &run, &(struct format_options){0});
	assert_has(text, "... and 30 more fail; -f json or --all lists them\n  UNKNOWN");
	assert_has(text, "... and 30 more unknown; -f json or --all lists them\n  symptom:");
	free(text);
	text = render("text", &run, &(struct format_options){.all = true});
	assert_lacks(text, "more fail");
	assert_has(text, "vcls");
	free(text);
}

static void text_advises_only_where_something_is_wrong(void **state)
{
	static const struct finding fine = {.check = &mtu,
	                                    .status = STATUS_PASS,
	                                    .host = "kvm01",
	                                    .observed = "9000",
	                                    .expected = "9000",
	                                    .cluster = "kvm01"};
	struct run run = sample();
	char *text;

	(void)state;
	findings = &fine;
	nfindings = 1;
	text = render("text", &run, &(struct format_options){.all = true});
	assert_has(text, "  pass     kvm01: 9000\n\n");
	assert_lacks(text, "symptom");
	free(text);
}

static void text_advises_nothing_about_what_is_unknown(void **state)
{
	static const struct finding open[] = {
		{.check = &mtu, .status = STATUS_UNKNOWN, .host = "esx03", .detail = "nobody knows", COMMON},
		{.check = &mtu, .status = STATUS_WAIVED, .host = "esx04", .waiver = "me", COMMON},
	};
	struct run run = sample();
	char *text;

	(void)state;
	findings = open;
	nfindings = 2;
	text = render("text", &run, &(struct format_options){0});
	assert_has(text, "UNKNOWN  prod-1 esx03: nobody knows\n  waived   prod-1 esx04: [waived: me]\n\n");
	assert_lacks(text, "symptom");
	assert_lacks(text, "fix");
	assert_lacks(text, "refs");
	free(text);
}

static void text_leaves_out_empty_advice(void **state)
{
	static const char *blank[] = {"", "KB 3", " "};
	struct run run = sample();
	struct check whole = mtu;
	char *text;

	(void)state;
	mtu.symptom = " \n";
	mtu.refs = blank;
	mtu.nrefs = 3;
	text = render("text", &run, &(struct format_options){0});
	assert_lacks(text, "symptom");
	assert_has(text, "  fix: Make it the same\n  refs: KB 3\n\n");
	free(text);
	mtu.nrefs = 1;
	text = render("text", &run, &(struct format_options){0});
	assert_lacks(text, "refs");
	free(text);
	mtu = whole;
}

static void text_tells_together_what_has_one_reason(void **state)
{
	static const struct probe_outcome silent[] = {
		{.probe = "b", .target = "dead", .outcome = "failed", .error = "connection refused"},
		{.probe = "c", .target = "vc01", .host = "esx01", .outcome = "denied", .error = "no right"},
		{.probe = "a", .target = "dead", .outcome = "failed", .error = "connection refused"},
		{.probe = "a", .target = "dead", .outcome = "timeout", .error = "connection refused"},
		{.probe = "c", .target = "vc01", .host = "esx02", .outcome = "denied", .error = "no right"},
		{.probe = "c", .target = "vc02", .host = "esx08", .outcome = "skipped"},
		{.probe = "d", .target = "vc02", .host = "esx09", .outcome = "skipped"},
		{.probe = "c", .target = "vc03", .host = "esx11", .outcome = "skipped"},
		{.probe = "d", .target = "vc03", .host = "esx11", .outcome = "skipped"},
	};
	struct run run = sample();
	char *text;

	(void)state;
	unanswered = silent;
	nunanswered = sizeof(silent) / sizeof(silent[0]);
	text = render("text", &run, &(struct format_options){0});
	assert_has(text, "Not answered:\n"
	                 "  failed       dead: 2 probes: connection refused\n"
	                 "  timeout      dead  a: connection refused\n"
	                 "  denied       vc01 esx01  mine: no \\x1b right (from a --checks folder)\n"
	                 "  denied       vc01  c, 2 times: no right\n"
	                 "  skipped      vc02: 2 probes of several hosts\n"
	                 "  skipped      vc03 esx11: 2 probes\n\n");
	free(text);
	text = render("text", &run, &(struct format_options){.all = true});
	assert_has(text, "  failed       dead  a: connection refused\n  failed       dead  b: connection refused\n");
	free(text);
}

static void text_wraps_to_the_terminal(void **state)
{
	struct run run = sample();
	const char *fix = mtu.fix;
	char *text;

	(void)state;
	mtu.fix = "one two three four five six seven eight nine ten eleven twelve thirteen";
	text = render("text", &run, &(struct format_options){.width = 51});
	mtu.fix = fix;
	assert_has(text, "  fix: one two three four five six seven eight nine\n       ten eleven twelve thirteen\n");
	free(text);
	text = render("text", &run, &(struct format_options){.width = 41});
	assert_has(text, "esx01 -> esx02, vmk1:\n             1500 (expected 9000) - so it\n             is\n");
	free(text);
}

static void text_says_that_a_replay_proves_nothing(void **state)
{
	struct run run = sample();
	char *text;

	(void)state;
	run.verdict = VERDICT_READY;
	run.replay = true;
	text = render("text", &run, &(struct format_options){0});
	assert_has(text,
	           "Recorded facts of 2026-01-31T07:16:33Z: nothing was asked today. They don't prove readiness;");
	free(text);
	run.as_of_facts = true;
	text = render("text", &run, &(struct format_options){0});
	assert_lacks(text, "prove");
	free(text);
}

/* OBJECT has exactly the keys that the schema at PATH requires and describes. */
static void assert_described(const json_t *schema, const json_t *object)
{
	const json_t *properties = json_object_get(schema, "properties"),
		     *required = json_object_get(schema, "required");
	const char *key;
	json_t *value;

	assert_int_equal(json_object_size(object), json_object_size(properties));
	assert_int_equal(json_object_size(object), json_array_size(required));
	json_object_foreach((json_t *)object, key, value)
	{
		const json_t *p = json_object_get(properties, key);

		if (p == NULL)
			fail_msg("the schema doesn't describe '%s'", key);
		assert_true(json_object_get(p, "description") != NULL || json_object_get(p, "$ref") != NULL);
	}
	for (size_t i = 0; i < json_array_size(required); i++)
		assert_non_null(json_object_get(object, json_string_value(json_array_get(required, i))));
}

static const json_t *items(const json_t *schema, const char *key)
{
	return json_object_get(json_object_get(json_object_get(schema, "properties"), key), "items");
}

static void json_is_what_the_schema_describes(void **state)
{
	static const char *const lists[] = {"targets", "checks", "findings", "probes"};
	static const char *const objects[] = {"scope", "summary"};
	struct run run = sample();
	char *text = render("json", &run, &(struct format_options){.all = true});
	json_t *report = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	json_t *schema =
		json_load_file(SOURCE_DIR "/report/migready-report-1.schema.json", JSON_REJECT_DUPLICATES, NULL);

	(void)state;
	assert_non_null(report);
	assert_non_null(schema);
	assert_true(asked_all);
	assert_described(schema, report);
	for (size_t i = 0; i < 2; i++)
		assert_described(json_object_get(json_object_get(schema, "properties"), objects[i]),
		                 json_object_get(report, objects[i]));
	for (size_t i = 0; i < 4; i++) {
		const json_t *list = json_object_get(report, lists[i]);

		assert_true(json_array_size(list) > 0);
		for (size_t j = 0; j < json_array_size(list); j++)
			assert_described(items(schema, lists[i]), json_array_get(list, j));
	}
	json_decref(report);
	json_decref(schema);
	free(text);
}

static void json_says_what_was_found(void **state)
{
	struct run run = sample();
	char *text = render("json", &run, &(struct format_options){0}), *s;
	const char *schema, *verdict, *started, *status, *peer, *via, *ref;
	json_t *report = json_loads(text, 0, NULL);
	json_int_t ms, fails;
	int complete;

	(void)state;
	assert_false(asked_all);
	assert_int_equal(json_unpack(report, "{ss, ss, ss, sb, sI, s{sI}, s[{ss, ss, ss, s[s]}]}", "schema", &schema,
	                             "verdict", &verdict, "started", &started, "complete", &complete, "duration_ms",
	                             &ms, "summary", "fail", &fails, "findings", "status", &status, "peer", &peer,
	                             "via", &via, "refs", &ref),
	                 0);
	assert_string_equal(schema, "migready-report/1");
	assert_string_equal(verdict, "not-ready");
	assert_string_equal(started, "2026-01-31T07:16:33Z");
	assert_false(complete);
	assert_int_equal(ms, 5120);
	assert_int_equal(fails, 1);
	assert_string_equal(status, "fail");
	assert_string_equal(peer, "esx02");
	assert_string_equal(via, "esxcli");
	assert_string_equal(ref, "KB 1");
	assert_int_equal(json_array_size(json_object_get(report, "checks")), 2); /* not those that only others read */
	assert_int_equal(json_unpack(json_array_get(json_object_get(report, "findings"), 1), "{ss}", "detail", &s), 0);
	assert_string_equal(
		s, "\033]0;x\a<&>\"'\\ \x01 \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
		   " \xe2\x80\xae \xc3\xa9 ]]>");
	json_decref(report);
	free(text);
}

static char *attribute(const xmlNode *node, const char *name)
{
	return (char *)xmlGetProp(node, (const xmlChar *)name);
}

static void assert_attribute(const xmlNode *node, const char *name, const char *value)
{
	char *is = attribute(node, name);

	assert_non_null(is);
	assert_string_equal(is, value);
	xmlFree(is);
}

static void junit_counts_and_gates(void **state)
{
	struct run run = sample();
	char *text = render("junit", &run, &(struct format_options){0});
	xmlDoc *doc = xmlReadMemory(text, (int)strlen(text), "report.xml", NULL, XML_PARSE_NONET | XML_PARSE_NOBLANKS);
	xmlNode *root, *suite;

	(void)state;
	assert_non_null(doc);
	root = xmlDocGetRootElement(doc);
	assert_attribute(root, "tests", "7");
	assert_attribute(root, "failures", "2");
	assert_attribute(root, "errors", "1");
	assert_attribute(root, "skipped", "2");
	suite = xmlFirstElementChild(root);
	assert_attribute(suite, "name", "mtu");
	assert_attribute(suite, "tests", "3");
	assert_attribute(suite, "failures", "1");
	assert_int_equal(xmlChildElementCount(suite), 3);
	suite = xmlNextElementSibling(suite);
	assert_attribute(suite, "name", "logs");
	assert_attribute(suite, "skipped", "2");
	suite = xmlNextElementSibling(suite);
	assert_attribute(suite, "name", "verdict");
	assert_attribute(suite, "failures", "1");
	assert_null(xmlNextElementSibling(suite));
	xmlFreeDoc(doc);
	free(text);
}

static void junit_gate_follows_the_exit_code(void **state)
{
	static const struct {
		enum verdict verdict;
		bool replay;
		const char *gate;
	} cases[] = {
		{VERDICT_READY, false, "name=\"ready\"/>"},
		{VERDICT_READY, true,
	         "name=\"ready\">\n   <error message=\"recorded facts: they don&#39;t prove readiness\"/>"},
		{VERDICT_NOT_READY, false, "name=\"ready\">\n   <failure message=\"1 critical check failed\"/>"},
		{VERDICT_UNKNOWN, false, "name=\"ready\">\n   <error message=\"1 critical check failed\"/>"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run run = sample();
		char *text;

		run.verdict = cases[i].verdict;
		run.replay = cases[i].replay;
		text = render("junit", &run, &(struct format_options){0});
		assert_has(text, cases[i].gate);
		free(text);
	}
}

static void output_depends_on_the_run_alone(void **state)
{
	(void)state;
	for (size_t i = 0; formats[i] != NULL; i++) {
		struct run run = sample();
		char *first = render(formats[i]->name, &run, &(struct format_options){0});
		char *again = render(formats[i]->name, &run, &(struct format_options){0});

		assert_string_equal(first, again);
		free(first);
		free(again);
	}
}

static void full_disk_is_an_error_and_leaves_the_old_report(void **state)
{
	struct run run = sample();

	(void)state;
	for (size_t i = 0; formats[i] != NULL; i++) {
		struct err err = {0};

		assert_int_equal(format_write(formats[i], &run, "/dev/full", &(struct format_options){0}, &err), -1);
		assert_int_equal(err.kind, ERR_IO);
		assert_has(err.text, "/dev/full");
		assert_has(err.text, "No space left");
	}
}

static void writes_files_whole(void **state)
{
	char dir[] = "/tmp/migready-test-XXXXXX";
	char path[64], link[64], target[64] = "";
	struct format_options o = {0};
	struct run run = sample();
	struct err err = {0};
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/report", dir);
	snprintf(link, sizeof(link), "%s/link", dir);
	assert_int_equal(format_write(format_find("json"), &run, path, &o, &err), 0);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(symlink("report", link), 0);
	assert_int_equal(format_write(format_find("text"), &run, link, &o, &err), 0);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_true(readlink(link, target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "report");
	assert_int_equal(format_write(format_find("text"), &run, "/nonexistent/report", &o, &err), -1);
	assert_int_equal(err.kind, ERR_IO);
	assert_int_equal(unlink(link) | unlink(path), 0);
	assert_int_equal(rmdir(dir), 0); /* and nothing else is left in it */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(text_ends_with_the_verdict, setup),
		cmocka_unit_test_setup(text_is_safe_on_a_terminal, setup),
		cmocka_unit_test_setup(text_shows_unverified_certificates, setup),
		cmocka_unit_test_setup(text_is_short_unless_all_is_asked, setup),
		cmocka_unit_test_setup(text_advises_only_where_something_is_wrong, setup),
		cmocka_unit_test_setup(text_advises_nothing_about_what_is_unknown, setup),
		cmocka_unit_test_setup(text_leaves_out_empty_advice, setup),
		cmocka_unit_test_setup(text_tells_together_what_has_one_reason, setup),
		cmocka_unit_test_setup(text_wraps_to_the_terminal, setup),
		cmocka_unit_test_setup(text_says_that_a_replay_proves_nothing, setup),
		cmocka_unit_test_setup(json_is_what_the_schema_describes, setup),
		cmocka_unit_test_setup(json_says_what_was_found, setup),
		cmocka_unit_test_setup(junit_counts_and_gates, setup),
		cmocka_unit_test_setup(junit_gate_follows_the_exit_code, setup),
		cmocka_unit_test_setup(output_depends_on_the_run_alone, setup),
		cmocka_unit_test_setup(full_disk_is_an_error_and_leaves_the_old_report, setup),
		cmocka_unit_test_setup(writes_files_whole, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
