/* SPDX-License-Identifier: Apache-2.0 */
/* test_culprit.c - path_culprit: matrices by hand, what is said of them, and all small ones against trying everything. */
#include "culprit_matrix.h"

static sqlite3 *db;

static int setup(void **state)
{
	(void)state;
	db = open_db();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return sqlite3_close(db);
}

/* A matrix of one adapter a host, a row of TEXT a host: "+-? " and the diagonal as it likes. */
static struct pings *drawn(const char *const *text)
{
	size_t n = strlen(text[0]);
	struct pings *p = new_pings(n, 1);

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			p->cell[i][j] = i == j ? ' ' : text[i][j];
	return p;
}

static void expect_texts(const json_t *answer, const char *state, const char *const *sentences)
{
	const json_t *list = json_object_get(answer, "explanations");
	size_t n = 0;

	assert_string_equal(get_text(answer, "state"), state);
	for (; sentences[n] != NULL; n++) {
		const json_t *e = json_array_get(list, n);

		if (e == NULL)
			fail_msg("not there: %s", sentences[n]);
		assert_string_equal(get_text(e, "sentence"), sentences[n]);
	}
	assert_int_equal(json_array_size(list), n);
}

static void expect(struct pings *p, const char *state, const char *const *sentences)
{
	json_t *answer = ask(db, p);

	expect_texts(answer, state, sentences);
	json_decref(answer);
	free_pings(p);
}

#define MATRIX(...) drawn((const char *const[]){__VA_ARGS__})
#define SAYS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NOTHING ((const char *const[]){NULL})

#define LOOK_HOST "look at the MTU of its virtual switch, uplinks and switch ports"
#define LOOK_TRUNK "look at the MTU of the trunk between their switches"
#define LOOK_PAIR "look at what only these share: one link of an aggregation, or a router between them"
#define LOOK_ALL "look at the MTU of the migration network as a whole"

static void test_nothing_wrong(void **state)
{
	(void)state;
	expect(MATRIX(" ++", "+ +", "++ "), "pass", NOTHING);
	expect(MATRIX(" +?", "? ?", "+? "), "pass", NOTHING);
	expect(MATRIX(" ??", "? ?", "?? "), "unknown", NOTHING);
}

static void test_everything_wrong(void **state)
{
	(void)state;
	expect(MATRIX(" --", "- -", "-- "), "fail",
	       SAYS("Full-size pings on all of the 6 paths that are known don't get through (path MTU "
	            "1500): " LOOK_ALL));
	expect(MATRIX(" -", "- "), "fail",
	       SAYS("Full-size pings on all of the 2 paths that are known don't get through (path MTU "
	            "1500): " LOOK_ALL));
	/* What is known is all esx01's: it may be the host alone. */
	expect(MATRIX(" --", "- ?", "-? "), "fail",
	       SAYS("Full-size pings on all of the 4 paths that are known don't get through (path MTU 1500): " LOOK_ALL,
	            "Full-size pings from and to esx01 don't get through (path MTU 1500): " LOOK_HOST));
}

static void test_one_host(void **state)
{
	(void)state;
	expect(MATRIX(" -++", "- --", "+- +", "+-+ "), "fail",
	       SAYS("Full-size pings from and to esx02 don't get through (path MTU 1500), while those between the "
	            "others "
	            "pass: " LOOK_HOST));
	expect(MATRIX(" +++", "- --", "++ +", "+++ "), "fail",
	       SAYS("Full-size pings from esx02 don't get through (path MTU 1500), while those to it "
	            "pass: " LOOK_HOST));
	expect(MATRIX(" -++", "+ ++", "+- +", "+-+ "), "fail",
	       SAYS("Full-size pings to esx02 don't get through (path MTU 1500), while those from it "
	            "pass: " LOOK_HOST));
	/* esx02 was not asked to ping: what it receives is all that is claimed. */
	expect(MATRIX(" -++", "? ??", "+- +", "+-+ "), "fail",
	       SAYS("Full-size pings to esx02 don't get through (path MTU 1500), while those between the others "
	            "pass: " LOOK_HOST));
}

