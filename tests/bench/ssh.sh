#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ssh.sh - prints what it takes to run a command on many hosts over SSH, beside clush, parallel-ssh and ansible: wall time, and
# CPU time (user and system) of the client and of all that it starts. Figures, no verdict. `tests/setup.sh bench` installs the
# others. Nothing else should run meanwhile. $HOSTS (100), $RUNS (5 after one that warms up), $MIGREADY: the program.
#
# One genuine OpenSSH server stands for all hosts, under as many loopback addresses, with its limits on logins raised; every
# client has the same key, checks the same known_hosts, and works on all hosts at once. The server's own work is the same for
# all, but on one machine it takes its CPU from the clients.
set -euo pipefail

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_dir=$(cd "$bench/../.." && pwd)
if [ -z "${MIGREADY-}" ]; then
	cmake -S "$source_dir" --preset release -B "$source_dir/build/bench" -DCMAKE_COMPILE_WARNING_AS_ERROR=OFF >/dev/null
	cmake --build "$source_dir/build/bench" --target migready >&2
	MIGREADY=$source_dir/build/bench/migready
fi
MIGREADY=$(realpath "$MIGREADY")
export MIGREADY SOURCE_DIR=$source_dir
. "$bench/../e2e/lib.sh"
. "$bench/../e2e/ssh.sh"
trap 'ssh_stop; lab_stop; rm -rf "$work"' EXIT
need clush parallel-ssh ansible

hosts=${HOSTS:-100}
ssh_setup
ssh_listen=0.0.0.0 ssh_server many "MaxStartups 1000"
for ((i = 1; i <= hosts; i++)); do
	addresses+=("127.0.$((1 + i / 250)).$((1 + i % 250))")
done
ssh_known "$work/known" "$ssh_port" ed25519 "${addresses[@]}"
ssh_inventory "$work/inventory.yaml" https://127.0.0.1:1 \
	"{credential: esx, port: $ssh_port, known_hosts: $work/known, sessions: $hosts, starts: $hosts}" \
	"{user: $ssh_user, key: $ssh_dir/id_ed25519}"

printf '%s\n' "${addresses[@]}" >"$work/hosts"
sed "s/$/:$ssh_port/" "$work/hosts" >"$work/hosts.pssh"
sed "s/$/ ansible_port=$ssh_port ansible_user=$ssh_user ansible_ssh_private_key_file=${ssh_dir//\//\\/}\/id_ed25519/" \
	"$work/hosts" >"$work/hosts.ansible"

# Clients that ask neither the user's configuration nor anybody, and agree on the keys that libssh2 agrees on: OpenSSH's own
# first choice, which withstands quantum computers, costs several times as much.
ssh_options=(-F none -o KexAlgorithms=curve25519-sha256 -o BatchMode=yes -o IdentitiesOnly=yes -o "UserKnownHostsFile=$work/known" -o GlobalKnownHostsFile=/dev/null)

# own COMMAND: what migready is to do, with one row a host.
own() {
	local rows
	rows=$(printf "('%s')," "${addresses[@]}")
	mkdir -p "$work/own/probes"
	cat >"$work/own/probes/said.yaml" <<-END
		about: what a command says
		transport: ssh
		platform: vsphere
		scope: host
		for_each: "WITH one(a) AS (VALUES ${rows%,}) SELECT 'vc/' || a AS host, a AS address FROM one"
		command: $1
		tables:
		  said:
		    columns: {host: \$host, text: "."}
	END
}

# clients COMMAND: prints a line a client: name, and how it is started. Each says what the hosts said.
measure() {
	migready_command
	python3 "$bench/ssh_clients.py" "${RUNS:-5}" "$hosts" "$2" \
		"migready|$(printf '%q ' "${command[@]}" query -i "$work/inventory.yaml" --checks "$work/own" -f csv 'SELECT text FROM said')" \
		"clush|$(printf '%q ' clush -q -N -f "$hosts" -l "$ssh_user" -o "$(printf '%s ' "${ssh_options[@]}" -i "$ssh_dir/id_ed25519" -p "$ssh_port")" \
			--hostfile "$work/hosts" "$1")" \
		"parallel-ssh|$(printf '%q ' parallel-ssh -i -h "$work/hosts.pssh" -l "$ssh_user" -p "$hosts" \
			-x "$(printf '%s ' "${ssh_options[@]}" -i "$ssh_dir/id_ed25519")" "$1")" \
		"ansible -m raw|$(printf '%q ' env ANSIBLE_SSH_ARGS="$(printf '%s ' "${ssh_options[@]}")" ANSIBLE_HOME="$work/ansible" \
			ansible all -i "$work/hosts.ansible" -f "$hosts" -m raw -a "$1")"
}

echo "command   bash tests/bench/ssh.sh"
echo "program   $("$MIGREADY" --version | head -n 1), libssh2 $(dpkg-query -W -f '${Version}' libssh2-1 2>/dev/null)"
echo "peers     clush $(dpkg-query -W -f '${Version}' clustershell), pssh $(dpkg-query -W -f '${Version}' pssh), ansible-core $(dpkg-query -W -f '${Version}' ansible-core), $(ssh -V 2>&1 | cut -d , -f 1)"
echo "machine   $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sort -u | head -n 1), $(nproc) cores, Linux $(uname -r)"
echo "load      $(cut -d ' ' -f 1 /proc/loadavg) before the first run"
own "true"
echo
echo "a command that does nothing, on $hosts hosts"
measure true ""
own "printf %01024d 7"
echo
echo "a command that prints 1 KiB, on $hosts hosts"
measure "printf %01024d 7" 0000007
