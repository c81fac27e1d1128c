/* SPDX-License-Identifier: Apache-2.0 */
/* icmp_socket.c - sockets that send echo requests with "don't fragment", and tell what came of them. */
#include "transport/icmp_socket.h"

/* Before linux/icmp.h, which defines the same unless this did. */
#include <net/if.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/icmp.h>
#include <linux/sock_diag.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

bool icmp_address(const char *text, const char *device, union icmp_address *ret)
{
	struct sockaddr_in a4 = {.sin_family = AF_INET};
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6};

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &a4.sin_addr) == 1) {
		memcpy(ret, &a4, sizeof(a4));
		return true;
	}
	if (inet_pton(AF_INET6, text, &a6.sin6_addr) != 1)
		return false;
	if (IN6_IS_ADDR_LINKLOCAL(&a6.sin6_addr) && device != NULL)
		a6.sin6_scope_id = if_nametoindex(device);
	memcpy(ret, &a6, sizeof(a6));
	return true;
}

static socklen_t length_of(int family)
{
	return family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

/* Stands at the same place in both families. */
static void set_port(union icmp_address *a, uint16_t port)
{
	struct sockaddr_in a4;

	memcpy(&a4, a, sizeof(a4));
	a4.sin_port = htons(port);
	memcpy(a, &a4, sizeof(a4));
}

static uint16_t port_of(const union icmp_address *a)
{
	struct sockaddr_in a4;

	memcpy(&a4, a, sizeof(a4));
	return ntohs(a4.sin_port);
}

struct option {
	int level, name, value;
};

static int set_options(int fd, const struct option *options, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int)) < 0)
			return err_set(err, ERR_IO, "ICMP socket option %d/%d: %m", options[i].level, options[i].name);
	return 0;
}

static int configure(int fd, int family, struct err *err)
{
	static const struct option v4[] = {
		{IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE},
		{IPPROTO_IP, IP_RECVERR, 1},
		{IPPROTO_IP, IP_RECVTTL, 1},
		{IPPROTO_IP, IP_PKTINFO, 1},
		{SOL_SOCKET, SO_TIMESTAMPNS, 1},
	};
	static const struct option v6[] = {
		{IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE},
		{IPPROTO_IPV6, IPV6_DONTFRAG, 1},
		{IPPROTO_IPV6, IPV6_RECVERR, 1},
		{IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1},
		{IPPROTO_IPV6, IPV6_RECVPKTINFO, 1},
		{SOL_SOCKET, SO_TIMESTAMPNS, 1},
	};

	return family == AF_INET ? set_options(fd, v4, sizeof(v4) / sizeof(v4[0]), err)
	                         : set_options(fd, v6, sizeof(v6) / sizeof(v6[0]), err);
}

/* A raw socket is given every ICMP packet of the host: echo replies will do. */
static int only_replies(int fd, int family, struct err *err)
{
	struct icmp_filter v4 = {.data = ~(1u << ICMP_ECHOREPLY)};
	struct icmp6_filter v6;
	int rc;

	ICMP6_FILTER_SETBLOCKALL(&v6);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &v6);
	rc = family == AF_INET ? setsockopt(fd, SOL_RAW, ICMP_FILTER, &v4, sizeof(v4))
	                       : setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &v6, sizeof(v6));
	return rc < 0 ? err_set(err, ERR_IO, "ICMP filter: %m") : 0;
}

/*
 * Packets leave by that device. SO_BINDTODEVICE would do that, too, but a raw socket then isn't told what this host itself says of
 * them, which comes by the loopback interface: that there is no neighbour of that address.
 */
static int leave_by(struct icmp_socket *s, const struct icmp_way *way, struct err *err)
{
	uint32_t index;
	int rc;

	if (way->device == NULL)
		return 0;
	s->device = if_nametoindex(way->device);
	if (s->device == 0)
		return err_set(err, ERR_IO, "device %s: %m", way->device);
	index = htonl(s->device);
	rc = way->to.any.sa_family == AF_INET ? setsockopt(s->fd, IPPROTO_IP, IP_UNICAST_IF, &index, sizeof(index))
	                                      : setsockopt(s->fd, IPPROTO_IPV6, IPV6_UNICAST_IF, &index, sizeof(index));
	return rc < 0 ? err_set(err, ERR_IO, "device %s: %m", way->device) : 0;
}

/* Also without an address of ours: from then on a ping socket has its identifier. */
static int bind_to(const struct icmp_socket *s, const struct icmp_way *way, struct err *err)
{
	union icmp_address any = {.room = {.ss_family = way->to.any.sa_family}};
	const union icmp_address *from = way->from.any.sa_family != AF_UNSPEC ? &way->from : &any;

	if (bind(s->fd, &from->any, length_of(from->any.sa_family)) < 0)
		return err_set(err, ERR_IO, "source address: %m");
	return 0;
}

