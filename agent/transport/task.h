/* SPDX-License-Identifier: Apache-2.0 */
/*
 * task.h - asks of this machine under way: the session of the transports that need no connection.
 *
 * A task ends its ask exactly once: by its answer, its deadline or a cancel, whichever comes first. It may outlive the
 * ask (a read that hangs in the kernel, a child that is not reaped yet); nothing in it points into the ask by then.
 */
#ifndef TRANSPORT_TASK_H
#define TRANSPORT_TASK_H

#include "base/arena.h"
#include "transport/transport.h"

struct task;

struct session {
	uv_loop_t *loop;
	int timeout_ms; /* of an ask that names none */
	uint64_t sent;
	struct task *first;
	uv_timer_t grace; /* how long close() waits for tasks that were stopped */
	void (*closed)(void *arg);
	void *closed_arg;
};

struct task {
	struct session *session; /* NULL: closed in the meantime */
	struct task *prev, *next;
	struct ask *ask;     /* NULL: has ended */
	struct arena *arena; /* freed with the task */
	uv_timer_t deadline;
	struct err why;               /* what the ask ends with when the deadline fires */
	void (*stop)(struct task *t); /* the ask ended early: end what runs; task_done() follows once it has */
};

/* A blocking read, run beside the loop: the tree of what WHAT names, in A, or NULL and err. */
typedef struct val *task_read(struct arena *a, const char *what, struct err *err);

/* What REQ wants of what was read; runs on the loop. NULL and err on failure. */
typedef struct val *task_decode(const struct request *req, struct arena *a, struct val *read, struct err *err);

/* Entries of struct transport. */
struct session *task_open(const struct opening *o);
void task_cancel(struct session *s, const struct err *why);
void task_close(struct session *s, void (*closed)(void *arg), void *arg);
uint64_t task_sent(const struct session *s);

/* Answers ASK with READ of WHAT (copied), passed through DECODE unless that is NULL. */
void task_offload(struct session *s, struct ask *ask, task_read *read, const char *what, task_decode *decode);

/* Ends ASK with WHY, in the loop's next round: nothing can be done for it. */
void task_refuse(struct session *s, struct ask *ask, const struct err *why);

/* For tasks of other kinds. T is the first member of an allocation of the kind's own; STOP is set before. */
void task_start(struct task *t, struct session *s, struct ask *ask); /* counts the ask, starts its deadline */
void task_answer(struct task *t, const struct val *root);            /* T's ask must not have ended */
void task_end(struct task *t, const struct err *err);                /* nothing when it has ended */
void task_soon(struct task *t, const struct err *err);               /* ends and stops it in the loop's next round */
void task_done(struct task *t); /* nothing of it runs, no handle of its kind is open: frees it, soon */

#endif
