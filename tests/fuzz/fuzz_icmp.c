/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_icmp.c - any bytes as a reply, and as an entry of the error queue. The first byte: 1 IPv6, 2 with an IPv4 header, 4 an entry of
 * the error queue, whose control message has as many bytes as the second byte says.
 */
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "transport/icmp_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_reply(const struct icmp_echo *e, const uint8_t *data, size_t size, bool with_ip)
{
	struct icmp_reply r = {.ttl = -1};
	enum icmp_kind kind = icmp_reply(e, data, size, with_ip, &r);

	if (kind == ICMP_REPLY && r.bytes != ICMP_HEADER + e->data)
		abort();
	if (kind != ICMP_STRANGER && (r.bytes > size || r.ttl > 255))
		abort();
}

static void check_error(const struct icmp_echo *e, const uint8_t *data, size_t size)
{
	size_t n = size > 0 && data[0] < size ? data[0] : 0;
	struct icmp_error got;
	uint8_t *control = xmalloc(n + 1);

	if (n > 0)
		memcpy(control, data + 1, n);
	if (icmp_error(e, control, n, data + n, size - n, &got) &&
	    (memchr(got.text, '\0', sizeof(got.text)) == NULL || got.text[0] == '\0' || got.local != (got.seq < 0)))
		abort();
	free(control);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct icmp_echo e = {.id = 0x4142, .data = 18, .token = "AAAAAAAAAAAAAAA"};

	if (size == 0)
		return 0;
	e.family = (data[0] & 1) != 0 ? AF_INET6 : AF_INET;
	if ((data[0] & 4) != 0)
		check_error(&e, data + 1, size - 1);
	else
		check_reply(&e, data + 1, size - 1, (data[0] & 2) != 0);
	return 0;
}
