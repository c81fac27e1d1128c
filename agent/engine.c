/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.c - runs the plan on the loop.
 *
 * A stage is worked off in rounds of equal `prefer`; a round ends when all its asks ended. Between rounds nothing is under
 * way, so work lists are read when the tables that they come from are complete.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "engine_impl.h"

static bool stuck;

bool engine_stuck(void)
{
	return stuck;
}

int64_t engine_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- sessions ---- */

size_t engine_transport_index(const struct transport *t)
{
	size_t i = 0;

	while (transports[i] != t)
		i++;
	return i;
}

struct session *engine_session(struct engine *e, struct reach *r, const struct transport *t)
{
	struct session **s = &r->session[engine_transport_index(t)], *over[MAX_TRANSPORTS] = {0};
	const struct opening o = {
		.loop = e->loop,
		.target = r->target,
		.secret = r->secret,
		.ssh_secret = r->ssh_secret,
		.proxy_secret = r->proxy_secret,
		.no_ssh_secret = &r->no_ssh_secret,
		.over = over,
	};

	if (*s != NULL)
		return *s;
	for (size_t i = 0; t->over != NULL && t->over[i] != NULL; i++)
		if (t->over[i]->serves(r->target))
			over[i] = engine_session(e, r, t->over[i]);
	*s = t->open(&o);
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

void engine_ended(struct ask *ask, const struct err *err)
{
	struct running *r = ask->owner;
	struct engine *e = r->e;
	struct err end = *err;

	e->under_way--;
	/* The loop runs timers before it waits for sockets: what a timer ended must not wait for one more event. */
	uv_stop(e->loop);
	if (r->job.item != NULL)
		items_release(r);
	if (r->searching != NULL && searching_goes_on(r, &end))
		return;
	err = &end;
	if (r->job.item != NULL)
		collect_item_end(&r->job, err, engine_now_ms());
	else
		collect_end(&r->job, err, engine_now_ms());
	if (err->kind != ERR_NONE)
		log_say(LOG_INFO, "%s: %s: %s", r->reach->target->name, r->job.planned->probe->id, err->text);
	else
		log_say(LOG_INFO, "%s: %s: ok, %lld rows in %lld ms", r->reach->target->name, r->job.planned->probe->id,
		        (long long)r->job.rows, (long long)(engine_now_ms() - r->job.started_ms));
	e->done++;
}

struct running *engine_new_running(struct engine *e, struct reach *reach, const struct planned *p, bool fallback,
                                   bool more)
{
	struct running *r = arena_alloc(e->arena, sizeof(*r));

	r->e = e;
	r->reach = reach;
	r->req = p->req;
	r->ask = (struct ask){
		.req = &r->req, .owner = r, .on_answer = on_answer, .on_restart = on_restart, .on_end = engine_ended};
	r->job = (struct job){.c = &e->c, .planned = p, .target = reach->target, .fallback = fallback, .more = more};
	return r;
}

/* Counts R as under way and says whether it can be sent; if not, it ends here and now. */
bool engine_begin(struct running *r)
{
	struct engine *e = r->e;

	r->job.started_ms = engine_now_ms();
	e->under_way++;
	if (e->stopped.kind != ERR_NONE)
		engine_ended(&r->ask, &e->stopped);
	else if (r->reach->no_secret.kind != ERR_NONE)
		engine_ended(&r->ask, &r->reach->no_secret);
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
		if (engine_begin(rs[i]))
			asks[k++] = &rs[i]->ask;
	if (k > 0) {
		const struct transport *t = rs[0]->job.planned->probe->transport;

		t->ask(engine_session(e, rs[0]->reach, t), asks, k);
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

		if (!p->probe->stands_in && !q->probe->stands_in && q->probe->prefer != p->probe->prefer &&
		    serves(q, r) && share_a_table(p, q))
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
		rs[n] = engine_new_running(e, reach, p, fallback, has_fallback(s, i, reach));
		if (t->per_host)
			rs[n]->job.host = own_host(e, reach);
		n++;
		e->total++;
	}
	if (n > 0)
		send_together(e, rs, n);
}

/* Could another probe of this stage fill a table of the one AT for R? */
static bool is_filled_otherwise(const struct stage *s, size_t at, const struct reach *r)
{
	for (size_t i = 0; i < s->n; i++)
		if (i != at && serves(&s->probes[i], r) && share_a_table(&s->probes[at], &s->probes[i]))
			return true;
	return false;
}

/* What only a target's hosts themselves could tell is missing where the inventory gives no way to them. */
static void tell_no_way(struct engine *e, const struct stage *s, size_t at)
{
	const struct planned *p = &s->probes[at];

	for (size_t i = 0; i < e->ntargets; i++) {
		const struct reach *r = &e->reach[i];

		if (p->probe->transport->addressed && strcmp(p->probe->platform, r->target->platform) == 0 &&
		    !serves(p, r) && !is_filled_otherwise(s, at, r))
			collect_no_way(&e->c, p, r->target,
			               arena_printf(e->arena,
			                            "only its hosts can tell, and the inventory gives %s no `ssh:`",
			                            r->target->name));
	}
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
	if (items_queue(e, p, fallback, more, &err) < 0)
		e->c.incomplete = true;
	if (p->probe->stands_in) /* without an answer the gaps stay */
		return;
	for (size_t i = 0; i < e->ntargets; i++)
		if (serves(p, &e->reach[i]) && !is_fallback(s, at, &e->reach[i]))
			collect_table_end(&e->c, p, e->reach[i].target, &err);
	tell_no_way(e, s, at);
}

static bool has_items(const struct stage *s, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (s->probes[i].probe->for_each != NULL)
			return true;
	return false;
}

static void wait_for_round(struct engine *e)
{
	items_pump(e);
	while ((e->under_way > 0 || e->paused != NULL) && e->c.fatal.kind == ERR_NONE) {
		uv_run(e->loop, UV_RUN_ONCE);
		items_pump(e);
	}
}

/* Something of ours failed: the asks under way must end before their memory goes. */
static void drain(struct engine *e)
{
	stop(e, ERR_CANCELLED, "facts can't be written");
	items_pump(e);
	while (e->under_way > 0) {
		uv_run(e->loop, UV_RUN_ONCE);
		items_pump(e);
	}
}

static void run_round(struct engine *e, const struct stage *s, size_t from, size_t to)
{
	struct err err;

	e->nitems = 0;
	e->doing = s->probes[from].probe->id;
	if (has_items(s, from, to) && e->options->before_items != NULL &&
	    e->options->before_items(e->options->arg, &err) < 0) {
		e->c.fatal = err;
		return;
	}
	for (size_t i = 0; i < e->ntargets; i++)
		for (size_t k = 0; transports[k] != NULL; k++)
			start_plain(e, s, from, to, &e->reach[i], transports[k]);
	for (size_t i = from; i < to; i++)
		start_items(e, s, i);
	wait_for_round(e);
	if (e->c.fatal.kind != ERR_NONE)
		drain(e);
	else
		items_settle(e);
	items_forget(e);
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

/* RIDING: those that ride on others' sessions, or the others. */
static void close_some(struct engine *e, bool riding, int64_t *ret_requests)
{
	size_t open = 0;

	for (size_t i = 0; i < e->ntargets; i++)
		for (size_t k = 0; transports[k] != NULL; k++) {
			struct session *s = e->reach[i].session[k];

			if (s == NULL || (transports[k]->over != NULL) != riding)
				continue;
			e->reach[i].session[k] = NULL;
			open++;
			*ret_requests += (int64_t)transports[k]->sent(s);
			transports[k]->close(s, on_session_closed, &open);
		}
	while (open > 0)
		uv_run(e->loop, UV_RUN_ONCE);
}

/* From here on the deadline and Ctrl-C have nothing left to cancel: closing is bounded by itself. */
static void close_sessions(struct engine *e, int64_t *ret_requests)
{
	uv_timer_stop(&e->deadline);
	close_some(e, true, ret_requests);
	close_some(e, false, ret_requests);
}

static void start_loop(struct engine *e)
{
	e->loop = xcalloc(1, sizeof(*e->loop));
	uv_loop_init(e->loop);
	uv_timer_init(e->loop, &e->deadline);
	uv_timer_init(e->loop, &e->tick);
	uv_timer_init(e->loop, &e->pace);
	uv_signal_init(e->loop, &e->sigint);
	uv_signal_init(e->loop, &e->sigterm);
	e->deadline.data = e->tick.data = e->pace.data = e->sigint.data = e->sigterm.data = e;
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
	uv_handle_t *own[] = {(uv_handle_t *)&e->deadline, (uv_handle_t *)&e->tick, (uv_handle_t *)&e->pace,
	                      (uv_handle_t *)&e->sigint, (uv_handle_t *)&e->sigterm};

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

int engine_run(const struct plan *plan, const struct inventory *inv, struct facts *f, const struct engine_options *o,
               struct engine_result *ret, struct err *err)
{
	struct engine e = {.plan = plan, .options = o, .doing = "starting"};

	e.c = (struct collector){.facts = f, .scratch = arena_new()};
	e.arena = arena_new();
	*ret = (struct engine_result){0};
	secrets_fetch_all(&e, inv);
	start_loop(&e);
	run_stages(&e);
	close_sessions(&e, &ret->requests);
	end_loop(&e);
	secrets_wipe_all(&e);
	ret->complete = collect_complete(&e.c);
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
