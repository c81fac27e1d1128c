#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The lab of KVM hosts itself: they differ where hosts differ, share what hosts share, a guest really migrates, one really fails to, and
# when the lab ends nothing of it is left.
. "$(dirname "$0")/lib.sh"
. "$e2e/kvm.sh"

"$kvm" start 2 "$hosts"
namespace=$(cat "$hosts/holder.ns")

for what in hostname "virsh capabilities" "cat /etc/libvirt/libvirtd.conf" "ip -4 -o address" "stat -c %i /var/lib/libvirt/images"; do
	on kvm01 $what >"$work/1"
	on kvm02 $what >"$work/2"
	! cmp -s "$work/1" "$work/2" || fail "the hosts are the same: $what"
done
on kvm01 touch /var/lib/libvirt/shared/one
on kvm02 test -e /var/lib/libvirt/shared/one || fail "the hosts share no storage"
on kvm01 ping -q -c 2 -M "do" -s 8972 10.77.0.2 >/dev/null || fail "a full-size packet doesn't cross the migration network"
"$kvm" exec "$hosts" ssh -F "$hosts/ssh_config" kvm02 virsh -c qemu:///system uri >"$work/1" || fail "no libvirt over SSH"
[ "$(cat "$work/1")" = qemu:///system ] || fail "libvirt over SSH says $(cat "$work/1")"

# ---- a healthy migration: the same guest goes on ----

"$kvm" guest "$hosts" kvm01 healthy disk=shared/data.qcow2 dirty=4@40
migrate healthy
[ "$status" -eq 0 ] || fail "a healthy migration failed"
[ "$(state kvm01 healthy)" = "shut off (migrated)" ] || fail "at the source: $(state kvm01 healthy)"
[ "$(state kvm02 healthy)" = "running (migrated)" ] || fail "at the destination: $(state kvm02 healthy)"

# ---- a firewall rejects the migration's ports: it fails, and the guest stays what it was ----

"$kvm" guest "$hosts" kvm01 rejected
"$kvm" fault "$hosts" port-closed kvm02 49152-49215 reject
migrate rejected
[ "$status" -ne 0 ] || fail "migrated through a closed port"
says "unable to connect to server at '10.77.0.2:49152': Connection refused"
[ "$(state kvm01 rejected)" = "running (booted)" ] || fail "at the source: $(state kvm01 rejected)"
"$kvm" heal "$hosts" port-closed
migrate rejected
[ "$status" -eq 0 ] || fail "the repaired port"

# ---- nothing is left ----

"$kvm" stop "$hosts"
[ ! -e "$hosts" ] || fail "left: $(ls "$hosts")"
[ -z "$(find /proc/[0-9]*/ns/mnt -lname "$namespace" 2>/dev/null)" ] || fail "processes are left"
