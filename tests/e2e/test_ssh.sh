#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Commands over SSH on genuine OpenSSH servers: every way to log in, host keys, limits, and servers that misbehave.
. "$(dirname "$0")/lib.sh"
. "$e2e/ssh.sh"
trap 'ssh_stop; lab_stop; rm -rf "$work"' EXIT
ssh_setup

# asked COMMAND [ADDRESS...]: a probe of one's own that runs it on each address, decoded as $decode says.
probe() {
	local command=$1 address rows=""
	shift
	for address in "${@:-127.0.0.1}"; do
		rows+="${rows:+ UNION ALL }SELECT 'vc/host-${address##*.}' AS host, '$address' AS address"
	done
	mkdir -p "$work/own/probes"
	cat >"$work/own/probes/said.yaml" <<-END
		about: what a command says
		transport: ssh
		platform: vsphere
		scope: host
		timeout: ${timeout:-10s}
		for_each: $rows
		command: $command
		decode: ${decode:-text}
		tables:
		  said:
		    columns: {host: \$host, address: \$each.address, text: ., error: \$error}
	END
}

# said: runs the probe; what it brought is $work/said.json.
said() {
	run query -i "$work/inventory.yaml" --checks "$work/own" -f json 'SELECT * FROM said ORDER BY host'
	cp "$work/stdout" "$work/said.json"
}

ssh_server main
ssh_known "$work/known" "$ssh_port"
ssh_inventory "$work/inventory.yaml" https://127.0.0.1:1 "{credential: esx, port: $ssh_port, known_hosts: $work/known}" \
	"{user: $ssh_user, key: $ssh_dir/id_ed25519}"
probe 'echo hello'
said
expect_exit 0
jq -e '. == [{host: "vc/host-1", address: "127.0.0.1", text: "hello", error: null}]' "$work/said.json" >/dev/null ||
	fail "a key: $(cat "$work/said.json")"