static void test_trunk(void **state)
{
	(void)state;
	expect(MATRIX(" +--", "+ --", "-- +", "--+ "), "fail",
	       SAYS("Full-size pings between {esx01, esx02} and {esx03, esx04}, in either direction, don't get through "
	            "(path MTU "
	            "1500), while they pass inside each group: " LOOK_TRUNK));
	expect(MATRIX(" +--", "+ --", "++ +", "+++ "), "fail",
	       SAYS("Full-size pings from {esx01, esx02} to {esx03, esx04} don't get through (path MTU 1500), while "
	            "those the "
	            "other way pass: " LOOK_TRUNK));
	/* Only two of three switches don't reach each other; esx05 and esx06 reach all. */
	expect(MATRIX(" +--++", "+ --++", "-- +++", "--+ ++", "++++ +", "+++++ "), "fail",
	       SAYS("Full-size pings between {esx01, esx02} and {esx03, esx04}, in either direction, don't get through "
	            "(path MTU "
	            "1500), while they pass inside each group: " LOOK_TRUNK));
}

static void test_pair(void **state)
{
	(void)state;
	expect(MATRIX(" -+", "+ +", "++ "), "fail",
	       SAYS("Full-size pings from esx01 to esx02 don't get through (path MTU 1500), while those the other way "
	            "pass: " LOOK_PAIR));
	expect(MATRIX(" -", "+ "), "fail",
	       SAYS("Full-size pings from esx01 to esx02 don't get through (path MTU 1500), while those the other way "
	            "pass: " LOOK_PAIR));
}

static void test_ambiguous(void **state)
{
	(void)state;
	/* One cell known to be bad, its row and column not known: the one sends badly or the other receives badly. */
	expect(MATRIX(" -??", "? ++", "?? +", "??+ "), "fail",
	       SAYS("Full-size pings from esx01 don't get through (path MTU 1500), while those between the others "
	            "pass: " LOOK_HOST,
	            "Full-size pings to esx02 don't get through (path MTU 1500), while those from it "
	            "pass: " LOOK_HOST));
}

static void test_two_faults(void **state)
{
	(void)state;
	expect(MATRIX(" +-----", "+ -----", "-- ++-+", "--+ +-+", "--++ -+", "----- -", "--+++- "), "fail",
	       SAYS("Full-size pings from and to esx06 don't get through (path MTU 1500): " LOOK_HOST
	            "; and full-size pings "
	            "between {esx01, esx02} and {esx03..esx05, esx07}, in either direction, don't get through (path "
	            "MTU "
	            "1500), while they pass inside each group: " LOOK_TRUNK));
}

static void test_more_than_two(void **state)
{
	struct pings *p = new_pings(9, 1);
	json_t *answer;

	(void)state;
	p->cell[0][1] = p->cell[2][3] = p->cell[4][5] = p->cell[6][7] = '-';
	answer = ask(db, p);
	assert_int_equal(json_array_size(json_object_get(answer, "explanations")), 1);
	assert_true(
		json_is_false(json_object_get(json_array_get(json_object_get(answer, "explanations"), 0), "smallest")));
	assert_non_null(strstr(get_text(json_array_get(json_object_get(answer, "explanations"), 0), "sentence"),
	                       "More than two faults: full-size pings from esx01 to esx02 don't"));
	json_decref(answer);
	free_pings(p);
}

static void test_two_adapters(void **state)
{
	struct pings *p = new_pings(4, 2);

	(void)state;
	for (size_t i = 0; i < p->n; i++)
		if (host_of(p, i) != 1)
			p->cell[3][i] = p->cell[i][3] = '-';
	expect(p, "fail",
	       SAYS("Full-size pings from and to vmk2 of esx02 don't get through (path MTU 1500), while those between "
	            "the others "
	            "pass: " LOOK_HOST));
	p = new_pings(4, 2);
	for (size_t i = 0; i < p->n; i++)
		for (size_t j = 0; j < p->n; j++)
			if (host_of(p, i) != host_of(p, j) && i % 2 != j % 2)
				p->cell[i][j] = '-';
	expect(p, "fail",
	       SAYS("Full-size pings between vmk1 of {esx01..esx04} and vmk2 of {esx01..esx04}, in either direction, "
	            "don't get "
	            "through (path MTU 1500), while they pass inside each group: " LOOK_TRUNK));
	p = new_pings(4, 2);
	for (size_t i = 0; i < p->n; i++)
		for (size_t j = 0; j < p->n; j++)
			if (host_of(p, i) != host_of(p, j) && (host_of(p, i) == 2 || host_of(p, j) == 2))
				p->cell[i][j] = '-';
	expect(p, "fail",
	       SAYS("Full-size pings from and to esx03 don't get through (path MTU 1500), while those between the "
	            "others "
	            "pass: " LOOK_HOST));
}

