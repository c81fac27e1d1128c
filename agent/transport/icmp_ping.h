/* SPDX-License-Identifier: Apache-2.0 */
/* icmp_ping.h - one ping: some echo requests in a row, from this machine. */
#ifndef TRANSPORT_ICMP_PING_H
#define TRANSPORT_ICMP_PING_H

#include "transport/icmp_socket.h"
#include "transport/task.h"

struct icmp_plan {
	struct icmp_way way;
	size_t data;     /* bytes of each packet, without headers */
	size_t count;    /* packets */
	int interval_ms; /* from one to the next */
	int wait_ms;     /* for replies, after the last */
};

/*
 * Answers ASK with what ping_decode() (decode/val.h) makes of a ping's output: sent, received, error, rtt_..., replies. It ends early
 * once each packet's fate is known, and with the first that this host refuses to send, since it would refuse the others, too. A
 * reply from elsewhere, or with other data, ends the ask with ERR_PROTOCOL. A text in PLAN must live as long as the ask.
 */
void icmp_ping(struct session *s, struct ask *ask, const struct icmp_plan *plan);

#endif
