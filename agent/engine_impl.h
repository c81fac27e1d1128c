/* SPDX-License-Identifier: Apache-2.0 */
/* engine_impl.h - what engine.c (the loop), engine_items.c (work lists), engine_search.c and engine_secrets.c share; nobody else includes it. */
#ifndef ENGINE_IMPL_H
#define ENGINE_IMPL_H

#include "collect.h"
#include "credential.h"
#include "engine.h"

#define MAX_TRANSPORTS 16
#define FOUND_SIZES 4

/* What a credential of the inventory gave. */
struct fetched {
	struct secret *secret; /* NULL: not fetched, or there is none */
	struct err err;        /* why it could not be had */
};

/* So many at once. */
struct gate {
	size_t under_way, most;
};

/* Items of one probe that wait in their order: those of a host, or of one value of the first column of at_once. */
struct lane {
	struct gate gate;
	struct running *head, *tail;
	size_t transport; /* its index */
	struct lane *next;
};

struct reach {
	const struct target *target;
	const struct secret *secret;
	struct err no_secret; /* why it can't be asked at all */
	const struct secret *ssh_secret, *proxy_secret;
	struct err no_ssh_secret; /* why its hosts can't be asked over SSH */
	struct session *session[MAX_TRANSPORTS];
	size_t in_flight[MAX_TRANSPORTS]; /* for_each items */
	struct lane *lanes, *last_lane;   /* of this round, in the order of their first items */
};

struct engine {
	const struct plan *plan;
	struct collector c;
	const struct engine_options *options;
	uv_loop_t *loop; /* of its own: what hangs on it may outlive the run */
	uv_timer_t deadline, tick, pace;
	uv_signal_t sigint, sigterm;
	struct reach *reach;
	size_t ntargets;
	struct fetched *fetched; /* in the order of the inventory's credentials */
	size_t nfetched;
	struct err stopped; /* deadline or Ctrl-C: nothing further is sent */
	bool timed_out, cancelled;
	size_t handles; /* of the engine's own, still open */
	/* the round under way */
	struct arena *arena;
	struct running **items; /* of the for_each probes of this round */
	size_t nitems, icap;
	struct map gates;           /* lanes and gates, pointers by what they are for */
	int64_t found[FOUND_SIZES]; /* sizes that searches ended with; 0: none yet */
	size_t nfound;
	struct running *paused; /* searches that wait before their next attempt */
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
	struct lane *lane;               /* of an item */
	struct gate *gates[MAX_AT_ONCE]; /* of an item, beside its lane's */
	size_t ngates;
	struct running *next; /* in its lane, or among the paused */
	struct searching *searching;
	int64_t due_ms; /* while it is paused */
};

/* engine.c */
int64_t engine_now_ms(void);
size_t engine_transport_index(const struct transport *t);
struct session *engine_session(struct engine *e, struct reach *r, const struct transport *t);
struct running *engine_new_running(struct engine *e, struct reach *reach, const struct planned *p, bool fallback,
                                   bool more);
/* Counts R as under way and says whether it can be sent; if not, it has ended here and now. */
bool engine_begin(struct running *r);
void engine_ended(struct ask *ask, const struct err *err);

/* engine_items.c */
/* Reads the work list of P into the targets' queues. */
int items_queue(struct engine *e, const struct planned *p, bool fallback, bool more, struct err *err);
/* Sends queued items, as many as each target may have under way. */
void items_pump(struct engine *e);
/* After the round: who failed is asked another way, or gets a row of NULLs. */
void items_settle(struct engine *e);

/* R ended, and doesn't count as under way any more. */
void items_release(struct running *r);
/* R is sent again, after PAUSE_MS, before the others of its lane. */
void items_again(struct running *r, int pause_ms);
/* The round is over. */
void items_forget(struct engine *e);

/* engine_search.c */
/* Gets R ready for its next attempt, the first one too. */
int searching_begin(struct running *r, struct err *err);
/* An attempt ended with ERR. true: another one was queued. false: the search is over, and *err is how it ended. */
bool searching_goes_on(struct running *r, struct err *err);

/* engine_secrets.c */
/* Before the loop runs, since a prompt or a command may take its time. Makes e->reach. */
void secrets_fetch_all(struct engine *e, const struct inventory *inv);
void secrets_wipe_all(struct engine *e);

#endif
