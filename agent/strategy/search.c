/* SPDX-License-Identifier: Apache-2.0 */
/* search.c - which size to try next, from what became of those before. */
#include "strategy/search.h"

void search_start(struct search *s, int64_t full, int64_t small, int64_t likely, int confirm)
{
	*s = (struct search){
		.full = full, .small = small, .likely = likely, .confirm = confirm, .size = full, .miss = full + 1};
	if (small >= full)
		s->small = full;
}

/* The next size that narrows the bracket, 0: there is none. */
static int64_t next_size(const struct search *s)
{
	if (s->hit == 0 || s->hit + 1 >= s->miss)
		return 0;
	if (s->miss > s->full) /* the full size was lost, but not for sure */
		return s->full;
	if (s->likely > s->hit && s->likely < s->miss)
		return s->likely;
	if (s->likely == s->hit)
		return s->hit + 1;
	return s->hit + (s->miss - s->hit) / 2;
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

static void missed(struct search *s)
{
	if (s->size < s->miss)
		s->miss = s->size;
}

/* Nothing arrived. */
static bool lost(struct search *s, bool *ret_pause)
{
	int times = s->size == s->full ? ++s->full_lost : ++s->tries;

	if (s->size == s->full && s->hit == 0 && times == 1 && s->small < s->full)
		return another(s, s->small);
	if (times < s->confirm) {
		*ret_pause = true;
		return another(s, s->size);
	}
	missed(s);
	return another(s, next_size(s));
}

static bool arrived(struct search *s, bool all, bool *ret_pause)
{
	bool part = !all || (s->size == s->full && s->full_lost > 0);

	if (s->size > s->hit)
		s->hit = s->size;
	if (s->size < s->full) {
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
	missed(s);
	return another(s, s->hit == 0 && s->size > s->small ? s->small : next_size(s));
}
