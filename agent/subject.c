/* SPDX-License-Identifier: Apache-2.0 */
/* subject.c - who is judged: entities, spines, scope. */
#include "subject.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "plan.h"

static const struct {
	enum subject subject;
	const char *sql; /* the keys: ids of the first and the second entity */
	enum entity_kind first, second;
} spine_queries[] = {
	[SUBJECT_HOST] = {SUBJECT_HOST, "SELECT id, NULL FROM host", ENTITY_HOST, ENTITY_COUNT},
	[SUBJECT_PAIR] = {SUBJECT_PAIR, "SELECT host, peer FROM host_pair", ENTITY_HOST, ENTITY_HOST},
	[SUBJECT_PATH] = {SUBJECT_PATH, "SELECT path, NULL FROM migration_path", ENTITY_PATH, ENTITY_COUNT},
	[SUBJECT_VM] = {SUBJECT_VM, "SELECT id, NULL FROM vm", ENTITY_VM, ENTITY_COUNT},
	[SUBJECT_VM_HOST] = {SUBJECT_VM_HOST, "SELECT vm, host FROM vm_candidate", ENTITY_VM, ENTITY_HOST},
	[SUBJECT_DATASTORE] = {SUBJECT_DATASTORE, "SELECT id, NULL FROM datastore", ENTITY_DATASTORE, ENTITY_COUNT},
	[SUBJECT_CLUSTER] = {SUBJECT_CLUSTER, "SELECT id, NULL FROM cluster", ENTITY_CLUSTER, ENTITY_COUNT},
	[SUBJECT_TARGET] = {SUBJECT_TARGET, "SELECT id, NULL FROM target", ENTITY_TARGET, ENTITY_COUNT},
};

/* id, name, target, cluster, host, peer */
static const char *const entity_queries[] = {
	[ENTITY_TARGET] = "SELECT id, name, id, NULL, NULL, NULL FROM target ORDER BY id",
	[ENTITY_CLUSTER] = "SELECT id, name, target, id, NULL, NULL FROM cluster",
	[ENTITY_HOST] = "SELECT id, name, target, cluster, id, NULL FROM host",
	[ENTITY_VM] = "SELECT id, name, target, cluster, host, NULL FROM vm",
	[ENTITY_DATASTORE] = "SELECT id, name, target, NULL, NULL, NULL FROM datastore",
	[ENTITY_PATH] = "SELECT path, path, target, cluster, host, peer FROM migration_path",
};

static int sql_err(struct facts *f, struct err *err)
{
	return err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(f)));
}

static int index_of(const struct subjects *s, enum entity_kind kind, sqlite3_stmt *st, int column)
{
	const char *id = (const char *)sqlite3_column_text(st, column);

	return id != NULL ? subjects_find(s, kind, id) : NOBODY;
}

int subjects_find(const struct subjects *s, enum entity_kind kind, const char *id)
{
	int64_t i;

	return map_get(&s->of[kind].by_id, id, &i) ? (int)i : NOBODY;
}

static void add_entity(struct subjects *s, enum entity_kind kind, sqlite3_stmt *st)
{
	struct entities *es = &s->of[kind];
	const char *id = (const char *)sqlite3_column_text(st, 0), *name = (const char *)sqlite3_column_text(st, 1);
	struct entity e = {.target = NOBODY, .cluster = NOBODY, .host = NOBODY, .peer = NOBODY};

	/* Without an id it is nobody; twice under one id it is one. */
	if (id == NULL || map_get(&es->by_id, id, NULL))
		return;
	e.id = arena_strdup(s->arena, id);
	e.named = name != NULL;
	e.name = name != NULL ? arena_strdup(s->arena, name) : e.id;
	map_set(&es->by_id, id, (int64_t)es->n);
	e.target = kind == ENTITY_TARGET ? (int)es->n : index_of(s, ENTITY_TARGET, st, 2);
	e.cluster = kind == ENTITY_CLUSTER ? (int)es->n : index_of(s, ENTITY_CLUSTER, st, 3);
	e.host = kind == ENTITY_HOST ? (int)es->n : index_of(s, ENTITY_HOST, st, 4);
	e.peer = index_of(s, ENTITY_HOST, st, 5);
	es->v = grow(es->v, &es->cap, es->n, sizeof(*es->v));
	es->v[es->n++] = e;
}

