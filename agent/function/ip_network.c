/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ip_network.c - SELECT ip_network('10.1.0.7', '255.255.255.0') -> 10.1.0.0/24; ip_in('10.1.0.9', '10.1.0.0/24') -> 1;
 * ip_same('fd00::1', 'FD00:0::1%vmk1') -> 1.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "function/function.h"

#define MAX_BYTES 16

struct address {
	int family;
	unsigned bits; /* 32 or 128 */
	unsigned char bytes[MAX_BYTES];
};

static bool parse_address(const char *text, struct address *ret)
{
	*ret = (struct address){.family = AF_INET, .bits = 32};
	if (inet_pton(AF_INET, text, ret->bytes) == 1)
		return true;
	*ret = (struct address){.family = AF_INET6, .bits = 128};
	return inet_pton(AF_INET6, text, ret->bytes) == 1;
}

static bool bit(const struct address *a, unsigned i)
{
	return (a->bytes[i / 8] >> (7 - i % 8) & 1) != 0;
}

/* The length that a dotted netmask stands for; 0 when it is none: its ones aren't all in front. */
static unsigned length_of_mask(const struct address *mask)
{
	unsigned n = 0;

	while (n < mask->bits && bit(mask, n))
		n++;
	for (unsigned i = n; i < mask->bits; i++)
		if (bit(mask, i))
			return 0;
	return n;
}

/* 255.255.255.0 (IPv4 alone), or the number of bits in front. 0: nonsense, and /0, which no host's network is. */
static unsigned prefix_length(const char *text, const struct address *ip)
{
	struct address mask;
	int64_t n;

	if (parse_int64(text, &n))
		return n > 0 && n <= ip->bits ? (unsigned)n : 0;
	if (ip->family == AF_INET && parse_address(text, &mask) && mask.family == AF_INET)
		return length_of_mask(&mask);
	return 0;
}

/* All bits behind the first LEN are WANTED. */
static bool rest_is(const struct address *a, unsigned len, bool wanted)
{
	for (unsigned i = len; i < a->bits; i++)
		if (bit(a, i) != wanted)
			return false;
	return true;
}

/* No host has the first address of an IPv4 network, which names it, or the last, which is everybody's; /31 and /32 aside. */
static bool is_hosts(const struct address *ip, unsigned len)
{
	return ip->family != AF_INET || len > 30 || (!rest_is(ip, len, false) && !rest_is(ip, len, true));
}

static void clear_rest(struct address *a, unsigned len)
{
	for (unsigned i = len; i < a->bits; i++)
		a->bytes[i / 8] &= (unsigned char)~(1u << (7 - i % 8));
}

static void ip_network(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	const char *ip_text = (const char *)sqlite3_value_text(v[0]);
	const char *mask_text = (const char *)sqlite3_value_text(v[1]);
	char name[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 8];
	struct address ip;
	unsigned len;

	(void)n;
	if (ip_text == NULL || mask_text == NULL || !parse_address(ip_text, &ip))
		return;
	len = prefix_length(mask_text, &ip);
	if (len == 0 || !is_hosts(&ip, len))
		return;
	clear_rest(&ip, len);
	inet_ntop(ip.family, ip.bytes, name, sizeof(name));
	snprintf(text, sizeof(text), "%s/%u", name, len);
	sqlite3_result_text(ctx, text, -1, SQLITE_TRANSIENT);
}

/* "10.1.0.0/24" as address and length. */
static bool parse_network(const char *text, struct address *ret, unsigned *ret_len)
{
	const char *slash = strchr(text, '/');
	char name[INET6_ADDRSTRLEN];
	size_t len = slash != NULL ? (size_t)(slash - text) : 0;

	if (len == 0 || len >= sizeof(name))
		return false;
	memcpy(name, text, len);
	name[len] = '\0';
	if (!parse_address(name, ret))
		return false;
	*ret_len = prefix_length(slash + 1, ret);
	return *ret_len > 0;
}

static void ip_in(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	const char *ip_text = (const char *)sqlite3_value_text(v[0]);
	const char *net_text = (const char *)sqlite3_value_text(v[1]);
	struct address ip, net;
	unsigned len;

	(void)n;
	if (ip_text == NULL || net_text == NULL || !parse_address(ip_text, &ip) || !parse_network(net_text, &net, &len))
		return;
	if (ip.family == net.family) {
		clear_rest(&ip, len);
		clear_rest(&net, len);
	}
	sqlite3_result_int(ctx, ip.family == net.family && memcmp(ip.bytes, net.bytes, MAX_BYTES) == 0);
}

/* TEXT with or without the zone that says which interface it was seen on. */
static bool parse_zoned(const char *text, struct address *ret)
{
	char name[INET6_ADDRSTRLEN];
	size_t len = strcspn(text, "%");

	if (len >= sizeof(name))
		return false;
	memcpy(name, text, len);
	name[len] = '\0';
	return parse_address(name, ret);
}

static void ip_same(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	const char *a_text = (const char *)sqlite3_value_text(v[0]), *b_text = (const char *)sqlite3_value_text(v[1]);
	struct address a, b;

	(void)n;
	if (a_text == NULL || b_text == NULL || !parse_zoned(a_text, &a) || !parse_zoned(b_text, &b))
		return;
	sqlite3_result_int(ctx, a.family == b.family && memcmp(a.bytes, b.bytes, MAX_BYTES) == 0);
}

const struct function function_ip_network = {
	.name = "ip_network",
	.nargs = 2,
	.about = "the network of an IP address and its netmask or prefix length, as 10.1.0.0/24; NULL: no host's "
		 "address there",
	.fn = ip_network,
};

const struct function function_ip_in = {
	.name = "ip_in",
	.nargs = 2,
	.about = "1: the IP address is in the network, 0: it is not",
	.fn = ip_in,
};

const struct function function_ip_same = {
	.name = "ip_same",
	.nargs = 2,
	.about = "1: two spellings of one IP address, 0: two addresses. Zones (%vmk1) don't count",
	.fn = ip_same,
};
