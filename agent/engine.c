/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.c - runs the plan on the loop.
 *
 * A stage is worked off in rounds of equal `prefer`; a round ends when all its asks ended. Between rounds nothing is under
 * way, so work lists are read when the tables that they come from are complete.
 */
#include "engine.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/str.h"
#include "collect.h"
#include "credential.h"

#define MAX_TRANSPORTS 16
#define MAX_ITEMS 250000   /* of one for_each */
#define ITEMS_IN_FLIGHT 16 /* a target */

struct reach {
	const struct target *target;
	struct secret *secret;
	struct err no_secret; /* why it can't be asked at all */
	struct session *session[MAX_TRANSPORTS];
	size_t in_flight;            /* for_each items */
	struct running *head, *tail; /* those that wait */
};

struct engine {
	const struct plan *plan;
	struct collector c;
	const struct engine_options *options;
	uv_loop_t *loop; /* of its own: what hangs on it may outlive the run */
	uv_timer_t deadline, tick;
	uv_signal_t sigint, sigterm;
	struct reach *reach;
	size_t ntargets;
	struct err stopped; /* deadline or Ctrl-C: nothing further is sent */
	bool timed_out, cancelled;
	size_t handles; /* of the engine's own, still open */
	/* the round under way */
	struct arena *arena;
	struct running **items; /* of the for_each probes of this round */
	size_t nitems, icap;
	size_t under_way, done, total;
	const char *doing;
};

/* An ask and the job that stores what it brings. */
struct running {
	struct ask ask;
	struct job job;
	struct request req;
	struct engine *e;
	struct reach *reach;
	struct running *next; /* in the target's queue */
};

static bool stuck;

