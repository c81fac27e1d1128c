#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Pings that migready sends itself, between network namespaces: IPv4 and IPv6, by an unprivileged ping socket and by a raw one. What is
# too large for this host, for a router that says so, and for a switch that doesn't, are told apart; so are no route, no neighbour and
# firewalls; losses are counted; the path MTU is found to the byte.
#
# Everything lives in namespaces of this test's own, and ends with it.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
if [ -z "${OWN_NAMESPACES-}" ]; then
	for tool in ip nft tc unshare setpriv; do
		command -v $tool >/dev/null || { echo "skipped: $tool is missing; tests/setup.sh test installs it"; exit 77; }
	done
	if ! unshare --mount --net --pid --fork true 2>/dev/null; then
		echo "skipped: no right to make network namespaces; run this as root"
		exit 77
	fi
	OWN_NAMESPACES=1 exec unshare --mount --net --pid --fork --kill-child --mount-proc bash "$0"
fi
. "$(dirname "$0")/lib.sh"
mount -t tmpfs -o mode=755 tmpfs /run
# A run without privileges reads probes and inventory.
chmod 755 "$work"
umask 022

# ---- ha and hb on two switches, a trunk between these; behind a router at ha's switch is hd ----
plug() { # HOST DEVICE SWITCH
	ip link add "$2" netns "$1" type veth peer name "p$1" netns "$3"
	ip -n "$3" link set "p$1" mtu 9000 master br0 up
	ip -n "$1" link set "$2" mtu 9000 up
}
address() { # HOST NUMBER DEVICE
	ip -n "$1" addr add "10.$2/24" dev "$3"
	ip -n "$1" addr add "fd${2/.0./::}/64" dev "$3" nodad
}
for n in s1 s2 rt ha hb hd; do
	ip netns add $n
	ip -n $n link set lo up
	# No router advertisements, no duplicate address detection: what is there is there at once.
	ip netns exec $n sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
done
for s in s1 s2; do
	ip -n $s link add br0 type bridge
	ip -n $s link set br0 up
done
plug ha eth0 s1
plug hb eth0 s2
plug rt eth0 s1
ip link add isl netns s1 type veth peer name isl netns s2
for s in s1 s2; do ip -n $s link set isl mtu 9000 master br0 up; done
ip link add eth1 netns rt type veth peer name eth0 netns hd
ip -n rt link set eth1 mtu 9000 up
ip -n hd link set eth0 mtu 9000 up
address ha 77.0.1 eth0
address hb 77.0.2 eth0
address rt 77.0.254 eth0
address rt 78.0.254 eth1
address hd 78.0.1 eth0
ip -n ha route add 10.78.0.0/24 via 10.77.0.254
ip -n ha -6 route add fd78::/64 via fd77::254
ip -n hd route add default via 10.78.0.254
ip -n hd -6 route add default via fd78::254
ip netns exec rt sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
in_ns() { ip netns exec "$@"; }
rules() { in_ns "$1" nft -f -; }
no_rules() { in_ns "$1" nft flush ruleset; }

# ---- one ping ----
local_inventory "$work/here.yaml"
mkdir -m 755 "$work/own"

# probe [SEARCH]: the probe, whose items are in $each.
probe() {
	cat >"$work/own/ping.yaml" <<END
about: a ping
transport: icmp
for_each: SELECT host, $each FROM linux_host
${1-}
to: \${ip:ip}
from: \${source:ip}
device: \${device:iface}
size: \${size:int}
count: \${count:int}
interval: 20ms
wait: 300ms
tables:
  own_ping:
    columns:
      host: \$host
      size: {path: \$each.size, type: integer}
      sent: {path: sent, type: integer}
      received: {path: received, type: integer}
      error: error
      rtt_min_us: {path: rtt_min_us, type: integer}
      rtt_max_us: {path: rtt_max_us, type: integer}
      failure: \$error
  own_reply:
    rows: replies[]
    columns:
      host: \$host
      seq: {path: seq, type: integer}
      rtt_us: {path: rtt_us, type: integer}
      ttl: {path: ttl, type: integer}
      bytes: {path: bytes, type: integer}
      dup: {path: dup, type: boolean}
END
}

# asked HOST SQL: what the query gives, without its heading.
asked() {
	migready_command
	status=0
	ip netns exec "$1" ${as-} "${command[@]}" query "$2" -i "$work/here.yaml" --checks "$work/own" -f csv \
		>"$work/stdout" 2>"$work/stderr" || status=$?
	[ "$status" -eq 0 ] || [ "$status" -eq 2 ] || fail "$fault, $way: query ends with $status"
	sed 1d "$work/stdout" | tr -d '\r"'
}

