#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One host, asked in two ways: by the kernel's own interfaces where migready runs, and over SSH by the commands of a genuine login. What
# both say of its network and its clock is the same, row by row and column by column. The network is a namespace's of its own.
if [ -z "${NETWORK_OF_ITS_OWN-}" ] && unshare --mount --net true 2>/dev/null; then
	NETWORK_OF_ITS_OWN=1 exec unshare --mount --net --propagation private bash "$0"
fi
. "$(dirname "$0")/lib.sh"
. "$e2e/ssh.sh"
[ -n "${NETWORK_OF_ITS_OWN-}" ] || { echo "skipped: no right to make a network namespace; run this as root"; exit 77; }
need ip
trap 'ssh_stop; lab_stop; rm -rf "$work"' EXIT

# ---- a bridge with ports, one of them down, jumbo frames, addresses of several kinds, a static neighbour, routes with an MTU ----

mount -t sysfs sysfs /sys
ip -batch - <<END
link set lo up
link add br0 type bridge
link add br1 type bridge stp_state 1
link add port0 mtu 9000 type veth peer name guest0 mtu 9000
link add port1 type veth peer name guest1
link add port2 type veth peer name guest2
link set port0 master br0
link set port1 master br0
link set port2 master br0
link set br0 address 02:00:00:00:00:01
link set br0 addrgenmode none
link set guest0 addrgenmode none
link set br0 up
link set port0 addrgenmode none up
link set port1 addrgenmode none up
link set guest0 up
link add vx0 type vxlan id 77 dev br0 dstport 4789
addr add 192.0.2.1/24 dev br0
addr add 192.0.2.2/24 dev br0
addr add 198.51.100.1 peer 198.51.100.2 dev guest0
addr add 2001:db8::1/64 dev br0 nodad
addr add 2001:db8:1::1/64 dev guest0 nodad preferred_lft 0
neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev br0 nud permanent
neigh add 2001:db8::9 lladdr 02:00:00:00:00:0a dev br0 nud permanent
neigh add 192.0.2.8 lladdr 02:00:00:00:00:08 dev br0 nud noarp
route add 203.0.113.0/24 via 192.0.2.9 mtu 1400
route add 198.18.0.0/15 via inet6 2001:db8::9
route add unreachable 240.0.0.0/24
END

# A server sees what is mounted when it starts.
serve() {
	ssh_server "$1"
	ssh_known "$work/known" "$ssh_port"
	cat >"$work/inventory.yaml" <<END
targets:
  - {name: here, local: true}
  - name: far
    kvm: [127.0.0.1]
    ssh: {credential: lab, port: $ssh_port, known_hosts: $work/known}
credentials:
  lab: {user: $ssh_user, key: $ssh_dir/id_ed25519}
END
}

ssh_setup
ssh_listen=127.0.0.1
serve host

# rows HOST TABLE: all of a table's rows of a host, each by its columns, without the host and what a clock counts.
rows() {
	jq -cS --arg host "$1/" '.[] | select(.host | startswith($host)) | del(.host, .wall_ms, .asked_ms, .answered_ms, .max_error_us, .est_error_us, .offset_us)' "$work/$2.json" | sort
}

ask() {
	run query "SELECT * FROM $1" -i "$work/inventory.yaml" -f json
	expect_exit 0 "$1: $(tail -n 1 "$work/stderr")"
	cp "$work/stdout" "$work/$1.json"
}

# same TABLE LEAST [FILTER]: both ways give the same rows, and at least so many. What moves gets some time to come to rest.
same() {
	local i
	for ((i = 0; i < 20; i++)); do
		ask "$1"
		rows here "$1" | grep -v "${3-^$}" >"$work/here"
		rows far "$1" | grep -v "${3-^$}" >"$work/far"
		[ "$(wc -l <"$work/here")" -ge "$2" ] || fail "$1: only $(wc -l <"$work/here") rows"
		cmp -s "$work/here" "$work/far" && return
		sleep 0.3
	done
	diff "$work/here" "$work/far" >&2 || true
	fail "$1 differs between netlink and SSH"
}

same linux_link 10
grep -q '"name":"port0".*"port_state":"forwarding"' "$work/here" || fail "port0 of the bridge is not seen"
grep -q '"carrier":null.*"name":"port2"' "$work/here" || fail "port2 is down, and its carrier isn't known"
grep -q '"kind":"bridge".*"name":"br1".*"stp":1' "$work/here" || fail "the bridge's settings"
same linux_link_counter 9 '"name":"lo"' # which carries this very conversation
grep -q '"carrier_changes":[1-9].*"name":"port0"' "$work/here" || fail "port0 came up, and nobody counted"
same linux_link_speed 5
same linux_address 7
grep -q '"address":"198.51.100.1".*"prefix_len":32' "$work/here" || fail "the address of a point-to-point link"
grep -q '"address":"2001:db8:1::1".*"state":"deprecated"' "$work/here" || fail "a deprecated address"
same linux_neighbour 2
! grep -q '192.0.2.8' "$work/here" || fail "a neighbour that nobody looks for"

# ---- routes, of addresses that a probe of the test's own names: the built-in ones ask for the addresses of other hosts ----

own=$work/own
mkdir "$own"
addresses='["192.0.2.77","203.0.113.5","198.18.0.1","240.0.0.1","233.252.0.1","192.0.2.1","2001:db8::7"]'
for way in local kvm; do
	sed -e '/^for_each:/,/^\(route\|command\):/{/^\(route\|command\):/!d}' -e 's/linux_route:/own_route:/' "$source_dir/checks/probes/$way/route.yaml" |
		sed "s/^\(route\|command\):/for_each: SELECT host, address, '${addresses//\"/\\\"}' AS peers FROM host_shell WHERE address $([ $way = local ] && echo = || echo '<>') 'local'\n&/" \
			>"$own/$way.yaml"
done
run query 'SELECT * FROM own_route' -i "$work/inventory.yaml" --checks "$own" -f json
expect_exit 0 "$(tail -n 1 "$work/stderr")"
cp "$work/stdout" "$work/own_route.json"
rows here own_route >"$work/here"
rows far own_route >"$work/far"
[ "$(wc -l <"$work/here")" -eq 7 ] || fail "$(wc -l <"$work/here") routes"
diff "$work/here" "$work/far" >&2 || fail "routes differ between netlink and SSH"
grep -q '"configured_mtu":1400.*"gateway":"192.0.2.9"' "$work/here" || fail "the route with an MTU"
grep -q '"error":"No route to host"' "$work/here" || fail "the route that is none"

# ---- the clock: by perl and, where that is missing, by python ----

same linux_clocksource 1
same_clock() {
	same linux_clock 1
	jq -e 'all(.[]; .wall_ms >= .asked_ms - 1 and .wall_ms <= .answered_ms + 1)
		and (map(.max_error_us) | max - min < 100000) and (map(.est_error_us) | max - min < 100000) and (map(.offset_us) | max - min < 100000)' \
		"$work/linux_clock.json" >/dev/null || fail "the clock: $(cat "$work/linux_clock.json")"
}

same_clock
for perl in $(type -aP perl); do mount --bind /dev/null "$perl"; done
! perl -e 1 2>/dev/null || fail "perl is still there"
serve without_perl
same_clock
