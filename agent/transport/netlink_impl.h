/* SPDX-License-Identifier: Apache-2.0 */
/* netlink_impl.h - parts of the transport netlink: messages of the kernel, and what becomes of them. */
#ifndef TRANSPORT_NETLINK_IMPL_H
#define TRANSPORT_NETLINK_IMPL_H

#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include "base/arena.h"
#include "base/err.h"
#include "decode/val.h"

/* An answer on its way into a list. */
struct listing {
	struct arena *arena;
	struct val *list;
	size_t n;
	struct err err; /* why it was given up; ERR_NONE: it wasn't */
};

/* Callbacks of NL_CB_VALID; ARG is a struct listing. Each adds one MAP, or gives the dump up. */
int netlink_on_link(struct nl_msg *msg, void *arg);
int netlink_on_address(struct nl_msg *msg, void *arg);
int netlink_on_neighbour(struct nl_msg *msg, void *arg);

/* A new entry of the list, or NULL when there are too many. */
struct val *netlink_entry(struct listing *l);

/* The kernel's message can't be read. Always NL_STOP. */
int netlink_malformed(struct listing *l, const char *what);

/* Nothing where AT is NULL. */
void netlink_add_text(struct arena *a, struct val *map, const char *name, const struct nlattr *at);
void netlink_add_u32(struct arena *a, struct val *map, const char *name, const struct nlattr *at);
void netlink_add_mac(struct arena *a, struct val *map, const char *name, const struct nlattr *at);

/* The name that interface INDEX has now; nothing where there is none. */
void netlink_add_device(struct arena *a, struct val *map, int index);

/* An address of FAMILY as text. False: AT is missing, or not as long as one. */
bool netlink_add_ip(struct arena *a, struct val *map, const char *name, int family, const struct nlattr *at);

/* A socket to the kernel of the calling thread's network namespace, or NULL. The caller frees it. */
struct nl_sock *netlink_connect(struct err *err);

/* What libnl's error code RC means for who asked. */
enum err_kind netlink_kind(int rc);

/* A task_read: how packets for the addresses TO, with commas between, leave this machine. */
struct val *netlink_read_routes(struct arena *a, const char *to, struct err *err);

#endif