bool engine_stuck(void)
{
	return stuck;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- sessions ---- */

static size_t transport_index(const struct transport *t)
{
	size_t i = 0;

	while (transports[i] != t)
		i++;
	return i;
}

static struct session *session_of(struct engine *e, struct reach *r, const struct transport *t)
{
	struct session **s = &r->session[transport_index(t)];

	if (*s == NULL)
		*s = t->open(e->loop, r->target, r->secret);
	return *s;
}

static void stop(struct engine *e, enum err_kind kind, const char *why)
{
	if (e->stopped.kind != ERR_NONE)
		return;
	err_set(&e->stopped, kind, "%s", why);
	for (size_t i = 0; i < e->ntargets; i++)
		for (size_t k = 0; transports[k] != NULL; k++)
			if (e->reach[i].session[k] != NULL)
				transports[k]->cancel(e->reach[i].session[k], &e->stopped);
}

static void on_deadline(uv_timer_t *t)
{
	struct engine *e = t->data;

	e->timed_out = true;
	stop(e, ERR_TIMEOUT, "the run's deadline passed (--deadline)");
}

static void on_signal(uv_signal_t *s, int signum)
{
	struct engine *e = s->data;

	if (e->cancelled) /* asked twice: at once, whatever is unfinished */
		_exit(128 + signum);
	e->cancelled = true;
	log_say(LOG_WARNING, "interrupted: ending sessions, then reporting what is known (again: quit at once)");
	stop(e, ERR_CANCELLED, "interrupted");
}

static void on_tick(uv_timer_t *t)
{
	const struct engine *e = t->data;

	log_progress("%s: %zu of %zu requests done, %llu objects", e->doing, e->done, e->total,
	             (unsigned long long)e->c.objects);
}

/* ---- asks ---- */

static void on_answer(struct ask *ask, const struct answer *answer)
{
	struct running *r = ask->owner;

	collect_answer(&r->job, answer);
}

static void on_restart(struct ask *ask)
{
	struct running *r = ask->owner;

	log_say(LOG_INFO, "%s: session expired, collecting %s again", r->reach->target->name,
	        r->job.planned->probe->id);
	collect_restart(&r->job);
}

static void on_end(struct ask *ask, const struct err *err)
{
	struct running *r = ask->owner;
	struct engine *e = r->e;

	if (r->job.item != NULL) {
		collect_item_end(&r->job, err, now_ms());
		r->reach->in_flight--;
	} else {
		collect_end(&r->job, err, now_ms());
	}
	if (err->kind != ERR_NONE)
		log_say(LOG_INFO, "%s: %s: %s", r->reach->target->name, r->job.planned->probe->id, err->text);
	else
		log_say(LOG_INFO, "%s: %s: ok, %lld rows in %lld ms", r->reach->target->name, r->job.planned->probe->id,
		        (long long)r->job.rows, (long long)(now_ms() - r->job.started_ms));
	e->under_way--;
	e->done++;
	/* The loop runs timers before it waits for sockets: what a timer ended must not wait for one more event. */
	uv_stop(e->loop);
}

static struct running *new_running(struct engine *e, struct reach *reach, const struct planned *p, bool fallback,
                                   bool more)
{
	struct running *r = arena_alloc(e->arena, sizeof(*r));

	r->e = e;
	r->reach = reach;
	r->req = p->req;
	r->ask = (struct ask){
		.req = &r->req, .owner = r, .on_answer = on_answer, .on_restart = on_restart, .on_end = on_end};
	r->job = (struct job){.c = &e->c, .planned = p, .target = reach->target, .fallback = fallback, .more = more};
	return r;
}

/* Counts R as under way and says whether it can be sent; if not, it ends here and now. */
static bool begin(struct running *r)
{
	struct engine *e = r->e;

	r->job.started_ms = now_ms();
	e->under_way++;
	if (r->job.item != NULL)
		r->reach->in_flight++;
	if (e->stopped.kind != ERR_NONE)
		on_end(&r->ask, &e->stopped);
	else if (r->reach->no_secret.kind != ERR_NONE)
		on_end(&r->ask, &r->reach->no_secret);
	else
		return true;
	return false;
}

/* Sends what was queued for one target and transport in one call, so that the transport can merge it. */
static void send_together(struct engine *e, struct running **rs, size_t n)
{
	struct ask **asks = arena_array(e->arena, n, sizeof(struct ask *));
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (begin(rs[i]))
			asks[k++] = &rs[i]->ask;
	if (k > 0) {
		const struct transport *t = rs[0]->job.planned->probe->transport;

		t->ask(session_of(e, rs[0]->reach, t), asks, k);
	}
}

/* ---- work lists ---- */

static const char *item_value(void *arg, const char *name)
{
	const struct item *item = arg;

	for (size_t i = 0; i < item->n; i++)
		if (strcmp(item->names[i], name) == 0)
			return item->values[i];
	return NULL;
}

/* The request of one item, its placeholders filled in. */
static int fill_request(struct engine *e, struct running *r, struct err *err)
{
	const struct probe *p = r->job.planned->probe;
	struct request_field *fields = arena_array(e->arena, p->req.nfields, sizeof(*fields));

	for (size_t i = 0; i < p->req.nfields; i++) {
		const struct template *t = &p->templates[i];

		fields[i] = p->req.fields[i];
		if (t->n == 0)
			continue;
		fields[i].value = template_fill(t, e->arena, item_value, (void *)(uintptr_t)r->job.item,
		                                p->transport->encode, fields[i].name, err);
		if (fields[i].value == NULL)
			return err_prefix(err, "%s", fields[i].name);
	}
	r->req.fields = fields;
	return 0;
}

static const char *text_of(struct engine *e, sqlite3_stmt *st, int i)
{
	const unsigned char *s = sqlite3_column_text(st, i);

	return s != NULL ? arena_strdup(e->arena, (const char *)s) : NULL;
}

static struct item *read_item(struct engine *e, sqlite3_stmt *st)
{
	struct item *item = arena_alloc(e->arena, sizeof(*item));

	item->n = (size_t)sqlite3_column_count(st);
	item->names = arena_array(e->arena, item->n, sizeof(*item->names));
	item->values = arena_array(e->arena, item->n, sizeof(*item->values));
	for (size_t i = 0; i < item->n; i++) {
		item->names[i] = arena_strdup(e->arena, sqlite3_column_name(st, (int)i));
		item->values[i] = text_of(e, st, (int)i);
	}
	return item;
}

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
	const char *whom = item_value((void *)(uintptr_t)item, p->probe->host_scope ? "host" : "target");
	struct reach *reach = whom != NULL ? reach_of(e, whom) : NULL;
	struct running *r;

	if (reach == NULL) /* nobody to ask: the work list has a hole, and what it should have brought is missing */
		return false;
	if (!probe_serves(p->probe, reach->target))
		return true;
	if (fallback && !collect_wants(&e->c, p, reach->target, p->probe->host_scope ? whom : NULL))
		return true;
	r = new_running(e, reach, p, fallback, more);
	r->job.item = item;
	r->job.host = p->probe->host_scope ? whom : NULL;
	queue(e, r);
	return true;
}

