/* SPDX-License-Identifier: Apache-2.0 */
/* netlink_link.c - what the kernel says of a network interface. */
#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <netlink/utils.h>
#include <string.h>

#include "transport/netlink_impl.h"

/* Adds the word that AT, one byte, stands for; nothing where it has none. */
static void add_word(struct arena *a, struct val *map, const char *name, const struct nlattr *at,
                     const char *const *words, size_t n)
{
	if (at != NULL && nla_len(at) >= 1 && nla_get_u8(at) < n)
		val_add(map, val_text(a, name, words[nla_get_u8(at)]));
}

#define ADD_WORD(a, map, name, at, words) add_word(a, map, name, at, words, sizeof(words) / sizeof((words)[0]))

/* The words of RFC 2863 as sysfs spells them. */
static const char *const operstates[] = {
	[IF_OPER_UNKNOWN] = "unknown", [IF_OPER_NOTPRESENT] = "notpresent",
	[IF_OPER_DOWN] = "down",       [IF_OPER_LOWERLAYERDOWN] = "lowerlayerdown",
	[IF_OPER_TESTING] = "testing", [IF_OPER_DORMANT] = "dormant",
	[IF_OPER_UP] = "up",
};

static const char *const bond_modes[] = {
	"balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb",
};

static const char *const bridge_port_states[] = {
	[BR_STATE_DISABLED] = "disabled",     [BR_STATE_LISTENING] = "listening", [BR_STATE_LEARNING] = "learning",
	[BR_STATE_FORWARDING] = "forwarding", [BR_STATE_BLOCKING] = "blocking",
};

static const char *const bond_port_states[] = {"active", "backup"};

static void add_bridge(struct arena *a, struct val *map, struct nlattr *data)
{
	struct nlattr *at[IFLA_BR_MAX + 1];

	if (nla_parse_nested(at, IFLA_BR_MAX, data, NULL) < 0)
		return;
	if (at[IFLA_BR_VLAN_FILTERING] != NULL)
		val_add(map, val_int(a, "vlan_filtering", nla_get_u8(at[IFLA_BR_VLAN_FILTERING]) != 0));
	if (at[IFLA_BR_STP_STATE] != NULL && nla_len(at[IFLA_BR_STP_STATE]) >= 4)
		val_add(map, val_int(a, "stp", nla_get_u32(at[IFLA_BR_STP_STATE]) != 0));
}

static void add_bond(struct arena *a, struct val *map, struct nlattr *data)
{
	struct nlattr *at[IFLA_BOND_MAX + 1];

	if (nla_parse_nested(at, IFLA_BOND_MAX, data, NULL) == 0)
		ADD_WORD(a, map, "bond_mode", at[IFLA_BOND_MODE], bond_modes);
}

static void add_vlan(struct arena *a, struct val *map, struct nlattr *data)
{
	struct nlattr *at[IFLA_VLAN_MAX + 1];

	if (nla_parse_nested(at, IFLA_VLAN_MAX, data, NULL) < 0)
		return;
	if (at[IFLA_VLAN_ID] != NULL && nla_len(at[IFLA_VLAN_ID]) >= 2)
		val_add(map, val_int(a, "vlan_id", nla_get_u16(at[IFLA_VLAN_ID])));
	if (at[IFLA_VLAN_PROTOCOL] != NULL && nla_len(at[IFLA_VLAN_PROTOCOL]) >= 2)
		val_add(map,
		        val_text(a, "vlan_protocol",
		                 ntohs(nla_get_u16(at[IFLA_VLAN_PROTOCOL])) == ETH_P_8021AD ? "802.1ad" : "802.1Q"));
}

static void add_bridge_port(struct arena *a, struct val *map, struct nlattr *data)
{
	struct nlattr *at[IFLA_BRPORT_MAX + 1];

	if (nla_parse_nested(at, IFLA_BRPORT_MAX, data, NULL) == 0)
		ADD_WORD(a, map, "port_state", at[IFLA_BRPORT_STATE], bridge_port_states);
}

static void add_bond_port(struct arena *a, struct val *map, struct nlattr *data)
{
	struct nlattr *at[IFLA_BOND_SLAVE_MAX + 1];

	if (nla_parse_nested(at, IFLA_BOND_SLAVE_MAX, data, NULL) == 0)
		ADD_WORD(a, map, "port_state", at[IFLA_BOND_SLAVE_STATE], bond_port_states);
}

/* Settings that only links of a kind have, or only the ports of such a link. */
static const struct kind {
	const char *name;
	void (*add)(struct arena *a, struct val *map, struct nlattr *data);
	void (*add_port)(struct arena *a, struct val *map, struct nlattr *data);
} kinds[] = {
	{"bridge", add_bridge, add_bridge_port},
	{"bond", add_bond, add_bond_port},
	{"vlan", add_vlan, NULL},
};

