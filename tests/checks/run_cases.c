/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_cases.c - runs the case file of a check and sweeps over every case.
 *
 *   run_cases SOURCE_DIR CASE_FILE    the check is checks/AREA/NAME.sql, or NAME.sql beside the case file
 *   run_cases SOURCE_DIR              has every check a case file?
 *
 * Sweeps: null (each column that a case gives is NULL in every row), row (an object's rows of a table are gone), drop (gone,
 * and the ledger says so). No sweep may turn another status into pass or na. After a drop, findings that name the object, or
 * are about no VM and name the host that the VM is on, are unknown; others don't change when the check depends on its own alone,
 * and at most become unknown otherwise, or when the facts are those of a VM on the candidate, a datastore, a network or a
 * resource pool. Tables that the subjects come from aren't emptied: that a list is short is for
 * inventory-complete to see.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "world.h"

struct runner {
	struct world world;
	struct case_file file;
	const struct test_case *c; /* at hand */
	const char *path;
	struct results base;
	size_t errors, judged, caught[SWEEP_COUNT];
};

static const char *shown(const char *s)
{
	return s != NULL ? s : "(null)";
}

static void complain(struct runner *r, const char *what, const struct result *at, const char *more)
{
	r->errors++;
	printf("%s: case '%s': %s%s%s%s%s: %s\n", r->path, r->c->name, what, at != NULL ? " " : "",
	       at != NULL ? shown(at->first) : "", at != NULL && at->second != NULL ? " > " : "",
	       at != NULL && at->second != NULL ? at->second : "", more);
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static const struct result *find(const struct results *rs, const char *first, const char *second)
{
	for (size_t i = 0; i < rs->n; i++)
		if (same(rs->v[i].first, first) && same(rs->v[i].second, second))
			return &rs->v[i];
	return NULL;
}

/* ---- what the case expects ---- */

static void compare_column(struct runner *r, const struct ynode *want, const char *name, const char *got,
                           const struct result *at)
{
	char text[1024];

	if (yaml_get(want, name) == NULL || same(case_text(want, name), got))
		return;
	snprintf(text, sizeof(text), "%s: expected '%s', got '%s'", name, shown(case_text(want, name)), shown(got));
	complain(r, "finding", at, text);
}

static void compare_row(struct runner *r, const struct ynode *want, const struct result *got)
{
	compare_column(r, want, "status", got->status, got);
	compare_column(r, want, "object", got->object, got);
	compare_column(r, want, "observed", got->observed, got);
	compare_column(r, want, "expected", got->expected, got);
	compare_column(r, want, "detail", got->detail, got);
	if (got->detail != NULL && strncmp(got->detail, "the check gave no row", strlen("the check gave no row")) == 0)
		complain(r, "finding", got, got->detail);
}

static const struct result *expected_result(struct runner *r, const struct ynode *want)
{
	const char *second = subject_key_name(r->world.check->subject, 1);

	return find(&r->base, case_text(want, subject_key_name(r->world.check->subject, 0)),
	            second != NULL ? case_text(want, second) : NULL);
}

static void compare(struct runner *r)
{
	for (const struct ynode *want = r->c->expect->first; want != NULL; want = want->next) {
		const struct result *got = expected_result(r, want);

		if (got != NULL)
			compare_row(r, want, got);
		else
			complain(r, "no finding about the subject of line", NULL, case_text(want, "status"));
	}
	for (size_t i = 0; i < r->base.n; i++) {
		bool found = false;

		for (const struct ynode *want = r->c->expect->first; want != NULL; want = want->next)
			found = found || expected_result(r, want) == &r->base.v[i];
		if (!found)
			complain(r, "unexpected finding", &r->base.v[i], shown(r->base.v[i].status));
	}
}

/* ---- sweeps ---- */

static bool excused(struct runner *r, enum sweep sweep, const char *status)
{
	for (size_t i = 0; i < r->file.nexceptions; i++) {
		struct sweep_exception *x = &r->file.exceptions[i];

		if (x->sweep == sweep && strcmp(status_name(x->change), status) == 0) {
			x->used++;
			return true;
		}
	}
	return false;
}

static void violation(struct runner *r, const struct mutation *m, const struct result *was, const struct result *is)
{
	const char *what = m->sweep == SWEEP_NULL ? m->table->rows.columns[m->column].name : m->object;
	char text[1024];

	if (excused(r, m->sweep, is->status))
		return;
	r->caught[m->sweep]++;
	if (r->file.planted)
		return;
	snprintf(text, sizeof(text), "%s sweep of %s, %s: was %s, became %s", sweep_name(m->sweep), m->table->name,
	         what, was->status, is->status);
	complain(r, "finding", was, text);
}

/* The value of COLUMN in the row of TABLE about OBJECT, as the case gives it. */
static const char *lookup(const struct test_case *c, const char *table, const char *object, const char *name)
{
	for (size_t i = 0; object != NULL && i < c->ntables; i++) {
		const struct case_table *t = &c->tables[i];

		for (size_t k = 0; strcmp(t->table->name, table) == 0 && k < t->nrows; k++)
			for (size_t n = 0; n < t->table->rows.ncolumns; n++)
				if (strcmp(t->table->rows.columns[n].name, name) == 0 &&
				    same(t->rows[k].values[t->table->key], object))
					return t->rows[k].values[n];
	}
	return NULL;
}

/* The host that VM is on: as the case says, or as the id of a VM of libvirt's, HOST/UUID, does. */
static const char *host_of(const struct runner *r, const char *vm)
{
	const char *slash = vm != NULL ? strrchr(vm, '/') : NULL;

	if (slash == NULL || strchr(vm, '/') == slash)
		return lookup(r->c, "vsphere_vm", vm, "host");
	return arena_strndup(r->world.arena, vm, (size_t)(slash - vm));
}

static const char *cluster_of(const struct runner *r, const char *host)
{
	const char *cluster = lookup(r->c, "vsphere_host", host, "compute");

	return cluster != NULL ? cluster : lookup(r->c, "kvm_listed", host, "cluster");
}

/* Is the object a VM on one of the hosts that the finding names? */
static bool hosts_vm(const struct runner *r, const struct result *f, const char *object)
{
	const char *host = host_of(r, object);

	return host != NULL &&
	       (same(host, f->first) || same(host, f->second) || same(host, f->host) || same(host, f->peer));
}

/* Does the finding name the object: as host, peer, VM, VM's host, or as the cluster that these are in? */
static bool names_object(const struct runner *r, const struct result *f, const char *object)
{
	const char *host = host_of(r, f->first);
	const char *ids[] = {f->first,
	                     f->second,
	                     f->host,
	                     f->peer,
	                     host,
	                     cluster_of(r, f->host),
	                     cluster_of(r, f->first),
	                     cluster_of(r, f->second),
	                     cluster_of(r, host)};
	const char *inside = host_of(r, object);

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (ids[i] != NULL && strcmp(ids[i], object) == 0)
			return true;
	if (r->world.check->subject == SUBJECT_HOST || r->world.check->subject == SUBJECT_PAIR ||
	    r->world.check->subject == SUBJECT_PATH)
		return hosts_vm(r, f, object);
	if (r->world.check->subject != SUBJECT_CLUSTER)
		return false;
	return same(cluster_of(r, inside != NULL ? inside : object), f->first);
}

static bool good(const char *status)
{
	return strcmp(status, "pass") == 0 || strcmp(status, "na") == 0;
}

/* Datastores, networks and resource pools are nobody's own: what rests on one that didn't answer is for the query to make unknown.
 * Where VMs aren't the subjects, one whose very identity is missing may be on any host. */
static bool is_shared(const struct table *t)
{
	static const char *const keys[] = {"datastore", "network", "portgroup", "pool"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(t->rows.columns[t->key].name, keys[i]) == 0)
			return true;
	return strcmp(t->name, "vsphere_vm") == 0;
}

static bool allowed_after_drop(const struct runner *r, const struct mutation *m, const struct result *was,
                               const struct result *is)
{
	if (names_object(r, was, m->object))
		return strcmp(is->status, "unknown") == 0;
	if (strcmp(was->status, is->status) == 0)
		return true;
	return strcmp(is->status, "unknown") == 0 &&
	       (r->world.check->depends != DEPENDS_OWN || is_shared(m->table) || hosts_vm(r, was, m->object));
}

static void sweep_once(struct runner *r, const struct mutation *m)
{
	struct arena *a = arena_new();
	struct results now;
	struct err err = {0};

	r->judged++;
	if (world_judge(&r->world, m, a, &now, &err) < 0)
		complain(r, sweep_name(m->sweep), NULL, err.text);
	for (size_t i = 0; i < now.n; i++) {
		const struct result *is = &now.v[i], *was = find(&r->base, is->first, is->second);

		if (was == NULL)
			continue;
		if ((good(is->status) && strcmp(was->status, is->status) != 0) ||
		    (m->sweep == SWEEP_DROP && !allowed_after_drop(r, m, was, is)))
			violation(r, m, was, is);
	}
	free(now.v);
	arena_free(a);
}

static bool gives(const struct case_table *t, size_t column)
{
	for (size_t i = 0; i < t->nrows; i++)
		if (t->rows[i].values[column] != NULL)
			return true;
	return false;
}

/* What a host that is out of the run didn't answer concerns nobody. */
static bool excluded(const struct test_case *c, const char *object)
{
	for (size_t i = 0; i < c->nexcluded; i++)
		if (strcmp(c->excluded[i], object) == 0)
			return true;
	return false;
}

static void sweep_table(struct runner *r, const struct case_table *t)
{
	struct mutation m = {.table = t->table};
	const char *last = NULL;

	for (m.column = 0; m.column < t->table->rows.ncolumns; m.column++)
		if (m.column != t->table->key && gives(t, m.column))
			sweep_once(r, &m);
	for (size_t i = 0; i < t->nrows && !names_have(&r->world.spine, t->table->name); i++) {
		m.object = t->rows[i].values[t->table->key];
		if (last != NULL && strcmp(last, m.object) == 0)
			continue;
		last = m.object;
		m.sweep = SWEEP_ROW;
		sweep_once(r, &m);
		m.sweep = SWEEP_DROP;
		if (!excluded(r->c, m.object))
			sweep_once(r, &m);
	}
}

/* ---- the file ---- */

static void run_case(struct runner *r)
{
	struct mutation none = {0};
	struct arena *a = arena_new();
	struct err err = {0};

	r->base = (struct results){0};
	if (world_begin(&r->world, r->c, &err) < 0 || world_judge(&r->world, &none, a, &r->base, &err) < 0) {
		complain(r, "judging", NULL, err.text);
	} else {
		compare(r);
		for (size_t i = 0; i < r->c->ntables; i++)
			if (names_have(&r->world.tables, r->c->tables[i].table->name))
				sweep_table(r, &r->c->tables[i]);
	}
	free(r->base.v);
	world_end(&r->world);
	arena_free(a);
}

/* A pass, a fail and an unknown are the least that a check's cases show. */
static void check_coverage(struct runner *r)
{
	static const char *const needed[] = {"pass", "fail", "unknown"};

	for (size_t n = 0; n < sizeof(needed) / sizeof(needed[0]) && !r->file.planted; n++) {
		bool found = false;

		for (size_t i = 0; i < r->file.ncases; i++)
			for (const struct ynode *want = r->file.cases[i].expect->first; want != NULL; want = want->next)
				found = found || same(case_text(want, "status"), needed[n]);
		if (found == (r->file.never_fails && strcmp(needed[n], "fail") == 0)) {
			r->errors++;
			printf("%s: %s case expects %s\n", r->path, found ? "it never fails, but a" : "no", needed[n]);
		}
	}
	for (size_t i = 0; i < r->file.nexceptions; i++)
		if (r->file.exceptions[i].used == 0) {
			r->errors++;
			printf("%s: an exception that no sweep needs\n", r->path);
		}
}

static void check_catches(struct runner *r)
{
	for (size_t s = 0; s < SWEEP_COUNT && r->file.planted; s++)
		if (r->file.must_catch[s] != (r->caught[s] > 0)) {
			r->errors++;
			printf("%s: the %s sweep found %zu, expected %s\n", r->path, sweep_name((enum sweep)s),
			       r->caught[s], r->file.must_catch[s] ? "some" : "none");
		}
}

static int run_file(struct runner *r, struct arena *a, struct err *err)
{
	size_t used = 0;

	if (case_file_load(a, r->path, r->world.check, r->world.probes, &r->file, err) < 0)
		return -1;
	for (size_t i = 0; i < r->file.ncases; i++) {
		r->c = &r->file.cases[i];
		run_case(r);
	}
	check_coverage(r);
	check_catches(r);
	for (size_t i = 0; i < r->file.nexceptions; i++)
		used += r->file.exceptions[i].used;
	printf("%s: %zu cases, %zu sweeps, %zu exceptions used %zu times, %zu errors\n", r->world.check->id,
	       r->file.ncases, r->judged, r->file.nexceptions, used, r->errors);
	return 0;
}

/* NAME of .../NAME.yaml */
static const char *check_name(struct arena *a, const char *path)
{
	const char *base = strrchr(path, '/');

	base = base != NULL ? base + 1 : path;
	return arena_strndup(a, base, strlen(base) - strlen(".yaml"));
}

static int load(struct runner *r, struct probes *ps, const char *source, struct arena *a, struct err *err)
{
	const char *id = check_name(a, r->path), *slash = strrchr(r->path, '/');

	if (probes_load(ps, arena_printf(a, "%s/checks/probes", source), false, err) < 0 ||
	    checks_load(r->world.checks, arena_printf(a, "%s/checks", source), false, err) < 0 ||
	    model_load(&r->world.model, arena_printf(a, "%s/checks/model", source), err) < 0)
		return -1;
	if (checks_find(r->world.checks, id) == NULL &&
	    checks_load(r->world.checks, arena_strndup(a, r->path, (size_t)(slash - r->path)), true, err) < 0)
		return -1;
	r->world.check = checks_find(r->world.checks, id);
	if (r->world.check == NULL)
		return err_set(err, ERR_CONFIG, "%s: there is no check '%s'", r->path, id);
	r->world.check->selected = true;
	return 0;
}

static int run_cases(const char *source, const char *path)
{
	struct arena *a = arena_new();
	struct probes ps = {.arena = arena_new()};
	struct checks cs = {.arena = arena_new()};
	struct runner r = {.path = path, .world = {.probes = &ps, .checks = &cs}};
	struct err err = {0};

	if (load(&r, &ps, source, a, &err) < 0 || run_file(&r, a, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		r.errors++;
	}
	model_free(r.world.model);
	checks_dispose(&cs);
	probes_dispose(&ps);
	arena_free(a);
	return r.errors == 0 ? 0 : 1;
}

static int list_missing(const char *source)
{
	struct checks cs = {.arena = arena_new()};
	struct err err = {0};
	int missing = 0;

	if (checks_load(&cs, arena_printf(cs.arena, "%s/checks", source), false, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		missing++;
	}
	for (size_t i = 0; i < cs.n; i++) {
		const char *path =
			arena_printf(cs.arena, "%s/tests/checks/%s/%s.yaml", source, cs.v[i]->area, cs.v[i]->id);

		if (access(path, R_OK) == 0)
			continue;
		printf("%s has no cases: %s\n", cs.v[i]->id, path);
		missing++;
	}
	checks_dispose(&cs);
	return missing == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return list_missing(argv[1]);
	if (argc == 3)
		return run_cases(argv[1], argv[2]);
	fprintf(stderr, "usage: run_cases SOURCE_DIR [CASE_FILE]\n");
	return 2;
}
