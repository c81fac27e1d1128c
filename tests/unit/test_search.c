/* SPDX-License-Identifier: Apache-2.0 */
/* test_search.c - which sizes a search tries, and what it takes to narrow its bracket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "strategy/search.h"

/* One letter an answer: A all, S some, N nothing, R refused. Gives the sizes tried, with a `~` where a pause came before. */
static const char *tried(const char *answers, int64_t full, int64_t small, int64_t likely, int confirm)
{
	static char text[1024];
	struct buf b = {.max = sizeof(text)};
	struct search s;
	bool more = true, pause = false;

	search_start(&s, full, small, confirm);
	search_guess(&s, likely);
	for (const char *p = answers; more && *p != '\0'; p++) {
		buf_printf(&b, "%s%s%lld", b.len > 0 ? " " : "", pause ? "~" : "", (long long)s.size);
		more = search_next(&s,
		                   *p == 'A'   ? SEARCH_ALL
		                   : *p == 'S' ? SEARCH_SOME
		                   : *p == 'N' ? SEARCH_NOTHING
		                               : SEARCH_REFUSED,
		                   &pause);
	}
	buf_puts(&b, more ? " ..." : " end");
	snprintf(text, sizeof(text), "%s", buf_str(&b));
	buf_dispose(&b);
	return text;
}

static void all_arrives(void **state)
{
	(void)state;
	assert_string_equal(tried("A", 8972, 56, 1472, 2), "8972 end");
	assert_string_equal(tried("A", 1472, 56, 1472, 2), "1472 end");
}

static void lossy_is_measured_not_narrowed(void **state)
{
	(void)state;
	assert_string_equal(tried("SAA", 8972, 56, 1472, 2), "8972 ~8972 ~8972 end");
	assert_string_equal(tried("SNS", 8972, 56, 1472, 2), "8972 ~8972 ~8972 end");
	assert_string_equal(tried("SNN", 8972, 56, 1472, 2), "8972 ~8972 ~8972 end");
}

static void lost_once_is_tried_again(void **state)
{
	(void)state;
	/* the first attempt found nobody awake */
	assert_string_equal(tried("NAAAA", 8972, 56, 1472, 2), "8972 56 ~8972 ~8972 ~8972 end");
}

static void unreachable(void **state)
{
	(void)state;
	assert_string_equal(tried("NNN", 8972, 56, 1472, 2), "8972 56 ~56 end");
	assert_string_equal(tried("NNNN", 8972, 56, 1472, 3), "8972 56 ~56 ~56 end");
}

static void small_only(void **state)
{
	(void)state;
	/* 8972 is lost twice; 1472 arrives; 1473 is lost twice: exact */
	assert_string_equal(tried("NANANN", 8972, 56, 1472, 2), "8972 56 ~8972 1472 1473 1473 end");
	/* a part of 1473 arrives: the bracket moves up, not down */
	assert_string_equal(tried("NANASN", 8972, 56, 1472, 2), "8972 56 ~8972 1472 1473 1488 ...");
	/* one lost packet, or all of one attempt, doesn't move it down */
	assert_string_equal(tried("NANANA", 8972, 56, 1472, 2), "8972 56 ~8972 1472 1473 1473 ...");
}

/* 1488 was lost by chance: it is asked for again before the search ends with it, and then more is looked at. */
static void what_it_ends_with_is_confirmed(void **state)
{
	(void)state;
	assert_string_equal(tried("NANAANAAAAAA", 8972, 56, 1472, 2),
	                    "8972 56 ~8972 1472 1473 1488 1480 1484 1486 1487 1488 1728 ...");
	assert_string_equal(tried("NANAANAAAAN", 8972, 56, 1472, 2),
	                    "8972 56 ~8972 1472 1473 1488 1480 1484 1486 1487 1488 end");
}

/* What others found is tried first; what it takes is two sizes more. */
static void others_found_it(void **state)
{
	struct search s;
	bool pause;

	(void)state;
	search_start(&s, 8972, 56, 1);
	search_guess(&s, 1472);
	search_guess(&s, 1476);
	search_guess(&s, 1476);
	assert_int_equal(s.nlikely, 2);
	assert_true(search_next(&s, SEARCH_NOTHING, &pause) && search_next(&s, SEARCH_ALL, &pause));
	assert_true(search_next(&s, SEARCH_NOTHING, &pause));
	assert_int_equal(s.size, 1472);
	assert_true(search_next(&s, SEARCH_ALL, &pause));
	assert_int_equal(s.size, 1473);
	assert_int_equal(search_found(&s), 0);
	assert_true(search_next(&s, SEARCH_ALL, &pause));
	assert_int_equal(s.size, 1476);
	assert_true(search_next(&s, SEARCH_ALL, &pause));
	assert_int_equal(s.size, 1477);
	assert_false(search_next(&s, SEARCH_NOTHING, &pause));
	assert_int_equal(search_found(&s), 1476);
}