static int queue_items(struct engine *e, const struct planned *p, bool fallback, bool more, struct err *err)
{
	sqlite3_stmt *st;
	size_t n = 0, holes = 0;
	int rc;

	if (facts_prepare(e->c.facts, p->probe->for_each, e->arena, NULL, &st, err) < 0)
		return -1;
	facts_budget(e->c.facts, 30000);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (++n > MAX_ITEMS)
			break;
		holes += !add_item(e, p, read_item(e, st), fallback, more);
	}
	facts_budget(e->c.facts, 0);
	if (n > MAX_ITEMS)
		err_set(err, ERR_LIMIT, "for_each gives more than %d rows", MAX_ITEMS);
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

	if (!begin(r))
		return;
	if (fill_request(e, r, &err) < 0)
		on_end(ask, &err);
	else
		t->ask(session_of(e, r->reach, t), &ask, 1);
}

/* Sends queued items, as many as each target may have under way. */
static void pump(struct engine *e)
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

/* ---- rounds ---- */

static bool serves(const struct planned *p, const struct reach *r)
{
	return probe_serves(p->probe, r->target);
}

static bool share_a_table(const struct planned *p, const struct planned *q)
{
	for (size_t a = 0; a < p->ntables; a++)
		for (size_t b = 0; b < q->ntables; b++)
			if (strcmp(p->tables[a]->name, q->tables[b]->name) == 0)
				return true;
	return false;
}

/* Does one of the probes [FROM, TO) of this stage, more or less preferred than the one AT, fill a table of it for R? */
static bool has_rival(const struct stage *s, size_t at, size_t from, size_t to, const struct reach *r)
{
	const struct planned *p = &s->probes[at];

	for (size_t i = from; i < to; i++) {
		const struct planned *q = &s->probes[i];

		if (q->probe->prefer != p->probe->prefer && serves(q, r) && share_a_table(p, q))
			return true;
	}
	return false;
}

static bool is_fallback(const struct stage *s, size_t at, const struct reach *r)
{
	return has_rival(s, at, 0, at, r);
}

static bool has_fallback(const struct stage *s, size_t at, const struct reach *r)
{
	return has_rival(s, at, at + 1, s->n, r);
}

/* The id of the one host that a target of a per-host transport is. */
static const char *own_host(struct engine *e, const struct reach *r)
{
	return arena_printf(e->arena, "%s/local", r->target->name);
}

static void start_plain(struct engine *e, const struct stage *s, size_t from, size_t to, struct reach *reach,
                        const struct transport *t)
{
	struct running **rs = arena_array(e->arena, to - from, sizeof(struct running *));
	size_t n = 0;

	for (size_t i = from; i < to; i++) {
		const struct planned *p = &s->probes[i];
		bool fallback = is_fallback(s, i, reach);

		if (p->probe->for_each != NULL || p->probe->transport != t || !serves(p, reach))
			continue;
		if (fallback && !collect_wants(&e->c, p, reach->target, t->per_host ? own_host(e, reach) : NULL))
			continue;
		rs[n] = new_running(e, reach, p, fallback, has_fallback(s, i, reach));
		if (t->per_host)
			rs[n]->job.host = own_host(e, reach);
		n++;
		e->total++;
	}
	if (n > 0)
		send_together(e, rs, n);
}