static int load(struct subjects *s, enum entity_kind kind, struct err *err)
{
	sqlite3_stmt *st;
	int rc;

	if (s->of[kind].loaded)
		return 0;
	if (sqlite3_prepare_v2(facts_db(s->facts), entity_queries[kind], -1, &st, NULL) != SQLITE_OK)
		return sql_err(s->facts, err);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		add_entity(s, kind, st);
	sqlite3_finalize(st);
	s->of[kind].loaded = true;
	return rc == SQLITE_DONE ? 0 : sql_err(s->facts, err);
}

/* ---- scope ---- */

/* Whoever can't be told may be meant: a glob takes in an entity that is not known, or whose name isn't. */
static bool any_matches(const char **globs, const struct entities *es, int i)
{
	if (i == NOBODY || !es->v[i].named)
		return true;
	for (size_t g = 0; globs != NULL && globs[g] != NULL; g++)
		if (es->match(globs[g], es->v[i].name))
			return true;
	return false;
}

static bool given(const char **globs)
{
	return globs != NULL && globs[0] != NULL;
}

static bool scope_narrows(const struct scope *scope)
{
	return given(scope->hosts) || given(scope->clusters) || given(scope->vms);
}

static bool cluster_matches(const struct subjects *s, int cluster)
{
	if (!given(s->scope.clusters))
		return true;
	return any_matches(s->scope.clusters, &s->of[ENTITY_CLUSTER], cluster);
}

/* Every cluster of the target: a VM or host of it that is in none that is known may belong to any. */
static void mark_clusters(const struct subjects *s, int target, bool *marks)
{
	for (size_t i = 0; i < s->of[ENTITY_CLUSTER].n; i++)
		if (s->of[ENTITY_CLUSTER].v[i].target == target)
			marks[i] = true;
}

/* VMs first: with --vm a host counts when such a VM is in its cluster. */
static void scope_vms(struct subjects *s, bool *cluster_has_vm)
{
	for (size_t i = 0; i < s->of[ENTITY_VM].n; i++) {
		struct entity *vm = &s->of[ENTITY_VM].v[i];

		vm->in_scope = (!given(s->scope.hosts) || any_matches(s->scope.hosts, &s->of[ENTITY_HOST], vm->host)) &&
		               cluster_matches(s, vm->cluster) &&
		               (!given(s->scope.vms) || any_matches(s->scope.vms, &s->of[ENTITY_VM], (int)i));
		if (vm->in_scope && vm->cluster != NOBODY)
			cluster_has_vm[vm->cluster] = true;
		else if (vm->in_scope)
			mark_clusters(s, vm->target, cluster_has_vm);
	}
}

static void scope_hosts(struct subjects *s, const bool *cluster_has_vm)
{
	for (size_t i = 0; i < s->of[ENTITY_HOST].n; i++) {
		struct entity *h = &s->of[ENTITY_HOST].v[i];

		h->in_scope = (!given(s->scope.hosts) || any_matches(s->scope.hosts, &s->of[ENTITY_HOST], (int)i)) &&
		              cluster_matches(s, h->cluster) &&
		              (!given(s->scope.vms) || h->cluster == NOBODY || cluster_has_vm[h->cluster]);
		if (!h->in_scope)
			continue;
		if (h->cluster != NOBODY)
			s->of[ENTITY_CLUSTER].v[h->cluster].in_scope = true;
		if (h->target != NOBODY)
			s->of[ENTITY_TARGET].v[h->target].in_scope = true;
	}
}

/* The clusters that VMs in scope may be in are in scope too: whether everything of them is listed counts. */
static void scope_clusters(struct subjects *s, const bool *cluster_has_vm)
{
	bool by_name = !given(s->scope.hosts) && !given(s->scope.vms);

	for (size_t i = 0; i < s->of[ENTITY_CLUSTER].n; i++) {
		struct entity *c = &s->of[ENTITY_CLUSTER].v[i];

		if (cluster_has_vm[i] || (by_name && cluster_matches(s, (int)i)))
			c->in_scope = true;
		if (c->in_scope && c->target != NOBODY)
			s->of[ENTITY_TARGET].v[c->target].in_scope = true;
	}
}

static void apply_scope(struct subjects *s)
{
	bool *cluster_has_vm = xcalloc(s->of[ENTITY_CLUSTER].n, sizeof(*cluster_has_vm));

	scope_vms(s, cluster_has_vm);
	scope_hosts(s, cluster_has_vm);
	scope_clusters(s, cluster_has_vm);
	for (size_t i = 0; i < s->of[ENTITY_TARGET].n && !scope_narrows(&s->scope); i++)
		s->of[ENTITY_TARGET].v[i].in_scope = true;
	free(cluster_has_vm);
}

