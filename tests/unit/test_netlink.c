/* SPDX-License-Identifier: Apache-2.0 */
/* test_netlink.c - the transport `netlink` against this kernel, as root in a network namespace of its own. */
#include "tests/unit/ask_loop.h"

#include <jansson.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transport/netlink_impl.h"

extern const struct transport transport_netlink;

static const struct transport *const netlink = &transport_netlink;
static bool own_namespace;
static pid_t elsewhere; /* a process that keeps a second namespace */

static const char *text_of(const struct val *map, const char *name)
{
	const struct val *v = val_get(map, name);

	return v != NULL && v->kind == VAL_TEXT ? v->text : NULL;
}

static long number_of(const struct val *map, const char *name)
{
	const char *text = text_of(map, name);

	return text != NULL ? strtol(text, NULL, 10) : -1;
}

/* The list that a dump gives; Q is the caller's to dispose of. */
static const struct val *dump(struct asked *q, const char *name)
{
	const struct val *list;

	asked_init(q, NULL, 0, "dump", name, NULL);
	ask_one(netlink, q);
	assert_string_equal(q->err.text, "");
	assert_int_equal(q->answers, 1);
	list = val_get(q->root, name);
	assert_non_null(list);
	assert_int_equal(list->kind, VAL_LIST);
	return list;
}

static const struct val *find(const struct val *list, const char *key, const char *value)
{
	for (const struct val *v = list->first; v != NULL; v = v->next)
		if (text_of(v, key) != NULL && strcmp(text_of(v, key), value) == 0)
			return v;
	return NULL;
}

static void need_namespace(void)
{
	if (!own_namespace) {
		print_message("not root, or no ip(8): no network namespace to make links in\n");
		skip();
	}
}

static void loopback_is_there(void **state)
{
	struct asked q;
	const struct val *lo = find(dump(&q, "links"), "name", "lo");

	(void)state;
	assert_non_null(lo);
	assert_int_equal(number_of(lo, "ifindex"), 1);
	assert_int_equal(number_of(lo, "mtu"), 65536);
	assert_int_equal(number_of(lo, "max_mtu"), 0);
	assert_int_equal(number_of(lo, "loopback"), 1);
	assert_string_equal(text_of(lo, "arptype"), "loopback");
	assert_string_equal(text_of(lo, "mac"), "00:00:00:00:00:00");
	assert_null(text_of(lo, "kind"));
	assert_null(text_of(lo, "link"));
	assert_null(text_of(lo, "link_netns"));
	asked_dispose(&q);
}

static void veth_pair(void **state)
{
	struct asked q;
	const struct val *list, *one, *two;

	(void)state;
	need_namespace();
	list = dump(&q, "links");
	one = find(list, "name", "jumbo0");
	two = find(list, "name", "jumbo1");
	assert_non_null(one);
	assert_non_null(two);
	assert_string_equal(text_of(one, "kind"), "veth");
	assert_int_equal(number_of(one, "mtu"), 9000);
	assert_int_equal(number_of(one, "min_mtu"), 68);
	assert_int_equal(number_of(one, "max_mtu"), 65535);
	assert_int_equal(number_of(one, "up"), 1);
	assert_int_equal(number_of(one, "loopback"), 0);
	assert_string_equal(text_of(one, "mac"), "02:00:00:00:90:00");
	assert_int_equal(number_of(one, "link"), number_of(two, "ifindex"));
	assert_int_equal(number_of(one, "link_netns"), 0);
	assert_string_equal(text_of(one, "operstate"), "lowerlayerdown"); /* its peer is not up */
	assert_int_equal(number_of(one, "carrier"), 0);
	assert_int_equal(number_of(two, "up"), 0);
	assert_null(text_of(two, "carrier")); /* not set up: nobody looks */
	assert_int_equal(number_of(two, "mtu"), 1500);
	asked_dispose(&q);
}

