#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# esxcli on hosts with a real network: the same rows whether vCenter hands the commands on or they go over SSH, which is tried
# only where vCenter refuses; and an error that tells both ways.
. "$(dirname "$0")/lib.sh"
. "$e2e/mesh.sh"
. "$e2e/esxcli.sh"
"$mesh" start 3 "$hosts" --stack

cat >"$work/own/lab_ping.yaml" <<'END'
about: pings to the second host, of a size that fits, one that is too large, and to an address that nobody has
transport: esxcli
scope: host
for_each: >
  SELECT s.host, s.address, d.column1 AS ip, d.column2 AS size FROM host_shell AS s
   CROSS JOIN (VALUES ('10.1.0.11', 8972), ('10.1.0.11', 8973), ('10.1.0.99', 56)) AS d
   WHERE s.host <> 'vc01/host-11'
command: network diag ping --interface=vmk1 --netstack=vmotion --host=${ip:ip} --size=${size:int} --df --count=2
fault: "sendto() failed (*)"
timeout: 20s
tables:
  lab_ping:
    columns:
      host: $host
      ip: $each.ip
      size: {path: $each.size, type: integer}
      received: {path: Summary.Recieved, type: integer}
      fault: {path: fault.reason, unset: none}
      via: $via
      error: $error
  lab_reply:
    rows: Trace[]
    columns: {host: $host, seq: {path: ICMPSeq, type: integer}, bytes: {path: ReceivedBytes, type: integer}, via: $via}
END
listed lab_interface "network ip interface list" Name MTU Stack=NetstackInstance Enabled

# vcenter NAME ARGUMENT...: a simulator where the hosts can be reached.
vcenter() {
	local name=$1
	shift
	VCSIM_PASSWORD=$lab_password lab_start "$name" "$mesh" exec "$hosts" "$tools/vcsim" -tlscert "$work/lab.cert.pem" \
		-tlskey "$work/lab.key.pem" -api-version 8.0.3.0 -load "$hosts/inventory" "$@"
	inventory "$work/inventory.yaml" "vc01=$url"
	sed "/^    credential: lab/a\\    ssh: {credential: esxi, known_hosts: $hosts/known_hosts}" "$work/inventory.yaml" >"$work/ssh.yaml"
	echo "  esxi: {user: root, key: $hosts/id}" >>"$work/ssh.yaml"
}

all="SELECT 'ping', host, ip, size, received, fault, error, '' FROM lab_ping
	UNION ALL SELECT 'reply', host, seq, bytes, '', '', '', '' FROM lab_reply WHERE seq IS NOT NULL
	UNION ALL SELECT 'interface', host, name, mtu, stack, enabled, error, '' FROM lab_interface ORDER BY 1, 2, 3, 4"
ways="SELECT substr(host, 6) AS host, group_concat(DISTINCT via) FROM lab_interface GROUP BY 1 ORDER BY 1"

# ---- through vCenter, though SSH is there ----

vcenter relays -esxcli "$hosts/esxcli"
ask_of "$work/ssh.yaml" api "$all"
expect_exit 0 "through vCenter"
# has PATTERN: two hosts have such rows.
has() {
	[ "$(grep -E "$1" "$work/api.csv" | cut -d, -f2 | sort -u | xargs)" = "vc01/host-10 vc01/host-12" ] || fail "$1: $(cat "$work/api.csv")"
}
has '^reply,.*,0,8980,'
has '^reply,.*,1,8980,'
has '^ping,.*,10.1.0.11,8972,2,none,,'
has '^ping,.*,10.1.0.11,8973,,Message too long,,'
has '^ping,.*,10.1.0.99,56,,Host is down,,'
ask_of "$work/ssh.yaml" ways "$ways"
rows ways host-10,api host-11,api host-12,api

# ---- over SSH where vCenter refuses: the same rows ----

vcenter refuses -esxcli "$hosts/esxcli" -esxcli-refuse '*'
ask_of "$work/ssh.yaml" ssh "$all"
expect_exit 0 "over SSH"
diff "$work/api.csv" "$work/ssh.csv" >&2 || fail "the two ways bring other rows"
ask_of "$work/ssh.yaml" ways "$ways"
rows ways host-10,ssh host-11,ssh host-12,ssh
vcenter mixed -esxcli "$hosts/esxcli" -esxcli-refuse '10.0.0.11'
ask_of "$work/ssh.yaml" ways "$ways"
rows ways host-10,api host-11,ssh host-12,api
ask without "SELECT host, error FROM lab_interface WHERE error IS NOT NULL"
expect_exit 2 "no SSH in the inventory"
grep -q '^vc01/host-11,.*Host.Config.Settings' "$work/without.csv" || fail "without SSH: $(cat "$work/without.csv")"

# ---- neither way ----

sed -i 's|known_hosts: [^}]*}|known_hosts: /dev/null}|' "$work/ssh.yaml"
ask_of "$work/ssh.yaml" neither "SELECT host, error FROM lab_interface WHERE error IS NOT NULL"
expect_exit 2 "neither way"
grep -qE '^vc01/host-11,.*esxcli network ip interface list on 10.0.0.11: .*missing privilege Host.Config.Settings; over SSH: .*unknown host key' \
	"$work/neither.csv" || fail "neither way: $(cat "$work/neither.csv")"

# ---- hosts whose esxcli dies, floods or hangs, over SSH ----

vcenter broken -esxcli-refuse '*'
# broken FAULT TEXT: so it is told of the second host; the others answer.
broken() {
	"$mesh" fault "$hosts" "$1" esx02
	ask_of "$work/ssh.yaml" "$1" "SELECT host, error FROM lab_interface GROUP BY 1, 2 ORDER BY 1"
	expect_exit 2 "$1"
	[ "$(grep -cE '^vc01/host-1[02],$' "$work/$1.csv")" -eq 2 ] || fail "$1: $(cat "$work/$1.csv")"
	grep -qE "^vc01/host-11,.*$2" "$work/$1.csv" || fail "$1: $(cat "$work/$1.csv")"
	"$mesh" heal "$hosts" "$1" esx02
}
broken esxcli-dies 'over SSH: (killed by signal|esxcli)'
broken esxcli-floods 'over SSH: .*printed more than'
sed -i '/^command:/a timeout: 3s' "$work/own/lab_interface.yaml"
broken esxcli-hangs 'over SSH: .*(timed out|no answer|within)'
