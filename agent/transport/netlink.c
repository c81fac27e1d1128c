/* SPDX-License-Identifier: Apache-2.0 */
/* netlink.c - links and addresses of this machine, from its kernel over rtnetlink. */
#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <netlink/utils.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "transport/task.h"

#define TRIES 5           /* a dump that changes of the configuration interrupt starts again, this often */
#define WAIT_SECONDS 10   /* for the kernel's next message */
#define MAX_ENTRIES 65536 /* links or addresses */
#define MAX_MAC 32        /* bytes of a link-layer address */

/* A dump on its way into a list. */
struct listing {
	struct arena *arena;
	struct val *list;
	size_t n;
	struct err err;
};

static void add_text(struct arena *a, struct val *map, const char *name, const struct nlattr *at)
{
	/* The kernel's strings may lack their NUL. */
	if (at != NULL)
		val_add(map, val_textn(a, name, nla_data(at), strnlen(nla_data(at), (size_t)nla_len(at))));
}

static void add_u32(struct arena *a, struct val *map, const char *name, const struct nlattr *at)
{
	if (at != NULL)
		val_add(map, val_int(a, name, nla_get_u32(at)));
}

static void add_u8(struct arena *a, struct val *map, const char *name, const struct nlattr *at)
{
	if (at != NULL)
		val_add(map, val_int(a, name, nla_get_u8(at)));
}

/* The words of RFC 2863 as sysfs spells them. */
static void add_operstate(struct arena *a, struct val *map, const struct nlattr *at)
{
	static const char *const words[] = {
		[IF_OPER_UNKNOWN] = "unknown", [IF_OPER_NOTPRESENT] = "notpresent",
		[IF_OPER_DOWN] = "down",       [IF_OPER_LOWERLAYERDOWN] = "lowerlayerdown",
		[IF_OPER_TESTING] = "testing", [IF_OPER_DORMANT] = "dormant",
		[IF_OPER_UP] = "up",
	};

	if (at != NULL && nla_get_u8(at) < sizeof(words) / sizeof(words[0]))
		val_add(map, val_text(a, "operstate", words[nla_get_u8(at)]));
}

static void add_mac(struct arena *a, struct val *map, const struct nlattr *at)
{
	char text[3 * MAX_MAC + 1];
	const unsigned char *byte;

	if (at == NULL || nla_len(at) == 0 || nla_len(at) > MAX_MAC)
		return;
	byte = nla_data(at);
	for (int i = 0; i < nla_len(at); i++)
		snprintf(text + 3 * i, 4, "%02x:", byte[i]);
	val_add(map, val_textn(a, "mac", text, 3 * (size_t)nla_len(at) - 1));
}

static void add_kind(struct arena *a, struct val *map, struct nlattr *at)
{
	struct nlattr *info[IFLA_INFO_MAX + 1];

	if (at != NULL && nla_parse_nested(info, IFLA_INFO_MAX, at, NULL) == 0)
		add_text(a, map, "kind", info[IFLA_INFO_KIND]);
}

static void add_link(struct arena *a, struct val *map, const struct ifinfomsg *head, struct nlattr **tb)
{
	char arptype[32];

	add_text(a, map, "name", tb[IFLA_IFNAME]);
	val_add(map, val_int(a, "ifindex", head->ifi_index));
	add_u32(a, map, "mtu", tb[IFLA_MTU]);
	add_u32(a, map, "min_mtu", tb[IFLA_MIN_MTU]);
	add_u32(a, map, "max_mtu", tb[IFLA_MAX_MTU]);
	add_operstate(a, map, tb[IFLA_OPERSTATE]);
	add_u8(a, map, "carrier", tb[IFLA_CARRIER]);
	add_kind(a, map, tb[IFLA_LINKINFO]);
	val_add(map, val_text(a, "arptype", nl_llproto2str(head->ifi_type, arptype, sizeof(arptype))));
	add_mac(a, map, tb[IFLA_ADDRESS]);
	add_u32(a, map, "master", tb[IFLA_MASTER]);
	add_u32(a, map, "link", tb[IFLA_LINK]);
	/* An index in another namespace names another link than the same index here. */
	if (tb[IFLA_LINK] != NULL)
		val_add(map, val_int(a, "link_netns", tb[IFLA_LINK_NETNSID] != NULL));
	val_add(map, val_int(a, "up", (head->ifi_flags & IFF_UP) != 0));
	val_add(map, val_int(a, "loopback", (head->ifi_flags & IFF_LOOPBACK) != 0));
}

