#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# mesh.sh - a cluster of make-believe ESXi hosts with real networks between them: network namespaces, bridges, sshd, ping.
#
# Everything lives in a process, a mount and network namespaces of the lab's own, all held by one process: when that ends, also
# after a crash, nothing is left. So names can't collide, labs can live side by side, and no packet leaves the machine.
# mesh/holder.sh builds it, mesh/faults.sh breaks it, esxi/ are the stand-ins for ESXi's commands.
set -euo pipefail
umask 077
export LC_ALL=C

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
	cat >&2 <<END
usage: mesh.sh start N DIR [--ipv6] [--second] [--stack] [--routed] [--vms M]
       mesh.sh exec DIR COMMAND...          run a command where the hosts' management addresses can be reached
       mesh.sh host DIR HOST COMMAND...     run a command on a host, without SSH
       mesh.sh fault DIR NAME [ARGUMENT...] break something; without NAME: list the faults
       mesh.sh heal DIR NAME [ARGUMENT...]  repair it; without arguments: all faults of that name
       mesh.sh stop DIR

N hosts esx01 ..., the first half on leaf switch 1, the others on leaf switch 2, a trunk between the switches.
  vmk0  10.0.0.10 ...  management, MTU 1500       vmk1  10.1.0.10 ...  vMotion, MTU 9000
  --ipv6    vMotion over fd00:77::10 ... instead of IPv4
  --second  vmk2 10.2.0.10 ..., a second vMotion adapter on a second pair of switches
  --stack   the vMotion adapters are on the TCP/IP stack "vmotion"
  --routed  the hosts of switch 2 have vmk1 in 10.3.0.0/24, behind a router instead of the trunk
  --vms M   VMs of the inventory, 2 a host unless said
DIR gets: inventory (a folder for vcsim -load), id (the key to log in as root), password, known_hosts, ssh_config, hosts.tsv
(name, address, switch), esxcli (a program: HOST WORDS... as vCenter would run them on that host).
END
	exit 64
}

die() {
	echo "mesh.sh: $*" >&2
	exit 1
}

holder() {
	local pid
	pid=$(cat "$1/holder.pid" 2>/dev/null) && [ -d "/proc/$pid" ] && [ "$(readlink "/proc/$pid/ns/mnt")" = "$(cat "$1/holder.ns")" ] ||
		die "no lab is running in $1"
	echo "$pid"
}

# within DIR NAMESPACE COMMAND...: replaces this process.
within() {
	local pid
	pid=$(holder "$1")
	[ -z "$2" ] || set -- "$1" "--net=/proc/$pid/root/run/netns/$2" "${@:3}"
	exec nsenter -t "$pid" -m -u ${2:+"$2"} --wdns="$PWD" -- "${@:3}"
}

