/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netlink_route.c - how packets for other addresses leave this machine.
 *
 * The kernel is asked twice: for the route as it is taken, whose MTU may be one that a router reported (it expires then), and for the
 * entry of the routing table that it comes from, whose MTU somebody configured. That there is no route is an answer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "transport/netlink_impl.h"

/* One look-up under way. */
struct lookup {
	struct listing listing;
	struct val *map; /* what is told of the route; NULL until it is */
	unsigned flags;  /* of the request: RTM_F_... */
	int error;       /* errno of the kernel's refusal; 0 */
	bool answered;
};

static const char *type_text(struct arena *a, unsigned char type)
{
	static const char *const words[] = {
		[RTN_UNICAST] = "unicast",     [RTN_LOCAL] = "local",
		[RTN_BROADCAST] = "broadcast", [RTN_ANYCAST] = "anycast",
		[RTN_MULTICAST] = "multicast", [RTN_BLACKHOLE] = "blackhole",
		[RTN_PROHIBIT] = "prohibit",   [RTN_UNREACHABLE] = "unreachable",
		[RTN_THROW] = "throw",
	};

	return type < sizeof(words) / sizeof(words[0]) && words[type] != NULL ? words[type]
	                                                                      : arena_printf(a, "%u", type);
}

/* The MTU of a route's metrics; 0: it has none. */
static unsigned metric_mtu(struct nlattr *metrics)
{
	struct nlattr *at[RTAX_MAX + 1];

	if (metrics == NULL || nla_parse_nested(at, RTAX_MAX, metrics, NULL) < 0 || at[RTAX_MTU] == NULL)
		return 0;
	return nla_len(at[RTAX_MTU]) >= 4 ? nla_get_u32(at[RTAX_MTU]) : 0;
}

static bool expires(const struct nlattr *at)
{
	struct rta_cacheinfo info = {0};

	if (at != NULL)
		memcpy(&info, nla_data(at), (size_t)nla_len(at) < sizeof(info) ? (size_t)nla_len(at) : sizeof(info));
	return info.rta_expires > 0;
}

/* A gateway of the other family. */
static void add_via(struct arena *a, struct val *map, const struct nlattr *at)
{
	char text[INET6_ADDRSTRLEN];
	const struct rtvia *via;

	if (at == NULL || nla_len(at) < (int)sizeof(*via))
		return;
	via = nla_data(at);
	if (nla_len(at) == (int)sizeof(*via) + (via->rtvia_family == AF_INET ? 4 : 16) &&
	    inet_ntop(via->rtvia_family, via->rtvia_addr, text, sizeof(text)) != NULL)
		val_add(map, val_text(a, "gateway", text));
}

static void add_taken(struct arena *a, struct val *map, const struct rtmsg *head, struct nlattr **tb)
{
	unsigned mtu = metric_mtu(tb[RTA_METRICS]);

	val_add(map, val_text(a, "type", type_text(a, head->rtm_type)));
	if (tb[RTA_OIF] != NULL)
		netlink_add_device(a, map, (int)nla_get_u32(tb[RTA_OIF]));
	if (!netlink_add_ip(a, map, "gateway", head->rtm_family, tb[RTA_GATEWAY]))
		add_via(a, map, tb[RTA_VIA]);
	netlink_add_ip(a, map, "source", head->rtm_family, tb[RTA_PREFSRC]);
	val_add(map, val_int(a, "mtu", mtu));
	val_add(map, val_int(a, "learned", mtu > 0 && expires(tb[RTA_CACHEINFO])));
}

static void add_configured(struct arena *a, struct val *map, const struct rtmsg *head, struct nlattr **tb)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (head->rtm_dst_len == 0)
		val_add(map, val_text(a, "prefix", "default"));
	else if (tb[RTA_DST] != NULL && inet_ntop(head->rtm_family, nla_data(tb[RTA_DST]), text, sizeof(text)) != NULL)
		val_add(map, val_text(a, "prefix", arena_printf(a, "%s/%u", text, head->rtm_dst_len)));
	val_add(map, val_int(a, "configured_mtu", metric_mtu(tb[RTA_METRICS])));
}

