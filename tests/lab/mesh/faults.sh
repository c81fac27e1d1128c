# SPDX-License-Identifier: Apache-2.0
# faults.sh fault|heal DIR NAME [ARGUMENT...] - breaks something in a running lab, or repairs it. Runs within the lab.
#
# A fault is a function fault_NAME, and heal_NAME undoes it, given the same arguments; "-" in a name is "_" there. The comment above
# each is its help. What is broken is listed in DIR/faults/NAME, a line of arguments each.
set -euo pipefail

verb=$1
dir=$2
name=${3-}
shift 3 || shift $#

die() {
	echo "mesh.sh: $*" >&2
	exit 1
}

# host NAME: sets h to esx03, given that, 3, or its management address.
host() {
	h=${1-}
	[[ $h =~ ^[0-9]+$ ]] && h=$(printf 'esx%02d' "$((10#$h))")
	h=$(readlink "$dir/hosts/$h" || echo "$h")
	[ -n "$h" ] && [ -d "$dir/hosts/$h" ] || die "no such host: ${1-}"
	files=$dir/hosts/$h
}

# port DEVICE: the switch's end of the cable to that adapter of the host.
port() {
	case $1 in
	vmk0) echo "${h}m" ;;
	vmk1) echo "${h}v" ;;
	vmk2) echo "${h}w" ;;
	*) die "no such adapter: $1" ;;
	esac
}

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
	ip -n net link set "$(port "${3:-vmk1}")" mtu "${2:-1500}"
}
heal_port_mtu() { fault_port_mtu "$1" 9000 "${3:-vmk1}"; }

# port-one-way HOST in|out [DEVICE]: the switch port of a host drops such packets to the host, or from it, only
fault_port_one_way() {
	local side
	host "$1"
	case ${2-} in
	in) side=oifname ;;
	out) side=iifname ;;
	*) die "port-one-way HOST in|out" ;;
	esac
	rules net bridge forward "$side $(port "${3:-vmk1}") $large"
}
heal_port_one_way() { no_rules net bridge; }

# wrong-switch HOST: vmk1 is plugged into a switch that leads nowhere
fault_wrong_switch() {
	host "$1"
	bridge_of "$(port vmk1)" >"$files/switch"
	ip -n net link set "$(port vmk1)" master wrong
	forget
}
heal_wrong_switch() {
	host "$1"
	ip -n net link set "$(port vmk1)" master "$(cat "$files/switch")"
}

# vmk-mtu HOST [MTU] [DEVICE]: vmk1 (or DEVICE) itself is set to 1500 (or MTU), which vCenter doesn't know
fault_vmk_mtu() {
	host "$1"
	ip -n "$h" link set "${3:-vmk1}" mtu "${2:-1500}"
}
heal_vmk_mtu() { fault_vmk_mtu "$1" 9000 "${3:-vmk1}"; }

# vmk-down HOST [DEVICE]: vmk1 (or DEVICE) is down
fault_vmk_down() {
	host "$1"
	ip -n "$h" link set "${2:-vmk1}" down
	forget
}
heal_vmk_down() {
	host "$1"
	ip -n "$h" link set "${2:-vmk1}" up
	ip -n "$h" -force -batch "$files/ip" 2>/dev/null || true # the routes that went with it; the others exist
}

# loss HOST PERCENT [DEVICE]: that part of what is sent to vmk1 (or DEVICE) is lost, at random
fault_loss() {
	host "$1"
	rules net bridge forward "oifname $(port "${3:-vmk1}") ether type { ip, ip6 } numgen random mod 100 < ${2:?} drop"
}
heal_loss() { no_rules net bridge; }

# trunk-loss PERCENT: that part of what crosses the trunk is lost each way, at random
fault_trunk_loss() { rules net bridge forward "oifname { trunk1, trunk2 } ether type { ip, ip6 } numgen random mod 100 < ${1:?} drop"; }
heal_trunk_loss() { no_rules net bridge; }

# slow HOST RATE [DEVICE]: what is sent to vmk1 (or DEVICE) goes at that rate only, such as 10mbit
fault_slow() {
	host "$1"
	tc -n net qdisc add dev "$(port "${3:-vmk1}")" root tbf rate "${2:?}" burst 10k latency 2s
}
heal_slow() {
	host "$1"
	tc -n net qdisc del dev "$(port "${3:-vmk1}")" root
}

# latency HOST MS [DEVICE]: what vmk1 (or DEVICE) sends and gets takes that much longer, each way
fault_latency() {
	local end log
	host "$1"
	end=$(port "${3:-vmk1}")
	log=$files/delay.log
	bridge_of "$end" >"$files/delayed-$end"
	ip -n net link add "d$end" mtu 9000 type veth peer name "D$end" mtu 9000
	ip -n net link set "$end" nomaster
	ip -n net link set "d$end" up
	ip -n net link set "D$end" master "$(cat "$files/delayed-$end")" up
	setsid nsenter -t "$(cat "$dir/holder.pid")" -p --net=/run/netns/net "$dir/bin/delay" "$end" "d$end" "${2:?}" \
		</dev/null >"$log" 2>&1 &
}
heal_latency() {
	local end
	host "$1"
	end=$(port "${3:-vmk1}")
	ip -n net link del "d$end"
	ip -n net link set "$end" master "$(cat "$files/delayed-$end")"
}

# router-mtu [MTU] [SWITCH]: with --routed: the router carries packets of up to 1500 (or MTU) bytes, to that switch if given, and tells senders
fault_router_mtu() {
	local to
	for to in ${2:-1 2}; do
		ip -n router route replace "10.$((2 * to - 1)).0.0/24" dev "eth$to" src "10.$((2 * to - 1)).0.1" mtu lock "${1:-1500}"
	done
}
heal_router_mtu() {
	fault_router_mtu 9000 "${2-}"
	everywhere route flush cache
}

