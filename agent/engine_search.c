/* SPDX-License-Identifier: Apache-2.0 */
/* engine_search.c - items of a probe with `search:`: asked again with other sizes, each attempt with rows of its own. */
#include <string.h>

#include "base/str.h"
#include "engine_impl.h"
#include "strategy/search.h"

#define SIZE_MAX_BYTES 1000000 /* no packet is larger */

struct searching {
	struct search search;
	struct item item; /* the row of the for_each with the size and the attempt at hand */
	struct watch watch;
	char size[24], attempt[24];
};

static const struct search_spec *spec_of(const struct running *r)
{
	return r->job.planned->probe->search;
}

static bool size_of(const struct item *item, const char *column, int64_t *ret)
{
	const char *value = item_value(item, column);

	return value != NULL && parse_int64(value, ret) && *ret > 0 && *ret <= SIZE_MAX_BYTES;
}

/* The row of the for_each, with values of its own for the size and the attempt. */
static void copy_item(struct running *r, struct searching *g)
{
	const struct item *from = r->job.item;
	struct item *to = &g->item;

	to->names = arena_array(r->e->arena, from->n + 1, sizeof(*to->names));
	to->values = arena_array(r->e->arena, from->n + 1, sizeof(*to->values));
	for (size_t i = 0; i < from->n; i++) {
		if (strcmp(from->names[i], SEARCH_COLUMN) == 0)
			continue;
		to->names[to->n] = from->names[i];
		to->values[to->n++] = strcmp(from->names[i], spec_of(r)->vary) == 0 ? g->size : from->values[i];
	}
	to->names[to->n] = SEARCH_COLUMN;
	to->values[to->n++] = g->attempt;
}

/* NULL: ERR says what is wrong with the row. */
static struct searching *start(struct running *r, struct err *err)
{
	const struct search_spec *spec = spec_of(r);
	struct searching *g = arena_alloc(r->e->arena, sizeof(*g));
	int64_t full, likely = 0;

	if (!size_of(r->job.item, spec->vary, &full)) {
		err_set(err, ERR_PROTOCOL, "for_each: %s is no size from 1 to %d", spec->vary, SIZE_MAX_BYTES);
		return NULL;
	}
	if (spec->likely != NULL && !size_of(r->job.item, spec->likely, &likely))
		likely = 0;
	search_start(&g->search, full, spec->small, spec->confirm);
	search_guess(&g->search, likely);
	g->watch = (struct watch){.table = spec->table, .sent = spec->sent, .hit = spec->hit, .error = spec->error};
	copy_item(r, g);
	r->searching = g;
	r->job.item = &g->item;
	r->job.watch = &g->watch;
	return g;
}

int searching_begin(struct running *r, struct err *err)
{
	struct searching *g = r->searching != NULL ? r->searching : start(r, err);

	if (g == NULL)
		return -1;
	g->watch.seen = false;
	snprintf(g->size, sizeof(g->size), "%lld", (long long)g->search.size);
	snprintf(g->attempt, sizeof(g->attempt), "%d", g->search.attempts + 1);
	return 0;
}

static bool is_refusal(const struct running *r, const char *text)
{
	return spec_of(r)->refused != NULL && strcasestr(text, spec_of(r)->refused) != NULL;
}

/* What the attempt told; false: nothing that a search can go on with. */
static bool told(const struct running *r, enum search_answer *ret)
{
	const struct watch *w = &r->searching->watch;

	if (!w->seen)
		return false;
	if (w->got_hit > 0)
		*ret = w->got_hit < w->got_sent ? SEARCH_SOME : SEARCH_ALL;
	else
		*ret = is_refusal(r, w->got_error) ? SEARCH_REFUSED : SEARCH_NOTHING;
	return w->got_hit >= 0 || *ret == SEARCH_REFUSED;
}

/* What limits one path often limits others: what was found is what the others try first. */
static void learn(struct running *r)
{
	struct engine *e = r->e;
	int64_t found = search_found(&r->searching->search);

	if (found == 0 || found == r->searching->search.full)
		return;
	for (size_t i = 0; i < FOUND_SIZES; i++)
		if (e->found[i] == found)
			return;
	e->found[e->nfound++ % FOUND_SIZES] = found;
}

static void guess(struct running *r)
{
	for (size_t i = 0; i < FOUND_SIZES; i++)
		search_guess(&r->searching->search, r->e->found[i]);
}

bool searching_goes_on(struct running *r, struct err *err)
{
	enum search_answer answer;
	bool pause;

	if (err->kind != ERR_NONE && r->e->stopped.kind == ERR_NONE && is_refusal(r, err->text)) {
		collect_attempt_failed(&r->job, err);
		*err = (struct err){0};
		answer = SEARCH_REFUSED;
	} else if (err->kind != ERR_NONE || !told(r, &answer)) {
		return false;
	}
	guess(r);
	if (!search_next(&r->searching->search, answer, &pause)) {
		learn(r);
		return false;
	}
	items_again(r, pause ? spec_of(r)->pause_ms : 0);
	return true;
}