build_stand_ins() {
	local source name
	mkdir "$1/bin"
	for source in esxi/vmkping esxi/listen mesh/delay; do
		name=${source##*/}
		cc -std=c17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -o "$1/bin/$name" "$lab/$source.c"
	done
	cp "$lab/esxi/esxcli" "$lab/esxi/render.awk" "$1/bin/"
	chmod -R u=rwX,go=rX "$1/bin"
}

wait_until_built() {
	local i
	for ((i = 0; i < 1200; i++)); do
		[ -e "$1/ready" ] && return
		[ -d "/proc/$2" ] || break
		sleep 0.05
	done
	cat "$1/holder.log" >&2
	die "the lab did not start"
}

start() {
	local count=${1-} options=() vms
	dir=${2-} building=
	[[ $count =~ ^[0-9]+$ ]] && [ "$count" -ge 2 ] && [ "$count" -le 240 ] && [ -n "$dir" ] || usage
	shift 2
	vms=$((count * 2))
	declare -A with=()
	while [ $# -gt 0 ]; do
		case $1 in
		--ipv6 | --second | --stack | --routed)
			with[${1#--}]=1
			options+=("$1")
			;;
		--vms) vms=${2:?}; shift ;;
		*) usage ;;
		esac
		shift
	done
	[ "$(id -u)" -eq 0 ] || die "needs root, to make network namespaces"
	mkdir -p "$dir"
	dir=$(cd "$dir" && pwd -P)
	[ ! -e "$dir/holder.pid" ] || die "$dir holds a lab already; stop it with: mesh.sh stop $dir"
	[[ $dir != /run/* ]] || die "DIR can't be below /run, which is the lab's own"
	trap 'give_up "$dir"' EXIT
	trap 'exit 130' INT TERM
	build_stand_ins "$dir"
	raise_neighbours "$count"
	python3 "$lab/make_inventory.py" --hosts "$count" --vms "$vms" --mesh "$dir/hosts" "${options[@]}" "$dir/inventory"
	env -i PATH="$PATH" LC_ALL=C IPV6="${with[ipv6]-}" SECOND="${with[second]-}" STACK="${with[stack]-}" ROUTED="${with[routed]-}" \
		setsid unshare --mount --pid --net --uts --fork --kill-child bash "$lab/mesh/holder.sh" "$count" "$dir" \
		</dev/null >"$dir/holder.log" 2>&1 &
	building=$!
	wait_until_built "$dir" "$building"
	trap - EXIT
}

# The kernel has one table of neighbours for all namespaces, of 1,024 by default: a mesh of 32 hosts fills it.
neighbours=/proc/sys/net/ipv4/neigh/default/gc_thresh3
neighbours_before=/run/mesh-lab.gc_thresh3

raise_neighbours() {
	local now need=$(($1 * $1 * 4 + 1024))
	now=$(cat $neighbours 2>/dev/null) || return 0
	[ "$1" -gt 16 ] && [ "$now" -lt "$need" ] || return 0
	[ -e $neighbours_before ] || echo "$now" >$neighbours_before
	echo "$need" 2>/dev/null >$neighbours || echo "mesh.sh: can't raise $neighbours; many hosts at once may miss each other" >&2
}

# The last lab lowers it again.
restore_neighbours() {
	[ -e $neighbours_before ] || return 0
	! cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n' | grep 'mesh/holder\.sh$' >/dev/null || return 0
	cat $neighbours_before 2>/dev/null >$neighbours || true
	rm -f $neighbours_before
}

# What was begun, and is not to be finished.
give_up() {
	[ -z "$building" ] || kill -KILL "$building" 2>/dev/null || true
	stop "$1"
}

# members NAMESPACE: the processes in that mount namespace, named as /proc does: mnt:[4026532939].
members() {
	local number=${1//[^0-9]/}
	[ -z "$number" ] || { find /proc/[0-9]*/ns/mnt -lname "mnt:\\[$number\\]" 2>/dev/null || true; } | cut -d/ -f3
}

# ending PID: it was killed, but the kernel still ends those whom it held.
ending() {
	[ -r "/proc/$1/stat" ] && [ -z "$(cat "/proc/$1/cmdline" 2>/dev/null | tr -d '\0')" ] &&
		! grep -qs '^State:.[ZX]' "/proc/$1/status"
}

# Also when the lab was left by a crash, or broke down while it was built. Whom the holder holds the kernel ends with it; the
# others are what mesh.sh ran in the lab.
stop() {
	local dir=$1 pid namespace left i
	[ -d "$dir" ] || return 0
	pid=$(cat "$dir/holder.pid" 2>/dev/null || true)
	namespace=$(cat "$dir/holder.ns" 2>/dev/null || true)
	[ "$(readlink "/proc/$pid/ns/mnt" 2>/dev/null)" != "$namespace" ] || kill -KILL "$pid" 2>/dev/null || true
	for ((i = 0; i < 250; i++)); do
		left=$(members "$namespace")
		[ -n "$left" ] || ending "$pid" || break
		[ -z "$left" ] || kill -KILL $left 2>/dev/null || true
		sleep 0.02
	done
	restore_neighbours
	rm -rf "$dir"/{bin,hosts,inventory,faults,hosts.tsv,id,id.pub,password,known_hosts,ssh_config,esxcli,in_host} \
		"$dir"/{holder.pid,holder.ns,holder.log,ready}
	rmdir "$dir" 2>/dev/null || true
}

[ $# -ge 2 ] || usage
command=$1
[ "$command" = start ] || dir=$(cd "$2" 2>/dev/null && pwd -P) || dir=$2
case $command in
start) start "${@:2}" ;;
exec) within "$dir" tester "${@:3}" ;;
host) exec "$dir/in_host" "${@:3}" ;;
fault | heal) within "$dir" "" bash "$lab/mesh/faults.sh" "$command" "$dir" "${@:3}" ;;
stop) stop "$dir" ;;
*) usage ;;
esac
