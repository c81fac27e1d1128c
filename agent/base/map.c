/* SPDX-License-Identifier: Apache-2.0 */
/* map.c - open addressing, linear probing, at most half full. */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/arena.h"

static uint64_t seed(void)
{
	static uint64_t value;

	if (value == 0 && getrandom(&value, sizeof(value), 0) != (ssize_t)sizeof(value))
		value = (uint64_t)(uintptr_t)&value;
	return value | 1;
}

static uint64_t mix(uint64_t h)
{
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdu;
	h ^= h >> 33;
	h *= 0xc4ceb9fe1a85ec53u;
	return h ^ (h >> 33);
}

/* FNV-1a in steps of eight bytes, as texts are lists of a kilobyte; each step folds, since products carry upwards only. */
uint64_t hash_bytes(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (; len >= sizeof(uint64_t); p += sizeof(uint64_t), len -= sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, p, sizeof(word));
		h = (h ^ word) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 1099511628211u;
	return h;
}

static uint64_t hash_text(const char *s)
{
	return mix(hash_bytes(seed(), s, strlen(s)));
}

static struct map_slot *find(const struct map *m, const char *key)
{
	size_t i = hash_text(key) & (m->cap - 1);

	while (m->slots[i].key != NULL && strcmp(m->slots[i].key, key) != 0)
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

static void map_grow(struct map *m)
{
	struct map old = *m;

	m->cap = old.cap != 0 ? old.cap * 2 : 64;
	m->slots = xcalloc(m->cap, sizeof(*m->slots));
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].key != NULL)
			*find(m, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

bool map_get(const struct map *m, const char *key, int64_t *ret)
{
	const struct map_slot *slot;

	if (m->n == 0)
		return false;
	slot = find(m, key);
	if (slot->key != NULL && ret != NULL)
		*ret = slot->value;
	return slot->key != NULL;
}

void map_set(struct map *m, const char *key, int64_t value)
{
	struct map_slot *slot;

	if (m->n * 2 >= m->cap)
		map_grow(m);
	slot = find(m, key);
	if (slot->key == NULL) {
		slot->key = xstrdup(key);
		m->n++;
	}
	slot->value = value;
}

void map_dispose(struct map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		free(m->slots[i].key);
	free(m->slots);
	*m = (struct map){0};
}

static size_t place(const struct idset *s, uint64_t id)
{
	size_t i = mix(id ^ seed()) & (s->cap - 1);

	while (s->slots[i] != 0 && s->slots[i] != id)
		i = (i + 1) & (s->cap - 1);
	return i;
}

static void idset_grow(struct idset *s)
{
	struct idset old = *s;

	s->cap = old.cap != 0 ? old.cap * 2 : 64;
	s->slots = xcalloc(s->cap, sizeof(*s->slots));
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i] != 0)
			s->slots[place(s, old.slots[i])] = old.slots[i];
	free(old.slots);
}

bool idset_add(struct idset *s, uint64_t id)
{
	size_t i;

	if (id == 0) {
		bool was = s->zero;

		s->zero = true;
		return !was;
	}
	if (s->n * 2 >= s->cap)
		idset_grow(s);
	i = place(s, id);
	if (s->slots[i] == id)
		return false;
	s->slots[i] = id;
	s->n++;
	return true;
}

bool idset_has(const struct idset *s, uint64_t id)
{
	if (id == 0)
		return s->zero;
	return s->cap != 0 && s->slots[place(s, id)] == id;
}

void idset_dispose(struct idset *s)
{
	free(s->slots);
	*s = (struct idset){0};
}
