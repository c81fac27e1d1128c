/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subject.h - the denominators: hosts, VMs, clusters ... of a run, the spine of each kind of subject, and the scope.
 *
 * Read from the model's spine views, which are built from identities alone.
 */
#ifndef SUBJECT_H
#define SUBJECT_H

#include "base/map.h"
#include "run.h"

#define NOBODY (-1)

enum entity_kind { ENTITY_TARGET, ENTITY_CLUSTER, ENTITY_HOST, ENTITY_VM, ENTITY_DATASTORE, ENTITY_PATH, ENTITY_COUNT };

struct entity {
	const char *id, *name;
	bool named;                      /* false: the name wasn't answered, and the id stands in for it */
	int target, cluster, host, peer; /* indexes of their kinds, or NOBODY; host of a VM, host and peer of a path */
	bool in_scope;
};

struct entities {
	struct entity *v;
	size_t n, cap;
	struct map by_id;
	bool (*match)(const char *pattern, const char *name); /* how a scope's globs are compared with these names */
	bool loaded;
};

/* The subjects of one kind, sorted; a key is (first << 32 | second) of entity indexes. */
struct spine {
	uint64_t *keys;
	size_t n, cap;
	bool loaded;
};

struct subjects {
	struct arena *arena;
	struct facts *facts;
	struct scope scope;
	const char **platform; /* of each target, by index */
	struct map excluded;   /* ids of the hosts that --exclude takes out, and of the VMs on them */
	struct entities of[ENTITY_COUNT];
	struct spine spine[SUBJECT_TARGET + 1];
};

/* Reads targets, clusters and hosts; VMs too when WITH_VMS or the scope names some. */
int subjects_load(struct subjects *s, struct facts *f, const struct scope *scope, bool with_vms, struct err *err);
void subjects_dispose(struct subjects *s);

/* The index of the entity, or NOBODY. */
int subjects_find(const struct subjects *s, enum entity_kind kind, const char *id);

/* The spine of KIND, read at its first use. NULL on error. */
const struct spine *subjects_spine(struct subjects *s, enum subject kind, struct err *err);

/* The first position whose key is not below KEY; the spine's end when there is none. */
size_t spine_from(const struct spine *sp, uint64_t key);

/* Position in the spine, or -1. */
long spine_find(const struct spine *sp, uint64_t key);

uint64_t subject_key(int first, int second);

/* Who a subject is about. NOBODY where it isn't. */
struct who {
	int target, cluster, host, peer, vm, datastore, path;
};
struct who subjects_who(const struct subjects *s, enum subject kind, uint64_t key);

/* Does the run's scope take this subject in? */
bool subjects_in_scope(const struct subjects *s, enum subject kind, uint64_t key);

/* Does the scope name, without wildcards, hosts, clusters or VMs all of which were found? Then no other target is asked about. */
bool subjects_scope_settled(const struct subjects *s);

/* A glob of --host, --cluster or --vm that matches nothing: ERR_USAGE with the names that are there. */
int subjects_check_scope(const struct subjects *s, struct err *err);

#endif
