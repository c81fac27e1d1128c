/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsphere_wait.h - methods that the server works off as a task: waiting for what comes of it.
 *
 * The task is asked for its state with growing intervals, within the ask's timeout. One that takes longer, or that nobody
 * waits for any more, is cancelled on the server, as far as the server lets us.
 */
#ifndef TRANSPORT_VSPHERE_WAIT_H
#define TRANSPORT_VSPHERE_WAIT_H

#include <stdbool.h>

struct group;
struct moref;

/* Is METHOD's answer a task? */
bool wait_needed(const char *method);

/* Waits for TASK (copied), then answers and ends G: what the task results in becomes the answer's `returnval` children. */
void wait_start(struct group *g, const struct moref *task);

/* Nobody waits any more. Nothing when G waits for no task. */
void wait_stop(struct group *g, bool cancel);

#endif