static void test_hints(void **state)
{
	struct pings *p = MATRIX(" +--", "+ --", "-- +", "--+ ");

	(void)state;
	p->symptom = "unreachable";
	p->leaf[0] = p->leaf[1] = "leaf-a", p->leaf[2] = p->leaf[3] = "leaf-b";
	expect(p, "fail",
	       SAYS("Pings between {esx01, esx02} and {esx03, esx04}, in either direction, don't get through, while "
	            "they pass "
	            "inside each group: look at the trunk between leaf-a and leaf-b, and whether it carries the VLAN"));
	p = MATRIX(" -++", "- --", "+- +", "+-+ ");
	p->symptom = "lossy";
	p->leaf[0] = p->leaf[2] = p->leaf[3] = "leaf-a", p->leaf[1] = "leaf-b";
	expect(p, "fail",
	       SAYS("Pings from and to esx02 get lost in part (loss 1500 %), while those between the others pass: look "
	            "at its "
	            "uplinks, cables and switch ports: errors, load, duplex (leaf-b port Eth1/2); it is the only one "
	            "on leaf-b, "
	            "whose trunk would look the same"));
	/* Told switches that are not the groups are no proof of anything. */
	p = MATRIX(" +--", "+ --", "-- +", "--+ ");
	p->leaf[0] = p->leaf[1] = p->leaf[2] = "leaf-a", p->leaf[3] = "leaf-b";
	expect(p, "fail",
	       SAYS("Full-size pings between {esx01, esx02} and {esx03, esx04}, in either direction, don't get through "
	            "(path MTU "
	            "1500), while they pass inside each group: " LOOK_TRUNK));
}

static void test_long_names(void **state)
{
	struct pings *p = new_pings(32, 1);

	(void)state;
	for (size_t i = 0; i < 32; i++)
		for (size_t j = 0; j < 32; j++)
			if (i != j && (i % 2 != 0) != (j % 2 != 0))
				p->cell[i][j] = '-';
	expect(p, "fail",
	       SAYS("Full-size pings between {esx01, esx03, esx05, esx07, esx09, esx11 and 10 more} and {esx02, esx04, "
	            "esx06, esx08, "
	            "esx10, esx12 and 10 more}, in either direction, don't get through (path MTU 1500), while they "
	            "pass inside "
	            "each group: " LOOK_TRUNK));
}

/* A cell told twice: bad counts before not known, that before good. */
static void test_rows(void **state)
{
	static const struct {
		const char *rows, *state;
	} all[] = {
		{"('[\"a\",\"a\",\"v\"]', '[\"b\",\"b\",\"v\"]', 1), ('[\"a\",\"a\",\"v\"]', '[\"b\",\"b\",\"v\"]', 0)",
	         "fail"},
		{"('[\"a\",\"a\",\"v\"]', '[\"b\",\"b\",\"v\"]', 1), ('[\"a\",\"a\",\"v\"]', '[\"b\",\"b\",\"v\"]', "
	         "NULL)",
	         "unknown"},
		{"('[\"a\",\"a\",\"v\"]', '[\"b\",\"b\",\"v\"]', 1)", "pass"},
		{"('[\"a\",\"a\",\"v\"]', '[\"a\",\"a\",\"w\"]', 0)", "unknown"},
		{"('[\"a\",\"a\"]', '[\"b\",\"b\",\"v\"]', 0)", "unknown"},
		{"('a', 'b', 0), (NULL, NULL, 0), ('[]', '{}', 0), ('[1,2,3]', '[\"b\",\"b\",\"v\"]', 0)", "unknown"},
	};
	char sql[512];

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		json_t *answer;

		snprintf(sql, sizeof(sql),
		         "WITH p(src, dst, state) AS (VALUES %s) SELECT path_culprit('small', src, dst, state, NULL) "
		         "FROM p",
		         all[i].rows);
		answer = answer_of(db, sql);
		assert_string_equal(get_text(answer, "state"), all[i].state);
		json_decref(answer);
	}
	assert_null(answer_of(db, "SELECT path_culprit('small', 1, 2, 3, 4) WHERE 0"));
	assert_null(
		answer_of(db, "SELECT json_extract(path_culprit(NULL, NULL, NULL, NULL, NULL), '$.explanations[0]')"));
}

