#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kvm.sh - a cluster of KVM hosts on one machine: each a genuine libvirtd, QEMU and sshd in namespaces of its own, with real networks
# between them. Guests really migrate.
#
# Everything hangs from one process, as in the other lab: when that ends, nothing is left. held/ is what both labs share, kvm/holder.sh
# builds it, kvm/faults.sh breaks it, kvm/guest.sh starts guests.
set -euo pipefail
umask 077
export LC_ALL=C

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$lab/held/command.sh"

usage() {
	cat >&2 <<END
usage: kvm.sh start N DIR
       kvm.sh exec DIR COMMAND...           run a command where the hosts' names and management addresses can be reached
       kvm.sh host DIR HOST COMMAND...      run a command on a host, without SSH
       kvm.sh guest DIR HOST NAME [WORD...] start a guest there; without HOST: list the words
       kvm.sh fault DIR NAME [ARGUMENT...]  break something; without NAME: list the faults
       kvm.sh heal DIR NAME [ARGUMENT...]   repair it; without arguments: all faults of that name
       kvm.sh stop DIR

N hosts kvm01 ..., the first half on leaf switch 1, the others on leaf switch 2, a trunk between the switches.
  mgmt  10.79.0.1 ...  management: SSH, libvirt's TCP 16509; MTU 1500
  migr  10.77.0.1 ...  migration; MTU 9000
  /var/lib/libvirt/images on each host its own, /var/lib/libvirt/shared one file system of all hosts (FUSE, as GlusterFS)
DIR gets: inventory.yaml (for migready, within kvm.sh exec), id (the key to log in as root), known_hosts, ssh_config, hosts.tsv (name,
address, switch).
END
	exit 64
}

build_parts() {
	as --32 -o "$1/bin/dirty.o" "$lab/kvm/dirty.S"
	ld -m elf_i386 -Ttext 0x7c00 --oformat binary -e start -o "$1/bin/dirty" "$1/bin/dirty.o"
	rm "$1/bin/dirty.o"
	cc -std=c17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -shared -fPIC -o "$1/bin/no_gfni.so" "$lab/kvm/no_gfni.c"
}

start() {
	local count=${1-}
	dir=${2-}
	[[ $count =~ ^[0-9]+$ ]] && [ "$count" -ge 2 ] && [ "$count" -le 100 ] && [ -n "$dir" ] && [ $# -eq 2 ] || usage
	new_lab "$dir"
	mkdir "$dir/bin"
	build_parts "$dir"
	settings=()
	hold "$dir" "$lab/kvm/holder.sh" "$count" "$dir"
}

# Huge pages are the machine's, and other labs may use some: faults.sh notes how many it added.
stop() {
	[ -d "$1" ] || return 0
	end "$1"
	[ ! -e "$1/hugepages" ] || echo $(($(cat /proc/sys/vm/nr_hugepages) - $(cat "$1/hugepages"))) >/proc/sys/vm/nr_hugepages
	forget "$1" inventory.yaml shared etc_hosts hugepages
}

case ${1-} in
guest)
	[ $# -ge 2 ] || usage
	dir=$(cd "$2" 2>/dev/null && pwd -P) || dir=$2
	within "$dir" "" bash "$lab/kvm/guest.sh" "$dir" "${@:3}"
	;;
*) obey "$lab/kvm/faults.sh" "$@" ;;
esac
