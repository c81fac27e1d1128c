# SPDX-License-Identifier: Apache-2.0
# host.sh NAME DIR - the first process of a host, within its own namespaces: mounts the host's own files, then becomes its sshd.
# The host's folder is /run/esx there; the stand-ins come first on everybody's PATH, as they are in /usr/local/bin.
set -eu

name=$1
dir=$2
files=$dir/hosts/$name

read -r pid _ </proc/self/stat
hostname "$name"
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/sshd /run/esx
mount --bind "$files" /run/esx
mount --bind "$dir/bin" /usr/local/bin
mount --bind "$dir/hosts/vmfs" /vmfs
mount --bind "$files/passwd" /etc/passwd
mount --bind "$files/shadow" /etc/shadow
[ ! -e /etc/pam.d/sshd ] || mount --bind "$files/pam" /etc/pam.d/sshd
mount --bind "$files/home" /root
mount -t proc proc /proc

# Nobody answers: known after 0.6 s, not 3, so that it is known while a ping still waits.
for device in vmk0 vmk1 vmk2; do
	for family in ipv4 ipv6; do
		[ ! -e "/proc/sys/net/$family/neigh/$device" ] || echo 200 >"/proc/sys/net/$family/neigh/$device/retrans_time_ms"
	done
done

# vMotion's port and NFC's.
listen 8000 902 &
cd /
echo "$pid" >/run/esx/pid
exec /usr/sbin/sshd -D -f /run/esx/sshd_config -E /run/esx/sshd.log
