/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iproute.c - what `ip -j` prints, spelled as the kernel's own answers are by netlink.
 *
 * ip writes names where the kernel has numbers, words in capitals, and leaves out what is usual. Nothing here guesses: a name that
 * leads nowhere is a VAL_NULL.
 */
#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "decode/val.h"

static const char *text_of(const struct val *map, const char *name)
{
	const struct val *v = val_get(map, name);

	return v != NULL && v->kind == VAL_TEXT ? v->text : NULL;
}

static bool is_true(const struct val *map, const char *name)
{
	const char *text = text_of(map, name);

	return text != NULL && strcmp(text, "1") == 0;
}

static bool has_item(const struct val *list, const char *text)
{
	for (const struct val *v = list != NULL ? list->first : NULL; v != NULL; v = v->next)
		if (v->text != NULL && strcmp(v->text, text) == 0)
			return true;
	return false;
}

/* Which member of what ip prints becomes which of ours, as it is. */
struct copied {
	const char *to, *from;
};

static void copy(struct arena *a, struct val *to, const struct val *from, const struct copied *names)
{
	for (; names->to != NULL; names++)
		if (text_of(from, names->from) != NULL)
			val_add(to, val_text(a, names->to, text_of(from, names->from)));
}

static void add_lower(struct arena *a, struct val *map, const char *name, const char *text)
{
	char *copy_of;

	if (text == NULL)
		return;
	copy_of = arena_strdup(a, text);
	for (char *p = copy_of; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	val_add(map, val_text(a, name, copy_of));
}

/* That of the interface of that name; NULL: it isn't in the list. */
static const char *index_of(const struct val *links, const char *name)
{
	for (const struct val *v = links->first; v != NULL; v = v->next)
		if (text_of(v, "ifname") != NULL && strcmp(text_of(v, "ifname"), name) == 0)
			return text_of(v, "ifindex");
	return NULL;
}

static void add_index(struct arena *a, struct val *map, const char *name, const struct val *links, const char *device)
{
	const char *index = index_of(links, device);

	val_add(map, index != NULL ? val_text(a, name, index) : val_new(a, VAL_NULL, name));
}

static void add_parent(struct arena *a, struct val *map, const struct val *links, const struct val *ip)
{
	const struct val *link = val_get(ip, "link");
	const char *elsewhere = text_of(ip, "link_index");

	if (elsewhere != NULL)
		val_add(map, val_text(a, "link", elsewhere));
	else if (link != NULL && link->kind == VAL_TEXT)
		add_index(a, map, "link", links, link->text);
	else if (link != NULL)
		val_add(map, val_int(a, "link", 0));
	if (elsewhere != NULL || link != NULL)
		val_add(map, val_int(a, "link_netns", elsewhere != NULL));
}

/* Hardware addresses have six bytes or more; a tunnel's are IP addresses. */
static void add_mac(struct arena *a, struct val *map, const char *text)
{
	size_t n = text != NULL ? strlen(text) : 0;

	if (n >= 17 && strspn(text, "0123456789abcdef:") == n && text[2] == ':' && text[5] == ':')
		val_add(map, val_text(a, "mac", text));
}

static void add_kind(struct arena *a, struct val *map, const struct val *info)
{
	static const struct copied name[] = {{"kind", "info_kind"}, {0}},
				   vlan[] = {{"vlan_id", "id"}, {"vlan_protocol", "protocol"}, {0}},
				   bond[] = {{"bond_mode", "mode"}, {0}};
	const char *kind = text_of(info, "info_kind"), *over = text_of(info, "info_slave_kind");
	const struct val *data = val_get(info, "info_data");

	copy(a, map, info, name);
	if (kind != NULL && strcmp(kind, "vlan") == 0)
		copy(a, map, data, vlan);
	if (kind != NULL && strcmp(kind, "bond") == 0)
		copy(a, map, data, bond);
	if (kind != NULL && strcmp(kind, "bridge") == 0 && text_of(data, "vlan_filtering") != NULL)
		val_add(map, val_int(a, "vlan_filtering", strcmp(text_of(data, "vlan_filtering"), "0") != 0));
	if (kind != NULL && strcmp(kind, "bridge") == 0 && text_of(data, "stp_state") != NULL)
		val_add(map, val_int(a, "stp", strcmp(text_of(data, "stp_state"), "0") != 0));
	if (over != NULL && (strcmp(over, "bridge") == 0 || strcmp(over, "bond") == 0))
		add_lower(a, map, "port_state", text_of(val_get(info, "info_slave_data"), "state"));
}

static void add_counters(struct arena *a, struct val *map, const struct val *stats)
{
	static const struct copied received[] = {{"rx_packets", "packets"},
	                                         {"rx_bytes", "bytes"},
	                                         {"rx_errors", "errors"},
	                                         {"rx_dropped", "dropped"},
	                                         {"rx_crc_errors", "crc_errors"},
	                                         {"rx_missed_errors", "missed_errors"},
	                                         {0}},
				   sent[] = {{"tx_packets", "packets"},
	                                     {"tx_bytes", "bytes"},
	                                     {"tx_errors", "errors"},
	                                     {"tx_dropped", "dropped"},
	                                     {"tx_carrier_errors", "carrier_errors"},
	                                     {"carrier_changes", "carrier_changes"},
	                                     {0}};

	copy(a, map, val_get(stats, "rx"), received);
	copy(a, map, val_get(stats, "tx"), sent);
}

static void add_link(struct arena *a, struct val *map, const struct val *links, const struct val *ip)
{
	static const struct copied names[] = {{"name", "ifname"},
	                                      {"ifindex", "ifindex"},
	                                      {"mtu", "mtu"},
	                                      {"min_mtu", "min_mtu"},
	                                      {"max_mtu", "max_mtu"},
	                                      {"arptype", "link_type"},
	                                      {0}};
	const struct val *flags = val_get(ip, "flags");

	copy(a, map, ip, names);
	add_lower(a, map, "operstate", text_of(ip, "operstate"));
	add_kind(a, map, val_get(ip, "linkinfo"));
	add_mac(a, map, text_of(ip, "address"));
	if (text_of(ip, "master") != NULL)
		add_index(a, map, "master", links, text_of(ip, "master"));
	add_parent(a, map, links, ip);
	if (flags != NULL) {
		val_add(map, val_int(a, "up", has_item(flags, "UP")));
		val_add(map, val_int(a, "loopback", has_item(flags, "LOOPBACK")));
	}
	if (has_item(flags, "UP"))
		val_add(map, val_int(a, "carrier", has_item(flags, "LOWER_UP")));
	add_counters(a, map, val_get(ip, "stats64"));
}

static void add_address(struct arena *a, struct val *map, const struct val *link, const struct val *ip)
{
	static const struct copied names[] = {
		{"address", "local"}, {"prefix_len", "prefixlen"}, {"scope", "scope"}, {0}};
	static const struct copied index[] = {{"ifindex", "ifindex"}, {0}};
	const char *family = text_of(ip, "family");

	copy(a, map, link, index);
	if (family != NULL)
		val_add(map, val_text(a, "family", strcmp(family, "inet") == 0 ? "ipv4" : "ipv6"));
	copy(a, map, ip, names);
	val_add(map, val_text(a, "state",
	                      is_true(ip, "dadfailed")    ? "duplicate"
	                      : is_true(ip, "tentative")  ? "tentative"
	                      : is_true(ip, "deprecated") ? "deprecated"
	                                                  : "ok"));
}

/* Lists are what ip prints; it writes {} for what it leaves out. */
static int add_addr(struct arena *a, struct val *root, const struct val *links, struct err *err)
{
	struct val *out = val_add(root, val_new(a, VAL_LIST, "links"));
	struct val *addresses = val_add(root, val_new(a, VAL_LIST, "addresses"));

	for (const struct val *link = links->first; link != NULL; link = link->next) {
		const struct val *list = val_get(link, "addr_info");

		if (link->kind == VAL_MAP && link->first == NULL)
			continue;
		if (text_of(link, "ifname") == NULL)
			return err_set(err, ERR_PROTOCOL, "ip: an interface without a name");
		add_link(a, val_add(out, val_new(a, VAL_MAP, NULL)), links, link);
		for (const struct val *v = list != NULL ? list->first : NULL; v != NULL; v = v->next)
			if (v->first != NULL)
				add_address(a, val_add(addresses, val_new(a, VAL_MAP, NULL)), link, v);
	}
	return 0;
}

static int add_neigh(struct arena *a, struct val *root, const struct val *list, struct err *err)
{
	static const struct copied names[] = {{"device", "dev"}, {"address", "dst"}, {"mac", "lladdr"}, {0}};
	struct val *out = val_add(root, val_new(a, VAL_LIST, "neighbours"));

	for (const struct val *v = list->first; v != NULL; v = v->next) {
		const struct val *state = val_get(v, "state");
		const char *address = text_of(v, "dst");
		struct val *map;

		if (v->kind == VAL_MAP && v->first == NULL)
			continue;
		if (address == NULL)
			return err_set(err, ERR_PROTOCOL, "ip: a neighbour without an address");
		map = val_add(out, val_new(a, VAL_MAP, NULL));
		copy(a, map, v, names);
		val_add(map, val_text(a, "family", strchr(address, ':') != NULL ? "ipv6" : "ipv4"));
		add_lower(a, map, "state", state != NULL && state->first != NULL ? state->first->text : NULL);
	}
	return 0;
}

/* "0": the route has none. */
static const char *metric_mtu(const struct val *route)
{
	const struct val *metrics = val_get(route, "metrics");
	const char *mtu = metrics != NULL ? text_of(metrics->first, "mtu") : NULL;

	return mtu != NULL ? mtu : "0";
}

/* The route as it is taken, to MAP; or only why there is none. */
static int add_get(struct arena *a, struct val *map, const struct val *route, struct err *err)
{
	static const struct copied names[] = {{"device", "dev"}, {"gateway", "gateway"}, {"source", "prefsrc"}, {0}},
				   other[] = {{"gateway", "host"}, {0}};
	const char *mtu = metric_mtu(route);

	if (route == NULL || route->kind != VAL_MAP)
		return err_set(err, ERR_PROTOCOL, "ip: no route, and no reason why");
	val_add(map, val_text(a, "type", text_of(route, "type") != NULL ? text_of(route, "type") : "unicast"));
	copy(a, map, route, names);
	copy(a, map, val_get(route, "via"), other);
	val_add(map, val_text(a, "mtu", mtu));
	val_add(map, val_int(a, "learned", strcmp(mtu, "0") != 0 && val_get(route, "expires") != NULL));
	return 0;
}

/* The entry of the routing table that it comes from. */
static int add_fibmatch(struct arena *a, struct val *map, const struct val *route, struct err *err)
{
	const char *prefix = text_of(route, "dst");

	if (prefix == NULL)
		return err_set(err, ERR_PROTOCOL, "ip: an entry of the routing table without a destination");
	if (strcmp(prefix, "default") != 0 && strchr(prefix, '/') == NULL)
		prefix = arena_printf(a, "%s/%d", prefix, strchr(prefix, ':') != NULL ? 128 : 32);
	val_add(map, val_text(a, "prefix", prefix));
	val_add(map, val_text(a, "configured_mtu", metric_mtu(route)));
	return 0;
}

static const struct val *first_of(const struct val *map, const char *list)
{
	const struct val *v = val_get(map, list);

	return v != NULL ? v->first : NULL;
}

static int add_routes(struct arena *a, struct val *root, const struct val *list, struct err *err)
{
	static const struct copied whose[] = {{"to", "to"}, {"error", "error"}, {0}};
	struct val *out = val_add(root, val_new(a, VAL_LIST, "routes"));

	for (const struct val *v = list->first; v != NULL; v = v->next) {
		struct val *map = val_add(out, val_new(a, VAL_MAP, NULL));

		copy(a, map, v, whose);
		if (text_of(v, "to") == NULL)
			return err_set(err, ERR_PROTOCOL, "ip: a route to nowhere");
		if (text_of(v, "error") == NULL && (add_get(a, map, first_of(v, "get"), err) < 0 ||
		                                    add_fibmatch(a, map, first_of(v, "fibmatch"), err) < 0))
			return -1;
	}
	return 0;
}

/* Members of the document, each named for the command whose output it is. */
static const struct part {
	const char *name;
	int (*add)(struct arena *a, struct val *root, const struct val *list, struct err *err);
} parts[] = {
	{"addr", add_addr},
	{"neigh", add_neigh},
	{"routes", add_routes},
};

static int add_part(struct arena *a, struct val *root, const struct val *part, struct err *err)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(part->name, parts[i].name) == 0 && part->kind == VAL_LIST)
			return parts[i].add(a, root, part, err);
	return err_set(err, ERR_PROTOCOL, "ip: '%.40s' is not what it prints", part->name);
}

struct val *iproute_decode(struct arena *a, const char *data, size_t len, struct err *err)
{
	const struct val *printed = json_decode(a, data, len, err);
	struct val *root = val_new(a, VAL_MAP, NULL);

	if (printed == NULL)
		return NULL;
	if (printed->kind != VAL_MAP || printed->first == NULL) {
		err_set(err, ERR_PROTOCOL, "ip: not an object that names its commands");
		return NULL;
	}
	for (const struct val *part = printed->first; part != NULL; part = part->next)
		if (add_part(a, root, part, err) < 0)
			return NULL;
	return root;
}
