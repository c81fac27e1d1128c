/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ssh_pool.c - the hosts of a target: who is connected, who waits, who is tried again.
 *
 * A host whose connection can't be made is not tried by its next command either: what is known is told. Only a server that
 * closes before it says who it is (it takes no more logins at once) is tried again, later and later.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "transport/ssh_agent.h"
#include "transport/ssh_impl.h"
#include "transport/ssh_key.h"

#define CONNECT_MS 30000   /* from TCP to the login's end, unless the target's timeout is shorter */
#define MAX_TRIES 8        /* of a server that closes too early */
#define FIRST_PAUSE_MS 100 /* then twice as long, and up to half of that more */
#define MAX_LOSSES 3       /* of connections that had been made */
#define PROXY_CONNS 4      /* each opens one tunnel at a time */
#define PROXY_ALL_CONNS 16 /* with those that wait for a host that doesn't answer */
#define PROXY_WAIT_MS 300  /* for a tunnel's opening, before another connection is made for the next one */
#define PROXY_JOBS 256     /* tunnels of one connection */

struct host {
	struct session *pool;
	const struct way *way;
	const char *address;
	int port;
	bool proxy;
	struct job *first, *last; /* jobs that wait */
	struct conn *conns;
	int nconns, nstarting;
	int tries, losses;
	uint64_t not_before_ms;
	struct err broken; /* it is not tried any more */
	bool waiting;      /* among the pool's */
	struct host *next_waiting, *next;
};

struct session {
	uv_loop_t *loop;
	const struct target *target;
	struct arena *arena;
	struct way hosts_way, proxy_way;
	struct agent *agent;
	struct map by_address; /* pointers to hosts */
	struct host *hosts, *proxy;
	struct host *waiting, *last_waiting; /* who needs a connection */
	int nconns, nstarting;               /* of hosts, not of the jump host */
	uv_timer_t soon;
	uint64_t sent;
	size_t alive; /* connections and jobs, until their memory is freed */
	struct err cancelled;
	bool closing;
	void (*closed)(void *arg);
	void *closed_arg;
};

static void pump(struct session *s);

static void on_soon(uv_timer_t *t)
{
	pump(t->data);
}

static void pump_in(struct session *s, uint64_t ms)
{
	if (!uv_is_active((uv_handle_t *)&s->soon) || uv_timer_get_due_in(&s->soon) > ms) {
		uv_update_time(s->loop);
		uv_timer_start(&s->soon, on_soon, ms, 0);
	}
}

uv_loop_t *host_loop(const struct host *h)
{
	return h->pool->loop;
}

const char *host_become(const struct host *h)
{
	return h->way->access->become;
}

struct agent *host_agent(const struct host *h)
{
	return h->pool->agent;
}

int host_error(const struct host *h, struct err *err)
{
	const char *user = h->way->access->user;

	return err_prefix(err, strchr(h->address, ':') != NULL ? "%s@[%s]:%d" : "%s@%s:%d", user, h->address, h->port);
}

/* ---- queues ---- */

static void append(struct host *h)
{
	struct session *s = h->pool;

	if (h->waiting)
		return;
	h->waiting = true;
	h->next_waiting = NULL;
	if (s->waiting == NULL)
		s->waiting = h;
	else
		s->last_waiting->next_waiting = h;
	s->last_waiting = h;
}

static void wait_for_connection(struct host *h)
{
	append(h);
	pump_in(h->pool, 0);
}

void host_add(struct host *h, struct job *j)
{
	j->next = NULL;
	if (h->first == NULL)
		h->first = j;
	else
		h->last->next = j;
	h->last = j;
	wait_for_connection(h);
}

void host_requeue(struct host *h, struct job *j)
{
	j->conn = NULL;
	j->next = h->first;
	h->first = j;
	if (j->next == NULL)
		h->last = j;
	wait_for_connection(h);
}

void host_pause(struct host *h, uint64_t ms)
{
	h->not_before_ms = uv_now(h->pool->loop) + ms;
}

