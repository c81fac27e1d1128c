/* SPDX-License-Identifier: Apache-2.0 */
/* gate_host.c - which host is meant, by the newest state of every target, and where it is in another run. */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "gate_impl.h"

/* ---- reading ---- */

void gate_add_damaged(struct asking *g, const struct look *l)
{
	gate_add(g->answer, "damaged", l->record->run, l->record->damage);
}

int gate_load(struct asking *g, struct look *l)
{
	struct err err = {0};

	if (l->loaded)
		return 0;
	if (l->record->damage == NULL && history_hosts(g->h, g->a, l->record, &err) < 0)
		l->record->damage = arena_strdup(g->a, err.text);
	if (l->record->damage != NULL || record_hosts(g->a, l->record, &l->hosts, &l->nhosts) < 0 ||
	    record_targets(g->a, l->record, &l->targets, &l->ntargets) < 0)
		return -1;
	l->loaded = true;
	return 0;
}

int gate_read_findings(struct asking *g, struct look *l)
{
	struct err err = {0};

	if (history_documents(g->h, g->a, l->record, &err) < 0)
		l->record->damage = arena_strdup(g->a, err.text);
	return l->record->damage == NULL ? 0 : -1;
}

bool gate_same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* ---- who is meant ---- */

static bool named(const struct asking *g, const struct recorded_host *h)
{
	if (g->target != NULL && strcmp(g->target, h->target) != 0)
		return false;
	return host_match(g->host, h->name != NULL ? h->name : h->id);
}

/* One vCenter or host, though two addresses lead there; two, though two inventories call them the same. */
static bool same_server(const struct recorded_target *a, const struct recorded_target *b)
{
	if (a->instance != NULL && b->instance != NULL)
		return strcmp(a->instance, b->instance) == 0;
	return strcmp(a->address != NULL ? a->address : "", b->address != NULL ? b->address : "") == 0;
}

/* A host and the target that listed it. */
struct listed {
	const struct recorded_host *host;
	const struct recorded_target *of;
};

/* One host, though two targets or two runs name it: the same object, or the same hardware under the same name. */
static bool same_host(const struct listed *a, const struct listed *b)
{
	if (strcmp(a->host->id, b->host->id) == 0 && same_server(a->of, b->of))
		return true;
	return gate_same(a->host->uuid, b->host->uuid) && gate_same(a->host->label, b->host->label);
}

struct meant {
	struct listed *v;
	size_t n, cap;
};

static void note_host(struct meant *m, const struct recorded_host *h, const struct recorded_target *t)
{
	const struct listed it = {h, t};

	for (size_t i = 0; i < m->n; i++)
		if (same_host(&m->v[i], &it))
			return;
	m->v = grow(m->v, &m->cap, m->n, sizeof(*m->v));
	m->v[m->n++] = it;
}

/* The hosts of T that are meant, by the newest run that shows any host of T; false: this one doesn't. */
static bool hosts_of_target(struct asking *g, const struct look *l, const struct recorded_target *t, struct meant *ret)
{
	bool any = false;

	for (size_t i = 0; i < l->nhosts; i++) {
		if (strcmp(l->hosts[i].target, t->name) != 0)
			continue;
		any = true;
		if (named(g, &l->hosts[i]))
			note_host(ret, &l->hosts[i], t);
	}
	return any;
}

static int add_ambiguous(struct asking *g, const struct meant *m)
{
	struct buf b = {.max = 2048};

	for (size_t i = 0; i < m->n && i < GATE_NAMES_SHOWN; i++) {
		const struct recorded_host *h = m->v[i].host;
		const char *address = m->v[i].of->address;

		buf_printf(&b, "%s%s/%s (%s)", i > 0 ? ", " : "", h->target, h->name != NULL ? h->name : h->id,
		           address != NULL ? address : "local");
	}
	gate_add(g->answer, "ambiguous-host", NULL,
	         arena_printf(g->a,
	                      "'%s' may be %zu hosts: %s; name one of them like this, or keep a history for each "
	                      "inventory",
	                      g->q->host, m->n, buf_str(&b)));
	buf_dispose(&b);
	return -1;
}

