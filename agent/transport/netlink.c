/* SPDX-License-Identifier: Apache-2.0 */
/* netlink.c - links, addresses, routes and neighbours of this machine, from its kernel over rtnetlink. */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "transport/netlink_impl.h"
#include "transport/task.h"

#define TRIES 5           /* a dump that changes of the configuration interrupt starts again, this often */
#define WAIT_SECONDS 10   /* for the kernel's next message */
#define MAX_ENTRIES 65536 /* of a dump */
#define MAX_MAC 32        /* bytes of a link-layer address */

void netlink_add_text(struct arena *a, struct val *map, const char *name, const struct nlattr *at)
{
	/* The kernel's strings may lack their NUL. */
	if (at != NULL)
		val_add(map, val_textn(a, name, nla_data(at), strnlen(nla_data(at), (size_t)nla_len(at))));
}

void netlink_add_u32(struct arena *a, struct val *map, const char *name, const struct nlattr *at)
{
	if (at != NULL)
		val_add(map, val_int(a, name, nla_get_u32(at)));
}

void netlink_add_mac(struct arena *a, struct val *map, const char *name, const struct nlattr *at)
{
	char text[3 * MAX_MAC + 1];
	const unsigned char *byte;

	/* Hardware addresses have six bytes or more; a tunnel's are IP addresses. */
	if (at == NULL || nla_len(at) < 6 || nla_len(at) == 16 || nla_len(at) > MAX_MAC)
		return;
	byte = nla_data(at);
	for (int i = 0; i < nla_len(at); i++)
		snprintf(text + 3 * i, 4, "%02x:", byte[i]);
	val_add(map, val_textn(a, name, text, 3 * (size_t)nla_len(at) - 1));
}

void netlink_add_device(struct arena *a, struct val *map, int index)
{
	char name[IF_NAMESIZE];

	if (index > 0 && if_indextoname((unsigned)index, name) != NULL)
		val_add(map, val_text(a, "device", name));
}

bool netlink_add_ip(struct arena *a, struct val *map, const char *name, int family, const struct nlattr *at)
{
	char text[INET6_ADDRSTRLEN];

	if (at == NULL || nla_len(at) != (family == AF_INET ? 4 : 16))
		return false;
	val_add(map, val_text(a, name, inet_ntop(family, nla_data(at), text, sizeof(text))));
	return true;
}

struct val *netlink_entry(struct listing *l)
{
	if (l->n == MAX_ENTRIES) {
		err_set(&l->err, ERR_LIMIT, "more than %d entries", MAX_ENTRIES);
		return NULL;
	}
	l->n++;
	return val_add(l->list, val_new(l->arena, VAL_MAP, NULL));
}

int netlink_malformed(struct listing *l, const char *what)
{
	err_set(&l->err, ERR_PROTOCOL, "the kernel sent a malformed %s", what);
	return NL_STOP;
}

enum err_kind netlink_kind(int rc)
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

struct nl_sock *netlink_connect(struct err *err)
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

static const struct dump {
	const char *name; /* value of `dump:`, and of the list in the answer */
	int type;
	const char *type_name;
	unsigned short head; /* bytes of the message's own header, all zero: any family */
	int (*on_entry)(struct nl_msg *msg, void *arg);
} dumps[] = {
	{"links", RTM_GETLINK, "RTM_GETLINK", sizeof(struct ifinfomsg), netlink_on_link},
	{"addresses", RTM_GETADDR, "RTM_GETADDR", sizeof(struct ifaddrmsg), netlink_on_address},
	{"neighbours", RTM_GETNEIGH, "RTM_GETNEIGH", sizeof(struct ndmsg), netlink_on_neighbour},
};

static const struct dump *dump_find(const char *name)
{
	for (size_t i = 0; i < sizeof(dumps) / sizeof(dumps[0]); i++)
		if (strcmp(dumps[i].name, name) == 0)
			return &dumps[i];
	return NULL;
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

/* Each try has its own socket: what is left of an interrupted dump goes with the old one. */
static struct val *dump_try(struct arena *a, const struct dump *d, bool *ret_again, struct err *err)
{
	struct val *root = val_new(a, VAL_MAP, NULL);
	struct listing l = {.arena = a, .list = val_add(root, val_new(a, VAL_LIST, d->name))};
	struct nl_sock *sk = netlink_connect(err);
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
		err_set(err, netlink_kind(rc), "netlink %s: %s", d->type_name, nl_geterror(rc));
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
	{"dump",
         "links, addresses or neighbours: the list of that name, an entry an interface, an address or a neighbour",
         false},
	{"route", "addresses with commas between: the list `routes`, how packets for each leave this machine", true},
	{0},
};

static int check(const struct request *req, struct err *err)
{
	const char *name = request_get(req, "dump");

	if ((name == NULL) == (request_get(req, "route") == NULL))
		return err_set(err, ERR_CONFIG, "transport netlink needs either `dump:` or `route:`");
	if (name != NULL && dump_find(name) == NULL)
		return err_set(err, ERR_CONFIG, "dump: '%s' is not known (expected links, addresses or neighbours)",
		               name);
	return 0;
}

static void ask_all(struct session *s, struct ask **asks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *name = request_get(asks[i]->req, "dump");

		if (name != NULL)
			task_offload(s, asks[i], dump_read, name, NULL);
		else
			task_offload(s, asks[i], netlink_read_routes, request_get(asks[i]->req, "route"), NULL);
	}
}

static void show(const struct target *target, const struct request *const *reqs, size_t n, FILE *out)
{
	(void)target;
	for (size_t i = 0; i < n; i++) {
		const char *name = request_get(reqs[i], "dump");

		if (name != NULL)
			fprintf(out, "netlink %s dump\n", dump_find(name)->type_name);
		else
			fprintf(out, "netlink RTM_GETROUTE %s\n", request_get(reqs[i], "route"));
	}
}

const struct transport transport_netlink = {
	.name = "netlink",
	.about = "network interfaces, addresses, routes and neighbours of this machine, from its kernel",
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
