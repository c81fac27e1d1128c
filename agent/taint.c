/* SPDX-License-Identifier: Apache-2.0 */
/* taint.c - reads the ledger for one check. */
#include "taint.h"

#include <string.h>

#include "base/str.h"

struct reading {
	struct taint *t;
	const struct subjects *s;
	const struct probes *probes;
	const char *table;
	bool spine; /* subjects are found with it */
	sqlite3_stmt *filled, *gaps;
};

static const char *reason_text(struct reading *r, sqlite3_stmt *st, int column)
{
	const char *probe = (const char *)sqlite3_column_text(st, column);
	const char *outcome = (const char *)sqlite3_column_text(st, column + 1);
	const char *reason = (const char *)sqlite3_column_text(st, column + 2);

	return arena_printf(r->t->arena, "%s %s%s%s", probe != NULL ? probe : r->table,
	                    outcome != NULL ? outcome : "not answered", reason != NULL ? ": " : "",
	                    reason != NULL ? reason : "");
}

static void set(const char **slot, const char *reason)
{
	if (*slot == NULL)
		*slot = reason;
}

/* Everything that contains the entity knows of the gap as well. */
static void widen(struct reading *r, const struct entity *e, const char *reason)
{
	set(&r->t->inside[e->target], reason);
	if (e->cluster != NOBODY)
		set(&r->t->circle[e->cluster], reason);
	set(&r->t->run, reason);
}

/* Somebody of the target, nobody knows who. */
static void taint_somebody(struct reading *r, int target, const char *reason)
{
	set(&r->t->inside[target], reason);
	for (size_t i = 0; i < r->s->of[ENTITY_CLUSTER].n; i++)
		if (r->s->of[ENTITY_CLUSTER].v[i].target == target)
			set(&r->t->circle[i], reason);
	set(&r->t->run, reason);
}

static void taint_target(struct reading *r, int target, const char *reason)
{
	set(&r->t->target[target], reason);
	if (r->spine)
		set(&r->t->discovery[target], reason);
	taint_somebody(r, target, reason);
}

/* Networks, port groups and resource pools are nobody's own: one that only an excluded host uses must not concern the others.
 * Who uses one sees that its row is missing, which the sweeps of the checks' cases prove. */
static bool is_shared(const struct reading *r)
{
	const struct table *t = probes_table(r->probes, r->table);
	const char *key = t->rows.columns[t->key].name;

	return strcmp(key, "network") == 0 || strcmp(key, "portgroup") == 0 || strcmp(key, "pool") == 0;
}

static void taint_object(struct reading *r, int target, const char *object, const char *reason)
{
	int i;

	if ((i = subjects_find(r->s, ENTITY_HOST, object)) != NOBODY) {
		set(&r->t->host[i], reason);
		widen(r, &r->s->of[ENTITY_HOST].v[i], reason);
	} else if ((i = subjects_find(r->s, ENTITY_VM, object)) != NOBODY) {
		const struct entity *vm = &r->s->of[ENTITY_VM].v[i];

		set(&r->t->vm[i], reason);
		if (vm->host != NOBODY)
			set(&r->t->vm_of_host[vm->host], reason);
		widen(r, vm, reason);
	} else if ((i = subjects_find(r->s, ENTITY_CLUSTER, object)) != NOBODY) {
		set(&r->t->cluster[i], reason);
		widen(r, &r->s->of[ENTITY_CLUSTER].v[i], reason);
	} else if ((i = subjects_find(r->s, ENTITY_DATASTORE, object)) != NOBODY) {
		set(&r->t->datastore[i], reason);
		taint_somebody(r, target, reason);
	} else if (is_shared(r)) {
		taint_somebody(r, target, reason);
	} else if (!map_get(&r->s->excluded, object, NULL)) {
		/* Not one of ours, or one whose very identity wasn't answered: anybody of the target may be concerned. */
		taint_target(r, target, reason);
	}
}

/* ---- the ledger ---- */

static int sql_err(const struct reading *r, struct err *err)
{
	return err_set(err, ERR_SQL, "%s", sqlite3_errmsg(facts_db(r->s->facts)));
}

static int prepare(const struct reading *r, const char *sql, sqlite3_stmt **ret, struct err *err)
{
	return sqlite3_prepare_v2(facts_db(r->s->facts), sql, -1, ret, NULL) == SQLITE_OK ? 0 : sql_err(r, err);
}

static int prepare_both(struct reading *r, struct err *err)
{
	if (prepare(r, "SELECT object FROM run_filled WHERE tbl = ?1 AND target = ?2", &r->filled, err) < 0)
		return -1;
	return prepare(
		r, "SELECT object, probe, outcome, reason FROM run_gap WHERE tbl = ?1 AND target = ?2 ORDER BY rowid",
		&r->gaps, err);
}

static void ask(const struct reading *r, sqlite3_stmt *st, int target)
{
	sqlite3_bind_text(st, 1, r->table, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, r->s->of[ENTITY_TARGET].v[target].id, -1, SQLITE_STATIC);
}

/* Which objects of TARGET the table is filled for: all (object NULL), or those added to FILLED. */
static int read_filled(struct reading *r, int target, bool *ret_all, struct map *filled, struct err *err)
{
	int rc;

	*ret_all = false;
	ask(r, r->filled, target);
	while ((rc = sqlite3_step(r->filled)) == SQLITE_ROW) {
		const char *object = (const char *)sqlite3_column_text(r->filled, 0);

		if (object == NULL)
			*ret_all = true;
		else
			map_set(filled, object, 1);
	}
	sqlite3_reset(r->filled);
	return rc == SQLITE_DONE ? 0 : sql_err(r, err);
}

