# SPDX-License-Identifier: Apache-2.0
# holder.sh N DIR - the first process of a lab: builds it within the namespaces that mesh.sh made, then waits to be ended.
# What it starts ends with it; what it mounts and links is known to no one else.
set -euo pipefail

count=$1
dir=$2
here=$(cd "$(dirname "$0")" && pwd)

. "$here/../held/holder.sh"

host_name() {
	printf 'esx%02d' "$1"
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
	network_of tester router $(host_names)
	switch mgmt leaf1 leaf2 wrong ${SECOND:+second1 second2}
	[ -n "$ROUTED" ] || trunk leaf1 leaf2 trunk
	[ -z "$SECOND" ] || trunk second1 second2 strunk
	plug tester eth0 mgmt tester 1500
	plug router eth0 mgmt router0 1500
	[ -z "$ROUTED" ] || plug router eth1 leaf1 router1 9000
	[ -z "$ROUTED" ] || plug router eth2 leaf2 router2 9000
	for ((n = 1; n <= count; n++)); do
		h=$(host_name "$n")
		plug "$h" vmk0 mgmt "${h}m" 1500
		plug "$h" vmk1 "leaf$(leaf "$n")" "${h}v" 9000
		[ -z "$SECOND" ] || plug "$h" vmk2 "second$(leaf "$n")" "${h}w" 9000
	done
	make_network
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
}

# What logs in: a key, and root's password.
credentials() {
	make_login ecdsa
	openssl rand -hex 12 | tr -d '\n' >"$dir/password"
	hash=$(openssl passwd -6 -stdin <"$dir/password")
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
	make_host_key "$h" "10.0.0.$((n + 9))" "$(leaf "$n")"
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

# esxcli HOST WORDS..., for vcsim.
entries() {
	make_in_host
	cat >"$dir/esxcli" <<END
#!/bin/sh
# esxcli HOST WORDS...: what vCenter has the host's own esxcli do.
host=\$1
shift
exec "$dir/in_host" "\$host" esxcli --formatter=xml "\$@"
END
	chmod 755 "$dir/esxcli"
}

hosts() {
	local n h
	for ((n = 1; n <= count; n++)); do
		host_files "$n"
	done
	for ((n = 1; n <= count; n++)); do
		h=$(host_name "$n")
		boot_host "$h" "$here/host.sh"
	done
	for ((n = 1; n <= count; n++)); do
		wait_for_sshd "$(host_name "$n")"
	done
}

announce
hostname mesh-lab
make_root /vmfs
network
credentials
entries
hosts
hold_on
