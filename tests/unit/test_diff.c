/* SPDX-License-Identifier: Apache-2.0 */
/* test_diff.c - what is new, gone and changed between two runs, peer by peer. */
#include "records.h"

#include "diff.h"

#define F(fingerprint, status, more)                                                                                   \
	"{\"check\":\"c\",\"severity\":\"critical\",\"subject\":\"host\",\"status\":\"" status                         \
	"\",\"fingerprint\":\"" fingerprint "\"" more "}"
#define A "0000000000000000000000000000000a"
#define B "0000000000000000000000000000000b"
/* Hosts a to d have the places 0 to 3. */
#define PEERS(status, places) F(A, status, ",\"peers\":[" places "],\"ids\":{\"target\":\"t\",\"host\":\"t/h\"}")
#define PEER(n) "{\"id\":\"t/" n "\",\"name\":\"" n "\",\"target\":\"t\",\"destination\":true,\"state\":\"outside\"}"
#define PEER_HOSTS "[" PEER("a") "," PEER("b") "," PEER("c") "," PEER("d") "]"

/* "new: ...; changed: ...": with the peers of each. */
static const char *differences(const char *before, const char *after)
{
	struct record x = {.hosts = PEER_HOSTS, .findings = before}, y = {.hosts = PEER_HOSTS, .findings = after};
	char *text = arena_strdup(arena, "");
	struct diff d;

	if (diff_records(arena, &x, &y, &d) < 0)
		return x.damage != NULL ? x.damage : y.damage;
	for (size_t i = 0; i < d.n; i++) {
		const struct recorded_finding *f = d.v[i].after != NULL ? d.v[i].after : d.v[i].before;

		text = arena_printf(arena, "%s%s%s %s%s%s", text, i > 0 ? "; " : "", change_name(d.v[i].change),
		                    status_name(f->f.status),
		                    f->f.peers != NULL  ? f->f.peers
		                    : f->f.peer != NULL ? f->f.peer
		                                        : "",
		                    d.v[i].before != NULL && d.v[i].after != NULL ? " before" : "");
	}
	assert_int_equal(d.n, d.count[CHANGE_NEW] + d.count[CHANGE_GONE] + d.count[CHANGE_CHANGED]);
	diff_dispose(&d);
	return text;
}

static const struct {
	const char *before, *after, *wanted;
} cases[] = {
	{"[]", "[]", ""},
	{"[" F(A, "fail", "") "]", "[" F(A, "fail", "") "]", ""},
	{"[]", "[" F(A, "fail", "") "]", "new fail"},
	{"[" F(A, "fail", "") "]", "[]", "gone fail"},
	{"[" F(A, "fail", "") "]", "[" F(B, "fail", "") "]", "new fail; gone fail"},
	{"[" F(A, "fail", "") "]", "[" F(A, "waived", "") "]", "changed waived before"},
	{"[" F(A, "fail", ",\"observed\":\"1500\"") "]", "[" F(A, "fail", ",\"observed\":\"1400\"") "]",
         "changed fail before"},
	{"[" F(A, "fail", "") "]", "[" F(A, "fail", ",\"expected\":\"9000\"") "]", "changed fail before"},
	{"[" F(A, "fail", ",\"detail\":\"0.1 s\"") "]", "[" F(A, "fail", ",\"detail\":\"0.2 s\"") "]", ""},
	/* two of one fingerprint: one is left */
	{"[" F(A, "fail", "") "," F(A, "fail", "") "]", "[" F(A, "fail", "") "]", "gone fail"},
	/* peers */
	{"[" PEERS("fail", "0,1") "]", "[" PEERS("fail", "1,0") "]", ""},
	{"[" PEERS("fail", "0,1") "]", "[" PEERS("fail", "1,2") "]", "new failc; gone faila"},
	{"[" PEERS("fail", "0,\"t/e\"") "]", "[" PEERS("fail", "0,1") "]", "new failb; gone failt/e"},
	{"[]", "[" PEERS("fail", "0,1") "]", "new fail[\"a\",\"b\"]"},
	{"[" PEERS("fail", "0,1,2") "]", "[" PEERS("unknown", "0,1") "," PEERS("fail", "2,3") "]",
         "new faild; changed unknown[\"a\",\"b\"] before"},
	/* what can't be read is nothing to compare */
	{"[]", "{}", "its findings can't be read"},
	{"[1]", "[]", "its findings can't be read"},
	{"[" F(A "0", "fail", "") "]", "[]", "its findings can't be read"},
	{"[" F(A, "good", "") "]", "[]", "its findings can't be read"},
	{"[" PEERS("fail", "0,4") "]", "[]", "its findings can't be read"},
	{"[" PEERS("fail", "-1,0") "]", "[]", "its findings can't be read"},
	{"[" PEERS("fail", "{}") "]", "[]", "its findings can't be read"},
	{"[" PEERS("fail", "") "]", "[]", "its findings can't be read"},
	{"[" F(A, "fail", ",\"peers\":\"a\"") "]", "[]", "its findings can't be read"},
};

static void test_differences(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *is = differences(cases[i].before, cases[i].after);

		if (strcmp(is, cases[i].wanted) != 0)
			fail_msg("%s -> %s: '%s' instead of '%s'", cases[i].before, cases[i].after, is,
			         cases[i].wanted);
	}
}

/* A peer alone is the finding that it was among several. */
static void test_group_shrinks_to_one(void **state)
{
	char fingerprint[33];
	const char *before = "[" PEERS("fail", "0,1") "]";

	(void)state;
	finding_fingerprint("c", "t  t/h   t/a", NULL, NULL, fingerprint);
	assert_string_equal(
		differences(before, arena_printf(arena,
	                                         "[{\"check\":\"c\",\"severity\":\"critical\",\"subject\":\"host\","
	                                         "\"status\":\"fail\",\"fingerprint\":\"%s\",\"peer\":\"a\"}]",
	                                         fingerprint)),
		"gone failb");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_differences, records_setup, records_teardown),
		cmocka_unit_test_setup_teardown(test_group_shrinks_to_one, records_setup, records_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
