/* SPDX-License-Identifier: Apache-2.0 */
/* search.c - which size to try next, from what became of those before. */
#include "strategy/search.h"

void search_start(struct search *s, int64_t full, int64_t small, int confirm)
{
	*s = (struct search){
		.full = full, .small = small < full ? small : full, .confirm = confirm, .size = full, .miss = full + 1};
}

void search_guess(struct search *s, int64_t size)
{
	for (int i = 0; i < s->nlikely; i++)
		if (s->likely[i] == size)
			return;
	if (s->nlikely < SEARCH_GUESSES && size > 0)
		s->likely[s->nlikely++] = size;
}

int64_t search_found(const struct search *s)
{
	return s->hit > 0 && s->hit + 1 == s->miss && s->miss_lost >= s->confirm ? s->hit : 0;
}

/* The next of the likely sizes in the bracket; of the one that the bracket starts at, the next larger size. 0: none. */
static int64_t next_likely(const struct search *s)
{
	for (int i = 0; i < s->nlikely; i++) {
		if (s->likely[i] > s->hit && s->likely[i] < s->miss)
			return s->likely[i];
		if (s->likely[i] == s->hit)
			return s->hit + 1;
	}
	return 0;
}

/* In growing steps from a likely size that arrives: devices often carry a little more than what they are set to. 0: none. */
static int64_t next_step(const struct search *s)
{
	int64_t from = 0;

	for (int i = 0; i < s->nlikely; i++)
		if (s->likely[i] <= s->hit && s->likely[i] > from)
			from = s->likely[i];
	for (int64_t step = 16; from > 0 && from + step < s->miss; step *= 16)
		if (from + step > s->hit)
			return from + step;
	return 0;
}

/* The next size that narrows the bracket, 0: there is none. */
static int64_t next_size(const struct search *s)
{
	int64_t size;

	if (s->hit == 0 || s->hit >= s->miss)
		return 0;
	if (s->miss > s->full) /* the full size was lost, but not for sure */
		return s->full;
	if (s->hit + 1 == s->miss)
		return s->miss_lost < s->confirm ? s->miss : 0;
	size = next_likely(s);
	if (size == 0)
		size = next_step(s);
	return size != 0 ? size : s->hit + (s->miss - s->hit) / 2;
}

static bool another(struct search *s, int64_t size)
{
	if (size == 0 || s->attempts >= SEARCH_ATTEMPTS)
		return false;
	if (size != s->size)
		s->tries = 0;
	s->size = size;
	return true;
}

/* The size at hand is lost, after so many attempts. */
static void missed(struct search *s, int attempts)
{
	if (s->size < s->miss)
		s->miss_lost = 0;
	if (s->size <= s->miss) {
		s->miss = s->size;
		s->miss_lost += attempts;
	}
}

/* Nothing arrived. */
static bool lost(struct search *s, bool *ret_pause)
{
	bool end = s->size == s->full || s->size == s->small;
	int times = s->size == s->full ? ++s->full_lost : ++s->tries;

	if (s->size == s->full && s->hit == 0 && times == 1 && s->small < s->full)
		return another(s, s->small);
	if (end && times < s->confirm) {
		*ret_pause = true;
		return another(s, s->size);
	}
	missed(s, end ? s->confirm : 1);
	return another(s, next_size(s));
}

static bool arrived(struct search *s, bool all, bool *ret_pause)
{
	bool part = !all || (s->size == s->full && s->full_lost > 0);

	if (s->size > s->hit)
		s->hit = s->size;
	if (s->size < s->full) {
		if (s->size >= s->miss) { /* it was taken for lost, and so may others be */
			s->miss = s->full;
			s->miss_lost = s->full_lost;
		}
		/* what is asked next is the full size again, which was just lost */
		*ret_pause = s->miss > s->full;
		return another(s, next_size(s));
	}
	if ((part || s->tries > 0) && s->tries < s->confirm) {
		s->tries++;
		*ret_pause = true;
		return another(s, s->full);
	}
	return false;
}

bool search_next(struct search *s, enum search_answer answer, bool *ret_pause)
{
	*ret_pause = false;
	s->attempts++;
	switch (answer) {
	case SEARCH_ALL:
	case SEARCH_SOME:
		return arrived(s, answer == SEARCH_ALL, ret_pause);
	case SEARCH_NOTHING:
		/* Of a size that arrived before, that is a lossy path, not a smaller one. */
		if (s->size <= s->hit)
			return arrived(s, false, ret_pause);
		return lost(s, ret_pause);
	case SEARCH_REFUSED:
		break;
	}
	missed(s, s->confirm);
	return another(s, s->hit == 0 && s->size > s->small ? s->small : next_size(s));
}
