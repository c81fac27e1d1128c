/* SPDX-License-Identifier: Apache-2.0 */
/* engine_items.c - work lists: the rows of a for_each become requests, queued by target. */
#include <stdlib.h>
#include <string.h>

#include "engine_impl.h"

#define ITEMS_IN_FLIGHT 16  /* a target */
#define HOSTS_IN_FLIGHT 512 /* a target whose hosts are connected to one by one */
#define A_HOST_IN_FLIGHT 4  /* of those, a host, unless at_once says otherwise */
#define LOOK_AHEAD 256      /* in a lane whose first items are held up */

/* The target that an object's id "TARGET/REF" (or a target's name) belongs to. */
static struct reach *reach_of(struct engine *e, const char *id)
{
	size_t n = strcspn(id, "/");

	for (size_t i = 0; i < e->ntargets; i++)
		if (strlen(e->reach[i].target->name) == n && strncmp(e->reach[i].target->name, id, n) == 0)
			return &e->reach[i];
	return NULL;
}

/* What the round has under KEY; NULL: nothing yet. */
static void *find(const struct engine *e, const char *key)
{
	int64_t p;

	return map_get(&e->gates, key, &p) ? (void *)(uintptr_t)p : NULL;
}

/* "PROBE COLUMN=VALUE" */
static const char *gate_key(const struct running *r, const char *column)
{
	const char *value = item_value(r->job.item, column);

	return arena_printf(r->e->arena, "%s %s=%s", r->job.planned->probe->id, column, value != NULL ? value : "");
}

static struct gate *gate_of(struct running *r, const struct at_once *limit)
{
	const char *key = gate_key(r, limit->column);
	struct gate *g = find(r->e, key);

	if (g == NULL) {
		g = arena_alloc(r->e->arena, sizeof(*g));
		g->most = limit->most;
		map_set(&r->e->gates, key, (int64_t)(uintptr_t)g);
	}
	return g;
}

/* Items that share what the first of at_once names, or the host that is connected to, or else the target. */
static struct lane *lane_of(struct running *r)
{
	const struct probe *p = r->job.planned->probe;
	const char *by = p->nat_once > 0 ? p->at_once[0].column : p->transport->addressed ? "host" : NULL;
	const char *key =
		arena_printf(r->e->arena, "lane %s %s", r->reach->target->name, by != NULL ? gate_key(r, by) : p->id);
	struct lane *l = find(r->e, key);

	if (l != NULL)
		return l;
	l = arena_alloc(r->e->arena, sizeof(*l));
	l->gate.most = p->nat_once > 0 ? p->at_once[0].most : by != NULL ? A_HOST_IN_FLIGHT : SIZE_MAX;
	l->transport = engine_transport_index(p->transport);
	if (r->reach->last_lane != NULL)
		r->reach->last_lane->next = l;
	else
		r->reach->lanes = l;
	r->reach->last_lane = l;
	map_set(&r->e->gates, key, (int64_t)(uintptr_t)l);
	return l;
}

static void queue(struct engine *e, struct running *r)
{
	const struct probe *p = r->job.planned->probe;
	struct lane *l = lane_of(r);

	r->lane = l;
	for (size_t i = 1; i < p->nat_once; i++)
		r->gates[r->ngates++] = gate_of(r, &p->at_once[i]);
	e->items = grow(e->items, &e->icap, e->nitems, sizeof(struct running *));
	e->items[e->nitems++] = r;
	e->total++;
	if (l->tail != NULL)
		l->tail->next = r;
	else
		l->head = r;
	l->tail = r;
}

/* False: the row says nobody who could be asked. */
static bool add_item(struct engine *e, const struct planned *p, const struct item *item, bool fallback, bool more)
{
	const char *whom = item_value(item, p->probe->host_scope ? "host" : "target");
	struct reach *reach = whom != NULL ? reach_of(e, whom) : NULL;
	struct running *r;

	if (reach == NULL) /* nobody to ask: the work list has a hole, and what it should have brought is missing */
		return false;
	if (!probe_serves(p->probe, reach->target))
		return true;
	if (fallback && !collect_wants(&e->c, p, reach->target, p->probe->host_scope ? whom : NULL))
		return true;
	r = engine_new_running(e, reach, p, fallback, more);
	r->job.item = item;
	r->job.host = p->probe->host_scope ? whom : NULL;
	r->req.host = item_ref(r->job.host);
	r->req.address = item_value(item, "address");
	queue(e, r);
	return true;
}

int items_queue(struct engine *e, const struct planned *p, bool fallback, bool more, struct err *err)
{
	sqlite3_stmt *st;
	size_t n = 0, holes = 0;
	int rc;

	if (facts_prepare(e->c.facts, p->probe->for_each, e->arena, NULL, &st, err) < 0)
		return -1;
	facts_budget(e->c.facts, 30000);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (++n > ITEMS_MAX)
			break;
		holes += !add_item(e, p, item_read(st, e->arena), fallback, more);
	}
	facts_budget(e->c.facts, 0);
	if (n > ITEMS_MAX)
		err_set(err, ERR_LIMIT, "for_each gives more than %d rows", ITEMS_MAX);
	else if (rc != SQLITE_DONE)
		err_set(err, ERR_SQL, "for_each: %s", sqlite3_errmsg(facts_db(e->c.facts)));
	else if (holes > 0)
		err_set(err, ERR_PROTOCOL, "for_each: %zu rows name nobody who could be asked", holes);
	sqlite3_finalize(st);
	return err->kind == ERR_NONE ? 0 : -1;
}