static int identify(struct icmp_socket *s, bool raw, struct err *err)
{
	union icmp_address own;
	socklen_t len = sizeof(own);

	if (raw)
		return getrandom(&s->id, sizeof(s->id), 0) == (ssize_t)sizeof(s->id)
		               ? 0
		               : err_set(err, ERR_IO, "getrandom: %m");
	if (getsockname(s->fd, &own.any, &len) < 0)
		return err_set(err, ERR_IO, "getsockname: %m");
	s->id = port_of(&own);
	return 0;
}

static int open_fd(int family, bool *ret_raw, struct err *err)
{
	int protocol = family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

	*ret_raw = fd < 0;
	if (fd < 0)
		fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	if (fd >= 0)
		return fd;
	if (errno == EPERM || errno == EACCES)
		return err_set(err, ERR_DENIED,
		               "no right to send pings: group %u is not within net.ipv4.ping_group_range, and "
		               "CAP_NET_RAW is missing",
		               (unsigned int)getegid());
	if (errno == EAFNOSUPPORT)
		return err_set(err, ERR_UNSUPPORTED, "this host has no IPv%d", family == AF_INET ? 4 : 6);
	return err_set(err, ERR_IO, "ICMP socket: %m");
}

int icmp_open(const struct icmp_way *way, struct icmp_socket *ret, struct err *err)
{
	int family = way->to.any.sa_family;
	bool raw;

	*ret = (struct icmp_socket){.fd = open_fd(family, &raw, err)};
	if (ret->fd < 0)
		return -1;
	ret->with_ip = raw && family == AF_INET;
	if (configure(ret->fd, family, err) == 0 && (!raw || only_replies(ret->fd, family, err) == 0) &&
	    leave_by(ret, way, err) == 0 && bind_to(ret, way, err) == 0 && identify(ret, raw, err) == 0)
		return 0;
	close(ret->fd);
	return -1;
}

/* Of a control message; 0: it is too short. */
static size_t data_len(const struct cmsghdr *c)
{
	return c->cmsg_len > CMSG_LEN(0) ? c->cmsg_len - CMSG_LEN(0) : 0;
}

static void read_control(struct cmsghdr *c, struct icmp_received *ret)
{
	size_t len = data_len(c);
	struct timespec t;
	struct in_pktinfo v4;
	struct in6_pktinfo v6;

	if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS && len >= sizeof(t)) {
		memcpy(&t, CMSG_DATA(c), sizeof(t));
		ret->wall_ns = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
	} else if (((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) ||
	            (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT)) &&
	           len >= sizeof(ret->ttl)) {
		memcpy(&ret->ttl, CMSG_DATA(c), sizeof(ret->ttl));
	} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO && len >= sizeof(v4)) {
		memcpy(&v4, CMSG_DATA(c), sizeof(v4));
		ret->device = (unsigned int)v4.ipi_ifindex;
	} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO && len >= sizeof(v6)) {
		memcpy(&v6, CMSG_DATA(c), sizeof(v6));
		ret->device = v6.ipi6_ifindex;
	} else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
	           (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) {
		ret->error_len = len < sizeof(ret->error) ? len : sizeof(ret->error);
		memcpy(ret->error, CMSG_DATA(c), ret->error_len);
	}
}

static int receive(int fd, void *buf, size_t size, int flags, struct icmp_received *ret)
{
	union {
		struct cmsghdr align;
		char room[512];
	} control;
	struct iovec iov = {.iov_base = buf, .iov_len = size};
	struct msghdr msg = {.msg_name = &ret->from,
	                     .msg_namelen = sizeof(ret->from),
	                     .msg_iov = &iov,
	                     .msg_iovlen = 1,
	                     .msg_control = &control,
	                     .msg_controllen = sizeof(control)};
	ssize_t n;

	memset(ret, 0, sizeof(*ret));
	ret->ttl = -1;
	n = recvmsg(fd, &msg, flags | MSG_TRUNC | MSG_DONTWAIT);
	if (n < 0)
		return 0;
	ret->len = (size_t)n;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c))
		read_control(c, ret);
	return 1;
}

/* An error that waits is told in place of a packet, once; the error queue has it in full. */
int icmp_receive(const struct icmp_socket *s, void *buf, size_t size, struct icmp_received *ret)
{
	return receive(s->fd, buf, size, 0, ret) || (errno != EAGAIN && receive(s->fd, buf, size, 0, ret));
}

int icmp_receive_error(const struct icmp_socket *s, void *buf, size_t size, struct icmp_received *ret)
{
	return receive(s->fd, buf, size, MSG_ERRQUEUE, ret);
}

bool icmp_routed(const struct icmp_way *way)
{
	int family = way->to.any.sa_family, fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
	union icmp_address to = way->to;
	bool routed;

	if (fd < 0)
		return true;
	set_port(&to, 9);
	routed = connect(fd, &to.any, length_of(family)) == 0 || (errno != ENETUNREACH && errno != EHOSTUNREACH);
	close(fd);
	return routed;
}

bool icmp_queued(const struct icmp_socket *s)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(info);

	return getsockopt(s->fd, SOL_SOCKET, SO_MEMINFO, info, &len) == 0 && info[SK_MEMINFO_WMEM_ALLOC] > 0;
}
