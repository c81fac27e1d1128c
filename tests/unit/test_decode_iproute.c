/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_decode_iproute.c - what `ip -j` prints, as netlink brings it.
 *
 * Bridge, veth, routes and neighbours are captures of iproute2 6.1; VLAN, bond and links of other namespaces are written after
 * iproute2's source (ipaddress.c, iplink_vlan.c, iplink_bond.c, iplink_bond_slave.c). That both ways agree on a real host is shown by
 * e2e/test_linux_network.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/val.h"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const struct val *decoded(const char *text)
{
	struct err err = {0};
	const struct val *root = iproute_decode(arena, text, strlen(text), &err);

	assert_string_equal(err.text, "");
	assert_non_null(root);
	return root;
}

static const char *refused(const char *text)
{
	struct err err = {0};

	assert_null(iproute_decode(arena, text, strlen(text), &err));
	assert_int_equal(err.kind, ERR_PROTOCOL);
	return arena_strdup(arena, err.text);
}

static const struct val *item(const struct val *root, const char *list, int i)
{
	const struct val *v = val_get(root, list);

	assert_non_null(v);
	for (v = v->first; i > 0 && v != NULL; i--)
		v = v->next;
	assert_non_null(v);
	return v;
}

/* NULL: not there; "(null)": there without a value. */
static const char *text(const struct val *map, const char *name)
{
	const struct val *v = val_get(map, name);

	return v == NULL ? NULL : v->kind == VAL_NULL ? "(null)" : v->text;
}

static void port_of_a_bridge(void **state)
{
	const struct val *root = decoded("{\"addr\":[{\"ifindex\":2,\"ifname\":\"br0\",\"flags\":[\"NO-CARRIER\","
	                                 "\"BROADCAST\",\"UP\"],\"mtu\":1500,"
	                                 "\"operstate\":\"DOWN\",\"link_type\":\"ether\",\"address\":\"fa:03:4e:37:90:"
	                                 "fe\",\"min_mtu\":68,\"max_mtu\":65535,"
	                                 "\"linkinfo\":{\"info_kind\":\"bridge\",\"info_data\":{\"stp_state\":1,\"vlan_"
	                                 "filtering\":1}},\"addr_info\":[]},"
	                                 "{\"ifindex\":3,\"link\":\"v0\",\"ifname\":\"v1\",\"flags\":[\"BROADCAST\","
	                                 "\"MULTICAST\",\"UP\",\"LOWER_UP\"],"
	                                 "\"mtu\":1500,\"master\":\"br0\",\"operstate\":\"UP\",\"linkinfo\":{\"info_"
	                                 "kind\":\"veth\",\"info_slave_kind\":"
	                                 "\"bridge\",\"info_slave_data\":{\"state\":\"forwarding\"}},\"addr_info\":[],"
	                                 "\"stats64\":{\"rx\":{\"bytes\":90,"
	                                 "\"packets\":1,\"errors\":2,\"dropped\":3,\"crc_errors\":4,\"missed_errors\":"
	                                 "5},\"tx\":{\"bytes\":144,\"packets\":6,"
	                                 "\"errors\":7,\"dropped\":8,\"carrier_errors\":9,\"carrier_changes\":10}}},"
	                                 "{\"ifindex\":4,\"link\":\"v1\",\"ifname\":\"v0\",\"flags\":[]}]}");
	const struct val *bridge = item(root, "links", 0), *port = item(root, "links", 1),
			 *down = item(root, "links", 2);

	(void)state;
	assert_string_equal(text(bridge, "kind"), "bridge");
	assert_string_equal(text(bridge, "vlan_filtering"), "1");
	assert_string_equal(text(bridge, "stp"), "1");
	assert_string_equal(text(bridge, "operstate"), "down");
	assert_string_equal(text(bridge, "carrier"), "0");
	assert_string_equal(text(bridge, "max_mtu"), "65535");
	assert_null(text(bridge, "master"));
	assert_null(text(bridge, "link"));
	assert_null(text(bridge, "rx_packets"));
	assert_string_equal(text(port, "master"), "2");
	assert_string_equal(text(port, "link"), "4");
	assert_string_equal(text(port, "link_netns"), "0");
	assert_string_equal(text(port, "port_state"), "forwarding");
	assert_string_equal(text(port, "carrier"), "1");
	assert_string_equal(text(port, "rx_errors"), "2");
	assert_string_equal(text(port, "rx_dropped"), "3");
	assert_string_equal(text(port, "rx_missed_errors"), "5");
	assert_string_equal(text(port, "tx_packets"), "6");
	assert_string_equal(text(port, "tx_carrier_errors"), "9");
	assert_string_equal(text(port, "carrier_changes"), "10");
	assert_string_equal(text(down, "up"), "0");
	assert_null(text(down, "carrier"));
}