/* H's name as it is compared with the one that was asked for: up to the first dot where that has none. */
static const char *name_like(const struct asking *g, const struct recorded_host *h)
{
	const char *name = h->name != NULL ? h->name : h->id;

	return strchr(g->host, '.') != NULL ? name : arena_strndup(g->a, name, strcspn(name, "."));
}

static int add_nobody(struct asking *g)
{
	const char **names = NULL, *replayed = "";
	size_t n = 0, cap = 0;
	char hint[96];

	for (size_t i = 0; i < g->n; i++) {
		const struct look *l = &g->looks[i];

		if (l->record->damage != NULL) {
			gate_add_damaged(g, l);
			free(names);
			return -1;
		}
		if (l->record->replay)
			replayed = "; replays of recorded facts prove nothing about now";
		for (size_t k = 0; l->loaded && k < l->nhosts; k++) {
			names = grow(names, &cap, n, sizeof(*names));
			names[n++] = name_like(g, &l->hosts[k]);
		}
	}
	gate_add(g->answer, "unknown-host", NULL,
	         arena_printf(
			 g->a, "the newest live runs list no host '%s'%s%s; 'migready check -i FILE -p %s' records one",
			 g->q->host, did_you_mean(hint, sizeof(hint), g->host, names, n), replayed, g->q->profile));
	free(names);
	return -1;
}

/* Of every target its newest state counts, so that a host that was replaced long ago is no second one. */
static void newest_of_targets(struct asking *g, struct meant *ret)
{
	struct map seen = {0};

	for (size_t i = 0; i < g->n; i++) {
		struct look *l = &g->looks[i];

		if (l->record->damage != NULL || l->record->replay ||
		    record_targets(g->a, l->record, &l->targets, &l->ntargets) < 0)
			continue;
		for (size_t t = 0; t < l->ntargets; t++) {
			const char *address = l->targets[t].address;
			char *key = arena_printf(g->a, "%s %s", l->targets[t].name, address != NULL ? address : "");

			if (!map_get(&seen, key, NULL) && gate_load(g, l) == 0 &&
			    hosts_of_target(g, l, &l->targets[t], ret))
				map_set(&seen, key, 1);
		}
	}
	map_dispose(&seen);
}

int gate_find_meant(struct asking *g)
{
	struct meant m = {0};
	int rc = 0;

	newest_of_targets(g, &m);
	if (m.n > 1)
		rc = add_ambiguous(g, &m);
	else if (m.n == 0)
		rc = add_nobody(g);
	else {
		g->meant = m.v[0].host;
		g->of = m.v[0].of;
	}
	free(m.v);
	return rc;
}

/* The target that listed H. */
static const struct recorded_target *target_of(const struct look *l, const struct recorded_host *h)
{
	for (size_t i = 0; i < l->ntargets; i++)
		if (strcmp(l->targets[i].name, h->target) == 0)
			return &l->targets[i];
	return NULL;
}

const struct recorded_host *gate_find_in(const struct asking *g, const struct look *l)
{
	const struct listed meant = {g->meant, g->of};
	const struct recorded_host *renewed = NULL;

	for (size_t i = 0; i < l->nhosts; i++) {
		const struct listed it = {&l->hosts[i], target_of(l, &l->hosts[i])};

		if (it.of == NULL)
			continue;
		if (same_host(&it, &meant))
			return it.host;
		/* Its object may be another by now. */
		if (same_server(it.of, g->of) && strcmp(it.of->name, g->of->name) == 0 &&
		    gate_same(it.host->name, g->meant->name))
			renewed = it.host;
	}
	return renewed;
}

bool gate_may_list(const struct asking *g, const struct look *l)
{
	for (size_t i = 0; i < l->ntargets; i++) {
		const struct recorded_target *t = &l->targets[i];
		bool another = t->instance != NULL && g->of->instance != NULL && !same_server(t, g->of);

		if (strcmp(t->name, g->of->name) == 0 && !another)
			return true;
	}
	return false;
}