static void counters(void **state)
{
	struct asked q;
	const struct val *list, *link;
	long before, after;

	(void)state;
	need_namespace();
	link = find(dump(&q, "links"), "name", "lo");
	before = number_of(link, "rx_packets");
	assert_int_equal(number_of(link, "rx_errors"), 0);
	assert_int_equal(number_of(link, "tx_carrier_errors"), 0);
	assert_true(number_of(link, "carrier_changes") >= 0);
	asked_dispose(&q);
	assert_int_equal(system("ip link set lo up && ping -q -c 1 127.0.0.1 >/dev/null"), 0);
	list = dump(&q, "links");
	link = find(list, "name", "lo");
	after = number_of(link, "rx_packets");
	assert_true(after >= before + 2); /* request and reply */
	assert_int_equal(number_of(link, "tx_packets"), after);
	assert_true(number_of(link, "tx_bytes") > 0);
	asked_dispose(&q);
}

static void bridge_and_vlan(void **state)
{
	struct asked q;
	const struct val *list, *bridge, *vlan;

	(void)state;
	need_namespace();
	list = dump(&q, "links");
	bridge = find(list, "name", "br0");
	if (bridge == NULL) {
		print_message("this kernel makes no bridge\n");
		asked_dispose(&q);
		skip();
	}
	assert_string_equal(text_of(bridge, "kind"), "bridge");
	assert_int_equal(number_of(find(list, "name", "jumbo1"), "master"), number_of(bridge, "ifindex"));
	assert_null(text_of(bridge, "master"));
	assert_int_equal(number_of(bridge, "vlan_filtering"), 0);
	assert_int_equal(number_of(bridge, "stp"), 0);
	assert_null(text_of(bridge, "port_state"));
	assert_string_equal(text_of(find(list, "name", "jumbo1"), "port_state"), "disabled"); /* the bridge is down */
	vlan = find(list, "name", "jumbo0.7");
	if (vlan != NULL) {
		assert_string_equal(text_of(vlan, "kind"), "vlan");
		assert_int_equal(number_of(vlan, "link"), number_of(find(list, "name", "jumbo0"), "ifindex"));
	}
	asked_dispose(&q);
}

/* The peer's index belongs to another namespace: here it names another link, or none. */
static void peer_elsewhere(void **state)
{
	struct asked q;
	const struct val *here;

	(void)state;
	need_namespace();
	here = find(dump(&q, "links"), "name", "cross0");
	assert_non_null(here);
	assert_non_null(text_of(here, "link"));
	assert_int_equal(number_of(here, "link_netns"), 1);
	asked_dispose(&q);
}

static void addresses(void **state)
{
	struct asked q, links;
	const struct val *list, *v4, *v6, *peer;

	(void)state;
	need_namespace();
	list = dump(&q, "addresses");
	v4 = find(list, "address", "192.0.2.1");
	v6 = find(list, "address", "2001:db8::1");
	peer = find(list, "address", "198.51.100.1");
	assert_non_null(v4);
	assert_string_equal(text_of(v4, "family"), "ipv4");
	assert_int_equal(number_of(v4, "prefix_len"), 24);
	assert_string_equal(text_of(v4, "scope"), "global");
	assert_int_equal(number_of(v4, "ifindex"), number_of(find(dump(&links, "links"), "name", "jumbo0"), "ifindex"));
	assert_non_null(v6);
	assert_string_equal(text_of(v6, "family"), "ipv6");
	assert_int_equal(number_of(v6, "prefix_len"), 64);
	assert_non_null(peer); /* this end of a point-to-point link, not the other */
	assert_null(find(list, "address", "198.51.100.2"));
	assert_string_equal(text_of(v4, "state"), "ok");
	assert_string_equal(text_of(v6, "state"), "tentative"); /* nobody is there to say that it is taken */
	asked_dispose(&links);
	asked_dispose(&q);
}