/* Is every one of GLOBS a plain name of one of ES? */
static bool all_found(const char **globs, const struct entities *es)
{
	for (size_t g = 0; globs != NULL && globs[g] != NULL; g++) {
		bool found = false;

		if (strpbrk(globs[g], "*?[\\") != NULL)
			return false;
		for (size_t i = 0; i < es->n && !found; i++)
			found = es->v[i].named && es->match(globs[g], es->v[i].name);
		if (!found)
			return false;
	}
	return true;
}

bool subjects_scope_settled(const struct subjects *s)
{
	return scope_narrows(&s->scope) && all_found(s->scope.hosts, &s->of[ENTITY_HOST]) &&
	       all_found(s->scope.clusters, &s->of[ENTITY_CLUSTER]) && all_found(s->scope.vms, &s->of[ENTITY_VM]);
}

static int check_globs(const struct subjects *s, const char **globs, const char *option, enum entity_kind kind,
                       struct err *err)
{
	for (size_t g = 0; globs != NULL && globs[g] != NULL; g++) {
		const struct entities *es = &s->of[kind];
		const char **names;
		char hint[96];
		bool found = false;

		for (size_t i = 0; i < es->n && !found; i++)
			found = es->match(globs[g], es->v[i].name);
		if (found)
			continue;
		names = xcalloc(es->n, sizeof(*names));
		for (size_t i = 0; i < es->n; i++)
			names[i] = es->v[i].name;
		err_set(err, ERR_USAGE, "%s '%s' matches nothing among %zu%s", option, globs[g], es->n,
		        did_you_mean(hint, sizeof(hint), globs[g], names, es->n));
		free(names);
		return -1;
	}
	return 0;
}

int subjects_check_scope(const struct subjects *s, struct err *err)
{
	if (check_globs(s, s->scope.hosts, "--host", ENTITY_HOST, err) < 0 ||
	    check_globs(s, s->scope.clusters, "--cluster", ENTITY_CLUSTER, err) < 0)
		return -1;
	return check_globs(s, s->scope.vms, "--vm", ENTITY_VM, err);
}

/* ---- loading ---- */

static int load_platforms(struct subjects *s, struct err *err)
{
	sqlite3_stmt *st;

	s->platform = arena_array(s->arena, s->of[ENTITY_TARGET].n + 1, sizeof(*s->platform));
	if (sqlite3_prepare_v2(facts_db(s->facts), "SELECT id, platform FROM run_target", -1, &st, NULL) != SQLITE_OK)
		return sql_err(s->facts, err);
	while (sqlite3_step(st) == SQLITE_ROW) {
		int t = index_of(s, ENTITY_TARGET, st, 0);
		const char *p = (const char *)sqlite3_column_text(st, 1);

		if (t != NOBODY)
			s->platform[t] = arena_strdup(s->arena, p != NULL ? p : "");
	}
	sqlite3_finalize(st);
	for (size_t i = 0; i < s->of[ENTITY_TARGET].n; i++)
		if (s->platform[i] == NULL)
			s->platform[i] = "";
	return 0;
}

static int load_excluded(struct subjects *s, struct err *err)
{
	sqlite3_stmt *st;

	if (sqlite3_prepare_v2(facts_db(s->facts), "SELECT host FROM run_excluded WHERE host IS NOT NULL", -1, &st,
	                       NULL) != SQLITE_OK)
		return sql_err(s->facts, err);
	while (sqlite3_step(st) == SQLITE_ROW)
		map_set(&s->excluded, (const char *)sqlite3_column_text(st, 0), 1);
	return sqlite3_finalize(st) == SQLITE_OK ? 0 : sql_err(s->facts, err);
}

int subjects_load(struct subjects *s, struct facts *f, const struct scope *scope, bool with_vms, struct err *err)
{
	*s = (struct subjects){.arena = arena_new(), .facts = f, .scope = *scope};
	for (size_t i = 0; i < ENTITY_COUNT; i++)
		s->of[i].match = i == ENTITY_HOST ? host_match : glob_match;
	if (load_excluded(s, err) < 0 || load(s, ENTITY_TARGET, err) < 0 || load_platforms(s, err) < 0 ||
	    load(s, ENTITY_CLUSTER, err) < 0 || load(s, ENTITY_HOST, err) < 0 ||
	    ((with_vms || given(scope->vms)) && load(s, ENTITY_VM, err) < 0)) {
		subjects_dispose(s);
		return -1;
	}
	apply_scope(s);
	return 0;
}

