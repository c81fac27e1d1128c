/* SPDX-License-Identifier: Apache-2.0 */
/*
 * esxcli_host.h - the hosts of a target that esxcli is run on: their executers, and what waits for its turn.
 *
 * A host is asked for its executer once. Refused, that or a command, it isn't asked through the API again: everything else
 * goes the other way or ends with the same error. Nothing is sent or ended within the caller's call.
 */
#ifndef TRANSPORT_ESXCLI_HOST_H
#define TRANSPORT_ESXCLI_HOST_H

#include "base/map.h"
#include "transport/transport.h"

/* Not vsphere's or ssh's struct of that name: pointers to those are handed to their transports as they are. */
struct session {
	uv_loop_t *loop;
	const struct target *target;
	struct session *api, *ssh; /* of the transports that this one rides on; ssh: NULL where the target has none */
	struct err broken;
	struct map index; /* host's id to its place in hosts */
	struct host **hosts;
	size_t nhosts, cap;
	struct host *due; /* whose queue is to be looked at, soon */
	uv_timer_t soon;
	void (*closed)(void *arg);
	void *closed_arg;
};

void host_ask(struct session *s, struct ask *ask); /* queues ASK at its host */
void hosts_wake(struct session *s);                /* looks at every queue, soon */
void hosts_free(struct session *s);                /* when nothing waits any more */

#endif