static void test_too_many(void **state)
{
	struct pings *p = new_pings(513, 1);
	json_t *answer;

	(void)state;
	for (size_t i = 0; i < p->n; i++)
		memset(p->cell[i], ' ', sizeof(p->cell[i]));
	for (size_t i = 0; i + 1 < p->n; i++)
		p->cell[i][i + 1] = '-';
	answer = ask(db, p);
	expect_texts(answer, "large", NOTHING);
	json_decref(answer);
	free_pings(p);
}

/* ---- everything tried ---- */

#define MAX_FAULTS_TRIED 4096
#define MAX_LISTED 8

enum family { FAMILY_ALL, FAMILY_SIMPLE, FAMILY_GROUPS };

struct tried {
	uint64_t cover;
	enum family family;
};

static struct tried tried[MAX_FAULTS_TRIED];
static size_t ntried;

static uint64_t cell_bit(const struct pings *p, size_t i, size_t j)
{
	return host_of(p, i) == host_of(p, j) ? 0 : UINT64_C(1) << (i * p->n + j);
}

/* The cells from nodes of A to nodes of B. *RET_IDLE: a member has none. */
static uint64_t rectangle(const struct pings *p, unsigned a, unsigned b, bool *ret_idle)
{
	uint64_t cover = 0, column[8] = {0};

	*ret_idle = false;
	for (size_t i = 0; i < p->n; i++) {
		uint64_t row = 0;

		for (size_t j = 0; j < p->n && (a >> i & 1); j++) {
			row |= b >> j & 1 ? cell_bit(p, i, j) : 0;
			column[j] |= b >> j & 1 ? cell_bit(p, i, j) : 0;
		}
		*ret_idle = *ret_idle || ((a >> i & 1) && row == 0);
		cover |= row;
	}
	for (size_t j = 0; j < p->n; j++)
		*ret_idle = *ret_idle || ((b >> j & 1) && column[j] == 0);
	return cover;
}

static void try_fault(enum family family, uint64_t cover, uint64_t good, uint64_t bad)
{
	if ((cover & good) != 0 || (cover & bad) == 0)
		return;
	for (size_t i = 0; i < ntried; i++)
		if (tried[i].cover == cover && tried[i].family == family)
			return;
	assert_true(ntried < MAX_FAULTS_TRIED);
	tried[ntried++] = (struct tried){cover, family};
}

static void try_ways(enum family family, uint64_t out, uint64_t in, uint64_t good, uint64_t bad)
{
	try_fault(family, out, good, bad);
	try_fault(family, in, good, bad);
	try_fault(family, out | in, good, bad);
}

static void try_all_faults(const struct pings *p, uint64_t good, uint64_t bad)
{
	unsigned all = (1u << p->n) - 1, hosts = (unsigned)(p->n / p->per_host);
	uint64_t everything;
	bool idle, idle_too;

	ntried = 0;
	everything = rectangle(p, all, all, &idle);
	try_fault(FAMILY_ALL, everything, good, bad);
	for (size_t h = 0; h < hosts && hosts > 2; h++) {
		unsigned nodes = ((1u << p->per_host) - 1) << (h * p->per_host);

		try_ways(FAMILY_SIMPLE, rectangle(p, nodes, all, &idle), rectangle(p, all, nodes, &idle), good, bad);
	}
	for (size_t i = 0; i < p->n && p->per_host > 1; i++)
		try_ways(FAMILY_SIMPLE, rectangle(p, 1u << i, all, &idle), rectangle(p, all, 1u << i, &idle), good,
		         bad);
	for (unsigned a = 1; a <= all; a++)
		for (unsigned b = 1; b <= all; b++) {
			uint64_t out = rectangle(p, a, b, &idle), in = rectangle(p, b, a, &idle_too);

			if ((a & b) == 0 && !idle && !idle_too)
				try_ways(FAMILY_GROUPS, out, in, good, bad);
		}
}

/* Could B take the place of A? */
static bool preferred(const struct tried *b, const struct tried *a, uint64_t unknown)
{
	if (b->family == FAMILY_ALL)
		return a->family != FAMILY_ALL && unknown == 0;
	return a->family == b->family && (b->cover & ~a->cover) == 0 && b->cover != a->cover;
}

