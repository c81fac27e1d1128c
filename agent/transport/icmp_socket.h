/* SPDX-License-Identifier: Apache-2.0 */
/*
 * icmp_socket.h - sockets that send echo requests with "don't fragment", and tell what came of them. Nothing here blocks.
 *
 * What this host learnt of a path's MTU before, and what a route is set to, doesn't count (IP_PMTUDISC_PROBE): only the device's own
 * MTU limits what is sent.
 */
#ifndef TRANSPORT_ICMP_SOCKET_H
#define TRANSPORT_ICMP_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

union icmp_address {
	struct sockaddr any;
	struct sockaddr_storage room;
};

/* Which way packets go. */
struct icmp_way {
	union icmp_address to, from; /* of one family; from.any.sa_family AF_UNSPEC: the kernel chooses */
	const char *device;          /* NULL: the kernel chooses */
};

struct icmp_socket {
	int fd;
	unsigned int device; /* index of the one that packets leave and replies come by; 0: any */
	bool with_ip;        /* replies come with their IPv4 header */
	uint16_t id;         /* that requests carry; the kernel's choice, or random on a raw socket */
};

/* TEXT, an IPv4 or IPv6 address; a link-local one is that of DEVICE. false: it is none. */
bool icmp_address(const char *text, const char *device, union icmp_address *ret);

/*
 * An unprivileged ping socket where net.ipv4.ping_group_range allows it, else a raw one. -1: ERR_DENIED where neither is allowed,
 * ERR_UNSUPPORTED without that family, ERR_IO naming the device or the address that this host doesn't have.
 */
int icmp_open(const struct icmp_way *way, struct icmp_socket *ret, struct err *err);

/* One packet from the socket, or one entry of its error queue. */
struct icmp_received {
	size_t len; /* of what BUF got; more than its size where that was too small */
	union icmp_address from;
	int ttl;                 /* -1: not told */
	unsigned int device;     /* index of the one it came by; 0: not told */
	int64_t wall_ns;         /* when the kernel got it, by the wall clock; 0: not told */
	unsigned char error[64]; /* of the error queue: the control message's data */
	size_t error_len;
};

/* 1: RET is set; 0: nothing is there. */
int icmp_receive(const struct icmp_socket *s, void *buf, size_t size, struct icmp_received *ret);
int icmp_receive_error(const struct icmp_socket *s, void *buf, size_t size, struct icmp_received *ret);

/*
 * Does a route lead there, or can't that be asked? Nothing is sent. Of a packet that is to leave by a certain device the kernel takes
 * the destination to be next door, where no route leads there.
 */
bool icmp_routed(const struct icmp_way *way);

/* Are packets still in this host, for want of their neighbour's address or of room on the device? */
bool icmp_queued(const struct icmp_socket *s);

#endif