/* ---- sending ---- */

static void hold(struct running *r)
{
	r->reach->in_flight[r->lane->transport]++;
	r->lane->gate.under_way++;
	for (size_t i = 0; i < r->ngates; i++)
		r->gates[i]->under_way++;
}

void items_release(struct running *r)
{
	r->reach->in_flight[r->lane->transport]--;
	r->lane->gate.under_way--;
	for (size_t i = 0; i < r->ngates; i++)
		r->gates[i]->under_way--;
}

static void send_item(struct engine *e, struct running *r)
{
	const struct probe *p = r->job.planned->probe;
	struct ask *ask = &r->ask;
	struct err err = {0};

	hold(r);
	if (!engine_begin(r))
		return;
	if ((p->search != NULL && searching_begin(r, &err) < 0) ||
	    item_fill(r->job.item, p, e->arena, &r->req, &err) < 0)
		engine_ended(ask, &err);
	else
		p->transport->ask(engine_session(e, r->reach, p->transport), &ask, 1);
}

static bool is_open(const struct running *r)
{
	for (size_t i = 0; i < r->ngates; i++)
		if (r->gates[i]->under_way >= r->gates[i]->most)
			return false;
	return true;
}

/* Takes the first of L that may be sent; not every one is looked at, so that a long lane costs no more than a short one. */
static struct running *take(struct lane *l)
{
	struct running *before = NULL, *r = l->head;

	for (size_t i = 0; r != NULL && !is_open(r); i++) {
		if (i == LOOK_AHEAD)
			return NULL;
		before = r;
		r = r->next;
	}
	if (r == NULL)
		return NULL;
	if (before != NULL)
		before->next = r->next;
	else
		l->head = r->next;
	if (l->tail == r)
		l->tail = before;
	r->next = NULL;
	return r;
}

/* ---- pauses ---- */

static void put_first(struct running *r)
{
	r->next = r->lane->head;
	r->lane->head = r;
	if (r->lane->tail == NULL)
		r->lane->tail = r;
}

static void on_pace(uv_timer_t *t);

/* Puts back what is due, and sets the timer for the next. */
static void wake(struct engine *e)
{
	int64_t now = engine_now_ms(), next = INT64_MAX;

	for (struct running **at = &e->paused; *at != NULL;) {
		struct running *r = *at;

		if (r->due_ms > now && e->stopped.kind == ERR_NONE) {
			next = r->due_ms < next ? r->due_ms : next;
			at = &r->next;
			continue;
		}
		*at = r->next;
		put_first(r);
	}
	if (next < INT64_MAX)
		uv_timer_start(&e->pace, on_pace, (uint64_t)(next - now), 0);
}

static void on_pace(uv_timer_t *t)
{
	struct engine *e = t->data;

	wake(e);
	uv_stop(e->loop);
}

void items_again(struct running *r, int pause_ms)
{
	struct engine *e = r->e;

	if (pause_ms == 0) {
		put_first(r);
		return;
	}
	r->due_ms = engine_now_ms() + pause_ms;
	r->next = e->paused;
	e->paused = r;
	wake(e);
}

/* ---- what may be sent, is ---- */

/* Lanes in their order, so that hosts are done with one after the other and few are connected to at a time. */
void items_pump(struct engine *e)
{
	if (e->stopped.kind != ERR_NONE) /* nobody waits any more */
		wake(e);
	for (size_t i = 0; i < e->ntargets; i++) {
		struct reach *reach = &e->reach[i];

		for (struct lane *l = reach->lanes; l != NULL; l = l->next) {
			size_t most = transports[l->transport]->addressed ? HOSTS_IN_FLIGHT : ITEMS_IN_FLIGHT;
			struct running *r;

			while (l->gate.under_way < l->gate.most && reach->in_flight[l->transport] < most &&
			       (r = take(l)) != NULL)
				send_item(e, r);
		}
	}
}

/* ---- the end of a round ---- */

void items_forget(struct engine *e)
{
	for (size_t i = 0; i < e->ntargets; i++)
		e->reach[i].lanes = e->reach[i].last_lane = NULL;
	map_dispose(&e->gates);
	memset(e->found, 0, sizeof(e->found));
}

/* A host none of whose items got an answer may be tried another way; else its failed items get their rows of NULLs. */
void items_settle(struct engine *e)
{
	struct map answered = {0};
	char key[600];

	for (size_t i = 0; i < e->nitems; i++) {
		const struct job *j = &e->items[i]->job;

		snprintf(key, sizeof(key), "%s %s", j->planned->probe->id, j->host != NULL ? j->host : j->target->name);
		if (j->end.kind == ERR_NONE || j->answered || !collect_retryable(j->end.kind))
			map_set(&answered, key, 1);
	}
	for (size_t i = 0; i < e->nitems; i++) {
		struct job *j = &e->items[i]->job;

		snprintf(key, sizeof(key), "%s %s", j->planned->probe->id, j->host != NULL ? j->host : j->target->name);
		if (j->end.kind == ERR_NONE || j->planned->probe->stands_in)
			continue;
		if (j->more && !map_get(&answered, key, NULL))
			collect_item_retry(j);
		else
			collect_item_failed(j);
	}
	map_dispose(&answered);
}