static bool replaceable(const struct tried *a, uint64_t need, uint64_t unknown)
{
	for (size_t i = 0; i < ntried; i++)
		if ((need & ~tried[i].cover) == 0 && preferred(&tried[i], a, unknown))
			return true;
	return false;
}

#define MAX_PAIRS 100000

static struct {
	uint64_t a, b;
} wanted[MAX_PAIRS];
static size_t nwanted;

static void want(uint64_t a, uint64_t b)
{
	uint64_t low = a < b ? a : b, high = a < b ? b : a;

	for (size_t i = 0; i < nwanted; i++)
		if (wanted[i].a == low && wanted[i].b == high)
			return;
	assert_true(nwanted < MAX_PAIRS);
	wanted[nwanted].a = low;
	wanted[nwanted++].b = high;
}

/* The explanations of one fault that are of FAMILY. */
static void try_one(enum family family, uint64_t bad, uint64_t unknown)
{
	for (size_t i = 0; i < ntried; i++)
		if (tried[i].family == family && (bad & ~tried[i].cover) == 0 && !replaceable(&tried[i], bad, unknown))
			want(tried[i].cover, 0);
}

/* Those of two faults, GROUPS of which are between groups. */
static void try_two(int groups, uint64_t bad, uint64_t unknown)
{
	for (size_t i = 0; i < ntried; i++)
		for (size_t j = i + 1; j < ntried; j++)
			if ((tried[i].family == FAMILY_GROUPS) + (tried[j].family == FAMILY_GROUPS) == groups &&
			    (bad & ~tried[i].cover & ~tried[j].cover) == 0 &&
			    !replaceable(&tried[i], bad & ~tried[j].cover, unknown) &&
			    !replaceable(&tried[j], bad & ~tried[i].cover, unknown))
				want(tried[i].cover, tried[j].cover);
}

/* Fills wanted; returns the number of faults of each, 0 when two are too few. */
static size_t try_everything(const struct pings *p, uint64_t good, uint64_t bad, uint64_t unknown)
{
	size_t nall;

	try_all_faults(p, good, bad);
	nwanted = 0;
	try_one(FAMILY_ALL, bad, unknown);
	nall = nwanted;
	try_one(FAMILY_SIMPLE, bad, unknown);
	if (nwanted == nall)
		try_one(FAMILY_GROUPS, bad, unknown);
	if (nwanted > 0)
		return 1;
	for (int groups = 0; groups <= 2 && nwanted == 0; groups++)
		try_two(groups, bad, unknown);
	return nwanted > 0 ? 2 : 0;
}

static uint64_t bits_of(const struct pings *p, const json_t *fault)
{
	bool cover[64];
	uint64_t bits = 0;

	cover_of(p, fault, cover);
	for (size_t i = 0; i < p->n * p->n; i++)
		bits |= cover[i] ? UINT64_C(1) << i : 0;
	return bits;
}

static void describe(const struct pings *p, const json_t *answer)
{
	char *text = json_dumps(answer, JSON_INDENT(1));

	for (size_t i = 0; i < p->n; i++)
		print_message("%.*s|\n", (int)p->n, p->cell[i]);
	print_message("%s\nwanted:\n", text);
	for (size_t i = 0; i < nwanted; i++)
		print_message("%016llx %016llx\n", (unsigned long long)wanted[i].a, (unsigned long long)wanted[i].b);
	free(text);
}

static void expect_wanted(const struct pings *p, const json_t *e, const json_t *answer)
{
	const json_t *faults = json_object_get(e, "faults");
	uint64_t a = bits_of(p, json_array_get(faults, 0));
	uint64_t b = json_array_size(faults) > 1 ? bits_of(p, json_array_get(faults, 1)) : 0;

	for (size_t i = 0; i < nwanted; i++)
		if ((wanted[i].a == a && wanted[i].b == b) || (wanted[i].a == b && wanted[i].b == a)) {
			wanted[i] = wanted[--nwanted];
			return;
		}
	describe(p, answer);
	fail_msg("not wanted: %s", get_text(e, "sentence"));
}