static int on_route(struct nl_msg *msg, void *arg)
{
	static const struct nla_policy policy[RTA_MAX + 1] = {
		[RTA_OIF] = {.type = NLA_U32},
		[RTA_METRICS] = {.type = NLA_NESTED},
	};
	struct lookup *l = arg;
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct nlattr *tb[RTA_MAX + 1];

	if (h->nlmsg_type != RTM_NEWROUTE || l->answered)
		return NL_SKIP;
	if (nlmsg_parse(h, sizeof(struct rtmsg), tb, RTA_MAX, policy) < 0)
		return netlink_malformed(&l->listing, "route");
	l->answered = true;
	if ((l->flags & RTM_F_FIB_MATCH) != 0)
		add_configured(l->listing.arena, l->map, nlmsg_data(h), tb);
	else
		add_taken(l->listing.arena, l->map, nlmsg_data(h), tb);
	return NL_OK;
}

/* The refusal is an answer: no route, or one that forbids. */
static int on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	struct lookup *l = arg;

	(void)from;
	l->error = -e->error;
	return NL_STOP;
}

static int send_lookup(struct nl_sock *sk, unsigned flags, int family, const void *to)
{
	int len = family == AF_INET ? 4 : 16;
	struct rtmsg head = {
		.rtm_family = (unsigned char)family, .rtm_dst_len = (unsigned char)(8 * len), .rtm_flags = flags};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, 0);
	int rc = -NLE_NOMEM;

	if (msg == NULL)
		return rc;
	rc = nlmsg_append(msg, &head, sizeof(head), NLMSG_ALIGNTO);
	if (rc == 0)
		rc = nla_put(msg, RTA_DST, len, to);
	if (rc == 0)
		rc = nl_send_auto(sk, msg);
	nlmsg_free(msg);
	return rc < 0 ? rc : 0;
}

/* Adds what the kernel says to L's map, or sets L's error. -1 and err when it says nothing that makes sense. */
static int look_up(struct lookup *l, struct nl_sock *sk, int family, const void *to, struct err *err)
{
	int rc;

	l->answered = false;
	nl_socket_modify_cb(sk, NL_CB_VALID, NL_CB_CUSTOM, on_route, l);
	nl_socket_modify_err_cb(sk, NL_CB_CUSTOM, on_error, l);
	rc = send_lookup(sk, l->flags, family, to);
	if (rc == 0)
		rc = nl_recvmsgs_default(sk);
	if (l->listing.err.kind != ERR_NONE)
		return err_set(err, l->listing.err.kind, "netlink RTM_GETROUTE: %s", l->listing.err.text);
	if (l->error != 0 || l->answered)
		return 0;
	return err_set(err, rc < 0 ? netlink_kind(rc) : ERR_PROTOCOL, "netlink RTM_GETROUTE: %s",
	               rc < 0 ? nl_geterror(rc) : "the kernel answered something else");
}

static int look_twice(struct lookup *l, struct nl_sock *sk, int family, const void *to, struct err *err)
{
	l->flags = 0;
	if (look_up(l, sk, family, to, err) < 0)
		return -1;
	if (l->error != 0) {
		val_add(l->map, val_text(l->listing.arena, "error", strerror(l->error)));
		return 0;
	}
	l->flags = RTM_F_FIB_MATCH;
	return look_up(l, sk, family, to, err);
}

/* How packets for TO leave, as an entry of LIST. */
static int add_route(struct arena *a, struct val *list, struct nl_sock *sk, const char *to, struct err *err)
{
	struct lookup l = {.listing = {.arena = a}, .map = val_new(a, VAL_MAP, NULL)};
	int family = strchr(to, ':') != NULL ? AF_INET6 : AF_INET;
	unsigned char address[16];

	if (inet_pton(family, to, address) != 1)
		return err_set(err, ERR_CONFIG, "route: '%.60s' is no IP address", to);
	val_add(l.map, val_text(a, "to", to));
	val_add(list, l.map);
	return look_twice(&l, sk, family, address, err);
}

struct val *netlink_read_routes(struct arena *a, const char *to, struct err *err)
{
	struct val *root = val_new(a, VAL_MAP, NULL), *list = val_add(root, val_new(a, VAL_LIST, "routes"));
	char *rest = arena_strdup(a, to), *one;
	struct nl_sock *sk = netlink_connect(err);
	int rc = 0;

	if (sk == NULL)
		return NULL;
	nl_socket_disable_auto_ack(sk);
	while (rc == 0 && (one = strsep(&rest, ",")) != NULL)
		rc = add_route(a, list, sk, one, err);
	nl_socket_free(sk);
	return rc < 0 ? NULL : root;
}
