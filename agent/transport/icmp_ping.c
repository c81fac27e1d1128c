/* SPDX-License-Identifier: Apache-2.0 */
/* icmp_ping.c - one ping on the loop: sends by a timer, reads replies and errors as they come, ends when all is known. */
#include "transport/icmp_ping.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "transport/icmp_packet.h"

#define MAX_REPLIES 10000 /* duplicates included */
#define MAX_READS 1000    /* packets that are read before others have their turn */

/* A neighbour that doesn't answer is given up after three requests, a second apart, and only then is it told. */
#define NEIGHBOUR_NS 3500000000
#define NEIGHBOUR_STEP_MS 50

struct packet {
	enum { WAITING, REPLIED, GIVEN_UP } state;
	int64_t sent_ns;
};

struct ping {
	struct task task;
	struct icmp_plan plan;
	struct icmp_echo echo;
	struct icmp_socket socket;
	uint8_t *request, *buf;
	size_t buf_size;
	struct packet *packets;
	size_t sent, waiting, received, listed;
	int64_t rtt_min_us, rtt_sum_us, rtt_max_us;
	const char *error; /* what was said instead of a reply, first; NULL: nothing */
	bool refused;      /* this host doesn't send such packets */
	struct val *replies;
	struct err err; /* what makes it no answer */
	uv_poll_t poll;
	uv_timer_t timer;
	int open; /* handles */
};

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t = {0};

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void note_error(struct ping *p, const char *text)
{
	if (p->error == NULL)
		p->error = arena_strdup(p->task.arena, text);
}

/* Packet SEQ gets no reply; one that got one already stays as it is. */
static void give_up(struct ping *p, size_t seq)
{
	if (seq >= p->sent || p->packets[seq].state != WAITING)
		return;
	p->packets[seq].state = GIVEN_UP;
	p->waiting--;
}

static void drain_errors(struct ping *p)
{
	struct icmp_received r;
	struct icmp_error e;

	for (int i = 0; i < MAX_READS && icmp_receive_error(&p->socket, p->buf, p->buf_size, &r) == 1; i++) {
		if (!icmp_error(&p->echo, r.error, r.error_len, p->buf, r.len < p->buf_size ? r.len : p->buf_size, &e))
			continue;
		note_error(p, e.text);
		p->refused = p->refused || e.local;
		if (e.seq >= 0)
			give_up(p, (size_t)e.seq);
	}
}

/* How long a reply took. The kernel's clock says when it came, which may be long before the loop had time for it; should the wall
 * clock have been set in the meantime, that counts which certainly is not too short. */
static int64_t rtt_us(const struct packet *packet, const struct icmp_received *r)
{
	int64_t now = clock_ns(CLOCK_MONOTONIC), since = clock_ns(CLOCK_REALTIME) - r->wall_ns,
		rtt = now - packet->sent_ns;

	if (r->wall_ns > 0 && since >= 0 && since <= rtt)
		rtt -= since;
	return rtt / 1000;
}

/* RET has room for INET6_ADDRSTRLEN. */
static const char *address_text(const union icmp_address *address, char *ret)
{
	struct sockaddr_in a4;
	struct sockaddr_in6 a6;

	memcpy(&a4, address, sizeof(a4));
	memcpy(&a6, address, sizeof(a6));
	return address->any.sa_family == AF_INET ? inet_ntop(AF_INET, &a4.sin_addr, ret, INET6_ADDRSTRLEN)
	                                         : inet_ntop(AF_INET6, &a6.sin6_addr, ret, INET6_ADDRSTRLEN);
}

static void list_reply(struct ping *p, const struct icmp_reply *reply, int64_t rtt, bool dup)
{
	struct arena *a = p->task.arena;
	char from[INET6_ADDRSTRLEN];
	struct val *map;

	if (++p->listed > MAX_REPLIES) {
		err_set(&p->err, ERR_LIMIT, "ping: more than %d replies", MAX_REPLIES);
		return;
	}
	map = val_add(p->replies, val_new(a, VAL_MAP, NULL));
	val_add(map, val_int(a, "seq", reply->seq));
	val_add(map, val_text(a, "from", address_text(&p->plan.way.to, from)));
	val_add(map, val_int(a, "rtt_us", rtt));
	if (reply->ttl >= 0)
		val_add(map, val_int(a, "ttl", reply->ttl));
	val_add(map, val_int(a, "bytes", (int64_t)reply->bytes));
	val_add(map, val_int(a, "dup", dup));
}