/* Gaps: of objects (always honoured), and why the target as a whole is unfilled. */
static int read_gaps(struct reading *r, int target, size_t *ret_objects, const char **ret_whole, struct err *err)
{
	int rc;

	*ret_objects = 0;
	*ret_whole = NULL;
	ask(r, r->gaps, target);
	while ((rc = sqlite3_step(r->gaps)) == SQLITE_ROW) {
		const char *object = (const char *)sqlite3_column_text(r->gaps, 0),
			   *reason = reason_text(r, r->gaps, 1);

		if (object == NULL)
			*ret_whole = reason;
		else
			taint_object(r, target, object, reason);
		*ret_objects += object != NULL;
	}
	sqlite3_reset(r->gaps);
	return rc == SQLITE_DONE ? 0 : sql_err(r, err);
}

/* A table that is filled host by host: those hosts of TARGET without an entry are unfilled. */
static void taint_unlisted(struct reading *r, int target, const struct map *filled, const char *why)
{
	for (size_t i = 0; i < r->s->of[ENTITY_HOST].n; i++) {
		const struct entity *h = &r->s->of[ENTITY_HOST].v[i];

		if (h->target == target && !map_get(filled, h->id, NULL))
			taint_object(r, target, h->id, why);
	}
}

static int read_table(struct reading *r, int target, struct err *err)
{
	struct map filled = {0};
	const char *whole;
	size_t objects;
	bool all, by_host;
	int rc = read_filled(r, target, &all, &filled, err);

	if (rc == 0)
		rc = read_gaps(r, target, &objects, &whole, err);
	if (rc == 0 && !all) {
		/* A host of its own that failed has a reason of its own, which must not be hidden behind "not asked". */
		by_host = filled.n > 0 || (whole == NULL && objects > 0);
		if (whole == NULL)
			whole = arena_printf(r->t->arena, "%s was not asked for", r->table);
		if (by_host)
			taint_unlisted(r, target, &filled, whole);
		else
			taint_target(r, target, whole);
	}
	/* One of several probes filled the table and another failed: what that one would have brought is missing. */
	if (rc == 0 && all && whole != NULL)
		taint_target(r, target, whole);
	map_dispose(&filled);
	return rc;
}

static const char **slots(struct taint *t, const struct subjects *s, enum entity_kind kind)
{
	return arena_array(t->arena, s->of[kind].n + 1, sizeof(const char *));
}

static void make_slots(struct taint *t, const struct subjects *s)
{
	t->target = slots(t, s, ENTITY_TARGET);
	t->discovery = slots(t, s, ENTITY_TARGET);
	t->inside = slots(t, s, ENTITY_TARGET);
	t->cluster = slots(t, s, ENTITY_CLUSTER);
	t->circle = slots(t, s, ENTITY_CLUSTER);
	t->host = slots(t, s, ENTITY_HOST);
	t->vm_of_host = slots(t, s, ENTITY_HOST);
	t->vm = slots(t, s, ENTITY_VM);
	t->datastore = slots(t, s, ENTITY_DATASTORE);
}

static bool is_judged(const struct check *c, const char *platform)
{
	for (size_t i = 0; i < c->nplatforms; i++)
		if (strcmp(c->platforms[i], platform) == 0)
			return true;
	return false;
}

static int read_tables(struct reading *r, const struct need *need, int target, struct err *err)
{
	const char *platform = r->s->platform[target];

	for (size_t i = 0; i < need->tables.n && is_judged(need->check, platform); i++) {
		r->table = need->tables.v[i];
		r->spine = names_have(&need->discovery, r->table);
		if (probes_bring(r->probes, r->table, platform) && read_table(r, target, err) < 0)
			return -1;
	}
	return 0;
}

int taint_load(struct taint *t, const struct need *need, const struct probes *probes, const struct subjects *s,
               struct err *err)
{
	struct reading r = {.t = t, .s = s, .probes = probes};
	int rc;

	*t = (struct taint){.arena = arena_new()};
	make_slots(t, s);
	rc = prepare_both(&r, err);
	for (size_t target = 0; rc == 0 && target < s->of[ENTITY_TARGET].n; target++)
		rc = read_tables(&r, need, (int)target, err);
	sqlite3_finalize(r.filled);
	sqlite3_finalize(r.gaps);
	return rc;
}

void taint_dispose(struct taint *t)
{
	arena_free(t->arena);
	*t = (struct taint){0};
}

static const char *at(const char *const *slots_, int i)
{
	return i != NOBODY ? slots_[i] : NULL;
}

const char *taint_own(const struct taint *t, enum subject kind, const struct who *w)
{
	const char *reasons[] = {
		at(t->target, w->target),
		at(t->cluster, w->cluster),
		at(t->host, w->host),
		at(t->host, w->peer),
		at(t->vm, w->vm),
		w->vm == NOBODY ? at(t->vm_of_host, w->host) : NULL,
		w->vm == NOBODY ? at(t->vm_of_host, w->peer) : NULL,
		at(t->datastore, w->datastore),
		/* A row about a cluster or a target is about all that is in it. */
		kind == SUBJECT_CLUSTER ? at(t->circle, w->cluster) : NULL,
		kind == SUBJECT_TARGET ? at(t->inside, w->target) : NULL,
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i] != NULL)
			return reasons[i];
	return NULL;
}

const char *taint_wider(const struct taint *t, enum depends depends, const struct who *w)
{
	switch (depends) {
	case DEPENDS_OWN:
		return NULL;
	case DEPENDS_CLUSTER:
		return w->cluster != NOBODY ? at(t->circle, w->cluster) : t->run;
	case DEPENDS_RUN:
		break;
	}
	return t->run;
}