static void vlan_over_a_bond(void **state)
{
	const struct val *root = decoded(
		"{\"addr\":[{},{\"ifindex\":5,\"link\":\"bond0\",\"ifname\":\"bond0.20\",\"linkinfo\":{\"info_kind\":"
		"\"vlan\","
		"\"info_data\":{\"protocol\":\"802.1Q\",\"id\":20,\"flags\":[\"REORDER_HDR\"]}}},"
		"{\"ifindex\":4,\"ifname\":\"bond0\",\"linkinfo\":{\"info_kind\":\"bond\",\"info_data\":{\"mode\":"
		"\"802.3ad\"}}},"
		"{\"ifindex\":3,\"ifname\":\"eno2\",\"master\":\"bond0\",\"linkinfo\":{\"info_slave_kind\":\"bond\","
		"\"info_slave_data\":{\"state\":\"BACKUP\",\"mii_status\":\"UP\"}}}]}");
	const struct val *vlan = item(root, "links", 0), *port = item(root, "links", 2);

	(void)state;
	assert_string_equal(text(vlan, "vlan_id"), "20");
	assert_string_equal(text(vlan, "vlan_protocol"), "802.1Q");
	assert_string_equal(text(vlan, "link"), "4");
	assert_string_equal(text(item(root, "links", 1), "bond_mode"), "802.3ad");
	assert_string_equal(text(port, "master"), "4");
	assert_string_equal(text(port, "port_state"), "backup");
	assert_null(text(port, "kind"));
}

/* A parent in another namespace, none at all, and one that is not in the list. */
static void parents(void **state)
{
	const struct val *root = decoded(
		"{\"addr\":[{\"ifindex\":7,\"ifname\":\"veth7\",\"link_index\":2,\"link_netnsid\":0},"
		"{\"ifindex\":8,\"ifname\":\"tunl0\",\"link\":null,\"link_type\":\"ipip\",\"address\":\"0.0.0.0\"},"
		"{\"ifindex\":9,\"ifname\":\"vlan9\",\"link\":\"if30\",\"master\":\"gone\"}]}");
	const struct val *elsewhere = item(root, "links", 0), *none = item(root, "links", 1),
			 *lost = item(root, "links", 2);

	(void)state;
	assert_string_equal(text(elsewhere, "link"), "2");
	assert_string_equal(text(elsewhere, "link_netns"), "1");
	assert_string_equal(text(none, "link"), "0");
	assert_null(text(none, "mac"));
	assert_string_equal(text(lost, "link"), "(null)");
	assert_string_equal(text(lost, "link_netns"), "0");
	assert_string_equal(text(lost, "master"), "(null)");
}

static void addresses(void **state)
{
	const struct val *root = decoded("{\"addr\":[{\"ifindex\":4,\"ifname\":\"v0\",\"addr_info\":[{},{\"family\":"
	                                 "\"inet\",\"local\":\"198.51.100.1\","
	                                 "\"address\":\"198.51.100.2\",\"prefixlen\":32,\"scope\":\"global\"},{"
	                                 "\"family\":\"inet6\",\"local\":\"fe80::1\","
	                                 "\"prefixlen\":64,\"scope\":\"link\",\"tentative\":true},{\"family\":"
	                                 "\"inet6\",\"local\":\"fd00::1\",\"prefixlen\":64,"
	                                 "\"scope\":\"global\",\"dadfailed\":true,\"tentative\":true},{\"family\":"
	                                 "\"inet6\",\"local\":\"fd00::2\","
	                                 "\"prefixlen\":64,\"scope\":\"global\",\"deprecated\":true}]}]}");
	const struct val *peer = item(root, "addresses", 0);

	(void)state;
	assert_string_equal(text(peer, "ifindex"), "4");
	assert_string_equal(text(peer, "family"), "ipv4");
	assert_string_equal(text(peer, "address"), "198.51.100.1");
	assert_string_equal(text(peer, "prefix_len"), "32");
	assert_string_equal(text(peer, "scope"), "global");
	assert_string_equal(text(peer, "state"), "ok");
	assert_string_equal(text(item(root, "addresses", 1), "state"), "tentative");
	assert_string_equal(text(item(root, "addresses", 2), "state"), "duplicate");
	assert_string_equal(text(item(root, "addresses", 3), "state"), "deprecated");
}