static void neighbours(void **state)
{
	struct asked q;
	const struct val *list, *known, *six;

	(void)state;
	need_namespace();
	list = dump(&q, "neighbours");
	known = find(list, "address", "192.0.2.9");
	six = find(list, "address", "2001:db8::9");
	assert_non_null(known);
	assert_string_equal(text_of(known, "device"), "jumbo0");
	assert_string_equal(text_of(known, "family"), "ipv4");
	assert_string_equal(text_of(known, "mac"), "02:00:00:00:00:09");
	assert_string_equal(text_of(known, "state"), "permanent");
	assert_non_null(six);
	assert_string_equal(text_of(six, "family"), "ipv6");
	assert_null(find(list, "address", "192.0.2.8")); /* noarp: nobody looks for it */
	asked_dispose(&q);
}

static const struct val *route(struct asked *q, const char *to)
{
	asked_init(q, NULL, 0, "route", to, NULL);
	ask_one(netlink, q);
	assert_string_equal(q->err.text, "");
	assert_int_equal(q->answers, 1);
	assert_non_null(val_get(q->root, "routes"));
	return val_get(q->root, "routes")->first;
}

static void routes(void **state)
{
	struct asked q;
	const struct val *r;

	(void)state;
	need_namespace();
	r = route(&q, "192.0.2.77");
	assert_string_equal(text_of(r, "type"), "unicast");
	assert_string_equal(text_of(r, "device"), "jumbo0");
	assert_null(text_of(r, "gateway"));
	assert_string_equal(text_of(r, "source"), "192.0.2.1");
	assert_int_equal(number_of(r, "mtu"), 0);
	assert_int_equal(number_of(r, "learned"), 0);
	assert_string_equal(text_of(r, "prefix"), "192.0.2.0/24");
	assert_int_equal(number_of(r, "configured_mtu"), 0);
	assert_null(text_of(r, "error"));
	asked_dispose(&q);

	r = route(&q, "203.0.113.5");
	assert_string_equal(text_of(r, "gateway"), "192.0.2.9");
	assert_int_equal(number_of(r, "mtu"), 1400);
	assert_int_equal(number_of(r, "learned"), 0);
	assert_int_equal(number_of(r, "configured_mtu"), 1400);
	asked_dispose(&q);

	r = route(&q, "198.18.0.1"); /* its gateway has an IPv6 address */
	assert_string_equal(text_of(r, "gateway"), "2001:db8::9");
	assert_string_equal(text_of(r, "prefix"), "198.18.0.0/15");
	asked_dispose(&q);

	r = route(&q, "2001:db8:1::1");
	assert_string_equal(text_of(r, "gateway"), "2001:db8::9");
	assert_string_equal(text_of(r, "prefix"), "default");
	assert_int_equal(number_of(r, "configured_mtu"), 1300);
	asked_dispose(&q);

	r = route(&q, "192.0.2.1,192.0.2.9");
	assert_string_equal(text_of(r->next, "to"), "192.0.2.9");
	assert_string_equal(text_of(r->next, "device"), "jumbo0");
	assert_string_equal(text_of(r, "to"), "192.0.2.1");
	assert_string_equal(text_of(r, "type"), "local");
	assert_string_equal(text_of(r, "device"), "lo");
	asked_dispose(&q);
}

static void no_route_is_an_answer(void **state)
{
	struct asked q;

	(void)state;
	need_namespace();
	assert_string_equal(text_of(route(&q, "233.252.0.1"), "error"), "Network is unreachable");
	assert_null(text_of(val_get(q.root, "routes")->first, "type"));
	asked_dispose(&q);
	assert_string_equal(text_of(route(&q, "240.0.0.1"), "error"), "No route to host"); /* of type unreachable */
	asked_dispose(&q);
	assert_string_equal(text_of(route(&q, "198.51.99.1"), "error"), "Permission denied"); /* of type prohibit */
	asked_dispose(&q);
}

