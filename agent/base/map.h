/* SPDX-License-Identifier: Apache-2.0 */
/* map.h - a hash table from texts to numbers; keys live in the map. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot {
	char *key; /* NULL: free */
	int64_t value;
};

/* Start: {0}. The hash is seeded once a process, so that hosts can't choose names that collide. */
struct map {
	struct map_slot *slots;
	size_t n, cap;
};

bool map_get(const struct map *m, const char *key,
             int64_t *ret);                                  /* false: not there; *ret untouched. RET may be NULL */
void map_set(struct map *m, const char *key, int64_t value); /* adds or replaces */
void map_dispose(struct map *m);

/* Continues H (start: HASH_START) over LEN bytes, of this process only. Finds candidates; whoever must be sure compares. */
#define HASH_START 14695981039346656037u
uint64_t hash_bytes(uint64_t h, const void *data, size_t len);

/* The same for 64-bit keys without values. */
struct idset {
	uint64_t *slots;
	size_t n, cap;
	bool zero;
};

bool idset_add(struct idset *s, uint64_t id); /* false: was there */
bool idset_has(const struct idset *s, uint64_t id);
void idset_dispose(struct idset *s);

#endif
