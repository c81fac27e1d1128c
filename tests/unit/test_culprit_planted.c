/* SPDX-License-Identifier: Apache-2.0 */
/* test_culprit_planted.c - path_culprit on 1,000 made-up networks with one or two faults planted: is it them that are named? */
#include <time.h>

#include "culprit_matrix.h"

#define MAX_PLANTED 2
#define MAX_LEAVES 4
#define CELLS (48 * 48)

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

static uint32_t seed, number; /* of the network */

static uint32_t dice(uint32_t sides)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % sides;
}

/* ---- a network and its faults ---- */

struct network {
	struct pings *p;
	uint32_t leaves;
	uint32_t leaf[MOST_NODES]; /* that each adapter is connected to */
	bool planted[MAX_PLANTED][CELLS];
	bool trunk[MAX_PLANTED];
	size_t nplanted;
	bool complete; /* no cell unknown */
};

static struct network *new_network(void)
{
	struct network *n = calloc(1, sizeof(*n));
	uint32_t hosts = 4 + dice(21), per_host = 1 + dice(2), rails = dice(3) == 0;

	n->leaves = 2 + dice(MAX_LEAVES - 1);
	n->p = new_pings(hosts, per_host);
	for (uint32_t h = 0; h < hosts; h++) {
		uint32_t leaf = h < n->leaves ? h : dice(n->leaves);

		/* both adapters on one leaf switch, or, with rails, on two */
		for (uint32_t k = 0; k < per_host; k++)
			n->leaf[h * per_host + k] = (leaf + rails * k) % n->leaves;
	}
	return n;
}

static void free_network(struct network *n)
{
	free_pings(n->p);
	free(n);
}

/* What a fault concerns at a node: its host, itself, its leaf switch. */
enum planted_kind { PLANTED_HOST, PLANTED_VMKNIC, PLANTED_TRUNK, PLANTED_UPLINK, PLANTED_KINDS };

static bool broken(const struct network *n, enum planted_kind kind, const uint32_t *which, size_t i, size_t j)
{
	switch (kind) {
	case PLANTED_HOST:
		return host_of(n->p, i) == which[0];
	case PLANTED_VMKNIC:
		return i == which[0];
	case PLANTED_TRUNK:
		return n->leaf[i] == which[0] && n->leaf[j] == which[1];
	case PLANTED_UPLINK:
		return n->leaf[i] == which[0] && n->leaf[j] != which[0];
	case PLANTED_KINDS:
		break;
	}
	return false;
}

static void plant(struct network *n)
{
	enum planted_kind kind = (enum planted_kind)dice(PLANTED_KINDS);
	bool trunk = kind == PLANTED_TRUNK || kind == PLANTED_UPLINK;
	uint32_t hosts = (uint32_t)(n->p->n / n->p->per_host), way = dice(4); /* 0, 1: both; 2: out; 3: in */
	uint32_t which[2] = {dice(trunk ? n->leaves : kind == PLANTED_HOST ? hosts : (uint32_t)n->p->n), 0};
	bool *cells = n->planted[n->nplanted];

	which[1] = (which[0] + 1 + dice(n->leaves - 1)) % n->leaves;
	n->trunk[n->nplanted++] = trunk;
	for (size_t i = 0; i < n->p->n; i++)
		for (size_t j = 0; j < n->p->n; j++) {
			bool out = broken(n, kind, which, i, j), in = broken(n, kind, which, j, i);

			if (n->p->cell[i][j] == ' ' || !((out && way != 3) || (in && way != 2)))
				continue;
			cells[i * n->p->n + j] = true;
			n->p->cell[i][j] = '-';
		}
}

/* Some of the answers are missing: each with the same chance, or all that one host would have given. */
static void forget(struct network *n)
{
	uint32_t manner = dice(4), chance = manner == 1 ? 10 : manner == 2 ? 40 : 0;
	size_t silent = manner == 3 ? dice((uint32_t)(n->p->n / n->p->per_host)) : SIZE_MAX;

	n->complete = manner == 0;
	for (size_t i = 0; i < n->p->n; i++)
		for (size_t j = 0; j < n->p->n; j++)
			if (n->p->cell[i][j] != ' ' && (dice(100) < chance || host_of(n->p, i) == silent))
				n->p->cell[i][j] = '?';
}

/* ---- what is said of it ---- */

static bool within(const struct network *n, const bool *a, const bool *b)
{
	for (size_t i = 0; i < n->p->n * n->p->n; i++)
		if (a[i] && !b[i])
			return false;
	return true;
}

/* Is there a bad cell that A covers and B doesn't (NULL: covers nothing)? */
static bool explains_more(const struct network *n, const bool *a, const bool *b)
{
	for (size_t i = 0; i < n->p->n * n->p->n; i++)
		if (a[i] && (b == NULL || !b[i]) && n->p->cell[i / n->p->n][i % n->p->n] == '-')
			return true;
	return false;
}

/* How many of the planted faults it takes: some are hidden by the other, or by cells that aren't known. */
static size_t faults_seen(const struct network *n)
{
	bool first = explains_more(n, n->planted[0], NULL), second = explains_more(n, n->planted[1], NULL);

	if (!first || !second)
		return first || second;
	if (!explains_more(n, n->planted[0], n->planted[1]) || !explains_more(n, n->planted[1], n->planted[0]))
		return 1;
	return 2;
}