static void refused_settles_at_once(void **state)
{
	(void)state;
	assert_string_equal(tried("RAAR", 8972, 56, 1472, 2), "8972 56 1472 1473 end");
	assert_string_equal(tried("RNN", 8972, 56, 1472, 2), "8972 56 ~56 end");
	assert_string_equal(tried("RR", 8972, 56, 1472, 2), "8972 56 end");
	/* learnt in mid-search: a router told the source */
	assert_string_equal(tried("NAR", 8972, 56, 1472, 2), "8972 56 ~8972 ...");
	assert_string_equal(tried("NARAR", 8972, 56, 1472, 2), "8972 56 ~8972 1472 1473 end");
	assert_string_equal(tried("SRA", 8972, 56, 1472, 2), "8972 ~8972 end");
}

static void without_room(void **state)
{
	(void)state;
	assert_string_equal(tried("NN", 56, 56, 0, 2), "56 ~56 end");
	assert_string_equal(tried("N", 56, 100, 0, 1), "56 end");
	assert_string_equal(tried("NAN", 57, 56, 0, 2), "57 56 ~57 end");
}

/* A path that carries LIMIT bytes, or where the source itself refuses more than OWN. LOSS of 100 packets is lost. */
static enum search_answer answer(int64_t size, int64_t limit, int64_t own, int loss)
{
	int got = 0;

	if (size > own)
		return SEARCH_REFUSED;
	for (int i = 0; i < 4; i++)
		got += size <= limit && rand() % 100 >= loss;
	return got == 4 ? SEARCH_ALL : got > 0 ? SEARCH_SOME : SEARCH_NOTHING;
}

static struct search searched(int64_t limit, int64_t own, int loss)
{
	struct search s;
	bool pause;

	search_start(&s, 8972, 56, 2);
	search_guess(&s, 1472);
	while (search_next(&s, answer(s.size, limit, own, loss), &pause))
		;
	return s;
}

static void every_limit_is_found_exactly(void **state)
{
	(void)state;
	for (int64_t limit = 56; limit <= 8972; limit++) {
		struct search s = searched(limit, 9999, 0);

		assert_int_equal(s.hit, limit);
		assert_true(limit == 8972 || s.miss == limit + 1);
		assert_true(s.attempts <= 36);
		s = searched(9999, limit, 0);
		assert_int_equal(s.hit, limit);
		assert_true(s.attempts <= 20);
	}
}

/* 30 of 100 packets are lost: what arrives is never more than the path carries, and rarely taken for less. */
static void lossy_paths(void **state)
{
	int low = 0;

	(void)state;
	srand(7);
	for (int i = 0; i < 2000; i++) {
		int64_t limit = 56 + rand() % 8917;
		struct search s = searched(limit, 9999, 30);

		assert_true(s.hit <= limit);
		assert_true(s.attempts <= SEARCH_ATTEMPTS);
		low += s.hit < limit;
	}
	assert_true(low < 20); /* two attempts of four packets: 0.7 in 10,000 for each size tried */
}

/* Nothing arrives as anybody would expect: it ends all the same. */
static void nonsense_ends(void **state)
{
	(void)state;
	srand(11);
	for (int i = 0; i < 20000; i++) {
		struct search s;
		bool pause;
		int n = 0;

		search_start(&s, 1 + rand() % 70000, rand() % 70000, 1 + rand() % 5);
		for (int k = rand() % 10; k > 0; k--)
			search_guess(&s, rand() % 70000);
		while (search_next(&s, (enum search_answer)(rand() % 4), &pause)) {
			assert_true(s.size > 0 && s.size <= s.full);
			assert_true(++n < SEARCH_ATTEMPTS);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_arrives),
		cmocka_unit_test(lossy_is_measured_not_narrowed),
		cmocka_unit_test(lost_once_is_tried_again),
		cmocka_unit_test(unreachable),
		cmocka_unit_test(small_only),
		cmocka_unit_test(what_it_ends_with_is_confirmed),
		cmocka_unit_test(others_found_it),
		cmocka_unit_test(refused_settles_at_once),
		cmocka_unit_test(without_room),
		cmocka_unit_test(every_limit_is_found_exactly),
		cmocka_unit_test(lossy_paths),
		cmocka_unit_test(nonsense_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