static struct job *take(struct host *h)
{
	struct job *j = h->first;

	if (j != NULL)
		h->first = j->next;
	return j;
}

bool host_withdraw(struct host *h, struct job *j)
{
	struct job *before = NULL;

	for (struct job *at = h->first; at != NULL; before = at, at = at->next) {
		if (at != j)
			continue;
		if (before != NULL)
			before->next = j->next;
		else
			h->first = j->next;
		if (h->last == j)
			h->last = before;
		return true;
	}
	return false;
}

/* All that waits ends with WHY. */
static void end_queue(struct host *h, const struct err *why)
{
	struct job *j;

	while ((j = take(h)) != NULL) {
		j->phase = JOB_CLOSING; /* not to be sent again */
		j->kind->gone(j, why);
	}
}

/* ---- connections ---- */

/* The connection, among all, that nobody uses and nobody waits for. */
static bool evict_idle(struct session *s)
{
	const struct err none = {0};

	for (struct host *h = s->hosts; h != NULL; h = h->next)
		for (struct conn *c = h->conns; c != NULL; c = c->next)
			if (c->state == CONN_READY && c->jobs == NULL && h->first == NULL) {
				conn_fail(c, &none);
				return true;
			}
	return false;
}

static void start_conn(struct host *h)
{
	struct session *s = h->pool;
	int limit_ms = s->target->timeout_ms < CONNECT_MS ? s->target->timeout_ms : CONNECT_MS;
	struct conn *c = conn_start(h, h->way, h->address, h->port, limit_ms);

	c->next = h->conns;
	h->conns = c;
	h->nconns++;
	h->nstarting++;
	s->alive++;
	if (h->proxy) {
		c->max_jobs = PROXY_JOBS;
	} else {
		s->nconns++;
		s->nstarting++;
	}
	if (h->proxy || s->proxy == NULL) {
		conn_dial(c);
	} else {
		s->alive++;
		host_add(s->proxy, tunnel_new(s->proxy, c));
	}
}

/* A moment for those that have a connection, which may have room. */
static void step_conns(struct host *h)
{
	struct conn *next;

	for (struct conn *c = h->conns; c != NULL; c = next) {
		next = c->next;
		conn_step(c);
	}
}

enum served { SERVED, LATER, FULL };

/*
 * libssh2 opens one channel at a time, and a host that doesn't answer keeps the jump host waiting for minutes. So what waits
 * behind an opening that takes long gets another connection.
 */
static enum served serve_proxy(struct host *h, uint64_t now, uint64_t *ret_due)
{
	int open = 0;

	*ret_due = UINT64_MAX;
	for (const struct conn *c = h->conns; c != NULL; c = c->next) {
		uint64_t due = c->opening_ms + PROXY_WAIT_MS;

		if (c->opening != NULL && c->opening->closing_ms != 0)
			continue; /* nobody waits for that host any more, but the channel can't be had back */
		open++;
		*ret_due = due < *ret_due ? due : *ret_due;
	}
	if (h->nstarting > 0)
		return SERVED;
	if (open > 0 && *ret_due > now)
		return LATER;
	*ret_due = now + PROXY_WAIT_MS;
	if (open >= PROXY_CONNS || h->nconns >= PROXY_ALL_CONNS)
		return LATER;
	start_conn(h);
	return SERVED;
}

/* FULL: nobody gets a connection now. LATER: *ret_due says when. */
static enum served serve(struct session *s, struct host *h, uint64_t now, uint64_t *ret_due)
{
	if (h->broken.kind != ERR_NONE) {
		end_queue(h, &h->broken);
		return SERVED;
	}
	*ret_due = h->not_before_ms;
	if (h->first != NULL && now < h->not_before_ms)
		return LATER;
	step_conns(h);
	if (h->first != NULL && h->proxy)
		return serve_proxy(h, now, ret_due);
	if (h->first == NULL || h->nconns > 0)
		return SERVED;
	if (s->nstarting >= h->way->access->starts || (s->nconns >= h->way->access->sessions && !evict_idle(s)))
		return FULL;
	start_conn(h);
	return SERVED;
}

