# SPDX-License-Identifier: Apache-2.0
# guest.sh DIR [HOST NAME [WORD...]] - starts a guest on a host of the lab and waits until it runs. Runs within the lab.
#
# A guest is emulated and small, boots dirty.S from a read-only disk on the file system that all hosts share, and has no more devices
# than its words give it. A word is a function word_NAME, which adds to the XML; the comment above each is its help.
set -euo pipefail

dir=$1

die() {
	echo "kvm.sh: guest: $*" >&2
	exit 1
}

type=qemu machine=pc memory=64 loader= cpu= backing= devices=
dirty_mib=2 rate=8 busy= popcnt=0 boots=1 base= transient=

# type=qemu|kvm: emulated, unless said otherwise
word_type() { type=$1; }

# machine=TYPE: pc unless said otherwise
word_machine() { machine=$1; }

# memory=MIB: 64 unless said otherwise
word_memory() { memory=$1; }

# dirty=MIB[@RATE]: writes to that much memory, over and over, at so many MiB/s, or as fast as it goes; 2@8 unless said otherwise
word_dirty() {
	dirty_mib=${1%@*}
	rate=0
	[[ $1 != *@* ]] || rate=${1#*@}
}

# busy: between the writes it waits without idling, so that slowing the processor down slows the writes down
word_busy() { busy=1; }

# cpu=MODE|MODEL[,[-]FEATURE...]: host-model, host-passthrough, maximum, or a model; and features that it has beyond, or hasn't
word_cpu() {
	local words feature policy
	IFS=, read -ra words <<<"$1"
	case ${words[0]} in
	host-* | maximum) cpu="<cpu mode='${words[0]}'>" ;;
	*) cpu="<cpu mode='custom' match='exact'><model fallback='forbid'>${words[0]}</model>" ;;
	esac
	for feature in "${words[@]:1}"; do
		policy=require
		[[ $feature != -* ]] || policy=disable
		cpu+="<feature policy='$policy' name='${feature#-}'/>"
	done
	cpu+="</cpu>"
}

# popcnt: ends at once on a processor without that instruction
word_popcnt() { popcnt=1; }

# firmware=FILE: UEFI from /usr/share/OVMF; nothing boots
word_firmware() {
	loader="<loader readonly='yes' type='pflash'>/usr/share/OVMF/$1</loader>
	<nvram template='/usr/share/OVMF/${1/CODE/VARS}'>/var/lib/libvirt/images/$name.fd</nvram>"
	boots=
}

# hugepages: memory of huge pages of 2 MiB
word_hugepages() { backing="<memoryBacking><hugepages/></memoryBacking>"; }

# base=PLACE/FILE.qcow2: what the disk after it has under it
word_base() {
	base=/var/lib/libvirt/$1
	in_host qemu-img create -q -f qcow2 "$base" 8M
}

# transient: changes to the disk after it are thrown away when the guest ends
word_transient() { transient="<transient/>"; }

# disk=PLACE/FILE.FORMAT[,CACHE]: a disk of 8 MiB below /var/lib/libvirt, in shared or images; cache none
word_disk() {
	local file=/var/lib/libvirt/${1%,*} cache=none format
	[[ $1 != *,* ]] || cache=${1#*,}
	format=${file##*.}
	in_host qemu-img create -q -f "$format" ${base:+-b "$base" -F qcow2} "$file" 8M
	devices+="<disk type='file' device='disk'><driver name='qemu' type='$format' cache='$cache'/><source file='$file'/>
		<target dev='vdb' bus='virtio'/><alias name='ua-data'/>$transient</disk>"
}

# cdrom=PLACE/FILE: an image of 1 MiB in a CD-ROM drive
word_cdrom() {
	local file=/var/lib/libvirt/$1
	in_host truncate -s 1M "$file"
	devices+="<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='$file'/>
		<target dev='sda' bus='sata'/><readonly/></disk>"
}

# network=NAME: an adapter on that network of libvirt's
word_network() { devices+="<interface type='network'><source network='$1'/><model type='virtio'/></interface>"; }

# bridge=NAME: an adapter on that bridge
word_bridge() { devices+="<interface type='bridge'><source bridge='$1'/><model type='virtio'/></interface>"; }

# vnc=ADDRESS: a display that listens there
word_vnc() { devices+="<graphics type='vnc' port='-1' autoport='yes'><listen type='address' address='$1'/></graphics>"; }

# shmem: memory shared with other guests of the host
word_shmem() { devices+="<shmem name='lab' role='peer'><model type='ivshmem-plain'/><size unit='M'>1</size></shmem>"; }

in_host() { "$dir/in_host" "$host" "$@"; }

# le32 NUMBER: as dirty.S reads it.
le32() {
	local hex
	hex=$(printf %08x "$1")
	printf "\\x${hex:6:2}\\x${hex:4:2}\\x${hex:2:2}\\x${hex:0:2}"
}

# The parameters are at byte 490 of dirty.S: from where on, how many pages, how many in 10 ms, how many ticks of the timer each, whether
# popcnt is used.
boot_disk() {
	local pages_a_tick=0 ticks_a_page=0
	[ "$rate" -eq 0 ] || if [ -n "$busy" ]; then ticks_a_page=$((3579545 / (256 * rate))); else pages_a_tick=$((256 * rate / 100)); fi
	{
		head -c 490 "$dir/bin/dirty"
		le32 $((16 << 20))
		le32 $((dirty_mib * 256))
		le32 $pages_a_tick
		le32 $ticks_a_page
		le32 $popcnt
		tail -c +511 "$dir/bin/dirty"
	} >"$1"
	truncate -s 1M "$1"
}

domain() {
	cat <<END
<domain type='$type'>
  <name>$name</name>
  <memory unit='MiB'>$memory</memory>
  $backing
  <vcpu>1</vcpu>
  $cpu
  <os><type arch='x86_64' machine='$machine'>hvm</type>$loader<boot dev='hd'/></os>
  <features><acpi/></features>
  <on_reboot>destroy</on_reboot>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'><driver name='qemu' type='raw' cache='none'/>
      <source file='/var/lib/libvirt/shared/$name.boot'/><target dev='vda' bus='virtio'/><readonly/></disk>
    $devices
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
  </devices>
</domain>
END
}

# The pass that it is in, as it has written it to its memory.
pass() {
	printf '%d' "$(in_host virsh -q qemu-monitor-command "$name" --hmp 'xp /1wx 0x1000000' | sed -n 's/^[0-9a-f]*: \(0x[0-9a-f]*\).*/\1/p')"
}

wait_until_it_runs() {
	local i
	for ((i = 0; i < 400; i++)); do
		[ "$(pass)" -gt 0 ] && [ "$(pass)" -lt 1000000000 ] && return
		sleep 0.02
	done
	die "$name does not run"
}

if [ $# -lt 3 ]; then
	sed -n 's/^# \([a-z]*\(=[^ :]*\)\{0,1\}: .*\)$/\1/p' "$0"
	exit 0
fi
host=$2
name=$3
for word in "${@:4}"; do
	declare -F "word_${word%%=*}" >/dev/null || die "no such word: ${word%%=*}"
	"word_${word%%=*}" "${word#*=}"
done
boot_disk "$dir/shared/$name.boot"
domain | in_host virsh -q "define /dev/stdin; start $name"
[ -z "$boots" ] || wait_until_it_runs
