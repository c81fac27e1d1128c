/* SPDX-License-Identifier: Apache-2.0 */
/* icmp.c - pings from this machine, without a program: which packets a probe asks for. icmp_ping.c sends them. */
#include <string.h>

#include "base/str.h"
#include "transport/icmp_packet.h"
#include "transport/icmp_ping.h"

#define MAX_COUNT 1000
#define MAX_MS 60000

static const struct request_key keys[] = {
	{"to", "the address that is pinged", true},
	{"from", "the source's address; default: the kernel's choice", true},
	{"device", "the interface that packets leave by; default: the kernel's choice", true},
	{"size", "bytes of data in each packet, 0 to 65507 (IPv6: 65527); 28 (48) more are on the way", true},
	{"count", "packets, 1 to 1000; default 4", true},
	{"interval", "from one packet to the next, 10 ms to 60 s; default 200 ms", false},
	{"wait", "for replies after the last packet, 10 ms to 60 s; default 1 s", false},
	{0},
};

static bool is_open(const char *value)
{
	return strstr(value, "${") != NULL;
}

/* The number in field NAME, or OTHER where it is missing or a placeholder not filled in yet. */
static int read_number(const struct request *req, const char *name, int64_t min, int64_t max, int64_t other,
                       int64_t *ret, struct err *err)
{
	const char *value = request_get(req, name);

	*ret = other;
	if (value == NULL || is_open(value))
		return 0;
	if (!parse_int64(value, ret) || *ret < min || *ret > max)
		return err_set(err, ERR_CONFIG, "%s: '%.40s' is no number from %lld to %lld", name, value,
		               (long long)min, (long long)max);
	return 0;
}

static int read_ms(const struct request *req, const char *name, int other, int *ret, struct err *err)
{
	const char *value = request_get(req, name);
	int64_t ms = other;

	if (value != NULL && (!parse_duration_ms(value, &ms) || ms < 10 || ms > MAX_MS))
		return err_set(err, ERR_CONFIG, "%s: '%.40s' is no duration from 10ms to 60s", name, value);
	*ret = (int)ms;
	return 0;
}

static int read_address(const struct request *req, const char *name, union icmp_address *ret, struct err *err)
{
	const char *value = request_get(req, name);

	memset(ret, 0, sizeof(*ret));
	if (value == NULL || is_open(value) || icmp_address(value, request_get(req, "device"), ret))
		return 0;
	return err_set(err, ERR_CONFIG, "%s: '%.60s' is no IP address", name, value);
}

/* Also of a request with placeholders, which then stand for anything. */
static int read_plan(const struct request *req, struct icmp_plan *ret, struct err *err)
{
	union icmp_address *to = &ret->way.to, *from = &ret->way.from;
	int64_t data, count;

	ret->way.device = request_get(req, "device");
	if (read_address(req, "to", to, err) < 0 || read_address(req, "from", from, err) < 0 ||
	    read_number(req, "size", 0, to->any.sa_family == AF_INET ? ICMP_DATA_MAX4 : ICMP_DATA_MAX6, 0, &data, err) <
	            0 ||
	    read_number(req, "count", 1, MAX_COUNT, 4, &count, err) < 0 ||
	    read_ms(req, "interval", 200, &ret->interval_ms, err) < 0 ||
	    read_ms(req, "wait", 1000, &ret->wait_ms, err) < 0)
		return -1;
	ret->data = (size_t)data;
	ret->count = (size_t)count;
	if (from->any.sa_family != AF_UNSPEC && to->any.sa_family != AF_UNSPEC &&
	    from->any.sa_family != to->any.sa_family)
		return err_set(err, ERR_CONFIG, "from and to are addresses of different families");
	return 0;
}

static int check(const struct request *req, struct err *err)
{
	struct icmp_plan plan;

	if (request_get(req, "to") == NULL || request_get(req, "size") == NULL)
		return err_set(err, ERR_CONFIG, "transport icmp needs `to:` and `size:`");
	return read_plan(req, &plan, err);
}

static const char *encode(struct arena *a, const char *field, const char *value)
{
	(void)a;
	(void)field;
	return value;
}

static void ask_all(struct session *s, struct ask **asks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct icmp_plan plan;
		struct err err;

		if (read_plan(asks[i]->req, &plan, &err) == 0)
			icmp_ping(s, asks[i], &plan);
		else
			task_refuse(s, asks[i], &err);
	}
}

static const char *or_default(const char *value, const char *other)
{
	return value != NULL ? value : other;
}

static void show(const struct target *target, const struct request *const *reqs, size_t n, FILE *out)
{
	(void)target;
	for (size_t i = 0; i < n; i++)
		fprintf(out, "ICMP echo request to %s from %s by %s, %s times, with %s bytes of data, not fragmented\n",
		        request_get(reqs[i], "to"), or_default(request_get(reqs[i], "from"), "any address"),
		        or_default(request_get(reqs[i], "device"), "any interface"),
		        or_default(request_get(reqs[i], "count"), "4"), request_get(reqs[i], "size"));
}

const struct transport transport_icmp = {
	.name = "icmp",
	.about = "pings from this machine, never fragmented",
	.platform = "kvm",
	.serves = transport_serves_local,
	.per_host = true,
	.keys = keys,
	.check = check,
	.encode = encode,
	.open = task_open,
	.ask = ask_all,
	.cancel = task_cancel,
	.close = task_close,
	.sent = task_sent,
	.show = show,
};