/* Gives those that wait their turn. Who must wait on does, in the same order. */
static void pump(struct session *s)
{
	struct host *h = s->waiting, *next;
	uint64_t now = uv_now(s->loop), due = UINT64_MAX, its_due = 0;
	bool full = false;

	s->waiting = s->last_waiting = NULL;
	for (; h != NULL; h = next) {
		bool new_one = !h->proxy && h->conns == NULL && h->broken.kind == ERR_NONE;
		enum served served = full && new_one ? FULL : SERVED;

		next = h->next_waiting;
		h->waiting = false;
		if (served == SERVED)
			served = serve(s, h, now, &its_due);
		full = full || served == FULL;
		if (served != SERVED)
			append(h);
		if (served == LATER && its_due < due)
			due = its_due;
	}
	if (due != UINT64_MAX)
		pump_in(s, due - now);
}

void host_ready(struct conn *c)
{
	struct host *h = c->host;
	struct session *s = h->pool;

	h->tries = 0;
	h->nstarting--;
	s->nstarting -= !h->proxy;
	if (h->proxy && h->first != NULL)
		append(h);
	if (s->waiting != NULL)
		pump_in(s, 0);
}

struct job *host_next(struct conn *c)
{
	struct host *h = c->host;
	struct job *j = uv_now(h->pool->loop) >= h->not_before_ms ? take(h) : NULL;

	if (h->first == NULL && c->jobs == NULL && j == NULL && h->pool->waiting != NULL)
		pump_in(h->pool, 0); /* somebody may want its place */
	return j;
}

static uint64_t pause_ms(int tries)
{
	uint64_t pause = (uint64_t)FIRST_PAUSE_MS << (tries - 1);
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		random = 0;
	return pause + random % (pause / 2 + 1);
}

/* A connection that could not be made. */
static void start_failed(struct host *h, const struct conn *c)
{
	if (c->was == CONN_HANDSHAKE && !c->spoke && c->why.kind == ERR_UNREACHABLE && ++h->tries < MAX_TRIES) {
		host_pause(h, pause_ms(h->tries));
	} else if (c->why.kind != ERR_NONE) {
		h->broken = c->why;
		if (h->proxy)
			host_error(h, &h->broken);
	}
}

void host_lost(struct conn *c)
{
	struct host *h = c->host;
	struct session *s = h->pool;
	struct conn **at = &h->conns;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	h->nconns--;
	s->nconns -= !h->proxy;
	if (c->was != CONN_READY) {
		h->nstarting--;
		s->nstarting -= !h->proxy;
		start_failed(h, c);
	} else if (c->why.kind != ERR_NONE && h->first != NULL && ++h->losses > MAX_LOSSES) {
		h->broken = c->why;
	}
	if (h->first != NULL)
		wait_for_connection(h);
	else if (s->waiting != NULL)
		pump_in(s, 0);
}

/* ---- opening ---- */

static void open_way(struct session *s, struct way *w, const struct ssh_access *access, const struct secret *secret,
                     const struct err *no_secret)
{
	const struct credential *c = access->credential;

	w->access = access;
	w->secret = secret;
	if (c->source != SECRET_NONE && secret == NULL) {
		w->broken = *no_secret;
		return;
	}
	if (!access->insecure) {
		w->known = known_hosts_load(s->arena, access->known_hosts, &w->broken);
		if (w->known == NULL)
			return;
	}
	if (c->login == LOGIN_KEY && key_read(c->key_file, &w->key.text, &w->key.len, &w->broken) == 0)
		w->key.type = key_type(s->arena, w->key.text);
}

static struct host *new_host(struct session *s, const struct way *way, const char *address, int port)
{
	struct host *h = arena_alloc(s->arena, sizeof(*h));

