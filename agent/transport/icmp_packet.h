/* SPDX-License-Identifier: Apache-2.0 */
/*
 * icmp_packet.h - echo requests, their replies and the kernel's error queue: bytes to facts. No sockets, no loop.
 *
 * Everything that comes in is hostile: another process's reply on a raw socket, a router's quotation, a cut control message.
 */
#ifndef TRANSPORT_ICMP_PACKET_H
#define TRANSPORT_ICMP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ICMP_HEADER 8        /* bytes, of ICMP and of ICMPv6 */
#define ICMP_IP_HEADER 60    /* bytes at most, of the IPv4 header that raw sockets deliver */
#define ICMP_DATA_MAX4 65507 /* bytes of data: 65535 less IPv4's and ICMP's header */
#define ICMP_DATA_MAX6 65527 /* IPv6's header is not in its length */

/* The requests of one ping. */
struct icmp_echo {
	int family;  /* AF_INET or AF_INET6 */
	uint16_t id; /* as it stands in the header */
	size_t data; /* bytes after the header */
	uint8_t token
		[16]; /* random; as much of it as fits begins the data, so that a stranger's reply isn't taken for ours */
};

/* Writes request number SEQ into BUF, ICMP_HEADER + e->data bytes, with its checksum; the kernel makes ICMPv6's its own. */
void icmp_request(const struct icmp_echo *e, uint16_t seq, uint8_t *buf);

enum icmp_kind {
	ICMP_STRANGER, /* none of ours */
	ICMP_REPLY,    /* to one of ours, whole */
	ICMP_CHANGED,  /* to one of ours, but not what was sent came back: it proves nothing of the way */
};

struct icmp_reply {
	uint16_t seq;
	int ttl; /* -1: not in the packet */
	size_t bytes;
};

/* What are the LEN bytes of PACKET? WITH_IP: an IPv4 header stands first, as a raw socket delivers it, and nobody looked at the
 * checksum yet. RET is only set for a reply to one of ours. */
enum icmp_kind icmp_reply(const struct icmp_echo *e, const uint8_t *packet, size_t len, bool with_ip,
                          struct icmp_reply *ret);

struct icmp_error {
	bool local;     /* this host refused to send the packet; else a router, or this host later, gave it up */
	int seq;        /* of the request; -1: local, the one that was just sent */
	char text[128]; /* as iputils' ping words it: "Frag needed and DF set (mtu = 1500), from 10.0.0.1" */
};

/*
 * One entry of the error queue: the control message of IP_RECVERR or IPV6_RECVERR (a struct sock_extended_err and, behind it, who
 * says so), and what is quoted of our packet, from its ICMP header on. false: it is about no request of ours, or cut short.
 */
bool icmp_error(const struct icmp_echo *e, const void *control, size_t control_len, const uint8_t *quoted, size_t len,
                struct icmp_error *ret);

#endif
