/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_icmp_packet.c - echo requests, replies and error queue entries, byte by byte. Layouts as in RFC 792 and RFC 4443, checksums as in
 * RFC 1071; the entries of the error queue are as Linux 6.18 gave them between network namespaces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>

#include "base/arena.h"
#include "transport/icmp_packet.h"

static const struct icmp_echo echo4 = {
	.family = AF_INET, .id = 0x1234, .data = 20, .token = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
static const struct icmp_echo echo6 = {.family = AF_INET6, .id = 0x1234, .data = 3, .token = {0xa1, 0xa2, 0xa3, 0xff}};

#define IP_LEN 24 /* with one option, so that the header's length is looked at */

/* The reply to request SEQ of E as a raw socket delivers it: an IPv4 header, then RET_LEN - IP_LEN bytes of ICMP. */
static uint8_t *raw_reply(const struct icmp_echo *e, uint16_t seq, size_t *ret_len)
{
	uint8_t *p = xcalloc(1, IP_LEN + ICMP_HEADER + e->data);
	unsigned int sum;

	*ret_len = IP_LEN + ICMP_HEADER + e->data;
	p[0] = 0x46;
	p[8] = 63;
	p[9] = IPPROTO_ICMP;
	icmp_request(e, seq, p + IP_LEN);
	/* From type 8 to type 0 the checksum grows by 0x0800 (RFC 1624). */
	p[IP_LEN] = 0;
	sum = (unsigned int)(p[IP_LEN + 2] << 8 | p[IP_LEN + 3]) + 0x0800;
	sum = (sum & 0xffff) + (sum >> 16);
	p[IP_LEN + 2] = (uint8_t)(sum >> 8);
	p[IP_LEN + 3] = (uint8_t)sum;
	return p;
}

static void request_bytes(void **state)
{
	static const struct icmp_echo e = {.family = AF_INET, .id = 0x0102, .data = 3, .token = {'a', 'b', 'c'}};
	/* 0800 + 0102 + 0003 + 6162 + 6300 = cd67, of which the complement is 3298 */
	static const uint8_t want[] = {8, 0, 0x32, 0x98, 1, 2, 0, 3, 'a', 'b', 'c'};
	uint8_t got[sizeof(want)], six[ICMP_HEADER + 3];

	(void)state;
	icmp_request(&e, 3, got);
	assert_memory_equal(got, want, sizeof(want));
	icmp_request(&echo6, 0xffff, six);
	assert_int_equal(six[0], 128);
	assert_memory_equal(six + 4, "\x12\x34\xff\xff\xa1\xa2\xa3", 7);
}

static void reply_of_a_raw_socket(void **state)
{
	struct icmp_reply r;
	size_t len;
	uint8_t *p = raw_reply(&echo4, 513, &len);

	(void)state;
	assert_int_equal(icmp_reply(&echo4, p, len, true, &r), ICMP_REPLY);
	assert_int_equal(r.seq, 513);
	assert_int_equal(r.ttl, 63);
	assert_int_equal(r.bytes, 28);
	free(p);
}

static void reply_of_a_ping_socket(void **state)
{
	struct icmp_reply r;
	uint8_t six[ICMP_HEADER + 3];

	(void)state;
	icmp_request(&echo6, 7, six);
	six[0] = 129;
	assert_int_equal(icmp_reply(&echo6, six, sizeof(six), false, &r), ICMP_REPLY);
	assert_int_equal(r.seq, 7);
	assert_int_equal(r.ttl, -1);
	assert_int_equal(r.bytes, 11);
}

/* Whatever one byte is changed to: a stranger's, or no whole reply. Only the sequence number, behind a checksum, and the fields of the
 * IP header that don't matter may differ. */
static void every_byte_matters(void **state)
{
	struct icmp_reply r;
	size_t len;
	uint8_t *p = raw_reply(&echo4, 1, &len);

	(void)state;
	for (size_t i = IP_LEN; i < len; i++) {
		p[i] ^= 0x40;
		assert_int_equal(icmp_reply(&echo4, p, len, true, &r), ICMP_STRANGER);
		p[i] ^= 0x40;
	}
	/* Without a checksum of ours to look at, as on a ping socket, the data decides. */
	for (size_t i = IP_LEN; i < len; i++) {
		enum icmp_kind kind;

		p[i] ^= 0x40;
		kind = icmp_reply(&echo4, p + IP_LEN, len - IP_LEN, false, &r);
		if (i - IP_LEN < 2 || (i - IP_LEN >= 4 && i - IP_LEN < 6) || (i - IP_LEN >= 8 && i - IP_LEN < 24))
			assert_int_equal(kind, ICMP_STRANGER);
		else if (i - IP_LEN >= 24)
			assert_int_equal(kind, ICMP_CHANGED);
		else
			assert_int_equal(kind, ICMP_REPLY);
		p[i] ^= 0x40;
	}
	free(p);
}

/* Cut anywhere it is a stranger's or known to be changed, and no byte beyond is read (a sanitizer looks). */
static void cut_anywhere(void **state)
{
	struct icmp_reply r;
	size_t len;
	uint8_t *p = raw_reply(&echo4, 1, &len);

	(void)state;
	for (size_t n = 0; n < len; n++) {
		uint8_t *cut = xmalloc(n > 0 ? n : 1);

		memcpy(cut, p, n);
		assert_int_not_equal(icmp_reply(&echo4, cut, n, true, &r), ICMP_REPLY);
		if (n >= IP_LEN) {
			enum icmp_kind kind = icmp_reply(&echo4, cut + IP_LEN, n - IP_LEN, false, &r);

			assert_int_equal(kind, n - IP_LEN < ICMP_HEADER ? ICMP_STRANGER : ICMP_CHANGED);
		}
		free(cut);
	}
	free(p);
}

static void longer_than_sent(void **state)
{
	struct icmp_reply r;
	uint8_t six[ICMP_HEADER + 4] = {0};

	(void)state;
	icmp_request(&echo6, 7, six);
	six[0] = 129;
	assert_int_equal(icmp_reply(&echo6, six, sizeof(six), false, &r), ICMP_CHANGED);
}

static void not_an_ip_header(void **state)
{
	struct icmp_reply r;
	size_t len;
	uint8_t *p = raw_reply(&echo4, 1, &len);

	(void)state;
	p[0] = 0x66; /* version 6 */
	assert_int_equal(icmp_reply(&echo4, p, len, true, &r), ICMP_STRANGER);
	p[0] = 0x44; /* 16 bytes */
	assert_int_equal(icmp_reply(&echo4, p, len, true, &r), ICMP_STRANGER);
	p[0] = 0x4f; /* 60 bytes, more than there are */
	assert_int_equal(icmp_reply(&echo4, p, 59, true, &r), ICMP_STRANGER);
	p[0] = 0x46;
	p[9] = IPPROTO_UDP;
	assert_int_equal(icmp_reply(&echo4, p, len, true, &r), ICMP_STRANGER);
	free(p);
}

/* An entry of the error queue: what IP_RECVERR or IPV6_RECVERR holds. */
struct entry {
	struct sock_extended_err ee;
	union {
		struct sockaddr_in a4;
		struct sockaddr_in6 a6;
	} offender;
};

static struct entry entry_of(int family, int type, int code, uint32_t info, const char *offender)
{
	struct entry e = {.ee = {.ee_origin = family == AF_INET ? SO_EE_ORIGIN_ICMP : SO_EE_ORIGIN_ICMP6,
	                         .ee_type = (uint8_t)type,
	                         .ee_code = (uint8_t)code,
	                         .ee_info = info}};

	if (family == AF_INET) {
		e.offender.a4.sin_family = AF_INET;
		assert_int_equal(inet_pton(AF_INET, offender, &e.offender.a4.sin_addr), 1);
	} else {
		e.offender.a6.sin6_family = AF_INET6;
		assert_int_equal(inet_pton(AF_INET6, offender, &e.offender.a6.sin6_addr), 1);
	}
	return e;
}

/* The words for it, about request 5 of ours. */
static const char *words(int family, int type, int code, uint32_t info, const char *offender)
{
	static struct icmp_error got;
	const struct icmp_echo *e = family == AF_INET ? &echo4 : &echo6;
	struct entry entry = entry_of(family, type, code, info, offender);
	uint8_t quoted[ICMP_HEADER + 20];

	icmp_request(e, 5, quoted);
	assert_true(icmp_error(e, &entry, sizeof(entry), quoted, ICMP_HEADER, &got));
	assert_false(got.local);
	assert_int_equal(got.seq, 5);
	return got.text;
}

static void what_routers_say(void **state)
{
	(void)state;
	assert_string_equal(words(AF_INET, 3, 4, 1500, "10.77.0.254"),
	                    "Frag needed and DF set (mtu = 1500), from 10.77.0.254");
	assert_string_equal(words(AF_INET6, 2, 0, 1500, "fd77::fe"), "Packet too big: mtu=1500, from fd77::fe");
	assert_string_equal(words(AF_INET, 3, 1, 0, "10.77.0.1"), "Destination Host Unreachable, from 10.77.0.1");
	assert_string_equal(words(AF_INET, 3, 13, 0, "10.77.0.254"), "Packet filtered, from 10.77.0.254");
	assert_string_equal(words(AF_INET, 3, 11, 0, "10.77.0.254"), "Destination Unreachable, from 10.77.0.254");
	assert_string_equal(words(AF_INET, 11, 0, 0, "10.77.0.254"), "Time to live exceeded, from 10.77.0.254");
	assert_string_equal(words(AF_INET, 200, 7, 0, "10.77.0.254"), "ICMP type 200 code 7, from 10.77.0.254");
	assert_string_equal(words(AF_INET6, 1, 3, 0, "fd77::1"),
	                    "Destination unreachable: Address unreachable, from fd77::1");
	assert_string_equal(words(AF_INET6, 1, 1, 0, "fd77::fe"),
	                    "Destination unreachable: Administratively prohibited, from fd77::fe");
	assert_string_equal(words(AF_INET6, 1, 6, 0, "fd77::fe"), "Destination unreachable, from fd77::fe");
	/* IPv4's words are not IPv6's. */
	assert_string_equal(words(AF_INET6, 3, 0, 0, "fd77::fe"), "Time exceeded, from fd77::fe");
}

static void what_this_host_says(void **state)
{
	struct sock_extended_err ee = {.ee_errno = EMSGSIZE, .ee_origin = SO_EE_ORIGIN_LOCAL, .ee_info = 1500};
	struct icmp_error got;

	(void)state;
	assert_true(icmp_error(&echo4, &ee, sizeof(ee), NULL, 0, &got));
	assert_true(got.local);
	assert_int_equal(got.seq, -1);
	assert_string_equal(got.text, "Message too long, mtu=1500");
	ee.ee_info = 0;
	assert_true(icmp_error(&echo6, &ee, sizeof(ee), NULL, 0, &got));
	assert_string_equal(got.text, "Message too long");
	ee.ee_errno = EHOSTUNREACH;
	assert_true(icmp_error(&echo4, &ee, sizeof(ee), NULL, 0, &got));
	assert_string_equal(got.text, "No route to host");
}

static void about_somebody_elses_packet(void **state)
{
	struct entry entry = entry_of(AF_INET, 3, 4, 1500, "10.77.0.254");
	struct icmp_error got;
	uint8_t quoted[ICMP_HEADER + 20];

	(void)state;
	icmp_request(&echo4, 5, quoted);
	assert_true(icmp_error(&echo4, &entry, sizeof(entry), quoted, sizeof(quoted), &got));
	for (size_t n = 0; n < ICMP_HEADER; n++)
		assert_false(icmp_error(&echo4, &entry, sizeof(entry), quoted, n, &got));
	quoted[5] ^= 1; /* another identifier */
	assert_false(icmp_error(&echo4, &entry, sizeof(entry), quoted, sizeof(quoted), &got));
	quoted[5] ^= 1;
	quoted[0] = 0; /* a reply, not a request */
	assert_false(icmp_error(&echo4, &entry, sizeof(entry), quoted, sizeof(quoted), &got));
	quoted[0] = 8;
	entry.ee.ee_origin = SO_EE_ORIGIN_ICMP6;
	assert_false(icmp_error(&echo4, &entry, sizeof(entry), quoted, sizeof(quoted), &got));
	entry.ee.ee_origin = SO_EE_ORIGIN_TIMESTAMPING;
	assert_false(icmp_error(&echo4, &entry, sizeof(entry), quoted, sizeof(quoted), &got));
}

/* The kernel cuts a control message where there is too little room for it. */
static void control_message_cut_anywhere(void **state)
{
	struct entry entry = entry_of(AF_INET, 3, 4, 1500, "10.77.0.254");
	struct icmp_error got;
	uint8_t quoted[ICMP_HEADER + 20];

	(void)state;
	icmp_request(&echo4, 5, quoted);
	for (size_t n = 0; n < sizeof(entry.ee) + sizeof(entry.offender.a4); n++) {
		uint8_t *cut = xmalloc(n > 0 ? n : 1);

		memcpy(cut, &entry, n);
		assert_int_equal(icmp_error(&echo4, cut, n, quoted, sizeof(quoted), &got), n >= sizeof(entry.ee));
		if (n >= sizeof(entry.ee))
			assert_string_equal(got.text, "Frag needed and DF set (mtu = 1500)");
		free(cut);
	}
	/* An address of no family: nobody says it. */
	entry.offender.a4.sin_family = AF_UNSPEC;
	assert_true(icmp_error(&echo4, &entry, sizeof(entry), quoted, sizeof(quoted), &got));
	assert_string_equal(got.text, "Frag needed and DF set (mtu = 1500)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_bytes),
		cmocka_unit_test(reply_of_a_raw_socket),
		cmocka_unit_test(reply_of_a_ping_socket),
		cmocka_unit_test(every_byte_matters),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(longer_than_sent),
		cmocka_unit_test(not_an_ip_header),
		cmocka_unit_test(what_routers_say),
		cmocka_unit_test(what_this_host_says),
		cmocka_unit_test(about_somebody_elses_packet),
		cmocka_unit_test(control_message_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