/* A new entry of the list, or NULL when there are too many. */
static struct val *new_entry(struct listing *l)
{
	if (l->n == MAX_ENTRIES) {
		err_set(&l->err, ERR_LIMIT, "more than %d entries", MAX_ENTRIES);
		return NULL;
	}
	l->n++;
	return val_add(l->list, val_new(l->arena, VAL_MAP, NULL));
}

static int malformed(struct listing *l, const char *what)
{
	err_set(&l->err, ERR_PROTOCOL, "the kernel sent a malformed %s", what);
	return NL_STOP;
}

static int on_link(struct nl_msg *msg, void *arg)
{
	static const struct nla_policy policy[IFLA_MAX + 1] = {
		[IFLA_MTU] = {.type = NLA_U32},         [IFLA_MIN_MTU] = {.type = NLA_U32},
		[IFLA_MAX_MTU] = {.type = NLA_U32},     [IFLA_MASTER] = {.type = NLA_U32},
		[IFLA_LINK] = {.type = NLA_U32},        [IFLA_OPERSTATE] = {.type = NLA_U8},
		[IFLA_CARRIER] = {.type = NLA_U8},      [IFLA_IFNAME] = {.maxlen = IFNAMSIZ},
		[IFLA_LINKINFO] = {.type = NLA_NESTED},
	};
	struct listing *l = arg;
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct nlattr *tb[IFLA_MAX + 1];
	struct val *map;

	if (h->nlmsg_type != RTM_NEWLINK)
		return NL_SKIP;
	if (nlmsg_parse(h, sizeof(struct ifinfomsg), tb, IFLA_MAX, policy) < 0)
		return malformed(l, "link");
	map = new_entry(l);
	if (map == NULL)
		return NL_STOP;
	add_link(l->arena, map, nlmsg_data(h), tb);
	return NL_OK;
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

/* False: not the length of an address of that family. */
static bool add_address(struct arena *a, struct val *map, const struct ifaddrmsg *head, const struct nlattr *at)
{
	char text[INET6_ADDRSTRLEN];
	bool v4 = head->ifa_family == AF_INET;

	if (at == NULL || nla_len(at) != (v4 ? 4 : 16))
		return false;
	val_add(map, val_int(a, "ifindex", head->ifa_index));
	val_add(map, val_text(a, "family", v4 ? "ipv4" : "ipv6"));
	val_add(map, val_text(a, "address", inet_ntop(head->ifa_family, nla_data(at), text, sizeof(text))));
	val_add(map, val_int(a, "prefix_len", head->ifa_prefixlen));
	val_add(map, val_text(a, "scope", scope_text(a, head->ifa_scope)));
	return true;
}

static int on_address(struct nl_msg *msg, void *arg)
{
	struct listing *l = arg;
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct nlattr *tb[IFA_MAX + 1];
	const struct ifaddrmsg *head;
	struct val *map;

	if (h->nlmsg_type != RTM_NEWADDR)
		return NL_SKIP;
	if (nlmsg_parse(h, sizeof(struct ifaddrmsg), tb, IFA_MAX, NULL) < 0)
		return malformed(l, "address");
	head = nlmsg_data(h);
	if (head->ifa_family != AF_INET && head->ifa_family != AF_INET6)
		return NL_SKIP;
	map = new_entry(l);
	if (map == NULL)
		return NL_STOP;
	/* On a point-to-point link IFA_ADDRESS is the other end's. */
	if (!add_address(l->arena, map, head, tb[IFA_LOCAL] != NULL ? tb[IFA_LOCAL] : tb[IFA_ADDRESS]))
		return malformed(l, "address");
	return NL_OK;
}

static const struct dump {
	const char *name; /* value of `dump:`, and of the list in the answer */
	int type;
	const char *type_name;
	unsigned short head; /* bytes of the message's own header, all zero: any family */
	int (*on_entry)(struct nl_msg *msg, void *arg);
} dumps[] = {
	{"links", RTM_GETLINK, "RTM_GETLINK", sizeof(struct ifinfomsg), on_link},
	{"addresses", RTM_GETADDR, "RTM_GETADDR", sizeof(struct ifaddrmsg), on_address},
};

static const struct dump *dump_find(const char *name)
{
	for (size_t i = 0; i < sizeof(dumps) / sizeof(dumps[0]); i++)
		if (strcmp(dumps[i].name, name) == 0)
			return &dumps[i];
	return NULL;
}

static struct nl_sock *connect_kernel(struct err *err)
{
	static const struct timeval wait = {.tv_sec = WAIT_SECONDS};
	struct nl_sock *sk = nl_socket_alloc();
	int rc;

	if (sk == NULL) {
		err_set(err, ERR_INTERNAL, "netlink: no socket");
		return NULL;
	}
	rc = nl_connect(sk, NETLINK_ROUTE);
	if (rc < 0) {
		err_set(err, ERR_IO, "netlink: %s", nl_geterror(rc));
		nl_socket_free(sk);
		return NULL;
	}
	setsockopt(nl_socket_get_fd(sk), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	return sk;
}

static int dump_once(struct nl_sock *sk, const struct dump *d)
{
	struct nl_msg *msg = nlmsg_alloc_simple(d->type, NLM_F_DUMP);
	int rc = -NLE_NOMEM;

	if (msg == NULL)
		return rc;
	if (nlmsg_reserve(msg, d->head, NLMSG_ALIGNTO) != NULL) {
		memset(nlmsg_data(nlmsg_hdr(msg)), 0, d->head);
		rc = nl_send_auto(sk, msg);
	}
	nlmsg_free(msg);
	return rc < 0 ? rc : nl_recvmsgs_default(sk);
}

static enum err_kind kind_of(int rc)
{
	switch (-rc) {
	case NLE_PERM:
	case NLE_NOACCESS:
		return ERR_DENIED;
	case NLE_OPNOTSUPP:
	case NLE_AF_NOSUPPORT:
		return ERR_UNSUPPORTED;
	case NLE_AGAIN:
		return ERR_TIMEOUT;
	}
	return ERR_IO;
}

/* Each try has its own socket: what is left of an interrupted dump goes with the old one. */
static struct val *dump_try(struct arena *a, const struct dump *d, bool *ret_again, struct err *err)
{
	struct val *root = val_new(a, VAL_MAP, NULL);
	struct listing l = {.arena = a, .list = val_add(root, val_new(a, VAL_LIST, d->name))};
	struct nl_sock *sk = connect_kernel(err);
	int rc;

	*ret_again = false;
	if (sk == NULL)
		return NULL;
	nl_socket_modify_cb(sk, NL_CB_VALID, NL_CB_CUSTOM, d->on_entry, &l);
	rc = dump_once(sk, d);
	nl_socket_free(sk);
	*ret_again = rc == -NLE_DUMP_INTR;
	if (l.err.kind != ERR_NONE) {
		err_set(err, l.err.kind, "netlink %s: %s", d->type_name, l.err.text);
		return NULL;
	}
	if (rc < 0) {
		err_set(err, kind_of(rc), "netlink %s: %s", d->type_name, nl_geterror(rc));
		return NULL;
	}
	return root;
}

static struct val *dump_read(struct arena *a, const char *name, struct err *err)
{
	const struct dump *d = dump_find(name);
	struct val *root = NULL;
	bool again = true;

	for (int i = 0; i < TRIES && again; i++)
		root = dump_try(a, d, &again, err);
	return root;
}

static const struct request_key keys[] = {
	{"dump", "links: the list `links`, an entry an interface; addresses: the list `addresses`", false},
	{0},
};

static int check(const struct request *req, struct err *err)
{
	const char *name = request_get(req, "dump");

	if (name == NULL)
		return err_set(err, ERR_CONFIG, "transport netlink needs `dump:`");
	if (dump_find(name) == NULL)
		return err_set(err, ERR_CONFIG, "dump: '%s' is not known (expected links or addresses)", name);
	return 0;
}

static void ask_all(struct session *s, struct ask **asks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		task_offload(s, asks[i], dump_read, request_get(asks[i]->req, "dump"), NULL);
}

static void show(const struct target *target, const struct request *const *reqs, size_t n, FILE *out)
{
	(void)target;
	for (size_t i = 0; i < n; i++)
		fprintf(out, "netlink %s dump\n", dump_find(request_get(reqs[i], "dump"))->type_name);
}

const struct transport transport_netlink = {
	.name = "netlink",
	.about = "network interfaces and addresses of this machine, from its kernel",
	.platform = "kvm",
	.serves = transport_serves_local,
	.per_host = true,
	.keys = keys,
	.check = check,
	.open = task_open,
	.ask = ask_all,
	.cancel = task_cancel,
	.close = task_close,
	.sent = task_sent,
	.show = show,
};
