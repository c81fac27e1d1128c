#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The mesh of pings: only what concerns the hosts named is asked, and their VMs stay off paths that fail; two adapters, IPv6, a router;
# and who may not ask.
. "$(dirname "$0")/lib.sh"
. "$e2e/mesh.sh"
of3='($h == "10.0.0.12" or $p == "10.0.0.12")'
mesh_start 8

# ---- only what concerns the hosts named, and whether their VMs can leave ----

fault='trunk-mtu, one host'
broken trunk-mtu
profile paths ', vm-has-destination'
judged ssh --host 10.0.0.12
paths jumbo-frames-path 8 fail '^path MTU 1500' "$of3"
paths jumbo-frames-path 6 pass '' "$of3"
expect "each VM can go to the hosts on its switch only" '[.findings[] | select(.check == "vm-has-destination" and .status != "na")]
	| length > 0 and all(.observed == "3 of 7 candidates")'
expect "no other path was tried" '[.probes[] | select(.probe == "esxi/vmkping")] | length == 14'
healed
profile paths

# Packets lost between the management adapters: file copies suffer, and vMotion doesn't.
printf "about: paths\nchecks: [jumbo-frames-path, path-latency, nfc-path-loss]\n" >"$work/paths.yaml"
broken loss esx03 60 vmk0
judged api --host 10.0.0.12
expect_exit 0 "$fault: a warning"
expect "$fault: copies lose packets" '[.findings[] | select(.check == "nfc-path-loss" and .status != "pass")]
	| length > 3 and all(.status == "fail" and (.observed | test("^[1-5] of 5 packets lost$|^no reply")))'
paths jumbo-frames-path 14 pass ''
paths path-latency 14 pass ''
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
	paths jumbo-frames-path 12 pass '^([0-9]+) of \1 packets of 9000 bytes got across$'
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

# ---- a host that lets nobody in over SSH is asked through vCenter, and then nothing is missing ----

broken ssh-off esx02
judged ssh
expect_exit 0 "$fault"
expect "$fault: its pings came the other way" '[.findings[] | select(.check == "jumbo-frames-path" and .status == "pass")] | length == 12
	and all(.via == (if .host == "10.0.0.11" then "api" else "ssh" end))'
expect "$fault: it is told" '[.probes[] | select(.probe == "esxi/vmkping" and .outcome == "failed") | .host] | unique == ["10.0.0.11"]'
expect "$fault: everything was answered" .complete
healed

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