static void against_everything(const struct pings *p)
{
	uint64_t good = 0, bad = 0, possible = 0;
	json_t *answer = ask(db, p), *list = json_object_get(answer, "explanations"), *e;
	size_t size, k;
	bool more = json_is_true(json_object_get(answer, "more"));

	for (size_t i = 0; i < p->n; i++)
		for (size_t j = 0; j < p->n; j++) {
			good |= p->cell[i][j] == '+' ? cell_bit(p, i, j) : 0;
			bad |= p->cell[i][j] == '-' ? cell_bit(p, i, j) : 0;
			possible |= cell_bit(p, i, j);
		}
	size = bad != 0 ? try_everything(p, good, bad, possible & ~good & ~bad) : 0;
	if (bad == 0) {
		assert_int_equal(json_array_size(list), 0);
	} else if (size == 0) {
		assert_true(json_is_false(json_object_get(json_array_get(list, 0), "smallest")));
	} else {
		bool many = nwanted > MAX_LISTED;

		json_array_foreach(list, k, e)
		{
			assert_int_equal(json_array_size(json_object_get(e, "faults")), size);
			expect_wanted(p, e, answer);
		}
		if (more != many || (!many && nwanted > 0)) {
			describe(p, answer);
			fail_msg("%zu are not listed, more is %d", nwanted, more);
		}
	}
	json_decref(answer);
}

static uint32_t seed;

static uint32_t dice(uint32_t sides)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % sides;
}

/* Any cell may be anything. */
static void fill_at_random(struct pings *p)
{
	uint32_t bad = 1 + dice(9), unknown = dice(6);

	for (size_t i = 0; i < p->n; i++)
		for (size_t j = 0; j < p->n; j++)
			if (p->cell[i][j] != ' ')
				p->cell[i][j] = dice(10) < bad ? '-' : dice(10) < unknown ? '?' : '+';
}

/* One or two rectangles are bad, and some cells not known: most of these have an explanation. */
static void fill_with_rectangles(struct pings *p)
{
	uint32_t unknown = dice(5);

	for (uint32_t k = 1 + dice(2); k > 0; k--) {
		uint32_t a = dice(1u << p->n), b = dice(1u << p->n), both = dice(2);

		for (size_t i = 0; i < p->n; i++)
			for (size_t j = 0; j < p->n; j++)
				if (p->cell[i][j] != ' ' && ((a >> i & b >> j & 1) || (both && (a >> j & b >> i & 1))))
					p->cell[i][j] = '-';
	}
	for (size_t i = 0; i < p->n; i++)
		for (size_t j = 0; j < p->n; j++)
			if (p->cell[i][j] != ' ' && dice(10) < unknown)
				p->cell[i][j] = '?';
}

static void random_matrices(size_t hosts, size_t per_host, size_t rounds)
{
	for (size_t r = 0; r < rounds; r++) {
		struct pings *p = new_pings(hosts, per_host);

		if (r % 2 == 0)
			fill_at_random(p);
		else
			fill_with_rectangles(p);
		against_everything(p);
		free_pings(p);
	}
}

static void test_two_hosts(void **state)
{
	(void)state;
	seed = 1;
	random_matrices(2, 1, 30);
	random_matrices(2, 2, 600);
}

static void test_three_hosts(void **state)
{
	(void)state;
	seed = 2;
	random_matrices(3, 1, 600);
	random_matrices(3, 2, 100);
}

static void test_four_hosts(void **state)
{
	(void)state;
	seed = 3;
	random_matrices(4, 1, 1000);
}

static void test_five_hosts(void **state)
{
	(void)state;
	seed = 4;
	random_matrices(5, 1, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_wrong), cmocka_unit_test(test_everything_wrong),
		cmocka_unit_test(test_one_host),      cmocka_unit_test(test_trunk),
		cmocka_unit_test(test_pair),          cmocka_unit_test(test_ambiguous),
		cmocka_unit_test(test_two_faults),    cmocka_unit_test(test_more_than_two),
		cmocka_unit_test(test_two_adapters),  cmocka_unit_test(test_hints),
		cmocka_unit_test(test_long_names),    cmocka_unit_test(test_rows),
		cmocka_unit_test(test_too_many),      cmocka_unit_test(test_two_hosts),
		cmocka_unit_test(test_three_hosts),   cmocka_unit_test(test_four_hosts),
		cmocka_unit_test(test_five_hosts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