static void start_items(struct engine *e, const struct stage *s, size_t at)
{
	const struct planned *p = &s->probes[at];
	struct err err = {0};
	bool fallback = false, more = false;

	if (p->probe->for_each == NULL)
		return;
	for (size_t i = 0; i < e->ntargets; i++) {
		fallback = fallback || (serves(p, &e->reach[i]) && is_fallback(s, at, &e->reach[i]));
		more = more || (serves(p, &e->reach[i]) && has_fallback(s, at, &e->reach[i]));
	}
	if (queue_items(e, p, fallback, more, &err) < 0)
		e->c.incomplete = true;
	for (size_t i = 0; i < e->ntargets; i++)
		if (serves(p, &e->reach[i]) && !is_fallback(s, at, &e->reach[i]))
			collect_table_end(&e->c, p, e->reach[i].target, &err);
}

/* A host none of whose items got an answer may be tried another way; else its failed items get their rows of NULLs. */
static void settle_items(struct engine *e)
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

static void wait_for_round(struct engine *e)
{
	pump(e);
	while (e->under_way > 0 && e->c.fatal.kind == ERR_NONE) {
		uv_run(e->loop, UV_RUN_ONCE);
		pump(e);
	}
}

/* Something of ours failed: the asks under way must end before their memory goes. */
static void drain(struct engine *e)
{
	stop(e, ERR_CANCELLED, "facts can't be written");
	pump(e);
	while (e->under_way > 0)
		uv_run(e->loop, UV_RUN_ONCE);
}

static void run_round(struct engine *e, const struct stage *s, size_t from, size_t to)
{
	e->nitems = 0;
	e->doing = s->probes[from].probe->id;
	for (size_t i = 0; i < e->ntargets; i++)
		for (size_t k = 0; transports[k] != NULL; k++)
			start_plain(e, s, from, to, &e->reach[i], transports[k]);
	for (size_t i = from; i < to; i++)
		start_items(e, s, i);
	wait_for_round(e);
	if (e->c.fatal.kind != ERR_NONE)
		drain(e);
	else
		settle_items(e);
	arena_reset(e->arena);
}

static void run_stages(struct engine *e)
{
	struct err err;

	for (size_t i = 0; i < e->plan->nstages; i++) {
		const struct stage *s = &e->plan->stages[i];

		for (size_t from = 0, to; from < s->n && e->c.fatal.kind == ERR_NONE; from = to) {
			for (to = from; to < s->n && s->probes[to].probe->prefer == s->probes[from].probe->prefer; to++)
				;
			run_round(e, s, from, to);
			if (e->c.fatal.kind == ERR_NONE && facts_commit(e->c.facts, &err) < 0)
				e->c.fatal = err;
		}
	}
}

/* ---- start and end ---- */

static void on_session_closed(void *arg)
{
	size_t *open = arg;

	(*open)--;
}

/* From here on the deadline and Ctrl-C have nothing left to cancel: closing is bounded by itself. */
static void close_sessions(struct engine *e, int64_t *ret_requests)
{
	size_t open = 0;

	uv_timer_stop(&e->deadline);
	for (size_t i = 0; i < e->ntargets; i++)
		for (size_t k = 0; transports[k] != NULL; k++) {
			struct session *s = e->reach[i].session[k];

			if (s == NULL)
				continue;
			e->reach[i].session[k] = NULL;
			open++;
			*ret_requests += (int64_t)transports[k]->sent(s);
			transports[k]->close(s, on_session_closed, &open);
		}
	while (open > 0)
		uv_run(e->loop, UV_RUN_ONCE);
}

static void start_loop(struct engine *e)
{
	e->loop = xcalloc(1, sizeof(*e->loop));
	uv_loop_init(e->loop);
	uv_timer_init(e->loop, &e->deadline);
	uv_timer_init(e->loop, &e->tick);
	uv_signal_init(e->loop, &e->sigint);
	uv_signal_init(e->loop, &e->sigterm);
	e->deadline.data = e->tick.data = e->sigint.data = e->sigterm.data = e;
	uv_timer_start(&e->deadline, on_deadline, (uint64_t)e->options->deadline_ms, 0);
	if (e->options->progress)
		uv_timer_start(&e->tick, on_tick, 200, 200);
	uv_signal_start(&e->sigint, on_signal, SIGINT);
	uv_signal_start(&e->sigterm, on_signal, SIGTERM);
}

