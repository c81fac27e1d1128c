/* SPDX-License-Identifier: Apache-2.0 */
/* engine_items.c - work lists: the rows of a for_each become requests, queued by target. */
#include <stdlib.h>
#include <string.h>

#include "engine_impl.h"

#define ITEMS_IN_FLIGHT 16 /* a target */

/* The target that an object's id "TARGET/REF" (or a target's name) belongs to. */
static struct reach *reach_of(struct engine *e, const char *id)
{
	size_t n = strcspn(id, "/");

	for (size_t i = 0; i < e->ntargets; i++)
		if (strlen(e->reach[i].target->name) == n && strncmp(e->reach[i].target->name, id, n) == 0)
			return &e->reach[i];
	return NULL;
}

static void queue(struct engine *e, struct running *r)
{
	e->items = grow(e->items, &e->icap, e->nitems, sizeof(struct running *));
	e->items[e->nitems++] = r;
	e->total++;
	if (r->reach->tail != NULL)
		r->reach->tail->next = r;
	else
		r->reach->head = r;
	r->reach->tail = r;
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

static void send_item(struct engine *e, struct running *r)
{
	const struct transport *t = r->job.planned->probe->transport;
	struct ask *ask = &r->ask;
	struct err err = {0};

	if (!engine_begin(r))
		return;
	if (item_fill(r->job.item, r->job.planned->probe, e->arena, &r->req, &err) < 0)
		engine_ended(ask, &err);
	else
		t->ask(engine_session(e, r->reach, t), &ask, 1);
}

/* Sends queued items, as many as each target may have under way. */
void items_pump(struct engine *e)
{
	for (size_t i = 0; i < e->ntargets; i++) {
		struct reach *reach = &e->reach[i];

		while (reach->head != NULL && reach->in_flight < ITEMS_IN_FLIGHT) {
			struct running *r = reach->head;

			reach->head = r->next;
			if (reach->head == NULL)
				reach->tail = NULL;
			send_item(e, r);
		}
	}
}

/* A host none of whose items got an answer may be tried another way; else its failed items get their rows of NULLs. */
void items_settle(struct engine *e)
{
	struct map answered = {0};
	char key[600];

	for (size_t i = 0; i < e->nitems; i++) {
		const struct job *j = &e->items[i]->job;

		snprintf(key, sizeof(key), "%s %s", j->planned->probe->id, j->host != NULL ? j->host : j->target->name);
		if (j->end.kind == ERR_NONE || !collect_retryable(j->end.kind))
			map_set(&answered, key, 1);
	}
	for (size_t i = 0; i < e->nitems; i++) {
		struct job *j = &e->items[i]->job;

		snprintf(key, sizeof(key), "%s %s", j->planned->probe->id, j->host != NULL ? j->host : j->target->name);
		if (j->end.kind == ERR_NONE)
			continue;
		if (j->more && !map_get(&answered, key, NULL))
			collect_item_retry(j);
		else
			collect_item_failed(j);
	}
	map_dispose(&answered);
}