static void no_address(void **state)
{
	struct asked q;

	(void)state;
	asked_init(&q, NULL, 0, "route", "kvm01", NULL);
	ask_one(netlink, &q);
	assert_int_equal(q.answers, 0);
	assert_string_equal(q.err.text, "route: 'kvm01' is no IP address");
	asked_dispose(&q);
}

/* A message of the kernel's about a link, for kinds that this kernel may lack. */
struct made {
	struct nl_msg *msg;
	struct nlattr *info;
};

static void made_begin(struct made *m, const char *name)
{
	struct ifinfomsg head = {.ifi_index = 7};

	m->msg = nlmsg_alloc_simple(RTM_NEWLINK, 0);
	assert_int_equal(nlmsg_append(m->msg, &head, sizeof(head), NLMSG_ALIGNTO), 0);
	nla_put_string(m->msg, IFLA_IFNAME, name);
	m->info = nla_nest_start(m->msg, IFLA_LINKINFO);
}

/* The tree that becomes of it, in A. */
static const struct val *made_end(struct made *m, struct arena *a)
{
	struct listing l = {.arena = a, .list = val_new(a, VAL_LIST, NULL)};

	nla_nest_end(m->msg, m->info);
	assert_int_equal(netlink_on_link(m->msg, &l), NL_OK);
	nlmsg_free(m->msg);
	return l.list->first;
}

static void vlan_and_bond_settings(void **state)
{
	struct arena *a = arena_new();
	struct nlattr *data;
	const struct val *v;
	struct made m;

	(void)state;
	made_begin(&m, "bond0.20");
	nla_put_string(m.msg, IFLA_INFO_KIND, "vlan");
	data = nla_nest_start(m.msg, IFLA_INFO_DATA);
	nla_put_u16(m.msg, IFLA_VLAN_ID, 20);
	nla_put_u16(m.msg, IFLA_VLAN_PROTOCOL, htons(ETH_P_8021Q));
	nla_nest_end(m.msg, data);
	v = made_end(&m, a);
	assert_int_equal(number_of(v, "vlan_id"), 20);
	assert_string_equal(text_of(v, "vlan_protocol"), "802.1Q");

	made_begin(&m, "bond0");
	nla_put_string(m.msg, IFLA_INFO_KIND, "bond");
	data = nla_nest_start(m.msg, IFLA_INFO_DATA);
	nla_put_u8(m.msg, IFLA_BOND_MODE, 4);
	nla_nest_end(m.msg, data);
	v = made_end(&m, a);
	assert_string_equal(text_of(v, "kind"), "bond");
	assert_string_equal(text_of(v, "bond_mode"), "802.3ad");

	made_begin(&m, "eno2");
	nla_put_string(m.msg, IFLA_INFO_SLAVE_KIND, "bond");
	data = nla_nest_start(m.msg, IFLA_INFO_SLAVE_DATA);
	nla_put_u8(m.msg, IFLA_BOND_SLAVE_STATE, 1);
	nla_nest_end(m.msg, data);
	v = made_end(&m, a);
	assert_string_equal(text_of(v, "port_state"), "backup");
	assert_null(text_of(v, "kind"));
	arena_free(a);
}

/* A mode that is not known, and attributes that are too short, are no settings. */
static void strange_settings(void **state)
{
	struct arena *a = arena_new();
	struct nlattr *data;
	const struct val *v;
	struct made m;

	(void)state;
	made_begin(&m, "bond0");
	nla_put_string(m.msg, IFLA_INFO_KIND, "bond");
	data = nla_nest_start(m.msg, IFLA_INFO_DATA);
	nla_put_u8(m.msg, IFLA_BOND_MODE, 200);
	nla_nest_end(m.msg, data);
	v = made_end(&m, a);
	assert_null(text_of(v, "bond_mode"));

	made_begin(&m, "v1");
	nla_put_string(m.msg, IFLA_INFO_KIND, "vlan");
	data = nla_nest_start(m.msg, IFLA_INFO_DATA);
	nla_put_u8(m.msg, IFLA_VLAN_ID, 20);
	nla_nest_end(m.msg, data);
	v = made_end(&m, a);
	assert_null(text_of(v, "vlan_id"));
	arena_free(a);
}