void subjects_dispose(struct subjects *s)
{
	for (size_t i = 0; i < ENTITY_COUNT; i++) {
		free(s->of[i].v);
		map_dispose(&s->of[i].by_id);
	}
	for (size_t i = 0; i <= SUBJECT_TARGET; i++)
		free(s->spine[i].keys);
	map_dispose(&s->excluded);
	arena_free(s->arena);
	*s = (struct subjects){0};
}

/* ---- spines ---- */

uint64_t subject_key(int first, int second)
{
	return (uint64_t)(uint32_t)first << 32 | (second == NOBODY ? UINT32_MAX : (uint32_t)second);
}

static int first_of(uint64_t key)
{
	return (int)(uint32_t)(key >> 32);
}

static int second_of(uint64_t key)
{
	return (uint32_t)key == UINT32_MAX ? NOBODY : (int)(uint32_t)key;
}

static int by_key(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int fill_spine(struct subjects *s, enum subject kind, struct spine *sp, struct err *err)
{
	enum entity_kind first = spine_queries[kind].first, second = spine_queries[kind].second;
	sqlite3_stmt *st;
	int rc;

	if (load(s, first, err) < 0 || (second != ENTITY_COUNT && load(s, second, err) < 0))
		return -1;
	if (sqlite3_prepare_v2(facts_db(s->facts), spine_queries[kind].sql, -1, &st, NULL) != SQLITE_OK)
		return sql_err(s->facts, err);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		int a = index_of(s, first, st, 0), b = second != ENTITY_COUNT ? index_of(s, second, st, 1) : NOBODY;

		if (a == NOBODY || (second != ENTITY_COUNT && b == NOBODY))
			continue;
		sp->keys = grow(sp->keys, &sp->cap, sp->n, sizeof(*sp->keys));
		sp->keys[sp->n++] = subject_key(a, b);
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? 0 : sql_err(s->facts, err);
}

static void sort_unique(struct spine *sp)
{
	size_t n = 0;

	if (sp->n > 0)
		qsort(sp->keys, sp->n, sizeof(*sp->keys), by_key);
	for (size_t i = 0; i < sp->n; i++)
		if (i == 0 || sp->keys[i] != sp->keys[i - 1])
			sp->keys[n++] = sp->keys[i];
	sp->n = n;
}

const struct spine *subjects_spine(struct subjects *s, enum subject kind, struct err *err)
{
	struct spine *sp = &s->spine[kind];

	if (!sp->loaded && fill_spine(s, kind, sp, err) < 0)
		return NULL;
	if (!sp->loaded)
		sort_unique(sp);
	sp->loaded = true;
	return sp;
}

size_t spine_from(const struct spine *sp, uint64_t key)
{
	size_t low = 0, high = sp->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sp->keys[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

long spine_find(const struct spine *sp, uint64_t key)
{
	size_t at = spine_from(sp, key);

	return at < sp->n && sp->keys[at] == key ? (long)at : -1;
}

struct who subjects_who(const struct subjects *s, enum subject kind, uint64_t key)
{
	struct who w = {NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY};
	int i = first_of(key);
	const struct entity *e = &s->of[spine_queries[kind].first].v[i];

	w.target = e->target;
	w.cluster = e->cluster;
	w.host = e->host;
	w.peer = e->peer;
	if (kind == SUBJECT_PAIR || kind == SUBJECT_VM_HOST)
		w.peer = second_of(key);
	if (kind == SUBJECT_VM || kind == SUBJECT_VM_HOST)
		w.vm = i;
	if (kind == SUBJECT_DATASTORE)
		w.datastore = i;
	if (kind == SUBJECT_PATH)
		w.path = i;
	return w;
}

bool subjects_in_scope(const struct subjects *s, enum subject kind, uint64_t key)
{
	struct who w = subjects_who(s, kind, key);
	const struct entity *hosts = s->of[ENTITY_HOST].v;

	switch (kind) {
	case SUBJECT_HOST:
		return hosts[w.host].in_scope;
	case SUBJECT_PAIR:
	case SUBJECT_PATH:
		return (w.host != NOBODY && hosts[w.host].in_scope) || (w.peer != NOBODY && hosts[w.peer].in_scope);
	case SUBJECT_VM:
	case SUBJECT_VM_HOST:
		return s->of[ENTITY_VM].v[w.vm].in_scope;
	case SUBJECT_CLUSTER:
		return s->of[ENTITY_CLUSTER].v[w.cluster].in_scope;
	case SUBJECT_DATASTORE:
	case SUBJECT_TARGET:
		break;
	}
	return w.target == NOBODY || s->of[ENTITY_TARGET].v[w.target].in_scope;
}
