# SPDX-License-Identifier: Apache-2.0
# faults.sh fault|heal DIR NAME [ARGUMENT...] - breaks something in a running lab, or repairs it. Runs within the lab; held/fault.sh
# tells how a fault is written.
set -euo pipefail

lab_command=mesh.sh
migration_device=vmk1
. "$(dirname "$0")/../held/fault.sh"
. "$held/network_faults.sh"

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

# stranger HOST: what answers for vmk1 of a host has another address than the one that was asked, as behind a wrong NAT
fault_stranger() {
	host "$1"
	rules net bridge forward "iifname $(port vmk1) icmp type echo-reply ip saddr set 10.1.0.250"
}
heal_stranger() { no_rules net bridge; }

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

obey_fault "$@"