static const struct kind *kind_of(const struct nlattr *name)
{
	for (size_t i = 0; name != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (nla_strcmp(name, kinds[i].name) == 0)
			return &kinds[i];
	return NULL;
}

static void add_kind(struct arena *a, struct val *map, struct nlattr *at)
{
	struct nlattr *info[IFLA_INFO_MAX + 1];
	const struct kind *kind, *over;

	if (at == NULL || nla_parse_nested(info, IFLA_INFO_MAX, at, NULL) < 0)
		return;
	netlink_add_text(a, map, "kind", info[IFLA_INFO_KIND]);
	kind = kind_of(info[IFLA_INFO_KIND]);
	if (kind != NULL && info[IFLA_INFO_DATA] != NULL)
		kind->add(a, map, info[IFLA_INFO_DATA]);
	over = kind_of(info[IFLA_INFO_SLAVE_KIND]);
	if (over != NULL && over->add_port != NULL && info[IFLA_INFO_SLAVE_DATA] != NULL)
		over->add_port(a, map, info[IFLA_INFO_SLAVE_DATA]);
}

static void add_count(struct arena *a, struct val *map, const char *name, __u64 v)
{
	val_add(map, val_int(a, name, v > INT64_MAX ? INT64_MAX : (int64_t)v));
}

static void add_counters(struct arena *a, struct val *map, const struct nlattr *at)
{
	struct rtnl_link_stats64 s = {0};

	if (at == NULL)
		return;
	memcpy(&s, nla_data(at), (size_t)nla_len(at) < sizeof(s) ? (size_t)nla_len(at) : sizeof(s));
	add_count(a, map, "rx_packets", s.rx_packets);
	add_count(a, map, "tx_packets", s.tx_packets);
	add_count(a, map, "rx_bytes", s.rx_bytes);
	add_count(a, map, "tx_bytes", s.tx_bytes);
	add_count(a, map, "rx_errors", s.rx_errors);
	add_count(a, map, "tx_errors", s.tx_errors);
	add_count(a, map, "rx_dropped", s.rx_dropped);
	add_count(a, map, "tx_dropped", s.tx_dropped);
	add_count(a, map, "rx_crc_errors", s.rx_crc_errors);
	add_count(a, map, "rx_missed_errors", s.rx_missed_errors);
	add_count(a, map, "tx_carrier_errors", s.tx_carrier_errors);
}

static void add_link(struct arena *a, struct val *map, const struct ifinfomsg *head, struct nlattr **tb)
{
	char arptype[32];

	netlink_add_text(a, map, "name", tb[IFLA_IFNAME]);
	val_add(map, val_int(a, "ifindex", head->ifi_index));
	netlink_add_u32(a, map, "mtu", tb[IFLA_MTU]);
	netlink_add_u32(a, map, "min_mtu", tb[IFLA_MIN_MTU]);
	netlink_add_u32(a, map, "max_mtu", tb[IFLA_MAX_MTU]);
	ADD_WORD(a, map, "operstate", tb[IFLA_OPERSTATE], operstates);
	/* Of a link that is not set up nobody knows: most drivers don't look. */
	if ((head->ifi_flags & IFF_UP) != 0)
		val_add(map, val_int(a, "carrier", (head->ifi_flags & IFF_LOWER_UP) != 0));
	netlink_add_u32(a, map, "carrier_changes", tb[IFLA_CARRIER_CHANGES]);
	add_kind(a, map, tb[IFLA_LINKINFO]);
	val_add(map, val_text(a, "arptype", nl_llproto2str(head->ifi_type, arptype, sizeof(arptype))));
	netlink_add_mac(a, map, "mac", tb[IFLA_ADDRESS]);
	netlink_add_u32(a, map, "master", tb[IFLA_MASTER]);
	netlink_add_u32(a, map, "link", tb[IFLA_LINK]);
	/* An index in another namespace names another link than the same index here. */
	if (tb[IFLA_LINK] != NULL)
		val_add(map, val_int(a, "link_netns", tb[IFLA_LINK_NETNSID] != NULL));
	val_add(map, val_int(a, "up", (head->ifi_flags & IFF_UP) != 0));
	val_add(map, val_int(a, "loopback", (head->ifi_flags & IFF_LOOPBACK) != 0));
	add_counters(a, map, tb[IFLA_STATS64]);
}

int netlink_on_link(struct nl_msg *msg, void *arg)
{
	static const struct nla_policy policy[IFLA_MAX + 1] = {
		[IFLA_MTU] = {.type = NLA_U32},         [IFLA_MIN_MTU] = {.type = NLA_U32},
		[IFLA_MAX_MTU] = {.type = NLA_U32},     [IFLA_MASTER] = {.type = NLA_U32},
		[IFLA_LINK] = {.type = NLA_U32},        [IFLA_OPERSTATE] = {.type = NLA_U8},
		[IFLA_IFNAME] = {.maxlen = IFNAMSIZ},   [IFLA_CARRIER_CHANGES] = {.type = NLA_U32},
		[IFLA_LINKINFO] = {.type = NLA_NESTED},
	};
	struct listing *l = arg;
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct nlattr *tb[IFLA_MAX + 1];
	struct val *map;

	if (h->nlmsg_type != RTM_NEWLINK)
		return NL_SKIP;
	if (nlmsg_parse(h, sizeof(struct ifinfomsg), tb, IFLA_MAX, policy) < 0)
		return netlink_malformed(l, "link");
	map = netlink_entry(l);
	if (map == NULL)
		return NL_STOP;
	add_link(l->arena, map, nlmsg_data(h), tb);
	return NL_OK;
}
