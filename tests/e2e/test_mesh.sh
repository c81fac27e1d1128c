#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The mesh of pings on hosts with real networks between them: a healthy one passes, quickly enough, and each fault is told for what it
# is, for the paths that it breaks and no others; by vmkping over SSH and by esxcli through the vSphere API alike.
. "$(dirname "$0")/lib.sh"
. "$e2e/mesh.sh"

profile() {
	printf 'about: paths\nchecks: [jumbo-frames-path, path-latency, path-loss%s]\n%s\n' "${2-}" "${3-}" >"$work/$1.yaml"
}
profile paths

# judged WAY [ARGUMENT...]: the report of a run that asks that way.
judged() {
	way=$1
	limit=240 check -i "$work/$way.yaml" -p "$work/paths.yaml" "${@:2}"
	[ -s "$work/report.json" ] || fail "$fault, $way: no report"
}

broken() {
	fault=$*
	"$mesh" fault "$hosts" "$@"
}

healed() { "$mesh" heal "$hosts" "${fault%% *}"; }

# paths CHECK NUMBER STATUS TEXT [FILTER]: so many paths (of FILTER) have that status and observed text, all with a way told.
paths() {
	expect "$fault, $way: $2 paths $3 $1: $4" '[.findings[] | select(.check == $c and .status == $s and ((.observed // "") | test($t))
		and (.host as $h | .peer as $p | '"${5-true}"'))] | length == ($n | tonumber) and all(.via == $w)' \
		--arg c "$1" --arg n "$2" --arg s "$3" --arg t "$4" --arg w "$(case $way in api) echo api ;; ssh) echo ssh ;; esac)"
}

# says_why TEXT: the details of all failed paths of jumbo-frames-path have it.
says_why() {
	expect "$fault, $way: the details say '$1'" '[.findings[] | select(.check == "jumbo-frames-path" and .status == "fail") | .detail // ""]
		| length > 0 and all(test($t))' --arg t "$1"
}

# ---- 32 hosts, nothing wrong ----

fault=healthy
mesh_start 32
for way in api ssh; do
	judged $way
	expect_exit 0 "a healthy mesh, $way"
	paths jumbo-frames-path 992 pass '^3 of 3 packets of 9000 bytes got across$'
	paths path-loss 992 pass '^0 of 3 packets of 9000 bytes lost'
	grep -q __asan_init "$MIGREADY" || expect "$way: 992 paths in less than 15 s" '.duration_ms < 15000'
done

# ---- 8 hosts: 10.0.0.10 to 13 on one switch, 14 to 17 on the other ----

mesh_start 8
cross='(($h[-1:] | tonumber) < 4) != (($p[-1:] | tonumber) < 4)'
of3='($h == "10.0.0.12" or $p == "10.0.0.12")'
for way in api ssh; do
	broken trunk-mtu
	judged $way
	expect_exit 1 "$fault"
	paths jumbo-frames-path 32 fail '^path MTU 1500: nothing larger gets across$' "$cross"
	paths jumbo-frames-path 24 pass '' "$cross | not"
	says_why 'effective and observed MTU disagree: adapter and virtual switch have 9000, the path carries 1500'
	says_why 'between .10.0.0.10..10.0.0.13. and .10.0.0.14..10.0.0.17., in either direction.*trunk'
	healed

	broken trunk-one-way 1
	judged $way
	paths jumbo-frames-path 16 fail '^path MTU [0-9]+: nothing larger gets across$' "$cross and (\$h[-1:] | tonumber) < 4"
	paths jumbo-frames-path 40 pass ''
	healed

	broken port-mtu esx03
	judged $way
	paths jumbo-frames-path 14 fail '^path MTU 150[04]: nothing larger gets across$' "$of3"
	paths jumbo-frames-path 42 pass '' "$of3 | not"
	says_why '10.0.0.12'
	healed

	broken vmk-mtu esx03
	judged $way
	paths jumbo-frames-path 7 fail '^the host itself sends nothing larger than 1500: Message too long$' '$h == "10.0.0.12"'
	paths jumbo-frames-path 7 fail '^path MTU 150[04]: ' '$p == "10.0.0.12"'
	paths jumbo-frames-path 42 pass '' "$of3 | not"
	healed

	broken wrong-switch esx03
	judged $way
	paths jumbo-frames-path 14 fail '^no reply, not even to small packets' "$of3"
	paths jumbo-frames-path 42 pass '' "$of3 | not"
	paths path-latency 42 pass ''
	expect "$fault, $way: no time of what doesn't arrive" '[.findings[] | select(.check == "path-latency" and .status == "na")] | length == 14'
	healed

	broken loss esx03 40
	judged $way
	paths jumbo-frames-path 42 pass '' "$of3 | not"
	expect "$fault, $way: lossy, not smaller" '[.findings[] | select(.check == "jumbo-frames-path" and .status != "pass") | .observed]
		| length > 6 and all(test("^[0-9]+ of 9 packets of 9000 bytes were lost$"))'
	expect "$fault, $way: a number" '[.findings[] | select(.check == "path-loss" and .status == "fail") | .observed]
		| length > 6 and all(test("^[1-9] of 9 packets of 9000 bytes lost \\([0-9.]+ %\\)$"))'
	healed

	broken latency esx03 90
	judged $way
	paths path-latency 14 fail '^18[0-9]\.[0-9]+ ms there and back' "$of3"
	paths path-latency 42 pass '' "$of3 | not"
	paths jumbo-frames-path 56 pass ''
	healed
