# SPDX-License-Identifier: Apache-2.0
# holder.sh - what the holders of labs share; sourced by a lab's first process, within the namespaces that were made for it. What that
# starts ends with it; what it mounts and links is known to no one else.
#
# The sourcing script sets dir, the lab's folder. Networks are written down first, into $dir/links and $dir/switches, and then made in
# one go, as a process for each link takes long.

# The number by which the rest of the machine knows this process: /proc is still the machine's.
announce() {
	local pid
	read -r pid _ </proc/self/stat
	readlink /proc/self/ns/mnt >"$dir/holder.ns"
	echo "$pid" >"$dir/holder.pid"
}

# make_root [FOLDER...]: a root folder of our own with the machine's files in it, so that there can be these folders and a private /run.
make_root() {
	local entry
	mount -t tmpfs -o mode=755 lab /run
	for entry in /*; do
		if [ -L "$entry" ]; then
			cp -P "$entry" "/run$entry"
		elif [ -d "$entry" ] && [ "$entry" != /run ]; then
			mkdir "/run$entry"
			mount --rbind "$entry" "/run$entry"
		fi
	done
	for entry; do
		mkdir -p "/run$entry"
	done
	mkdir -p /run/run/netns /run/old
	cd /run
	pivot_root . old
	cd /
	umount -l /old
	rmdir /old
}

# network_of NAMESPACE...: begins a network of these namespaces; switches are in the namespace "net".
network_of() {
	printf 'netns add %s\n' net "$@" >"$dir/links"
	: >"$dir/switches"
}

# switch NAME...
switch() {
	local s
	for s; do
		echo "link add $s type bridge mcast_snooping 0"
		echo "link set $s up"
	done >>"$dir/switches"
}

# plug NAMESPACE DEVICE SWITCH PORT MTU: a cable between a host and a switch.
plug() {
	echo "link add $2 mtu $5 netns $1 type veth peer name $4 mtu $5 netns net" >>"$dir/links"
	echo "link set $4 master $3 up" >>"$dir/switches"
}

# trunk A B NAME: a cable between two switches; its ends are NAME1 and NAME2.
trunk() {
	echo "link add $31 mtu 9000 type veth peer name $32 mtu 9000" >>"$dir/switches"
	printf 'link set %s master %s up\n' "${3}1" "$1" "${3}2" "$2" >>"$dir/switches"
}

make_network() {
	ip -batch "$dir/links"
	ip netns exec net sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6'
	ip -n net -batch "$dir/switches"
	rm "$dir/links" "$dir/switches"
}

# make_login TYPE: a key of that type to log in with, and ssh's settings to use it.
make_login() {
	ssh-keygen -q -t "$1" -N '' -C lab -f "$dir/id"
	cat >"$dir/ssh_config" <<END
Host *
	User root
	IdentityFile "$dir/id"
	IdentitiesOnly yes
	UserKnownHostsFile "$dir/known_hosts"
	GlobalKnownHostsFile none
	StrictHostKeyChecking yes
	BatchMode yes
	ConnectTimeout 10
END
}

# make_host_key HOST ADDRESS SWITCH [NAME...]: a key for its sshd, known by address and names, and who may log in.
make_host_key() {
	local files=$dir/hosts/$1 type key known
	ssh-keygen -q -t ecdsa -N '' -C "$1" -f "$files/host_key"
	read -r type key _ <"$files/host_key.pub"
	for known in "$2" "${@:4}"; do
		echo "$known $type $key" >>"$dir/known_hosts"
	done
	printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$dir/hosts.tsv"
	cp "$dir/id.pub" "$files/authorized_keys"
}

# in_host HOST COMMAND..., a program in DIR.
make_in_host() {
	cat >"$dir/in_host" <<END
#!/bin/sh
# in_host HOST COMMAND...: runs the command on that host, named as in DIR/hosts.
host=\$1
shift
pid=\$(cat "$dir/hosts/\$host/pid") || exit 69
exec nsenter -t "\$pid" -m -u -n -p --wdns=/ -- env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/root LC_ALL=C "\$@"
END
	chmod 755 "$dir/in_host"
}

# boot_host HOST SCRIPT: starts the host's first process, SCRIPT HOST DIR, in namespaces of its own.
boot_host() {
	nsenter --net="/run/netns/$1" unshare --mount --uts --pid --fork --kill-child \
		sh "$2" "$1" "$dir" >"$dir/hosts/$1/log" 2>&1 &
}

# wait_for_sshd HOST
wait_for_sshd() {
	local i
	for ((i = 0; i < 400; i++)); do
		grep -qs '^Server listening' "$dir/hosts/$1/sshd.log" && return
		sleep 0.05
	done
	cat "$dir/hosts/$1/log" "$dir/hosts/$1/sshd.log" || true
	exit 1
}

# The lab is built; from here on it is there until somebody ends it.
hold_on() {
	touch "$dir/ready"
	while :; do sleep 3600; done
}
