/* SPDX-License-Identifier: Apache-2.0 */
/* diff.c - compares the findings of two records. */
#include "diff.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"

#define ALONE SIZE_MAX

/* A finding, or one peer of it. */
struct item {
	size_t finding, peer; /* peer ALONE: the finding as it is */
	size_t other;         /* of the other run; ALONE: none */
};

struct side {
	struct recorded_finding *findings;
	size_t nfindings;
	struct item *items;
	size_t n, cap;
	struct map by_key; /* fingerprint, and which one of that fingerprint -> item */
};

const char *change_name(enum change c)
{
	static const char *const names[] = {[CHANGE_NEW] = "new", [CHANGE_GONE] = "gone", [CHANGE_CHANGED] = "changed"};

	return names[c];
}

static void add_item(struct side *s, size_t finding, size_t peer, const char *fingerprint)
{
	char key[64];
	int nth = 0;

	do
		snprintf(key, sizeof(key), "%s %d", fingerprint, nth++);
	while (map_get(&s->by_key, key, NULL));
	map_set(&s->by_key, key, (int64_t)s->n);
	s->items = grow(s->items, &s->cap, s->n, sizeof(*s->items));
	s->items[s->n++] = (struct item){finding, peer, ALONE};
}

static int read_side(struct arena *a, struct record *r, struct side *s)
{
	if (record_findings(a, r, &s->findings, &s->nfindings) < 0)
		return -1;
	for (size_t i = 0; i < s->nfindings; i++) {
		const struct recorded_finding *f = &s->findings[i];
		char fingerprint[33];

		if (f->f.npeers == 0)
			add_item(s, i, ALONE, f->f.fingerprint);
		for (size_t p = 0; p < f->f.npeers; p++) {
			finding_fingerprint(f->check, f->ids, f->peer_ids[p], f->f.object, fingerprint);
			add_item(s, i, p, fingerprint);
		}
	}
	return 0;
}

static void side_dispose(struct side *s)
{
	map_dispose(&s->by_key);
	free(s->items);
}

static void match(struct side *before, struct side *after)
{
	for (size_t i = 0; i < before->by_key.cap; i++) {
		const struct map_slot *slot = &before->by_key.slots[i];
		int64_t at;

		if (slot->key == NULL || !map_get(&after->by_key, slot->key, &at))
			continue;
		before->items[slot->value].other = (size_t)at;
		after->items[at].other = (size_t)slot->value;
	}
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool same(const struct recorded_finding *x, const struct recorded_finding *y)
{
	return x->f.status == y->f.status && x->severity == y->severity && same_text(x->f.observed, y->f.observed) &&
	       same_text(x->f.expected, y->f.expected);
}

/* ---- telling ---- */

/* F with only PEERS of its peers, a JSON list that is freed. */
static const struct recorded_finding *with_peers(struct arena *a, const struct recorded_finding *f, json_t *peers)
{
	struct recorded_finding *copy = arena_alloc(a, sizeof(*copy));
	char *text;

	*copy = *f;
	copy->f.npeers = json_array_size(peers);
	if (copy->f.npeers == 1) {
		copy->f.peer = arena_strdup(a, json_string_value(json_array_get(peers, 0)));
		copy->f.peers = NULL;
		copy->f.npeers = 0;
	} else {
		text = json_dumps(peers, JSON_COMPACT);
		copy->f.peers = arena_strdup(a, text != NULL ? text : "[]");
		free(text);
	}
	json_decref(peers);
	return copy;
}

static void add(struct diff *d, enum change change, const struct recorded_finding *before,
                const struct recorded_finding *after)
{
	d->v = grow(d->v, &d->cap, d->n, sizeof(*d->v));
	d->v[d->n++] = (struct difference){change, before, after};
	d->count[change]++;
}

/* Has I the fate that is asked for, and in which finding of the other run (ALONE: in none)? */
static bool has_fate(const struct side *s, const struct side *other, const struct item *i, enum change change,
                     size_t *ret_other)
{
	*ret_other = i->other != ALONE ? other->items[i->other].finding : ALONE;
	if (change != CHANGE_CHANGED)
		return i->other == ALONE;
	return i->other != ALONE && !same(&s->findings[i->finding], &other->findings[*ret_other]);
}

/* The items of S, those of one finding and one fate together. OTHER's finding goes with them, whole but for its peers. */
static void tell(struct arena *a, const struct side *s, const struct side *other, enum change change, struct diff *ret)
{
	for (size_t i = 0, next; i < s->n; i = next) {
		const struct recorded_finding *f = &s->findings[s->items[i].finding], *was = NULL;
		size_t at, at_next;
		json_t *peers;

		next = i + 1;
		if (!has_fate(s, other, &s->items[i], change, &at))
			continue;
		if (at != ALONE)
			was = &other->findings[at];
		if (s->items[i].peer != ALONE) {
			json_t *names = json_loads(f->f.peers, 0, NULL);

			peers = json_array();
			json_array_append(peers, json_array_get(names, s->items[i].peer));
			for (; next < s->n && s->items[next].finding == s->items[i].finding &&
			       has_fate(s, other, &s->items[next], change, &at_next) && at_next == at;
			     next++)
				json_array_append(peers, json_array_get(names, s->items[next].peer));
			json_decref(names);
			if (was != NULL && was->f.npeers > 0)
				was = with_peers(a, was, json_deep_copy(peers));
			f = with_peers(a, f, peers);
		}
		add(ret, change, change == CHANGE_GONE ? f : was, change == CHANGE_GONE ? NULL : f);
	}
}

int diff_records(struct arena *a, struct record *before, struct record *after, struct diff *ret)
{
	struct side old = {0}, new = {0};
	int rc = read_side(a, before, &old);

	*ret = (struct diff){0};
	if (rc == 0)
		rc = read_side(a, after, &new);
	if (rc == 0) {
		match(&old, &new);
		tell(a, &new, &old, CHANGE_NEW, ret);
		tell(a, &new, &old, CHANGE_CHANGED, ret);
		tell(a, &old, &new, CHANGE_GONE, ret);
	}
	side_dispose(&old);
	side_dispose(&new);
	return rc;
}

void diff_dispose(struct diff *d)
{
	free(d->v);
	*d = (struct diff){0};
}