done

# ---- only what concerns the hosts named, and whether their VMs can leave ----

fault='trunk-mtu, one host'
broken trunk-mtu
profile paths ', vm-has-destination'
judged ssh --host 10.0.0.12
paths jumbo-frames-path 8 fail '^path MTU 1500' "$of3"
paths jumbo-frames-path 6 pass '' "$of3"
expect "each VM can go to the hosts on its switch only" '[.findings[] | select(.check == "vm-has-destination" and .status != "na")]
	| length > 0 and all(.observed == "3 of 7 candidates")'
limit=240 run check -i "$work/ssh.yaml" -p "$work/paths.yaml" --host 10.0.0.12 -o "$work/one.db" || true
run collect -i "$work/ssh.yaml" -p "$work/paths.yaml" -o "$work/all.db"
[ "$(sqlite3 "$work/all.db" 'SELECT count(DISTINCT path) FROM path_ping')" -eq 56 ] || fail "collect asks for all paths"
healed
profile paths

# A host that is off: what others send it is lost, what it would send is not known, and --exclude takes it out.
fault='host-dead esx03'
"$mesh" fault "$hosts" host-dead esx03
judged ssh
expect "a dead host: towards it fail, from it unknown" '[.findings[] | select(.check == "jumbo-frames-path")] |
	(map(select(.peer == "10.0.0.12" and .status == "fail")) | length == 7) and (map(select(.host == "10.0.0.12" and .status == "unknown")) | length == 7)
	and (map(select(.status == "pass")) | length == 42)'
judged ssh --exclude 10.0.0.12
expect_exit 0 "without the dead host"
paths jumbo-frames-path 42 pass ''

# ---- other networks ----

# Two adapters each, on two switches and the stack of vMotion's own.
fault='two adapters'
mesh_start 4 --second --stack
for way in api ssh; do
	judged $way
	expect_exit 0 "$fault, $way"
	paths jumbo-frames-path 24 pass ''
	expect "$fault, $way: each has its own network" '[.findings[] | select(.check == "jumbo-frames-path" and .status == "na") | .detail]
		| length == 24 and all(test("other adapters of the two hosts reach each other"))'
	broken port-mtu esx02 4000 vmk2
	judged $way
	paths jumbo-frames-path 6 fail '^path MTU 400[04]: nothing larger gets across$' '($h == "10.0.0.11" or $p == "10.0.0.11")'
	paths jumbo-frames-path 18 pass ''
	healed
done

fault='IPv6'
mesh_start 4 --ipv6
for way in api ssh; do
	judged $way
	expect_exit 0 "$fault, $way"
	paths jumbo-frames-path 12 pass '^3 of 3 packets of 9000 bytes got across$'
done
broken trunk-mtu
judged ssh
paths jumbo-frames-path 8 fail '^path MTU 1500: nothing larger gets across'
healed

# Through a router, which tells when a packet is too large; and one that keeps it to itself.
fault='routed'
mesh_start 4 --routed
for way in api ssh; do
	judged $way
	expect_exit 0 "$fault, $way"
	paths jumbo-frames-path 12 pass ''
	broken router-mtu
	judged $way
	paths jumbo-frames-path 8 fail '(path MTU 1500|nothing larger than 1500)'
	paths jumbo-frames-path 4 pass ''
	healed
done

# ---- who may not ask ----

fault='esxcli refused'
lab_stop
VCSIM_PASSWORD=$lab_password lab_start refuses "$mesh" exec "$hosts" "$tools/vcsim" -tlscert "$work/lab.cert.pem" \
	-tlskey "$work/lab.key.pem" -api-version 8.0.3.0 -load "$hosts/inventory" -esxcli "$hosts/esxcli" -esxcli-refuse '*'
sed -i "s|vcenter: .*|vcenter: $url|" "$work/api.yaml" "$work/ssh.yaml"
judged api
expect_exit 2 "$fault"
expect "all unknown, naming the privilege" '[.findings[] | select(.check == "jumbo-frames-path")] | length == 12
	and all(.status == "unknown" and (.detail | test("Host.Config.Settings")))'
judged ssh
expect_exit 0 "over SSH"
paths jumbo-frames-path 12 pass ''
