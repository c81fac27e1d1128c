# SPDX-License-Identifier: Apache-2.0
# host.sh NAME DIR - the first process of a KVM host, within its own namespaces: mounts what is the host's own, starts libvirtd, then
# becomes its sshd, which also buries the QEMUs that nobody waits for.
set -eu

name=$1
dir=$2
files=$dir/hosts/$name

read -r pid _ </proc/self/stat
hostname "$name"
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/sshd /run/libvirt /run/hugepages /run/kept

# Network interfaces are those of this host there; control groups are the machine's.
mount --rbind /sys/fs/cgroup /run/kept
mount -t sysfs sysfs /sys
mount --rbind /run/kept /sys/fs/cgroup
umount -l /run/kept

# Of the machine's /var the list of packages remains.
mount --bind /var/lib/dpkg /run/kept
mount -t tmpfs -o mode=755 tmpfs /var
mkdir -p /var/tmp /var/cache /var/log/libvirt /var/lib/dpkg /var/lib/libvirt/images /var/lib/libvirt/shared
ln -s /run /var/run
mount --move /run/kept /var/lib/dpkg
rmdir /run/kept

mount --bind "$files/libvirt" /etc/libvirt
mount --bind "$files/etc_hosts" /etc/hosts
[ ! -e /etc/machine-id ] || mount --bind "$files/machine-id" /etc/machine-id
for list in passwd group shadow; do
	mount --bind "$files/$list" "/etc/$list"
done
mount --bind "$files/home" /root
mount --bind "$files/images" /var/lib/libvirt/images
mount -t hugetlbfs hugetlbfs /run/hugepages
mount -t proc proc /proc
bindfs -o subtype=glusterfs,fsname=gluster:/vms "$dir/shared" /var/lib/libvirt/shared

cd /
libvirtd --daemon --listen
echo "$pid" >"$files/pid"
exec /usr/sbin/sshd -D -f "$files/sshd_config" -E "$files/sshd.log"
