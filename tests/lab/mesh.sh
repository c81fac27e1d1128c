#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# mesh.sh - a cluster of make-believe ESXi hosts with real networks between them: network namespaces, bridges, sshd, ping.
#
# Everything lives in a process, a mount and network namespaces of the lab's own, all held by one process: when that ends, also
# after a crash, nothing is left. So names can't collide, labs can live side by side, and no packet leaves the machine.
# held/ is what it shares with the other lab, mesh/holder.sh builds it, mesh/faults.sh breaks it, esxi/ are the stand-ins for ESXi's commands.
set -euo pipefail
umask 077
export LC_ALL=C

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$lab/held/command.sh"

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

start() {
	local count=${1-} options=() vms
	dir=${2-}
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
	new_lab "$dir"
	build_stand_ins "$dir"
	raise_neighbours "$count"
	python3 "$lab/make_inventory.py" --hosts "$count" --vms "$vms" --mesh "$dir/hosts" "${options[@]}" "$dir/inventory"
	settings=(IPV6="${with[ipv6]-}" SECOND="${with[second]-}" STACK="${with[stack]-}" ROUTED="${with[routed]-}")
	hold "$dir" "$lab/mesh/holder.sh" "$count" "$dir"
}

stop() {
	[ -d "$1" ] || return 0
	end "$1"
	restore_neighbours
	forget "$1" inventory password esxcli
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

obey "$lab/mesh/faults.sh" "$@"
