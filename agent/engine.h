/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.h - runs the plan on the loop: sessions, stages, limits, deadlines, progress, Ctrl-C.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include "facts.h"
#include "inventory.h"
#include "plan.h"

struct engine_options {
	int64_t deadline_ms; /* of all probing; what isn't answered then is unknown. Default 600000 */
	bool progress;
	/* Called before work lists are read; all that is stored by then can be read. May be NULL. -1: the run ends with its error */
	int (*before_items)(void *arg, struct err *err);
	void *arg;
};

struct engine_result {
	bool complete;  /* every attempt ended ok */
	bool cancelled; /* Ctrl-C or SIGTERM */
	bool timed_out;
	int64_t requests;
};

/* Fails only for reasons of our own (facts can't be written); whatever a target does is an outcome. */
int engine_run(const struct plan *plan, const struct inventory *inv, struct facts *f, const struct engine_options *o,
               struct engine_result *ret, struct err *err);

/* A read that blocks in the kernel never came back in some run: exit(3) would wait for it, so leave with _exit(2). */
bool engine_stuck(void);

#endif