# router-silent: the router doesn't tell senders that a packet was too big
fault_router_silent() { rules router inet output "icmp type destination-unreachable drop"; }
heal_router_silent() { no_rules router inet; }

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

# password-changed HOST: root's password is another one than DIR/password
fault_password_changed() {
	host "$1"
	cp "$files/shadow" "$files/shadow.before"
	echo "root:$(openssl passwd -6 another-one):19000:0:99999:7:::" >"$files/shadow"
}
heal_password_changed() {
	host "$1"
	cat "$files/shadow.before" >"$files/shadow"
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

# banner HOST: the shell of root prints a greeting before what a command prints
fault_banner() {
	host "$1"
	cp "$files/passwd" "$files/passwd.before"
	sed 's,:/bin/sh$,:/bin/bash,' "$files/passwd.before" >"$files/passwd"
	echo 'printf "***************\\n* 100%% private *\\n***************\\n1 packets transmitted, 1 packets received\\n"' >"$files/home/.bashrc"
}
heal_banner() {
	host "$1"
	rm "$files/home/.bashrc"
	cat "$files/passwd.before" >"$files/passwd"
}

# stand_in HOST: other stand-ins on that host, each of which reads its story from standard input.
stand_in() {
	host "$1"
	mkdir -p "$files/broken"
	cp -a "$dir/bin/." "$files/broken"
	tee "$files/broken/esxcli.new" >"$files/broken/vmkping.new"
	chmod 755 "$files/broken/esxcli.new" "$files/broken/vmkping.new"
	mv "$files/broken/esxcli.new" "$files/broken/esxcli"
	mv "$files/broken/vmkping.new" "$files/broken/vmkping"
	nsenter -t "$(cat "$files/pid")" -m mount --bind /run/esx/broken /usr/local/bin
}
no_stand_in() {
	host "$1"
	nsenter -t "$(cat "$files/pid")" -m umount /usr/local/bin
	rm -r "$files/broken"
}

# esxcli-dies HOST: esxcli and vmkping begin to answer, then end by a signal
fault_esxcli_dies() {
	stand_in "$1" <<'END'
#!/bin/sh
echo "PING 10.1.0.10 (10.1.0.10): 8972 data bytes"
kill -SEGV $$
END
}
heal_esxcli_dies() { no_stand_in "$1"; }

# esxcli-floods HOST: esxcli and vmkping print 100 MB
fault_esxcli_floods() {
	stand_in "$1" <<'END'
#!/bin/sh
yes "8980 bytes from 10.1.0.10: icmp_seq=0 ttl=64 time=0.254 ms" | head -c 100000000
END
}
heal_esxcli_floods() { no_stand_in "$1"; }

# esxcli-hangs HOST: esxcli and vmkping print nothing and don't end, as with a hostd that hangs
fault_esxcli_hangs() {
	stand_in "$1" <<'END'
#!/bin/sh
exec sleep 1000000
END
}
heal_esxcli_hangs() { no_stand_in "$1"; }

# ssh-freezes HOST: as soon as esxcli or vmkping has begun to answer, the sshd of that connection does nothing any more
fault_ssh_freezes() {
	stand_in "$1" <<'END'
#!/bin/sh
echo "PING 10.1.0.10 (10.1.0.10): 8972 data bytes"
sleep 0.1
pkill -STOP sshd
exec sleep 1000000
END
}
heal_ssh_freezes() {
	no_stand_in "$1"
	nsenter -t "$(cat "$files/pid")" -m -p pkill -CONT sshd
}

# host-dead HOST: the host is off, all of it; it can't be healed
fault_host_dead() {
	local d
	host "$1"
	for d in vmk0 vmk1 vmk2; do
		ip -n "$h" link set "$d" down 2>/dev/null || true
	done
	kill -KILL "$(cat "$files/pid")"
	forget
}

list() {
	sed -n 's/^# \([a-z0-9-]*\( [^:]*\)\{0,1\}: .*\)$/\1/p' "$0" | while IFS= read -r line; do
		known "${line%%[: ]*}" && echo "$line"
	done
}

known() {
	declare -F "fault_${1//-/_}" >/dev/null
}

# A name for the rules of this fault with these arguments.
table_name() {
	local text="$*"
	echo "${text//[^a-zA-Z0-9]/_}"
}

heal_all() {
	local line arguments
	[ -s "$dir/faults/$name" ] || die "nothing of that name is broken: $name"
	while IFS= read -r line; do
		read -ra arguments <<<"$line"
		heal_one "${arguments[@]}"
	done < <(cat "$dir/faults/$name")
}

heal_one() {
	grep -qxF -- "$*" "$dir/faults/$name" || die "that is not broken: $name $*"
	table=$(table_name "$name" "$@")
	"heal_${name//-/_}" "$@"
	{ grep -vxF -- "$*" "$dir/faults/$name" || true; } >"$dir/faults/new"
	mv "$dir/faults/new" "$dir/faults/$name"
}

if [ -z "$name" ]; then
	list
	exit 0
fi
known "$name" || die "no such fault: $name"
mkdir -p "$dir/faults"
if [ "$verb" = heal ]; then
	if [ $# -gt 0 ]; then heal_one "$@"; else heal_all; fi
	exit 0
fi
if grep -qsxF -- "$*" "$dir/faults/$name"; then
	die "that is broken already: $name $*"
fi
table=$(table_name "$name" "$@")
"fault_${name//-/_}" "$@"
echo "$*" >>"$dir/faults/$name"