static void on_handle_closed(uv_handle_t *h)
{
	struct engine *e = h->data;

	e->handles--;
}

/*
 * Closes what is the engine's own. Something of a transport may still hang on the loop: a read that blocks in the kernel
 * can't be ended. Then the loop is left as it is, and the program must leave without waiting for it.
 */
static void end_loop(struct engine *e)
{
	uv_handle_t *own[] = {(uv_handle_t *)&e->deadline, (uv_handle_t *)&e->tick, (uv_handle_t *)&e->sigint,
	                      (uv_handle_t *)&e->sigterm};

	e->handles = sizeof(own) / sizeof(own[0]);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		uv_close(own[i], on_handle_closed);
	while (e->handles > 0)
		uv_run(e->loop, UV_RUN_NOWAIT);
	log_progress("%s", "");
	if (uv_loop_close(e->loop) == 0)
		free(e->loop);
	else
		stuck = true;
}

static bool is_asked(const struct plan *plan, const struct target *t)
{
	for (size_t i = 0; i < plan->nstages; i++)
		for (size_t k = 0; k < plan->stages[i].n; k++)
			if (probe_serves(plan->stages[i].probes[k].probe, t))
				return true;
	return false;
}

/* A credential that several targets name is fetched once: nobody is asked twice. */
static const struct reach *same_credential(const struct engine *e, size_t before, const struct credential *c)
{
	for (size_t i = 0; i < before; i++)
		if (e->reach[i].target->credential == c &&
		    (e->reach[i].secret != NULL || e->reach[i].no_secret.kind != ERR_NONE))
			return &e->reach[i];
	return NULL;
}

static void fetch_secret(struct engine *e, size_t i, const struct credential *c)
{
	struct reach *r = &e->reach[i];
	const struct reach *other = same_credential(e, i, c);

	r->secret = xcalloc(1, sizeof(*r->secret));
	if (other != NULL) {
		*r->secret = *other->secret;
		r->no_secret = other->no_secret;
	} else if (secret_fetch(c, r->secret, &r->no_secret) < 0) {
		log_say(LOG_ERROR, "%s: %s", r->target->name, r->no_secret.text);
	}
}

/* Before the loop runs, since a prompt or a command may take its time. */
static void fetch_secrets(struct engine *e, const struct inventory *inv)
{
	e->reach = xcalloc(inv->ntargets, sizeof(*e->reach));
	e->ntargets = inv->ntargets;
	for (size_t i = 0; i < inv->ntargets; i++) {
		struct reach *r = &e->reach[i];
		const struct credential *c = inv->targets[i].credential;

		r->target = &inv->targets[i];
		if (c != NULL && c->source != SECRET_NONE && is_asked(e->plan, r->target))
			fetch_secret(e, i, c);
	}
	secret_forget_environment(inv);
}

static void wipe_secrets(struct engine *e)
{
	for (size_t i = 0; i < e->ntargets; i++)
		if (e->reach[i].secret != NULL) {
			secret_wipe(e->reach[i].secret);
			free(e->reach[i].secret);
		}
	free(e->reach);
}

int engine_run(const struct plan *plan, const struct inventory *inv, struct facts *f, const struct engine_options *o,
               struct engine_result *ret, struct err *err)
{
	struct engine e = {.plan = plan, .options = o, .doing = "starting"};

	e.c = (struct collector){.facts = f, .scratch = arena_new()};
	e.arena = arena_new();
	*ret = (struct engine_result){0};
	fetch_secrets(&e, inv);
	start_loop(&e);
	run_stages(&e);
	close_sessions(&e, &ret->requests);
	end_loop(&e);
	wipe_secrets(&e);
	ret->complete = !e.c.incomplete;
	ret->cancelled = e.cancelled;
	ret->timed_out = e.timed_out;
	map_dispose(&e.c.retry);
	arena_free(e.c.scratch);
	arena_free(e.arena);
	free(e.items);
	if (e.c.fatal.kind != ERR_NONE) {
		*err = e.c.fatal;
		return -1;
	}
	return 0;
}
