/* SPDX-License-Identifier: Apache-2.0 */
/* ip.c - ip_usable(list): is one of the IP addresses, with commas between, one that another host can connect to? */
#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include "function/function.h"

enum use { USABLE, USELESS, NO_ADDRESS };

/* Not 0/8, loopback, link-local, multicast or reserved. */
static enum use use_of_ipv4(const unsigned char a[4])
{
	bool link_local = a[0] == 169 && a[1] == 254;

	return a[0] >= 1 && a[0] <= 223 && a[0] != 127 && !link_local ? USABLE : USELESS;
}

/* Not ::, loopback, an IPv4 address in disguise, link-local or multicast. */
static enum use use_of_ipv6(const struct in6_addr *a)
{
	return IN6_IS_ADDR_UNSPECIFIED(a) || IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_V4MAPPED(a) ||
	                       IN6_IS_ADDR_V4COMPAT(a) || IN6_IS_ADDR_LINKLOCAL(a) || IN6_IS_ADDR_MULTICAST(a)
	               ? USELESS
	               : USABLE;
}

static enum use use_of(const char *text, size_t len)
{
	char s[INET6_ADDRSTRLEN];
	unsigned char v4[4];
	struct in6_addr v6;

	if (len >= sizeof(s))
		return NO_ADDRESS;
	memcpy(s, text, len);
	s[len] = '\0';
	if (inet_pton(AF_INET, s, v4) == 1)
		return use_of_ipv4(v4);
	return inet_pton(AF_INET6, s, &v6) == 1 ? use_of_ipv6(&v6) : NO_ADDRESS;
}

static void ip_usable(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	const char *s = (const char *)sqlite3_value_text(v[0]);
	bool nonsense = false, more = s != NULL && *s != '\0';

	(void)n;
	while (more) {
		size_t len = strcspn(s, ",");
		enum use use = use_of(s, len);

		if (use == USABLE) {
			sqlite3_result_int(ctx, 1);
			return;
		}
		nonsense = nonsense || use == NO_ADDRESS;
		more = s[len] == ',';
		s += len + more;
	}
	if (s != NULL && !nonsense)
		sqlite3_result_int(ctx, 0);
}

const struct function function_ip_usable = {
	.name = "ip_usable",
	.nargs = 1,
	.about = "1: one of the IP addresses, with commas between, is a host's own and not link-local; 0: none is",
	.fn = ip_usable,
};
