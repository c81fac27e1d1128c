/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search.h - which size to try next: the `search:` of a probe file. Pure: knows nothing of probes, loops or packets.
 *
 * First the full size. When nothing of it arrives, the small one: does anything arrive at all? Then the full one again, likely ones,
 * a little and then much more than these, and halves of what is left in between until the largest that arrives is known exactly. What the search ends
 * with is lost only after all of `confirm` attempts got nothing; on the way there one that gets nothing is enough, since a size that turns
 * out to arrive after all opens the bracket again. So one lost packet never narrows it. A source that refuses to send a size settles it
 * at once. Where only a part arrives, the size is tried `confirm` times more, since how much is lost takes packets to say.
 */
#ifndef STRATEGY_SEARCH_H
#define STRATEGY_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#define SEARCH_ATTEMPTS 64 /* of one search, whatever was answered */

#define SEARCH_GUESSES 8

enum search_answer {
	SEARCH_ALL,     /* every packet got a reply */
	SEARCH_SOME,    /* not every one */
	SEARCH_NOTHING, /* none */
	SEARCH_REFUSED, /* the source didn't send that size */
};

struct search {
	int64_t full, small; /* bytes */
	int64_t likely[SEARCH_GUESSES];
	int nlikely;
	int confirm; /* at least 1 */
	/* its state */
	int64_t size;      /* under way */
	int64_t hit, miss; /* the largest that arrived, 0: none; the smallest that is lost for sure, or full + 1 */
	int miss_lost;     /* attempts at that size that got nothing */
	int full_lost;     /* likewise at the full size */
	int tries;         /* at this size, that call for another one */
	int attempts;
};

void search_start(struct search *s, int64_t full, int64_t small, int confirm);

/* SIZE is as good a guess as any: what others found. At most SEARCH_GUESSES, the first ones count. */
void search_guess(struct search *s, int64_t size);

/* What is the largest size that arrives? 0: nothing does, or it isn't known to the byte. */
int64_t search_found(const struct search *s);

/* Takes the answer for s->size. true: try s->size next, after a pause where *ret_pause. false: all is known that can be. */
bool search_next(struct search *s, enum search_answer answer, bool *ret_pause);

#endif