# ping HOST ADDRESS SIZE [COUNT [SOURCE [DEVICE]]]
ping() {
	local source=10.77.0.1
	[ "$1" = ha ] || source=10.77.0.2
	[[ $2 != *:* ]] || source=fd77::${source##*.}
	each="'$2' AS ip, $3 AS size, ${4:-4} AS count, '${5:-$source}' AS source, '${6:-eth0}' AS device"
	probe
	asked "$1" "SELECT coalesce(sent || '/' || received || ' ' || error, failure) FROM own_ping"
}

# gives WHAT_IT_SHOULD PING_ARGUMENT...
gives() {
	local want=$1 got
	shift
	got=$(ping "$@")
	[ "$got" = "$want" ] || fail "$fault, ${way}: ping $*: '$got' instead of '$want'"
}

# found ADDRESS FULL: the largest size that got a reply, and the smallest that got none, after a search.
found() {
	local source=10.77.0.1
	[[ $1 != *:* ]] || source=fd77::1
	each="'$1' AS ip, $2 AS size, 2 AS count, '$source' AS source, 'eth0' AS device"
	probe "search: {vary: size, small: 56, sent: sent, hit: received, error: error, refused: Message too long, confirm: 2, pause: 100ms}"
	sed -i 's/^      size: .*/&\n      attempt: {path: $each.attempt, type: integer}/' "$work/own/ping.yaml"
	asked ha "SELECT max(CASE WHEN received > 0 THEN size END) || ' ' || min(CASE WHEN received = 0 THEN size END) FROM own_ping"
}

expect_found() { # HIT MISS ADDRESS FULL
	local got
	got=$(found "$3" "$4")
	[ "$got" = "$1 $2" ] || fail "$fault, $way: the search for $3 ended with '$got' instead of '$1 $2'"
}

faults() {
	fault=healthy
	gives "4/4 none" ha 10.77.0.2 8972
	gives "4/4 none" ha 10.77.0.2 0
	gives "4/4 none" ha 10.78.0.1 8972
	gives "4/4 none" hb 10.77.0.1 8972
	gives "4/4 none" ha fd77::2 8952
	gives "4/4 none" ha fd78::1 8952
	gives "1/0 Message too long, mtu=9000" ha 10.77.0.2 8973
	gives "1/0 Message too long, mtu=9000" ha fd77::2 8953

	fault="a black hole in the trunk"
	for s in s1 s2; do ip -n $s link set isl mtu 1500; done
	gives "4/0 none" ha 10.77.0.2 8972
	gives "4/0 none" ha fd77::2 8952
	gives "4/4 none" ha 10.78.0.1 8972
	expect_found 1472 1473 10.77.0.2 8972
	expect_found 1452 1453 fd77::2 8952
	for s in s1 s2; do ip -n $s link set isl mtu 9000; done

	fault="a router with a smaller link behind it"
	ip -n rt link set eth1 mtu 1500
	ip -n hd link set eth0 mtu 1500
	# The second time this host knows: what it remembers must not count.
	for again in 1 2; do
		gives "4/0 Frag needed and DF set (mtu = 1500), from 10.77.0.254" ha 10.78.0.1 8972
		gives "4/0 Packet too big: mtu=1500, from fd77::254" ha fd78::1 8952
	done
	expect_found 1472 1473 10.78.0.1 8972
	fault="a router with a smaller link behind it, which doesn't say so"
	rules rt <<-END
		table inet hush { chain out { type filter hook output priority 0;
			icmp type destination-unreachable icmp code 4 drop; icmpv6 type packet-too-big drop; }; }
	END
	gives "4/0 none" ha 10.78.0.1 8972
	gives "4/0 none" ha fd78::1 8952
	gives "4/4 none" ha 10.78.0.1 1472
	no_rules rt
	fault="the router's link was repaired, and the host remembers the smaller size"
	ip -n rt link set eth1 mtu 9000
	ip -n hd link set eth0 mtu 9000
	ip -n ha route get 10.78.0.1 | grep -q 'mtu 1500' || fail "$fault: it doesn't: $(ip -n ha route get 10.78.0.1)"
	gives "4/4 none" ha 10.78.0.1 8972
	gives "4/4 none" ha fd78::1 8952
	ip -n ha route flush cache
	ip -n ha -6 route flush cache
	fault="a route with an MTU"
	ip -n ha route add 10.77.0.2/32 dev eth0 mtu lock 1500
	gives "4/4 none" ha 10.77.0.2 8972
	ip -n ha route del 10.77.0.2/32 dev eth0 mtu lock 1500

	fault="a small MTU on the device"
	ip -n ha link set eth0 mtu 1500
	gives "1/0 Message too long, mtu=1500" ha 10.77.0.2 8972
	gives "1/0 Message too long, mtu=1500" ha fd77::2 8952
	expect_found 1472 1473 10.77.0.2 8972
	ip -n ha link set eth0 mtu 9000

	fault="large packets lost in one direction"
	rules hb <<-END
		table inet one { chain in { type filter hook prerouting priority 0;
			meta length > 1500 icmp type echo-request drop; meta length > 1500 icmpv6 type echo-request drop; }; }
	END
	gives "4/0 none" ha 10.77.0.2 8972
	gives "4/4 none" ha 10.77.0.2 1472
	gives "4/0 none" ha fd77::2 8952
	gives "4/4 none" hb 10.77.0.1 8972
	gives "4/4 none" hb fd77::1 8952
	no_rules hb

	fault="every third packet lost"
	rules hb <<-END
		table inet loss { chain in { type filter hook prerouting priority 0;
			meta l4proto icmp numgen inc mod 3 == 2 drop; icmpv6 type echo-request numgen inc mod 3 == 2 drop; }; }
	END
	gives "12/8 none" ha 10.77.0.2 8972 12
	gives "12/8 none" ha fd77::2 8952 12
	no_rules hb

	fault="no route, no neighbour"
	gives "1/0 Network is unreachable" ha 10.99.0.1 56
	gives "1/0 Network is unreachable" ha fd99::1 56
	gives "4/0 Destination Host Unreachable, from 10.77.0.1" ha 10.77.0.9 56
	gives "4/0 Destination unreachable: Address unreachable, from fd77::1" ha fd77::9 56

	fault="firewalls"
	rules rt <<-END
		table inet no { chain through { type filter hook forward priority 0;
			ip protocol icmp reject with icmp type admin-prohibited
			icmpv6 type echo-request reject with icmpv6 type admin-prohibited; }; }
	END
	gives "4/0 Packet filtered, from 10.77.0.254" ha 10.78.0.1 56
	gives "4/0 Destination unreachable: Administratively prohibited, from fd77::254" ha fd78::1 56
	no_rules rt
	rules ha <<-END
		table inet no { chain out { type filter hook output priority 0; meta l4proto { icmp, icmpv6 } drop; }; }
	END
	gives "1/0 Operation not permitted" ha 10.77.0.2 56
	no_rules ha

	fault="what this host doesn't have"
	gives "device eth7: No such device" ha 10.77.0.2 56 1 10.77.0.1 eth7
	gives "source address: Cannot assign requested address" ha 10.77.0.2 56 1 10.77.0.7
	gives "from and to are addresses of different families" ha 10.77.0.2 56 1 fd77::1
	gives "size: '65508' is no number from 0 to 65507" ha 10.77.0.2 65508
}

range() { in_ns "$1" sysctl -qw "net.ipv4.ping_group_range=$2"; }

way="raw socket"
as=
faults

way="ping socket"
for n in ha hb; do range $n "65534 65534"; done
as="setpriv --reuid=65534 --regid=65534 --clear-groups"
faults

fault="no right"
range ha "1 0"
gives "no right to send pings: group 65534 is not within net.ipv4.ping_group_range, and CAP_NET_RAW is missing" ha 10.77.0.2 56
as=
fault="no IPv6"
in_ns ha sysctl -qw net.ipv6.conf.all.disable_ipv6=1
way="raw socket"
gives "source address: Cannot assign requested address" ha fd77::2 56
in_ns ha sysctl -qw net.ipv6.conf.all.disable_ipv6=0

# ---- replies one by one: their times, and those that come twice ----
way="raw socket"
fault=replies
in_ns hb tc qdisc add dev eth0 root tbf rate 1mbit burst 10k latency 250ms
each="'10.77.0.2' AS ip, 8972 AS size, 3 AS count, '10.77.0.1' AS source, 'eth0' AS device"
probe
got=$(asked ha "SELECT group_concat(seq || ':' || ttl || ':' || bytes || ':' || dup, ' '), max(rtt_us) > 60000, max(rtt_us) < 300000, min(rtt_us) < 30000 FROM own_reply")
[ "$got" = '0:64:8980:0 1:64:8980:0 2:64:8980:0,1,1,1' ] || fail "replies: $got"
in_ns hb tc qdisc del dev eth0 root
rules hb <<-END
	table ip twice { chain in { type filter hook prerouting priority 0;
		icmp type echo-request meta mark 0 meta mark set 1 dup to 10.77.0.2 device lo; }; }
END
got=$(asked ha "SELECT group_concat(seq || ':' || dup, ' ') FROM own_reply WHERE seq < 2") # the last one's may come too late
[ "$got" = '0:0 0:1 1:0 1:1' ] || fail "duplicates: $got"
got=$(asked ha "SELECT sent, received FROM own_ping")
[ "$got" = 3,3 ] || fail "duplicates are counted: $got"
no_rules hb
echo "ok"
