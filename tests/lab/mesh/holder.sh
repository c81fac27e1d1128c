# SPDX-License-Identifier: Apache-2.0
# holder.sh N DIR - the first process of a lab: builds it within the namespaces that mesh.sh made, then waits to be ended.
# What it starts ends with it; what it mounts and links is known to no one else.
set -euo pipefail

count=$1
dir=$2
here=$(cd "$(dirname "$0")" && pwd)

# The number by which the rest of the machine knows this process: /proc is still the machine's.
read -r pid _ </proc/self/stat
readlink /proc/self/ns/mnt >"$dir/holder.ns"
echo "$pid" >"$dir/holder.pid"

# A root folder of our own with the machine's files in it, so that there can be a /vmfs and a private /run.
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
	mkdir -p /run/vmfs /run/run/netns /run/old
	cd /run
	pivot_root . old
	cd /
	umount -l /old
	rmdir /old
}

host_name() {
	printf 'esx%02d' "$1"
}

# The switch that host $1 is plugged into, 1 or 2.
leaf() {
	echo $((1 + ($1 > (count + 1) / 2)))
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

switches() {
	local s
	for s in mgmt leaf1 leaf2 wrong ${SECOND:+second1 second2}; do
		echo "link add $s type bridge mcast_snooping 0"
		echo "link set $s up"
	done >"$dir/switches"
	[ -n "$ROUTED" ] || trunk leaf1 leaf2 trunk
	[ -z "$SECOND" ] || trunk second1 second2 strunk
}

# The addresses are those of estate_mesh.py.
addresses() {
	local n=$1 last=$(($1 + 9)) network=1
	[ -z "$ROUTED" ] || [ "$(leaf "$n")" = 1 ] || network=3
	echo "link set lo up"
	echo "addr add 10.0.0.$last/24 dev vmk0"
	if [ -n "$IPV6" ]; then
		echo "addr add fd00:77::$last/64 dev vmk1 nodad"
	else
		echo "addr add 10.$network.0.$last/24 dev vmk1"
	fi
	[ -z "$SECOND" ] || echo "addr add 10.2.0.$last/24 dev vmk2"
	echo "link set vmk0 up"
	echo "link set vmk1 up"
	[ -z "$SECOND" ] || echo "link set vmk2 up"
	echo "route add default via 10.0.0.1"
	[ -z "$ROUTED" ] || echo "route add 10.$((4 - network)).0.0/24 via 10.$network.0.1"
}

network() {
	local n h
	printf 'netns add %s\n' net tester router >"$dir/links"
	switches
	plug tester eth0 mgmt tester 1500
	plug router eth0 mgmt router0 1500
	[ -z "$ROUTED" ] || plug router eth1 leaf1 router1 9000
	[ -z "$ROUTED" ] || plug router eth2 leaf2 router2 9000
	for ((n = 1; n <= count; n++)); do
		h=$(host_name "$n")
		sed -i "1i netns add $h" "$dir/links"
		plug "$h" vmk0 mgmt "${h}m" 1500
		plug "$h" vmk1 "leaf$(leaf "$n")" "${h}v" 9000
		[ -z "$SECOND" ] || plug "$h" vmk2 "second$(leaf "$n")" "${h}w" 9000
	done
	ip -batch "$dir/links"
	ip netns exec net sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6'
	ip -n net -batch "$dir/switches"
	for ((n = 1; n <= count; n++)); do
		h=$(host_name "$n")
		addresses "$n" >"$dir/hosts/$h/ip"
		ip -n "$h" -batch "$dir/hosts/$h/ip"
	done
	printf '%s\n' "link set lo up" "link set eth0 up" "addr add 10.0.0.2/24 dev eth0" | ip -n tester -batch -
	printf '%s\n' "link set lo up" "link set eth0 up" "addr add 10.0.0.1/24 dev eth0" | ip -n router -batch -
	[ -z "$ROUTED" ] || printf '%s\n' "link set eth1 up" "addr add 10.1.0.1/24 dev eth1" "link set eth2 up" \
		"addr add 10.3.0.1/24 dev eth2" | ip -n router -batch -
	[ -z "$ROUTED" ] || ip netns exec router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	rm "$dir/links" "$dir/switches"
}

# What logs in: a key, and root's password.
credentials() {
	ssh-keygen -q -t ecdsa -N '' -C lab -f "$dir/id"
	openssl rand -hex 12 | tr -d '\n' >"$dir/password"
	hash=$(openssl passwd -6 -stdin <"$dir/password")
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

# The files of one host. The settings of its sshd are those of ESXi 8.0.2, as its sshd -T tells them: algorithms, MaxStartups,
# no plain password; the limits are OpenSSH's own where that says nothing.
host_files() {
	local n=$1 h files stack=defaultTcpipStack
	h=$(host_name "$n")
	files=$dir/hosts/$h
	[ -z "$STACK" ] || stack=vmotion
	mkdir "$files/home"
	ln -s "$h" "$dir/hosts/10.0.0.$((n + 9))"
	ln -s "$h" "$dir/hosts/host-$((n + 9))"
	ssh-keygen -q -t ecdsa -N '' -C "$h" -f "$files/host_key"
	read -r type key _ <"$files/host_key.pub"
	echo "10.0.0.$((n + 9)) $type $key" >>"$dir/known_hosts"
	printf '%s\t10.0.0.%s\t%s\n' "$h" "$((n + 9))" "$(leaf "$n")" >>"$dir/hosts.tsv"
	cp "$dir/id.pub" "$files/authorized_keys"
	printf 'vmk0\tdefaultTcpipStack\nvmk1\t%s\n%s' "$stack" "${SECOND:+vmk2	$stack
}" >"$files/adapters"
	echo "root:x:0:0:Administrator:/root:/bin/sh" >"$files/passwd"
	grep '^sshd:' /etc/passwd >>"$files/passwd" || echo "sshd:x:74:65534::/run/sshd:/usr/sbin/nologin" >>"$files/passwd"
	echo "root:$hash:19000:0:99999:7:::" >"$files/shadow"
	printf '%s\n' "auth required pam_unix.so nodelay" "account required pam_permit.so" "session required pam_permit.so" \
		>"$files/pam"
	cat >"$files/sshd_config" <<END
HostKey /run/esx/host_key
AuthorizedKeysFile /run/esx/authorized_keys
StrictModes no
PermitRootLogin yes
UsePAM yes
PasswordAuthentication no
KbdInteractiveAuthentication yes
KexAlgorithms ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group14-sha256
Ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr
MACs hmac-sha2-256,hmac-sha2-512
PubkeyAcceptedAlgorithms ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-256,rsa-sha2-512
MaxStartups 10:30:100
MaxSessions 10
ClientAliveInterval 200
ClientAliveCountMax 3
AllowTcpForwarding no
PrintMotd no
UseDNS no
PidFile none
END
	chmod 755 "$dir" "$files" 2>/dev/null || true
}

# esxcli HOST WORDS..., for vcsim; in_host HOST COMMAND...
entries() {
	cat >"$dir/in_host" <<END
#!/bin/sh
# in_host HOST COMMAND...: runs the command on that host, named as esx01, by its address, or as host-10.
host=\$1
shift
pid=\$(cat "$dir/hosts/\$host/pid") || exit 69
exec nsenter -t "\$pid" -m -u -n -p --wdns=/ -- env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/root LC_ALL=C "\$@"
END
	cat >"$dir/esxcli" <<END
#!/bin/sh
# esxcli HOST WORDS...: what vCenter has the host's own esxcli do.
host=\$1
shift
exec "$dir/in_host" "\$host" esxcli --formatter=xml "\$@"
END
	chmod 755 "$dir/in_host" "$dir/esxcli"
}

hosts() {
	local n h i
	for ((n = 1; n <= count; n++)); do
		host_files "$n"
	done
	for ((n = 1; n <= count; n++)); do
		h=$(host_name "$n")
		nsenter --net="/run/netns/$h" unshare --mount --uts --pid --fork --kill-child \
			sh "$here/host.sh" "$h" "$dir" >"$dir/hosts/$h/log" 2>&1 &
	done
	for ((n = 1; n <= count; n++)); do
		h=$(host_name "$n")
		for ((i = 0; i < 400; i++)); do
			grep -qs '^Server listening' "$dir/hosts/$h/sshd.log" && break
			sleep 0.05
		done
		[ "$i" -lt 400 ] || { cat "$dir/hosts/$h/log" "$dir/hosts/$h/sshd.log" || true; exit 1; }
	done
}

hostname mesh-lab
make_root
network
credentials
entries
hosts
touch "$dir/ready"
while :; do sleep 3600; done
