# SPDX-License-Identifier: Apache-2.0
# network_faults.sh - what can break between hosts and in their sshd, in any lab; sourced by its faults.sh after fault.sh.
#
# The sourcing script has functions host NAME (sets h, and files, its folder) and port DEVICE (the switch's end of that cable), and
# migration_device, the adapter that is meant where none is named.

# bridge_of PORT: the switch that it belongs to.
bridge_of() {
	ip -n net -o link show "$1" | sed -n 's/.* master \([^ ]*\).*/\1/p'
}

# rules NAMESPACE FAMILY HOOK RULE: a table of its own for each fault, named after its arguments.
rules() {
	ip netns exec "$1" nft -f - <<END
table $2 $table { chain drops { type filter hook $3 priority 0; policy accept; $4; }; }
END
}

no_rules() {
	ip netns exec "$1" nft delete table "$2" "$table"
}

# everywhere ARGUMENT...: that of ip, on every host.
everywhere() {
	local each
	while read -r each _; do
		ip -n "$each" "$@"
	done <"$dir/hosts.tsv"
}

# Nobody remembers who has which address, as after some minutes.
forget() {
	everywhere neigh flush all
}

# Longer than what an MTU of 1500 carries, and not to be fragmented: so does a device on the way that would fragment. The answer
# to a ping may be fragmented and passes, and that is why A can fail to reach B while B reaches A: were all long packets dropped in
# one direction, then either the question or the answer would be lost, whoever asks.
large="ip length > 1500 ip frag-off & 0x4000 != 0 drop"

# trunk-mtu [MTU] [vmk2]: the trunk between the switches carries packets of up to 1500 (or MTU) bytes only, and drops others silently
fault_trunk_mtu() {
	local t=trunk
	[ "${2-}" != vmk2 ] || t=strunk
	ip -n net link set "${t}1" mtu "${1:-1500}"
	ip -n net link set "${t}2" mtu "${1:-1500}"
}
heal_trunk_mtu() { fault_trunk_mtu 9000 "${2-}"; }

# trunk-one-way 1|2: the trunk drops long IPv4 packets that may not be fragmented, from switch 1, or from switch 2, only
fault_trunk_one_way() { rules net bridge forward "oifname trunk${1:?} $large"; }
heal_trunk_one_way() { no_rules net bridge; }

# trunk-down: the trunk carries nothing
fault_trunk_down() {
	ip -n net link set trunk1 down
	forget
}
heal_trunk_down() { ip -n net link set trunk1 up; }

# port-mtu HOST [MTU] [DEVICE]: the switch port of a host carries packets of up to 1500 (or MTU) bytes only, in both directions
fault_port_mtu() {
	host "$1"
	ip -n net link set "$(port "${3:-$migration_device}")" mtu "${2:-1500}"
}
heal_port_mtu() { fault_port_mtu "$1" 9000 "${3:-$migration_device}"; }

# port-one-way HOST in|out [DEVICE]: the switch port of a host drops such packets to the host, or from it, only
fault_port_one_way() {
	local side
	host "$1"
	case ${2-} in
	in) side=oifname ;;
	out) side=iifname ;;
	*) die "port-one-way HOST in|out" ;;
	esac
	rules net bridge forward "$side $(port "${3:-$migration_device}") $large"
}
heal_port_one_way() { no_rules net bridge; }

# loss HOST PERCENT [DEVICE]: that part of what is sent to its migration adapter (or DEVICE) is lost, at random
fault_loss() {
	host "$1"
	rules net bridge forward "oifname $(port "${3:-$migration_device}") ether type { ip, ip6 } numgen random mod 100 < ${2:?} drop"
}
heal_loss() { no_rules net bridge; }

# trunk-loss PERCENT: that part of what crosses the trunk is lost each way, at random
fault_trunk_loss() { rules net bridge forward "oifname { trunk1, trunk2 } ether type { ip, ip6 } numgen random mod 100 < ${1:?} drop"; }
heal_trunk_loss() { no_rules net bridge; }

# slow HOST RATE [DEVICE]: what is sent to its migration adapter (or DEVICE) goes at that rate only, such as 10mbit
fault_slow() {
	host "$1"
	tc -n net qdisc add dev "$(port "${3:-$migration_device}")" root tbf rate "${2:?}" burst 10k latency 2s
}
heal_slow() {
	host "$1"
	tc -n net qdisc del dev "$(port "${3:-$migration_device}")" root
}

# port-closed HOST PORT [reject]: a firewall before that TCP port drops what is sent there, or rejects it
fault_port_closed() {
	host "$1"
	rules "$h" inet input "tcp dport ${2:?} ${3:-drop}"
}
heal_port_closed() {
	host "$1"
	no_rules "$h" inet
}

# The first process of the host is its sshd: that reads its settings again when told.
sshd_again() {
	local i lines
	lines=$(grep -c '^Server listening' "$files/sshd.log")
	kill -HUP "$(cat "$files/pid")"
	for ((i = 0; i < 100; i++)); do
		[ "$(grep -c '^Server listening' "$files/sshd.log")" -le "$lines" ] || return 0
		sleep 0.02
	done
	die "sshd of $h did not come back"
}

# sshd_setting HOST NAME VALUE
sshd_setting() {
	host "$1"
	sed -i "s/^$2 .*/$2 $3/" "$files/sshd_config"
	sshd_again
}

# host-key-changed HOST: sshd has another host key than known_hosts says
fault_host_key_changed() {
	host "$1"
	mv "$files/host_key" "$files/host_key.before"
	rm "$files/host_key.pub"
	ssh-keygen -q -t ecdsa -N '' -C "$h" -f "$files/host_key"
	sshd_again
}
heal_host_key_changed() {
	host "$1"
	mv "$files/host_key.before" "$files/host_key"
	sshd_again
}

# host-key-unknown HOST: known_hosts doesn't have the host
fault_host_key_unknown() {
	host "$1"
	grep "^$(address) " "$dir/known_hosts" >"$files/known"
	sed -i "/^$(address) /d" "$dir/known_hosts"
}
heal_host_key_unknown() {
	host "$1"
	cat "$files/known" >>"$dir/known_hosts"
}
address() {
	awk -v h="$h" '$1 == h { print $2 }' "$dir/hosts.tsv"
}

# key-refused HOST: root's key is not accepted; the password still is
fault_key_refused() {
	host "$1"
	: >"$files/authorized_keys"
}
heal_key_refused() {
	host "$1"
	cat "$dir/id.pub" >"$files/authorized_keys"
}

# ssh-off HOST: nobody listens on port 22
fault_ssh_off() {
	host "$1"
	rules "$h" inet input "tcp dport 22 reject with tcp reset"
}
heal_ssh_off() {
	host "$1"
	no_rules "$h" inet
}

# ssh-startups HOST [N]: sshd refuses more than 1 (or N) connections at a time that have not logged in yet
fault_ssh_startups() { sshd_setting "$1" MaxStartups "${2:-1}:100:${2:-1}"; }
heal_ssh_startups() { sshd_setting "$1" MaxStartups 10:30:100; }

# ssh-sessions HOST [N]: sshd refuses more than 1 (or N) channels at a time in a connection
fault_ssh_sessions() { sshd_setting "$1" MaxSessions "${2:-1}"; }
heal_ssh_sessions() { sshd_setting "$1" MaxSessions 10; }