	h->pool = s;
	h->way = way;
	h->address = arena_strdup(s->arena, address);
	h->port = port;
	h->broken = way->broken;
	return h;
}

struct session *pool_open(const struct opening *o)
{
	struct session *s = xcalloc(1, sizeof(*s));
	const struct ssh_access *access = o->target->ssh, *proxy = access->proxy;

	libssh2_init(0);
	s->loop = o->loop;
	s->target = o->target;
	s->arena = arena_new();
	uv_timer_init(s->loop, &s->soon);
	s->soon.data = s;
	open_way(s, &s->hosts_way, access, o->ssh_secret, o->no_ssh_secret);
	if (proxy != NULL) {
		open_way(s, &s->proxy_way, proxy, o->proxy_secret, o->no_ssh_secret);
		s->proxy = new_host(s, &s->proxy_way, proxy->address, proxy->port);
		s->proxy->proxy = true;
	}
	s->agent = agent_open(s->loop);
	return s;
}

static struct host *host_of(struct session *s, const char *address)
{
	int64_t known;
	struct host *h;

	if (map_get(&s->by_address, address, &known))
		return (struct host *)(uintptr_t)known;
	h = new_host(s, &s->hosts_way, address, s->hosts_way.access->port);
	map_set(&s->by_address, address, (int64_t)(uintptr_t)h);
	h->next = s->hosts;
	s->hosts = h;
	return h;
}

struct ssh_command *ssh_run(struct session *s, const struct ssh_spec *spec)
{
	struct host *h = host_of(s, spec->address);
	struct ssh_command *c = command_new(h, spec, s->target->timeout_ms);

	s->sent++;
	s->alive++;
	if (s->cancelled.kind != ERR_NONE)
		h->broken = s->cancelled;
	host_add(h, (struct job *)c);
	return c;
}

uint64_t pool_sent(const struct session *s)
{
	return s->sent;
}

/* ---- the end ---- */

static void fail_host(struct host *h, const struct err *why)
{
	if (h == NULL)
		return;
	h->broken = *why;
	while (h->conns != NULL)
		conn_fail(h->conns, why);
	end_queue(h, why);
}

static void on_cancel(uv_timer_t *t)
{
	struct session *s = t->data;

	for (struct host *h = s->hosts; h != NULL; h = h->next)
		fail_host(h, &s->cancelled);
	fail_host(s->proxy, &s->cancelled);
}

void pool_cancel(struct session *s, const struct err *why)
{
	if (s->cancelled.kind == ERR_NONE)
		s->cancelled = *why;
	uv_timer_start(&s->soon, on_cancel, 0, 0);
}

static void on_soon_closed(uv_handle_t *handle)
{
	struct session *s = handle->data;
	void (*closed)(void *) = s->closed;
	void *arg = s->closed_arg;

	key_wipe(s->hosts_way.key.text, s->hosts_way.key.len);
	key_wipe(s->proxy_way.key.text, s->proxy_way.key.len);
	map_dispose(&s->by_address);
	arena_free(s->arena);
	free(s);
	libssh2_exit();
	closed(arg);
}

static void on_agent_closed(void *arg)
{
	struct session *s = arg;

	uv_close((uv_handle_t *)&s->soon, on_soon_closed);
}

static void leave(struct session *s)
{
	if (s->closing && s->alive == 0)
		agent_close(s->agent, on_agent_closed, s);
}

void host_released(struct host *h)
{
	struct session *s = h->pool;

	s->alive--;
	leave(s);
}

void pool_close(struct session *s, void (*closed)(void *arg), void *arg)
{
	const struct err over = {.kind = ERR_CANCELLED, .text = "the run is over"};

	s->closed = closed;
	s->closed_arg = arg;
	for (struct host *h = s->hosts; h != NULL; h = h->next)
		fail_host(h, &over);
	fail_host(s->proxy, &over);
	s->closing = true;
	leave(s);
}