static void count_reply(struct ping *p, struct packet *packet, int64_t rtt)
{
	p->waiting -= packet->state == WAITING;
	packet->state = REPLIED;
	if (p->received == 0 || rtt < p->rtt_min_us)
		p->rtt_min_us = rtt;
	if (rtt > p->rtt_max_us)
		p->rtt_max_us = rtt;
	p->rtt_sum_us += rtt;
	p->received++;
}

static bool same_host(const union icmp_address *a, const union icmp_address *b)
{
	struct sockaddr_in x4, y4;
	struct sockaddr_in6 x6, y6;

	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET) {
		memcpy(&x4, a, sizeof(x4));
		memcpy(&y4, b, sizeof(y4));
		return x4.sin_addr.s_addr == y4.sin_addr.s_addr;
	}
	memcpy(&x6, a, sizeof(x6));
	memcpy(&y6, b, sizeof(y6));
	return memcmp(&x6.sin6_addr, &y6.sin6_addr, sizeof(x6.sin6_addr)) == 0;
}

static bool by_other_device(const struct ping *p, const struct icmp_received *r)
{
	return p->socket.device != 0 && r->device != p->socket.device;
}

static void take_reply(struct ping *p, const struct icmp_received *r)
{
	struct icmp_reply reply;
	enum icmp_kind kind =
		icmp_reply(&p->echo, p->buf, r->len < p->buf_size ? r->len : p->buf_size, p->socket.with_ip, &reply);
	struct packet *packet;
	int64_t rtt;

	if (kind == ICMP_STRANGER || reply.seq >= p->sent || by_other_device(p, r))
		return;
	if (kind == ICMP_CHANGED || !same_host(&r->from, &p->plan.way.to)) {
		err_set(&p->err, ERR_PROTOCOL, "ping: a reply %s",
		        kind == ICMP_CHANGED ? "that brings back other data than was sent" : "from another address");
		return;
	}
	if (reply.ttl < 0)
		reply.ttl = r->ttl;
	packet = &p->packets[reply.seq];
	rtt = rtt_us(packet, r);
	list_reply(p, &reply, rtt, packet->state == REPLIED);
	if (packet->state != REPLIED)
		count_reply(p, packet, rtt);
}

static void drain_replies(struct ping *p)
{
	struct icmp_received r;

	for (int i = 0; i < MAX_READS && p->err.kind == ERR_NONE; i++) {
		if (icmp_receive(&p->socket, p->buf, p->buf_size, &r) == 0)
			return;
		take_reply(p, &r);
	}
}

/* 0, or the errno of what went wrong. */
static int try_send(struct ping *p)
{
	const struct sockaddr *to = &p->plan.way.to.any;
	socklen_t len = to->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

	p->packets[p->sent - 1].sent_ns = clock_ns(CLOCK_MONOTONIC);
	if (!icmp_routed(&p->plan.way))
		return ENETUNREACH;
	if (sendto(p->socket.fd, p->request, ICMP_HEADER + p->echo.data, MSG_DONTWAIT | MSG_NOSIGNAL, to, len) >= 0)
		return 0;
	return errno;
}

static void send_next(struct ping *p)
{
	int code;

	icmp_request(&p->echo, (uint16_t)p->sent, p->request);
	p->packets[p->sent].state = WAITING;
	p->sent++;
	p->waiting++;
	/* An error of an earlier packet that waits is told in place of sending this one, once. */
	drain_errors(p);
	code = try_send(p);
	if (code == 0)
		return;
	drain_errors(p);
	code = p->refused ? code : try_send(p);
	if (code == 0)
		return;
	drain_errors(p);
	note_error(p, strerror(code));
	give_up(p, p->sent - 1);
	/* A full queue has room again soon. */
	if (code != ENOBUFS && code != EAGAIN)
		p->refused = true;
}

static void on_closed(uv_handle_t *handle)
{
	struct ping *p = handle->data;

	if (--p->open > 0)
		return;
	close(p->socket.fd);
	task_done(&p->task);
}

static void stop_ping(struct task *t)
{
	struct ping *p = (struct ping *)t;

	if (p->open == 0) {
		task_done(t);
		return;
	}
	uv_close((uv_handle_t *)&p->poll, on_closed);
	uv_close((uv_handle_t *)&p->timer, on_closed);
}

