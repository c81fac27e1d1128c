/* SPDX-License-Identifier: Apache-2.0 */
/* icmp_packet.c - echo requests, their replies and the kernel's error queue: bytes to facts. */
#include "transport/icmp_packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <stdio.h>
#include <string.h>

/* Octets of the header (RFC 792, RFC 4443): type, code, checksum (2), identifier (2), sequence number (2). */
enum { AT_TYPE, AT_CODE, AT_CHECKSUM, AT_ID = 4, AT_SEQ = 6 };

static void put16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* RFC 1071; 0 over a packet that carries the right one. */
static uint16_t checksum(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2) {
		sum += get16(data + i);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	if (len % 2 == 1)
		sum += (uint32_t)data[len - 1] << 8;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint8_t request_type(int family)
{
	return family == AF_INET ? ICMP_ECHO : ICMPV6_ECHO_REQUEST;
}

static uint8_t reply_type(int family)
{
	return family == AF_INET ? ICMP_ECHOREPLY : ICMPV6_ECHO_REPLY;
}

static size_t token_len(const struct icmp_echo *e)
{
	return e->data < sizeof(e->token) ? e->data : sizeof(e->token);
}

/* Byte I of the data, which is the same in every request. */
static uint8_t data_at(const struct icmp_echo *e, size_t i)
{
	return i < sizeof(e->token) ? e->token[i] : (uint8_t)i;
}

void icmp_request(const struct icmp_echo *e, uint16_t seq, uint8_t *buf)
{
	buf[AT_TYPE] = request_type(e->family);
	buf[AT_CODE] = 0;
	put16(buf + AT_CHECKSUM, 0);
	put16(buf + AT_ID, e->id);
	put16(buf + AT_SEQ, seq);
	for (size_t i = 0; i < e->data; i++)
		buf[ICMP_HEADER + i] = data_at(e, i);
	put16(buf + AT_CHECKSUM, checksum(buf, ICMP_HEADER + e->data));
}

static bool is_ours(const struct icmp_echo *e, const uint8_t *icmp, size_t len)
{
	size_t there = len - ICMP_HEADER, n = token_len(e);

	return icmp[AT_TYPE] == reply_type(e->family) && icmp[AT_CODE] == 0 && get16(icmp + AT_ID) == e->id &&
	       memcmp(icmp + ICMP_HEADER, e->token, there < n ? there : n) == 0;
}

static bool is_whole(const struct icmp_echo *e, const uint8_t *icmp, size_t len)
{
	if (len != ICMP_HEADER + e->data)
		return false;
	for (size_t i = 0; i < e->data; i++)
		if (icmp[ICMP_HEADER + i] != data_at(e, i))
			return false;
	return true;
}

/* Steps over the IPv4 header. false: there is none, or it isn't ICMP behind it. */
static bool skip_ip(const uint8_t **packet, size_t *len, int *ret_ttl)
{
	const uint8_t *ip = *packet;
	size_t head = *len >= 20 ? (size_t)(ip[0] & 0x0f) * 4 : 0;

	if (head < 20 || ip[0] >> 4 != 4 || head > *len || ip[9] != IPPROTO_ICMP)
		return false;
	*ret_ttl = ip[8];
	*packet += head;
	*len -= head;
	return true;
}

enum icmp_kind icmp_reply(const struct icmp_echo *e, const uint8_t *packet, size_t len, bool with_ip,
                          struct icmp_reply *ret)
{
	int ttl = -1;

	if (with_ip && !skip_ip(&packet, &len, &ttl))
		return ICMP_STRANGER;
	if (len < ICMP_HEADER || !is_ours(e, packet, len) || (with_ip && checksum(packet, len) != 0))
		return ICMP_STRANGER;
	*ret = (struct icmp_reply){.seq = get16(packet + AT_SEQ), .ttl = ttl, .bytes = len};
	return is_whole(e, packet, len) ? ICMP_REPLY : ICMP_CHANGED;
}

/* What routers and hosts say, in the words of iputils' ping. A row with a code of -1 stands for all others of its type. */
static const struct words {
	int family, type, code;
	const char *text, *tail; /* with a tail the next hop's MTU stands between them, as the router has it */
} said[] = {
	{AF_INET, ICMP_DEST_UNREACH, ICMP_NET_UNREACH, "Destination Net Unreachable", NULL},
	{AF_INET, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, "Destination Host Unreachable", NULL},
	{AF_INET, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, "Destination Protocol Unreachable", NULL},
	{AF_INET, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, "Destination Port Unreachable", NULL},
	{AF_INET, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, "Frag needed and DF set (mtu = ", ")"},
	{AF_INET, ICMP_DEST_UNREACH, ICMP_NET_ANO, "Destination Net Prohibited", NULL},
	{AF_INET, ICMP_DEST_UNREACH, ICMP_HOST_ANO, "Destination Host Prohibited", NULL},
	{AF_INET, ICMP_DEST_UNREACH, ICMP_PKT_FILTERED, "Packet filtered", NULL},
	{AF_INET, ICMP_DEST_UNREACH, -1, "Destination Unreachable", NULL},
	{AF_INET, ICMP_TIME_EXCEEDED, -1, "Time to live exceeded", NULL},
	{AF_INET, ICMP_PARAMETERPROB, -1, "Parameter problem", NULL},
	{AF_INET6, ICMPV6_DEST_UNREACH, ICMPV6_NOROUTE, "Destination unreachable: No route", NULL},
	{AF_INET6, ICMPV6_DEST_UNREACH, ICMPV6_ADM_PROHIBITED, "Destination unreachable: Administratively prohibited",
         NULL},
	{AF_INET6, ICMPV6_DEST_UNREACH, ICMPV6_NOT_NEIGHBOUR, "Destination unreachable: Beyond scope of source address",
         NULL},
	{AF_INET6, ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, "Destination unreachable: Address unreachable", NULL},
	{AF_INET6, ICMPV6_DEST_UNREACH, ICMPV6_PORT_UNREACH, "Destination unreachable: Port unreachable", NULL},
	{AF_INET6, ICMPV6_DEST_UNREACH, -1, "Destination unreachable", NULL},
	{AF_INET6, ICMPV6_PKT_TOOBIG, -1, "Packet too big: mtu=", ""},
	{AF_INET6, ICMPV6_TIME_EXCEED, -1, "Time exceeded", NULL},
	{AF_INET6, ICMPV6_PARAMPROB, -1, "Parameter problem", NULL},
};

static const struct words *words_of(int family, int type, int code)
{
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (said[i].family == family && said[i].type == type && (said[i].code == code || said[i].code == -1))
			return &said[i];
	return NULL;
}

/* ", from ADDRESS", or nothing where it isn't told. */
static void say_who(const struct icmp_echo *e, const uint8_t *offender, size_t len, char *buf, size_t size)
{
	char text[INET6_ADDRSTRLEN];
	struct sockaddr_in6 a6;
	struct sockaddr_in a4;
	const void *address = NULL;

	if (e->family == AF_INET && len >= sizeof(a4)) {
		memcpy(&a4, offender, sizeof(a4));
		address = a4.sin_family == AF_INET ? (const void *)&a4.sin_addr : NULL;
	} else if (e->family == AF_INET6 && len >= sizeof(a6)) {
		memcpy(&a6, offender, sizeof(a6));
		address = a6.sin6_family == AF_INET6 ? (const void *)&a6.sin6_addr : NULL;
	}
	if (address != NULL)
		snprintf(buf, size, ", from %s", inet_ntop(e->family, address, text, sizeof(text)));
}

static void say_remote(const struct icmp_echo *e, const struct sock_extended_err *ee, const uint8_t *offender,
                       size_t len, char *buf, size_t size)
{
	const struct words *w = words_of(e->family, ee->ee_type, ee->ee_code);
	size_t n;

	if (w == NULL)
		snprintf(buf, size, "ICMP type %u code %u", ee->ee_type, ee->ee_code);
	else if (w->tail != NULL)
		snprintf(buf, size, "%s%u%s", w->text, ee->ee_info, w->tail);
	else
		snprintf(buf, size, "%s", w->text);
	n = strlen(buf);
	say_who(e, offender, len, buf + n, size - n);
}

static bool is_request(const struct icmp_echo *e, const uint8_t *quoted, size_t len)
{
	return len >= ICMP_HEADER && quoted[AT_TYPE] == request_type(e->family) && get16(quoted + AT_ID) == e->id;
}

bool icmp_error(const struct icmp_echo *e, const void *control, size_t control_len, const uint8_t *quoted, size_t len,
                struct icmp_error *ret)
{
	struct sock_extended_err ee;

	*ret = (struct icmp_error){.seq = -1};
	if (control_len < sizeof(ee))
		return false;
	memcpy(&ee, control, sizeof(ee));
	if (ee.ee_origin == SO_EE_ORIGIN_LOCAL) {
		ret->local = true;
		if (ee.ee_errno == EMSGSIZE && ee.ee_info > 0)
			snprintf(ret->text, sizeof(ret->text), "Message too long, mtu=%u", ee.ee_info);
		else
			snprintf(ret->text, sizeof(ret->text), "%s", strerror((int)ee.ee_errno));
		return true;
	}
	if (ee.ee_origin != (e->family == AF_INET ? SO_EE_ORIGIN_ICMP : SO_EE_ORIGIN_ICMP6) ||
	    !is_request(e, quoted, len))
		return false;
	ret->seq = get16(quoted + AT_SEQ);
	say_remote(e, &ee, (const uint8_t *)control + sizeof(ee), control_len - sizeof(ee), ret->text,
	           sizeof(ret->text));
	return true;
}
