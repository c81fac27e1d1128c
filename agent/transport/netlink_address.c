/* SPDX-License-Identifier: Apache-2.0 */
/* netlink_address.c - this machine's IP addresses, and what it knows of its neighbours. */
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <stddef.h>

#include "transport/netlink_impl.h"

static const char *family_text(int family)
{
	return family == AF_INET ? "ipv4" : "ipv6";
}

static const char *scope_text(struct arena *a, unsigned char scope)
{
	switch (scope) {
	case RT_SCOPE_UNIVERSE:
		return "global";
	case RT_SCOPE_SITE:
		return "site";
	case RT_SCOPE_LINK:
		return "link";
	case RT_SCOPE_HOST:
		return "host";
	case RT_SCOPE_NOWHERE:
		return "nowhere";
	}
	return arena_printf(a, "%u", scope);
}

static const char *address_state(unsigned flags)
{
	if ((flags & IFA_F_DADFAILED) != 0)
		return "duplicate";
	if ((flags & IFA_F_TENTATIVE) != 0)
		return "tentative";
	return (flags & IFA_F_DEPRECATED) != 0 ? "deprecated" : "ok";
}

/* False: not the length of an address of that family. */
static bool add_address(struct arena *a, struct val *map, const struct ifaddrmsg *head, struct nlattr **tb)
{
	/* On a point-to-point link IFA_ADDRESS is the other end's. */
	const struct nlattr *at = tb[IFA_LOCAL] != NULL ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];

	val_add(map, val_int(a, "ifindex", head->ifa_index));
	val_add(map, val_text(a, "family", family_text(head->ifa_family)));
	if (!netlink_add_ip(a, map, "address", head->ifa_family, at))
		return false;
	val_add(map, val_int(a, "prefix_len", head->ifa_prefixlen));
	val_add(map, val_text(a, "scope", scope_text(a, head->ifa_scope)));
	val_add(map, val_text(a, "state",
	                      address_state(tb[IFA_FLAGS] != NULL ? nla_get_u32(tb[IFA_FLAGS]) : head->ifa_flags)));
	return true;
}

int netlink_on_address(struct nl_msg *msg, void *arg)
{
	static const struct nla_policy policy[IFA_MAX + 1] = {[IFA_FLAGS] = {.type = NLA_U32}};
	struct listing *l = arg;
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct nlattr *tb[IFA_MAX + 1];
	const struct ifaddrmsg *head;
	struct val *map;

	if (h->nlmsg_type != RTM_NEWADDR)
		return NL_SKIP;
	if (nlmsg_parse(h, sizeof(struct ifaddrmsg), tb, IFA_MAX, policy) < 0)
		return netlink_malformed(l, "address");
	head = nlmsg_data(h);
	if (head->ifa_family != AF_INET && head->ifa_family != AF_INET6)
		return NL_SKIP;
	map = netlink_entry(l);
	if (map == NULL)
		return NL_STOP;
	return add_address(l->arena, map, head, tb) ? NL_OK : netlink_malformed(l, "address");
}

/* NULL: no neighbour that was looked for. */
static const char *neighbour_state(unsigned short state)
{
	static const struct {
		unsigned short flag;
		const char *word;
	} words[] = {
		{NUD_INCOMPLETE, "incomplete"}, {NUD_REACHABLE, "reachable"}, {NUD_STALE, "stale"},
		{NUD_DELAY, "delay"},           {NUD_PROBE, "probe"},         {NUD_FAILED, "failed"},
		{NUD_PERMANENT, "permanent"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if ((state & words[i].flag) != 0)
			return words[i].word;
	return NULL;
}

int netlink_on_neighbour(struct nl_msg *msg, void *arg)
{
	struct listing *l = arg;
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct nlattr *tb[NDA_MAX + 1];
	const struct ndmsg *head;
	const char *state;
	struct val *map;

	if (h->nlmsg_type != RTM_NEWNEIGH)
		return NL_SKIP;
	if (nlmsg_parse(h, sizeof(struct ndmsg), tb, NDA_MAX, NULL) < 0)
		return netlink_malformed(l, "neighbour");
	head = nlmsg_data(h);
	state = neighbour_state(head->ndm_state);
	if (state == NULL || (head->ndm_family != AF_INET && head->ndm_family != AF_INET6))
		return NL_SKIP;
	map = netlink_entry(l);
	if (map == NULL)
		return NL_STOP;
	netlink_add_device(l->arena, map, head->ndm_ifindex);
	val_add(map, val_text(l->arena, "family", family_text(head->ndm_family)));
	if (!netlink_add_ip(l->arena, map, "address", head->ndm_family, tb[NDA_DST]))
		return netlink_malformed(l, "neighbour");
	netlink_add_mac(l->arena, map, "mac", tb[NDA_LLADDR]);
	val_add(map, val_text(l->arena, "state", state));
	return NL_OK;
}