static void answer(struct ping *p)
{
	struct arena *a = p->task.arena;
	struct val *root = val_new(a, VAL_MAP, NULL);

	val_add(root, val_int(a, "sent", (int64_t)p->sent));
	val_add(root, val_int(a, "received", (int64_t)p->received));
	val_add(root, val_text(a, "error", p->error != NULL ? p->error : "none"));
	if (p->received > 0) {
		val_add(root, val_int(a, "rtt_min_us", p->rtt_min_us));
		val_add(root, val_int(a, "rtt_avg_us", p->rtt_sum_us / (int64_t)p->received));
		val_add(root, val_int(a, "rtt_max_us", p->rtt_max_us));
	}
	val_add(root, p->replies);
	task_answer(&p->task, root);
}

static void finish(struct ping *p)
{
	if (p->err.kind != ERR_NONE)
		task_end(&p->task, &p->err);
	else
		answer(p);
	stop_ping(&p->task);
}

static bool all_sent(const struct ping *p)
{
	return p->refused || p->sent == p->plan.count;
}

static bool all_known(const struct ping *p)
{
	return p->err.kind != ERR_NONE || (all_sent(p) && p->waiting == 0);
}

static void on_tick(uv_timer_t *timer);

static void rest(struct ping *p, int ms)
{
	uv_update_time(p->timer.loop);
	uv_timer_start(&p->timer, on_tick, (uint64_t)ms, 0);
}

static bool neighbour_may_answer(const struct ping *p)
{
	return clock_ns(CLOCK_MONOTONIC) - p->packets[0].sent_ns < NEIGHBOUR_NS && icmp_queued(&p->socket);
}

static void on_tick(uv_timer_t *timer)
{
	struct ping *p = timer->data;

	if (all_sent(p)) {
		if (neighbour_may_answer(p))
			rest(p, NEIGHBOUR_STEP_MS);
		else
			finish(p);
		return;
	}
	send_next(p);
	if (all_known(p))
		finish(p);
	else
		rest(p, all_sent(p) ? p->plan.wait_ms : p->plan.interval_ms);
}

/* An error that waits stops the poll; it is in the queue, and the poll starts again once that is empty. */
static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct ping *p = poll->data;

	(void)events;
	drain_errors(p);
	drain_replies(p);
	if (all_known(p))
		finish(p);
	else if (status < 0)
		uv_poll_start(poll, UV_READABLE, on_ready);
}

static int prepare(struct ping *p, struct err *err)
{
	struct arena *a = p->task.arena;

	if (icmp_open(&p->plan.way, &p->socket, err) < 0)
		return -1;
	p->echo = (struct icmp_echo){.family = p->plan.way.to.any.sa_family, .id = p->socket.id, .data = p->plan.data};
	if (getrandom(p->echo.token, sizeof(p->echo.token), 0) != (ssize_t)sizeof(p->echo.token)) {
		close(p->socket.fd);
		return err_set(err, ERR_IO, "getrandom: %m");
	}
	p->request = arena_alloc(a, ICMP_HEADER + p->plan.data);
	/* One byte more, so that a longer reply is seen to be longer. */
	p->buf_size = ICMP_IP_HEADER + ICMP_HEADER + p->plan.data + 1;
	p->buf = arena_alloc(a, p->buf_size);
	p->packets = arena_array(a, p->plan.count, sizeof(*p->packets));
	p->replies = val_new(a, VAL_LIST, "replies");
	return 0;
}

void icmp_ping(struct session *s, struct ask *ask, const struct icmp_plan *plan)
{
	struct ping *p = xcalloc(1, sizeof(*p));
	struct err err;

	p->plan = *plan;
	p->task.stop = stop_ping;
	p->poll.data = p->timer.data = p;
	task_start(&p->task, s, ask);
	if (prepare(p, &err) < 0) {
		task_soon(&p->task, &err);
		return;
	}
	if (uv_poll_init(s->loop, &p->poll, p->socket.fd) < 0) {
		close(p->socket.fd);
		err_set(&err, ERR_INTERNAL, "ping: the loop doesn't take the socket");
		task_soon(&p->task, &err);
		return;
	}
	uv_timer_init(s->loop, &p->timer);
	p->open = 2;
	uv_poll_start(&p->poll, UV_READABLE, on_ready);
	rest(p, 0);
}
