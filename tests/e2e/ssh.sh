#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ssh.sh - genuine OpenSSH servers on loopback for the tests of the SSH transport; sourced after lib.sh.
#
# Each runs in a mount namespace of its own whose /etc/passwd, /etc/shadow and /etc/pam.d/sshd know one more user, so that
# nothing of the machine changes. Needs root; without it the test is skipped.

[ "$(id -u)" -eq 0 ] || { echo "skipped: only root can start servers that log users in"; exit 77; }
[ -x /usr/sbin/sshd ] || { echo "skipped: sshd is missing; tests/setup.sh test installs it"; exit 77; }
need ssh-keygen unshare

ssh_dir=$work/ssh
ssh_user=migready-esx
ssh_password='correct horse'\''s "battery" $staple'
ssh_pids=()
unset SSH_AUTH_SOCK
ssh_home=$ssh_dir/home

# ssh_setup: host keys, keys of a client, and the user with its home.
ssh_setup() {
	[ -e "$work/lab.ca.pem" ] || lab_make_ca lab
	mkdir -p "$ssh_home/.ssh" /run/sshd
	chmod 755 "$work" "$ssh_dir" "$ssh_home"
	for type in ed25519 ecdsa rsa; do
		ssh-keygen -q -t $type -N '' -C host -f "$ssh_dir/host_$type"
		ssh-keygen -q -t $type -N '' -C client -f "$ssh_dir/id_$type"
		cat "$ssh_dir/id_$type.pub" >>"$ssh_home/.ssh/authorized_keys"
	done
	printf '%s:x:4711:4711::%s:/bin/bash\n' "$ssh_user" "$ssh_home" | cat /etc/passwd - >"$ssh_dir/passwd"
	printf '%s:%s:19000:0:99999:7:::\n' "$ssh_user" "$(printf %s "$ssh_password" | openssl passwd -6 -stdin)" |
		cat /etc/shadow - >"$ssh_dir/shadow"
	printf 'auth required pam_unix.so\naccount required pam_permit.so\nsession required pam_permit.so\n' >"$ssh_dir/pam"
	chmod 644 "$ssh_dir/passwd" "$ssh_dir/pam"
	chmod 600 "$ssh_dir/shadow"
	chown -R 4711:4711 "$ssh_home"
	chmod 700 "$ssh_home/.ssh"
}

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# ssh_server NAME [LINE]...: starts a server with these lines of configuration; its port is in ssh_port, its pid in ssh_pid.
ssh_server() {
	local name=$1 dir=$ssh_dir/$1 i
	shift
	mkdir -p "$dir"
	ssh_port=$(free_port)
	{
		printf '%s\n' "$@" "Port $ssh_port" \
			"HostKey $ssh_dir/host_ed25519" "HostKey $ssh_dir/host_ecdsa" \
			"PidFile none" "StrictModes no" "UsePAM no" "PrintMotd no" "LogLevel VERBOSE"
		printf 'ListenAddress %s\n' ${ssh_listen:-127.0.0.1 127.0.0.2 127.0.0.3}
	} >"$dir/config"
	unshare -m --propagation private sh -c "mount --bind '$ssh_dir/passwd' /etc/passwd &&
		mount --bind '$ssh_dir/shadow' /etc/shadow && mount --bind '$ssh_dir/pam' /etc/pam.d/sshd &&
		exec /usr/sbin/sshd -D -e -f '$dir/config'" 2>"$dir/log" &
	ssh_pid=$!
	ssh_pids+=("$ssh_pid")
	for ((i = 0; i < 100; i++)); do
		grep -qs 'Server listening' "$dir/log" && return
		sleep 0.05
	done
	cat "$dir/log" >&2
	fail "sshd $name doesn't start"
}

ssh_stop() {
	local pid
	for pid in "${ssh_pids[@]}"; do
		kill -CONT "$pid" 2>/dev/null || true
		kill "$pid" 2>/dev/null || true
	done
	wait "${ssh_pids[@]}" 2>/dev/null || true
	ssh_pids=()
}

# ssh_known FILE PORT [TYPE] [ADDRESS]...: writes known_hosts for the servers' own keys.
ssh_known() {
	local file=$1 port=$2 type=${3:-ed25519} address
	shift 2
	[ $# -eq 0 ] || shift
	for address in "${@:-127.0.0.1}"; do
		printf '[%s]:%s %s\n' "$address" "$port" "$(cut -d ' ' -f 1,2 "$ssh_dir/host_$type.pub")"
	done >"$file"
}

# ssh_inventory FILE URL SSH CREDENTIAL: a target whose hosts are asked over SSH as the flow mapping SSH says.
ssh_inventory() {
	printf 'targets:\n  - name: vc\n    vcenter: %s\n    credential: lab\n    tls: {ca: %s}\n    ssh: %s\ncredentials:\n' \
		"$2" "$work/lab.ca.pem" "$3" >"$1"
	printf '  lab: {user: user, password: {env: VC_PASSWORD}}\n  esx: %s\n' "$4" >>"$1"
}

# Runs of migready also get these variables, where they are set. libssh2 1.10 loses two numbers of every ECDSA key that it
# reads; only whole call stacks, which take their time, show AddressSanitizer that it is libssh2.
echo leak:libssh2.so >"$work/leaks"
eval "$(declare -f migready_command | sed '1s/migready_command/plain_command/')"
migready_command() {
	local name
	plain_command
	for name in SSH_AUTH_SOCK SSH_PW SSH_PP; do
		[ -z "${!name-}" ] || command=(env -i "$name=${!name}" "${command[@]:2}")
	done
	! grep -qs 'id_ecdsa\|id_locked' "$work/inventory.yaml" || command=(env -i ASAN_OPTIONS=fast_unwind_on_malloc=0
		"LSAN_OPTIONS=suppressions=$work/leaks:print_suppressions=0" "${command[@]:2}")
}