static void neighbours(void **state)
{
	const struct val *root =
		decoded("{\"neigh\":[{\"dst\":\"192.0.2.9\",\"dev\":\"v0\",\"lladdr\":\"02:00:00:00:00:09\",\"state\":"
	                "[\"PERMANENT\"]},{\"dst\":\"fd00::9\",\"dev\":\"v0\",\"state\":[\"FAILED\"]}]}");
	const struct val *known = item(root, "neighbours", 0), *lost = item(root, "neighbours", 1);

	(void)state;
	assert_string_equal(text(known, "device"), "v0");
	assert_string_equal(text(known, "family"), "ipv4");
	assert_string_equal(text(known, "mac"), "02:00:00:00:00:09");
	assert_string_equal(text(known, "state"), "permanent");
	assert_string_equal(text(lost, "family"), "ipv6");
	assert_string_equal(text(lost, "state"), "failed");
	assert_null(text(lost, "mac"));
	assert_null(val_get(decoded("{\"neigh\":[]}"), "neighbours")->first);
}

static void routes(void **state)
{
	const struct val *root = decoded("{\"routes\":[{\"to\":\"203.0.113.5\",\"get\":[{\"type\":\"unicast\",\"dst\":"
	                                 "\"203.0.113.5\",\"gateway\":"
	                                 "\"192.0.2.9\",\"dev\":\"v0\",\"prefsrc\":\"192.0.2.1\",\"cache\":[],"
	                                 "\"expires\":599,\"metrics\":[{\"mtu\":1400}]}],"
	                                 "\"fibmatch\":[{\"dst\":\"203.0.113.0/24\",\"metrics\":[{\"mtu\":1450}]}]},"
	                                 "{\"to\":\"192.0.2.7\",\"get\":[{\"dst\":\"192.0.2.7\",\"dev\":\"v0\",\"via\":"
	                                 "{\"family\":\"inet6\",\"host\":"
	                                 "\"fe80::9\"}}],\"fibmatch\":[{\"dst\":\"192.0.2.7\"}]},"
	                                 "{\"to\":\"8.8.8.8\",\"error\":\"Network is unreachable\"}]}");
	const struct val *learned = item(root, "routes", 0), *via = item(root, "routes", 1),
			 *none = item(root, "routes", 2);

	(void)state;
	assert_string_equal(text(learned, "to"), "203.0.113.5");
	assert_string_equal(text(learned, "type"), "unicast");
	assert_string_equal(text(learned, "device"), "v0");
	assert_string_equal(text(learned, "gateway"), "192.0.2.9");
	assert_string_equal(text(learned, "source"), "192.0.2.1");
	assert_string_equal(text(learned, "mtu"), "1400");
	assert_string_equal(text(learned, "learned"), "1");
	assert_string_equal(text(learned, "prefix"), "203.0.113.0/24");
	assert_string_equal(text(learned, "configured_mtu"), "1450");
	assert_string_equal(text(via, "type"), "unicast");
	assert_string_equal(text(via, "gateway"), "fe80::9");
	assert_string_equal(text(via, "mtu"), "0");
	assert_string_equal(text(via, "learned"), "0");
	assert_string_equal(text(via, "prefix"), "192.0.2.7/32");
	assert_string_equal(text(via, "configured_mtu"), "0");
	assert_string_equal(text(none, "error"), "Network is unreachable");
	assert_null(text(none, "type"));
}

static void refusals(void **state)
{
	(void)state;
	assert_string_equal(refused("[]"), "ip: not an object that names its commands");
	assert_string_equal(refused("{}"), "ip: not an object that names its commands");
	assert_string_equal(refused("{\"links\":[]}"), "ip: 'links' is not what it prints");
	assert_string_equal(refused("{\"addr\":{}}"), "ip: 'addr' is not what it prints");
	assert_string_equal(refused("{\"addr\":[{\"ifindex\":1}]}"), "ip: an interface without a name");
	assert_string_equal(refused("{\"addr\":[7]}"), "ip: an interface without a name");
	assert_string_equal(refused("{\"neigh\":[{\"dev\":\"v0\"}]}"), "ip: a neighbour without an address");
	assert_string_equal(refused("{\"routes\":[{\"to\":\"192.0.2.7\",\"get\":[]}]}"),
	                    "ip: no route, and no reason why");
	assert_string_equal(refused("{\"routes\":[{\"get\":[]}]}"), "ip: a route to nowhere");
	assert_string_equal(refused("{\"routes\":[{\"to\":\"192.0.2.7\",\"get\":[{}]}]}"),
	                    "ip: an entry of the routing table without a destination");
	assert_non_null(strstr(refused("{\"addr\":"), "JSON, line 1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(port_of_a_bridge, set_up, tear_down),
		cmocka_unit_test_setup_teardown(vlan_over_a_bond, set_up, tear_down),
		cmocka_unit_test_setup_teardown(parents, set_up, tear_down),
		cmocka_unit_test_setup_teardown(addresses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(neighbours, set_up, tear_down),
		cmocka_unit_test_setup_teardown(routes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refusals, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