static void say(const struct network *n, const json_t *answer)
{
	char *text = json_dumps(answer, JSON_INDENT(1));

	for (size_t i = 0; i < n->p->n; i++)
		print_message("%u %.*s\n", n->leaf[i], (int)n->p->n, n->p->cell[i]);
	print_message("%s\n", text);
	free(text);
}

/* No good cell is covered, and every bad one. */
static bool holds(const struct network *n, const json_t *e, bool all)
{
	bool *cover = calloc(CELLS, 1), *sum = calloc(CELLS, 1), ok = true;
	const json_t *fault;
	size_t k;

	json_array_foreach(json_object_get(e, "faults"), k, fault)
	{
		cover_of(n->p, fault, cover);
		for (size_t i = 0; i < n->p->n * n->p->n; i++)
			sum[i] |= cover[i];
	}
	for (size_t i = 0; i < n->p->n * n->p->n; i++) {
		char c = n->p->cell[i / n->p->n][i % n->p->n];

		ok = ok && !(sum[i] && c == '+') && !(all && !sum[i] && c == '-');
	}
	free(cover);
	free(sum);
	return ok;
}

/* FAULT stands for planted fault I: it claims a part of it, or says of a trunk that is one host's that it is the host. */
static bool stands_for(const struct network *n, const json_t *fault, size_t i)
{
	bool *cover = calloc(CELLS, 1), ok;

	cover_of(n->p, fault, cover);
	ok = within(n, cover, n->planted[i]) || (n->trunk[i] && is_simple(fault)) ||
	     strcmp(get_text(fault, "kind"), "all") == 0;
	free(cover);
	return ok;
}

static bool names_planted(const struct network *n, const json_t *e)
{
	const json_t *faults = json_object_get(e, "faults"), *a = json_array_get(faults, 0),
		     *b = json_array_get(faults, 1);

	if (b == NULL)
		return stands_for(n, a, 0) || (n->nplanted == 2 && stands_for(n, a, 1));
	return (stands_for(n, a, 0) && stands_for(n, b, 1)) || (stands_for(n, a, 1) && stands_for(n, b, 0));
}

static void judge(const struct network *n, const json_t *answer)
{
	const json_t *list = json_object_get(answer, "explanations"), *e;
	size_t k, seen = faults_seen(n);
	bool named = false;

	if (json_array_size(list) == 0 && seen > 0)
		fail_msg("network %u: no explanation", number);
	json_array_foreach(list, k, e)
	{
		if (!holds(n, e, true))
			fail_msg("network %u: a cell contradicts: %s", number, get_text(e, "sentence"));
		if (json_array_size(json_object_get(e, "faults")) > seen)
			fail_msg("network %u: %zu would do: %s", number, seen, get_text(e, "sentence"));
		named = named || json_array_size(json_object_get(e, "faults")) < seen || names_planted(n, e);
	}
	if (n->complete && json_is_true(json_object_get(answer, "more")))
		fail_msg("network %u: all cells are known, and there are too many explanations", number);
	if (seen > 0 && !named && !json_is_true(json_object_get(answer, "more")))
		fail_msg("network %u: the planted faults aren't among them", number);
}

static size_t nalone, nmore; /* matrices with one explanation only; with more than are listed */

static void one_network(void)
{
	struct network *n;
	json_t *answer;

	seed = number;
	n = new_network();
	plant(n);
	if (dice(2) == 0)
		plant(n);
	forget(n);
	answer = ask(db, n->p);
	if (getenv("CULPRIT_NETWORK") != NULL)
		say(n, answer);
	judge(n, answer);
	nalone += json_array_size(json_object_get(answer, "explanations")) == 1;
	nmore += json_is_true(json_object_get(answer, "more"));
	json_decref(answer);
	free_network(n);
}

static void test_planted(void **state)
{
	const char *only = getenv("CULPRIT_NETWORK"); /* to look at one of them */

	(void)state;
	if (only != NULL) {
		number = (uint32_t)strtoul(only, NULL, 10);
		one_network();
		return;
	}
	for (number = 1; number <= 1000; number++)
		one_network();
	print_message("%zu have one explanation, %zu have more than are listed\n", nalone, nmore);
	assert_true(nalone > 900 && nmore < 10);
}

/* ---- large ones ---- */

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* 64 hosts of two adapters, of which CHANCE percent of the cells are bad without any sense, and as many not known. */
static void test_large(void **state)
{
	static const uint32_t chances[] = {0, 1, 30, 49};

	(void)state;
	for (size_t k = 0; k < sizeof(chances) / sizeof(chances[0]); k++) {
		struct pings *p = new_pings(64, 2);
		json_t *answer;
		double start;

		seed = (uint32_t)k + 1;
		for (size_t i = 0; i < p->n; i++)
			for (size_t j = 0; j < p->n; j++) {
				uint32_t d = dice(100);

				if (p->cell[i][j] != ' ')
					p->cell[i][j] = d < chances[k] || i / 60 != j / 60 ? '-'
					                : d >= 100 - chances[k]            ? '?'
					                                                   : '+';
			}
		start = seconds();
		answer = ask(db, p);
		print_message("%u %%: %.2f s, %zu explanations\n", chances[k], seconds() - start,
		              json_array_size(json_object_get(answer, "explanations")));
		assert_true(seconds() - start < 20);
		/* three switches that reach nobody else: one of them by itself, and the trunk between the other two */
		assert_int_equal(json_array_size(json_object_get(answer, "explanations")), k == 0 ? 3 : 1);
		json_decref(answer);
		free_pings(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_planted),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
