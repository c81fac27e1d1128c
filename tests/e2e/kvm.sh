# SPDX-License-Identifier: Apache-2.0
# kvm.sh - what the tests with KVM hosts share; sourced after lib.sh. A lab of N hosts, each with a genuine libvirtd, QEMU and sshd.

PATH=$PATH:/usr/sbin:/sbin
need sshd ssh-keygen ping nft tc ip nsenter unshare as ld ethtool bindfs libvirtd virsh qemu-img qemu-system-x86_64
if ! unshare --mount --net --pid --fork true 2>/dev/null; then
	echo "skipped: no right to make network namespaces; run this as root"
	exit 77
fi
if ! [ -c /dev/fuse ]; then
	echo "skipped: no /dev/fuse, so there can be no storage that hosts share"
	exit 77
fi
kvm=$lab/kvm.sh
hosts=$work/hosts
trap 'lab_stop; "$kvm" stop "$hosts"; rm -rf "$work"' EXIT

# on HOST COMMAND...: runs it there.
on() { "$kvm" host "$hosts" "$@"; }

# migrate GUEST OPTION...: really, from kvm01 to kvm02; sets status. Output is in $work/stdout and $work/stderr.
migrate() {
	status=0
	on kvm01 timeout 60 virsh -q migrate --live "${@:2}" "$1" qemu+tcp://kvm02/system >"$work/stdout" 2>"$work/stderr" </dev/null || status=$?
}

# state HOST GUEST: as virsh says it.
state() { on "$1" virsh -q domstate "$2" --reason 2>&1 || true; }