/* iproute2 as a second witness. Its spelling of states is upper-case. */
static json_t *ip_links(void)
{
	FILE *f = popen("ip -j -d link 2>/dev/null", "re");
	json_t *list;

	if (f == NULL)
		return NULL;
	list = json_loadf(f, 0, NULL);
	pclose(f);
	return list;
}

static void compare_link(const struct val *link, const json_t *ip)
{
	const char *state = json_string_value(json_object_get(ip, "operstate"));
	const json_t *info = json_object_get(ip, "linkinfo");
	const char *kind = json_string_value(json_object_get(info, "info_kind"));
	const char *mac = json_string_value(json_object_get(ip, "address"));

	assert_int_equal(number_of(link, "ifindex"), json_integer_value(json_object_get(ip, "ifindex")));
	assert_int_equal(number_of(link, "mtu"), json_integer_value(json_object_get(ip, "mtu")));
	assert_int_equal(number_of(link, "min_mtu"), json_integer_value(json_object_get(ip, "min_mtu")));
	assert_int_equal(number_of(link, "max_mtu"), json_integer_value(json_object_get(ip, "max_mtu")));
	assert_int_equal(strcasecmp(text_of(link, "operstate"), state), 0);
	assert_string_equal(text_of(link, "arptype"), json_string_value(json_object_get(ip, "link_type")));
	if (mac != NULL && strlen(mac) >= 17)
		assert_string_equal(text_of(link, "mac"), mac);
	if (kind != NULL)
		assert_string_equal(text_of(link, "kind"), kind);
	else
		assert_null(text_of(link, "kind"));
}

static void agrees_with_iproute2(void **state)
{
	struct asked q;
	json_t *list = ip_links();
	const struct val *links;
	size_t n = 0;

	(void)state;
	if (list == NULL) {
		print_message("no ip(8) that speaks JSON\n");
		skip();
	}
	links = dump(&q, "links");
	for (const struct val *v = links->first; v != NULL; v = v->next, n++)
		;
	assert_int_equal(n, json_array_size(list));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *ip = json_array_get(list, i);
		const struct val *link = find(links, "name", json_string_value(json_object_get(ip, "ifname")));

		assert_non_null(link);
		compare_link(link, ip);
	}
	json_decref(list);
	asked_dispose(&q);
}

static void cancelled(void **state)
{
	const struct err why = {ERR_TIMEOUT, "the run's deadline"};
	struct asked q, *one[] = {&q};

	(void)state;
	asked_init(&q, NULL, 0, "dump", "links", NULL);
	ask_loop(netlink, one, 1, &why);
	assert_int_equal(q.err.kind, ERR_TIMEOUT);
	assert_int_equal(q.answers, 0);
	asked_dispose(&q);
}

static void requests_are_checked(void **state)
{
	static const struct request_field good = {"dump", "links"}, bad = {"dump", "routes"},
					  both[] = {{"dump", "links"}, {"route", "${ip:ip}"}};
	const struct request with = {.fields = &good, .nfields = 1}, wrong = {.fields = &bad, .nfields = 1},
			     two = {.fields = both, .nfields = 2}, one = {.fields = &both[1], .nfields = 1},
			     without = {0};
	struct err err;

	(void)state;
	assert_int_equal(netlink->check(&with, &err), 0);
	assert_int_equal(netlink->check(&wrong, &err), -1);
	assert_non_null(strstr(err.text, "'routes' is not known"));
	assert_int_equal(netlink->check(&without, &err), -1);
	assert_int_equal(netlink->check(&two, &err), -1);
	assert_int_equal(netlink->check(&one, &err), 0);
}

