# SPDX-License-Identifier: Apache-2.0
# holder.sh N DIR - the first process of a lab of KVM hosts: builds it within the namespaces that kvm.sh made, then waits to be ended.
set -euo pipefail

count=$1
dir=$2
here=$(cd "$(dirname "$0")" && pwd)

. "$here/../held/holder.sh"

host_name() {
	printf 'kvm%02d' "$1"
}

host_names() {
	local n
	for ((n = 1; n <= count; n++)); do
		printf '%s ' "$(host_name "$n")"
	done
}

# The switch that host $1 is plugged into, 1 or 2.
leaf() {
	echo $((1 + ($1 > (count + 1) / 2)))
}

addresses() {
	printf '%s\n' "link set lo up" "addr add 10.79.0.$1/24 dev mgmt" "addr add 10.77.0.$1/24 dev migr" "link set mgmt up" "link set migr up" \
		"link add labbr up type bridge"
}

# Large segments would cross a switch port of any MTU, as the kernel cuts them up only where they leave the machine; real ports see
# what was cut before.
small_segments() {
	local device
	for device in "${@:2}"; do
		ip netns exec "$1" ethtool -K "$device" tso off gso off gro off >/dev/null
	done
}

network() {
	local n h
	network_of tester $(host_names)
	switch mgmt leaf1 leaf2
	trunk leaf1 leaf2 trunk
	plug tester eth0 mgmt tester 1500
	for ((n = 1; n <= count; n++)); do
		h=$(host_name "$n")
		plug "$h" mgmt mgmt "${h}m" 1500
		plug "$h" migr "leaf$(leaf "$n")" "${h}v" 9000
	done
	make_network
	small_segments net trunk1 trunk2
	for ((n = 1; n <= count; n++)); do
		h=$(host_name "$n")
		addresses "$n" | ip -n "$h" -batch -
		small_segments "$h" migr
		ip netns exec "$h" sysctl -qw net.ipv4.tcp_syn_retries=2 # who is not answered knows soon, not after two minutes
		small_segments net "${h}v"
	done
	printf '%s\n' "link set lo up" "link set eth0 up" "addr add 10.79.0.254/24 dev eth0" | ip -n tester -batch -
}

# Who is called what, for the hosts and for who asks them.
names() {
	local n
	echo "127.0.0.1 localhost" >"$dir/etc_hosts"
	for ((n = 1; n <= count; n++)); do
		echo "10.79.0.$n $(host_name "$n")" >>"$dir/etc_hosts"
	done
	chmod 644 "$dir/etc_hosts"
	mount --bind "$dir/etc_hosts" /etc/hosts
}

# The settings of libvirtd on host $1: TCP without a login, as only this lab reaches it; QEMU as root, without cgroups and namespaces of
# its own, as it has the host's already.
libvirt_settings() {
	local n=$1 settings=$dir/hosts/$(host_name "$1")/libvirt
	mkdir "$settings"
	cat >"$settings/libvirtd.conf" <<END
host_uuid = "$(cat /proc/sys/kernel/random/uuid)"
listen_tls = 0
listen_tcp = 1
listen_addr = "10.79.0.$n"
auth_tcp = "none"
auth_unix_ro = "none"
auth_unix_rw = "none"
END
	cat >"$settings/qemu.conf" <<END
user = "root"
group = "root"
security_driver = "none"
stdio_handler = "file"
namespaces = []
cgroup_controllers = []
migration_host = "10.77.0.$n"
END
	cat >"$settings/lab.xml" <<END
<network><name>lab</name><uuid>$(cat /proc/sys/kernel/random/uuid)</uuid><forward mode='bridge'/><bridge name='labbr'/></network>
END
	cat >"$settings/images.xml" <<END
<pool type='dir'><name>images</name><uuid>$(cat /proc/sys/kernel/random/uuid)</uuid>
<target><path>/var/lib/libvirt/images</path></target></pool>
END
	started_with_libvirtd "$settings/qemu/networks" "$settings/lab.xml"
	started_with_libvirtd "$settings/storage" "$settings/images.xml"
}

# started_with_libvirtd FOLDER FILE
started_with_libvirtd() {
	mkdir -p "$1/autostart"
	cp "$2" "$1/"
	ln -s "../${2##*/}" "$1/autostart/"
}

# accounts FILES: the machine's, and QEMU's, which Debian's libvirt looks up even where it runs QEMU as root. Nobody has a password.
accounts() {
	grep -v '^libvirt-qemu:' /etc/passwd >"$1/passwd"
	echo "libvirt-qemu:x:64055:64055:Libvirt Qemu:/var/lib/libvirt:/usr/sbin/nologin" >>"$1/passwd"
	grep -v '^libvirt-qemu:' /etc/group >"$1/group"
	echo "libvirt-qemu:x:64055:" >>"$1/group"
	grep -q '^kvm:' /etc/group || echo "kvm:x:64056:" >>"$1/group"
	echo "root:*:19000:0:99999:7:::" >"$1/shadow"
	chmod 644 "$1"/{passwd,group}
}

host_files() {
	local n=$1 h files
	h=$(host_name "$n")
	files=$dir/hosts/$h
	mkdir -p "$files"/{home,images}
	make_host_key "$h" "10.79.0.$n" "$(leaf "$n")" "$h"
	libvirt_settings "$n"
	cp "$dir/etc_hosts" "$files/etc_hosts"
	tr -d - </proc/sys/kernel/random/uuid >"$files/machine-id"
	chmod 644 "$files/machine-id"
	accounts "$files"
	cat >"$files/sshd_config" <<END
ListenAddress 10.79.0.$n
HostKey $files/host_key
AuthorizedKeysFile $files/authorized_keys
StrictModes no
PermitRootLogin yes
UsePAM no
PasswordAuthentication no
MaxStartups 10:30:100
MaxSessions 10
PrintMotd no
UseDNS no
PidFile none
END
}

hosts() {
	local n
	for ((n = 1; n <= count; n++)); do
		host_files "$n"
	done
	for ((n = 1; n <= count; n++)); do
		boot_host "$(host_name "$n")" "$here/host.sh"
	done
	for ((n = 1; n <= count; n++)); do
		wait_for_sshd "$(host_name "$n")"
	done
}

# The inventory is migready's, of all hosts.
inventory() {
	local all
	all=$(host_names)
	all=${all% }
	cat >"$dir/inventory.yaml" <<END
targets:
  - name: lab
    kvm: [${all// /, }]
    ssh: {credential: lab, known_hosts: $dir/known_hosts}
    migration_network: 10.77.0.0/24
credentials:
  lab: {user: root, key: $dir/id}
END
}

announce
hostname kvm-lab
make_root
names
network
make_login ed25519
make_in_host
mkdir "$dir/shared"
hosts
inventory
hold_on
