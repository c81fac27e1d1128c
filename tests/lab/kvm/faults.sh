# SPDX-License-Identifier: Apache-2.0
# faults.sh fault|heal DIR NAME [ARGUMENT...] - breaks something in a running lab of KVM hosts, or repairs it. Runs within the lab;
# held/fault.sh tells how a fault is written.
set -euo pipefail

lab_command=kvm.sh
migration_device=migr
. "$(dirname "$0")/../held/fault.sh"
. "$held/network_faults.sh"

# host NAME: sets h to kvm03, given that or 3.
host() {
	h=${1-}
	[[ $h =~ ^[0-9]+$ ]] && h=$(printf 'kvm%02d' "$((10#$h))")
	[ -n "$h" ] && [ -d "$dir/hosts/$h" ] || die "no such host: ${1-}"
	files=$dir/hosts/$h
}

# port DEVICE: the switch's end of the cable to that adapter of the host.
port() {
	case $1 in
	mgmt) echo "${h}m" ;;
	migr) echo "${h}v" ;;
	*) die "no such adapter: $1" ;;
	esac
}

in_host() { "$dir/in_host" "$@"; }

virsh() { in_host "$h" virsh -q "$@"; }

# cover FILE [MODE]: the host has what standard input says instead of that file of the machine's.
cover() {
	local by=$files/covers/${1//\//_}
	mkdir -p "$files/covers"
	cat >"$by"
	chmod "${2:-644}" "$by"
	in_host "$h" mount --bind "$by" "$1"
}

uncover() {
	in_host "$h" umount -l "$1"
	rm "$files/covers/${1//\//_}"
}

stop_libvirtd() {
	local i
	in_host "$h" sh -c 'kill "$(cat /run/libvirtd.pid)"'
	for ((i = 0; i < 500; i++)); do
		in_host "$h" pgrep -x libvirtd >/dev/null || return 0
		sleep 0.02
	done
	die "libvirtd of $h does not end"
}

start_libvirtd() { in_host "$h" libvirtd --daemon --listen; }

libvirtd_again() {
	stop_libvirtd
	start_libvirtd
}

# setting FILE NAME VALUE: of libvirtd.conf or qemu.conf; without VALUE: none. It is read when libvirtd starts.
setting() {
	sed -i "/^$2 = /d" "$files/libvirt/$1"
	[ $# -lt 3 ] || echo "$2 = \"$3\"" >>"$files/libvirt/$1"
}

# libvirtd-down HOST: libvirtd does not run
fault_libvirtd_down() {
	host "$1"
	stop_libvirtd
}
heal_libvirtd_down() {
	host "$1"
	start_libvirtd
}

# tcp-mtu-probing HOST: its kernel looks for a size that gets through, when large segments are lost
fault_tcp_mtu_probing() { probing "$1" 1; }
heal_tcp_mtu_probing() { probing "$1" 0; }
probing() {
	host "$1"
	in_host "$h" sysctl -qw "net.ipv4.tcp_mtu_probing=$2"
}

# host-uuid HOST OTHER: libvirtd takes the host for that one, as with a cloned board
fault_host_uuid() {
	local uuid
	host "$2"
	uuid=$(sed -n 's/^host_uuid = "\(.*\)"/\1/p' "$files/libvirt/libvirtd.conf")
	host "$1"
	setting libvirtd.conf host_uuid "$uuid"
	libvirtd_again
}
heal_host_uuid() {
	host "$1"
	setting libvirtd.conf host_uuid "$(cat /proc/sys/kernel/random/uuid)"
	libvirtd_again
}

# no-migration-host HOST: libvirt isn't told which address migrations come to; then it is what the host is called
fault_no_migration_host() {
	host "$1"
	setting qemu.conf migration_host
	libvirtd_again
}
heal_no_migration_host() {
	host "$1"
	setting qemu.conf migration_host "10.77.0.$((10#${h#kvm}))"
	libvirtd_again
}

# nameless HOST: the host is called localhost, as a machine that nobody gave a name
fault_nameless() { rename "$1" localhost.localdomain; }
heal_nameless() {
	host "$1"
	rename "$1" "$h"
}
rename() {
	host "$1"
	in_host "$h" hostname "$2"
	libvirtd_again
}

# unknown-name HOST OTHER: HOST knows no address of OTHER
fault_unknown_name() {
	host "$1"
	sed "/[[:space:]]${2:?}\$/d" "$dir/etc_hosts" >"$files/etc_hosts"
}
heal_unknown_name() {
	host "$1"
	cat "$dir/etc_hosts" >"$files/etc_hosts"
}

# link-rate HOST RATE: its migration link carries no more than that in either direction, such as 200mbit
fault_link_rate() {
	host "$1"
	tc -n net qdisc add dev "$(port migr)" root tbf rate "${2:?}" burst 64k latency 50ms
	tc -n "$h" qdisc add dev migr root tbf rate "$2" burst 64k latency 50ms
}
heal_link_rate() {
	host "$1"
	tc -n net qdisc del dev "$(port migr)" root
	tc -n "$h" qdisc del dev migr root
}

# qemu-lacks HOST MACHINE|FEATURE...: QEMU there doesn't have these machine types, or can't emulate these processor features
fault_qemu_lacks() {
	host "$1"
	python3 "$(dirname "$0")/lesser_qemu.py" /usr/bin/qemu-system-x86_64 "$files/lesser_qemu" "${@:2}"
	cover /usr/bin/qemu-system-x86_64 755 <"$files/lesser_qemu"
	rm "$files/lesser_qemu"
}
heal_qemu_lacks() {
	host "$1"
	uncover /usr/bin/qemu-system-x86_64
}

# qemu-older HOST: QEMU there is 7.1.0: it doesn't have the machine types of 7.2, and libvirt says so; the rest of it is as it was
fault_qemu_older() {
	fault_qemu_lacks "$1" pc-i440fx-7.2 pc-q35-7.2
	virsh domcapabilities >/dev/null
	stop_libvirtd
	in_host "$h" sed -i 's,<version>[0-9]*</version>,<version>7001000</version>,' -- $(capabilities)
	start_libvirtd
}
heal_qemu_older() { heal_qemu_lacks "$1"; }

# What libvirt keeps of what QEMU said of itself.
capabilities() { in_host "$h" find /var/cache/libvirt/qemu/capabilities -name '*.xml'; }

# kvm-lacks-gfni HOST: the processor doesn't have GFNI, and KVM can't give it to guests
fault_kvm_lacks_gfni() {
	host "$1"
	[ -c /dev/kvm ] || die "there is no /dev/kvm"
	mkdir -p "$files/qemu/bin"
	ln -sfn /usr/share "$files/qemu/share"
	ln -sfn /usr/lib "$files/qemu/lib"
	cp /usr/bin/qemu-system-x86_64 "$files/qemu/bin/"
	sed 's/ gfni\( \|$\)/\1/' /proc/cpuinfo | cover /proc/cpuinfo
	cover /usr/bin/qemu-system-x86_64 755 <<END
#!/bin/sh
LD_PRELOAD=$dir/bin/no_gfni.so exec $files/qemu/bin/qemu-system-x86_64 "\$@"
END
}
heal_kvm_lacks_gfni() {
	host "$1"
	uncover /proc/cpuinfo
	uncover /usr/bin/qemu-system-x86_64
}

# firmware HOST FILE OTHER: OTHER is in the place of FILE, both of /usr/share/OVMF
fault_firmware() {
	host "$1"
	cover "/usr/share/OVMF/$2" <"/usr/share/OVMF/$3"
}
heal_firmware() {
	host "$1"
	uncover "/usr/share/OVMF/$2"
}

# bridge-missing HOST: there is no bridge labbr
fault_bridge_missing() {
	host "$1"
	ip -n "$h" link del labbr
}
heal_bridge_missing() {
	host "$1"
	ip -n "$h" link add labbr up type bridge
}

# network-inactive HOST: libvirt's network "lab" is not started
fault_network_inactive() {
	host "$1"
	virsh net-destroy lab
}
heal_network_inactive() {
	host "$1"
	virsh net-start lab
}

# network-missing HOST: libvirt has no network "lab"
fault_network_missing() {
	fault_network_inactive "$1"
	virsh net-undefine lab
}
heal_network_missing() {
	host "$1"
	virsh net-define /etc/libvirt/lab.xml
	virsh net-start lab
}

# pool-missing HOST: libvirt has no storage pool "images"
fault_pool_missing() {
	host "$1"
	virsh pool-destroy images
	virsh pool-undefine images
}
heal_pool_missing() {
	host "$1"
	virsh pool-define /etc/libvirt/images.xml
	virsh pool-start images
}

# images-full HOST MIB: there is no more room than that for images
fault_images_full() {
	host "$1"
	in_host "$h" mount -t tmpfs -o "size=${2:?}M" tmpfs /var/lib/libvirt/images
}
heal_images_full() {
	host "$1"
	in_host "$h" umount -l /var/lib/libvirt/images
}

# file-missing HOST FILE: a file below /var/lib/libvirt/images is not there
fault_file_missing() {
	host "$1"
	mv "$files/images/${2:?}" "$files/moved-$2"
}
heal_file_missing() {
	host "$1"
	mv "$files/moved-$2" "$files/images/$2"
}

# storage-unmounted HOST: the file system that the hosts share is not mounted
fault_storage_unmounted() {
	host "$1"
	in_host "$h" umount /var/lib/libvirt/shared
}
heal_storage_unmounted() {
	host "$1"
	mount_shared "$dir/shared"
}
mount_shared() { in_host "$h" bindfs -o subtype=glusterfs "$1" /var/lib/libvirt/shared; }

# storage-readonly HOST: it is mounted read-only
fault_storage_readonly() {
	host "$1"
	in_host "$h" mount -o remount,bind,ro /var/lib/libvirt/shared
}
heal_storage_readonly() {
	host "$1"
	in_host "$h" mount -o remount,bind,rw /var/lib/libvirt/shared
}

# storage-stale HOST: another export is mounted in its place, with a copy of all files as they are now
fault_storage_stale() {
	fault_storage_unmounted "$1"
	cp -a --sparse=always "$dir/shared" "$files/stale"
	mount_shared "$files/stale"
}
heal_storage_stale() {
	fault_storage_unmounted "$1"
	rm -r "$files/stale"
	mount_shared "$dir/shared"
}

# name-taken HOST NAME: another domain of that name is defined there
fault_name_taken() {
	host "$1"
	virsh define /dev/stdin <<END
<domain type='qemu'><name>${2:?}</name><memory>65536</memory><os><type>hvm</type></os></domain>
END
}
heal_name_taken() {
	host "$1"
	virsh undefine "$2"
}

# same-uuid HOST NAME: the guest NAME of kvm01 runs there, too
fault_same_uuid() {
	host "$1"
	in_host kvm01 virsh dumpxml "${2:?}" | virsh create /dev/stdin
}
heal_same_uuid() {
	host "$1"
	virsh destroy "$2"
}

# snapshot HOST NAME: the guest has a snapshot
fault_snapshot() {
	host "$1"
	virsh snapshot-create-as "$2" before-update
}
heal_snapshot() {
	host "$1"
	virsh snapshot-delete "$2" before-update
}

# block-job HOST NAME: the guest's disk is being copied, and the copy isn't finished
fault_block_job() {
	host "$1"
	virsh blockcopy "${2:?}" vdb "/var/lib/libvirt/images/$2.copy" --transient-job --wait
}
heal_block_job() {
	host "$1"
	virsh blockjob "$2" vdb --abort
}

# speed HOST NAME MIB: migrations of the guest may take so many MiB/s
fault_speed() {
	host "$1"
	virsh migrate-setspeed "${2:?}" "${3:?}"
}
heal_speed() { fault_speed "$1" "$2" 8796093022207; }

# hugepages N: so many huge pages of 2 MiB are free, of which all hosts have the same
fault_hugepages() {
	local added=$(($1 - $(hugepages Free)))
	echo $(($(hugepages Total) + added)) >/proc/sys/vm/nr_hugepages
	echo "$added" >"$dir/hugepages"
	[ "$(hugepages Free)" -eq "$1" ] || die "the machine can't free memory for $1 huge pages"
}
heal_hugepages() {
	echo $(($(hugepages Total) - $(cat "$dir/hugepages"))) >/proc/sys/vm/nr_hugepages
	rm "$dir/hugepages"
}
hugepages() { sed -n "s/^HugePages_$1: *//p" /proc/meminfo; }

# hugetlbfs-missing HOST: no hugetlbfs is mounted, since before libvirtd started
fault_hugetlbfs_missing() {
	host "$1"
	in_host "$h" umount -l /run/hugepages
	libvirtd_again
}
heal_hugetlbfs_missing() {
	host "$1"
	in_host "$h" mount -t hugetlbfs hugetlbfs /run/hugepages
	libvirtd_again
}

# memory-short HOST MIB: so much memory is available, and QEMU can't allocate more; as with strict overcommit
fault_memory_short() {
	host "$1"
	sed "s/^\(MemFree\|MemAvailable\):.*/\1: $(printf %15d $((${2:?} * 1024))) kB/" /proc/meminfo | cover /proc/meminfo
	stop_libvirtd
	in_host "$h" prlimit --as=$((($2 + 1024) << 20)) libvirtd --daemon --listen
}
heal_memory_short() {
	host "$1"
	uncover /proc/meminfo
	libvirtd_again
}

obey_fault "$@"