static void show_names_the_message(void **state)
{
	static const struct request_field field = {"dump", "addresses"};
	const struct request req = {.fields = &field, .nfields = 1}, *const reqs[] = {&req};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	netlink->show(NULL, reqs, 1, out);
	fclose(out);
	assert_string_equal(text, "netlink RTM_GETADDR dump\n");
	free(text);
}

/* A process in another namespace, which ends with this one. */
static pid_t keep_namespace(int ready)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNET) < 0 || write(ready, "x", 1) != 1)
		_exit(1);
	pause();
	_exit(0);
}

/* Before the thread pool starts: its threads stay in the namespace that they were made in. */
static int make_links(void **state)
{
	static const char *const commands[] = {
		"ip link add jumbo0 mtu 9000 address 02:00:00:00:90:00 type veth peer name jumbo1 mtu 1500",
		"ip link set jumbo0 up",
		"ip addr add 192.0.2.1/24 dev jumbo0",
		"ip addr add 198.51.100.1 peer 198.51.100.2 dev jumbo0",
		"ip addr add 2001:db8::1/64 dev jumbo0",
		"ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev jumbo0 nud permanent",
		"ip neigh add 192.0.2.8 lladdr 02:00:00:00:00:08 dev jumbo0 nud noarp",
		"ip neigh add 2001:db8::9 lladdr 02:00:00:00:00:09 dev jumbo0 nud permanent",
		"ip route add 203.0.113.0/24 via 192.0.2.9 mtu 1400",
		"ip route add 198.18.0.0/15 via inet6 2001:db8::9",
		"ip route add default via 2001:db8::9 mtu 1300",
		"ip route add unreachable 240.0.0.0/24",
		"ip route add prohibit 198.51.99.0/24",
		"ip link add cross0 type veth peer name cross1",
	};
	char command[64], byte;
	int ready[2];

	(void)state;
	if (geteuid() != 0 || system("ip -V >/dev/null 2>&1") != 0 || unshare(CLONE_NEWNET) < 0)
		return 0;
	if (pipe(ready) < 0)
		return -1;
	elsewhere = keep_namespace(ready[1]);
	close(ready[1]);
	if (elsewhere < 0 || read(ready[0], &byte, 1) != 1)
		return -1;
	close(ready[0]);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (system(commands[i]) != 0)
			return -1;
	snprintf(command, sizeof(command), "ip link set cross1 netns %d", (int)elsewhere);
	if (system(command) != 0)
		return -1;
	if (system("ip link add br0 type bridge 2>/dev/null && ip link set jumbo1 master br0") != 0 ||
	    system("ip link add link jumbo0 name jumbo0.7 type vlan id 7 2>/dev/null") != 0)
		print_message("this kernel has no bridge or no vlan\n");
	own_namespace = true;
	return 0;
}

static int end_namespace(void **state)
{
	(void)state;
	if (elsewhere > 0) {
		kill(elsewhere, SIGKILL);
		waitpid(elsewhere, NULL, 0);
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loopback_is_there),
		cmocka_unit_test(veth_pair),
		cmocka_unit_test(counters),
		cmocka_unit_test(bridge_and_vlan),
		cmocka_unit_test(peer_elsewhere),
		cmocka_unit_test(addresses),
		cmocka_unit_test(neighbours),
		cmocka_unit_test(routes),
		cmocka_unit_test(no_route_is_an_answer),
		cmocka_unit_test(no_address),
		cmocka_unit_test(vlan_and_bond_settings),
		cmocka_unit_test(strange_settings),
		cmocka_unit_test(agrees_with_iproute2),
		cmocka_unit_test(cancelled),
		cmocka_unit_test(requests_are_checked),
		cmocka_unit_test(show_names_the_message),
	};

	return cmocka_run_group_tests(tests, make_links, end_namespace);
}
