#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The mesh of pings on hosts with real networks between them: a healthy one passes, quickly enough, and each fault is told for what it
# is, for the paths that it breaks and no others; by vmkping over SSH and by esxcli through the vSphere API alike.
. "$(dirname "$0")/lib.sh"
. "$e2e/mesh.sh"

profile paths

# ---- 32 hosts, nothing wrong ----

fault=healthy
mesh_start 32
for way in api ssh; do
	judged $way
	expect_exit 0 "a healthy mesh, $way"
	paths jumbo-frames-path 992 pass '^([0-9]+) of \1 packets of 9000 bytes got across$'
	paths path-loss 992 pass '^0 of [0-9]+ packets of 9000 bytes lost'
done
# Behind the API each ping is six processes of the lab's: there its machine sets the pace.
grep -q __asan_init "$MIGREADY" || expect "992 paths in less than 15 s" '.duration_ms < 15000'

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

	broken stranger esx03
	judged $way
	expect_exit 2 "$fault"
	paths jumbo-frames-path 7 unknown '' '$p == "10.0.0.12"'
	paths jumbo-frames-path 49 pass ''
	expect "$fault, $way: who answered instead" '[.findings[] | select(.check == "jumbo-frames-path" and .status == "unknown") | .detail]
		| length == 7 and all(test("reply (came )?from 10.1.0.250"))'
	healed

	[ $way = ssh ] || continue

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

	broken loss esx03 40
	judged $way
	paths jumbo-frames-path 42 pass '' "$of3 | not"
	expect "$fault, $way: lossy, not smaller" '[.findings[] | select(.check == "jumbo-frames-path" and .status != "pass") | .observed]
		| length > 6 and all(test("^[0-9]+ of (9|12) packets of 9000 bytes were lost$"))'
	expect "$fault, $way: a number" '[.findings[] | select(.check == "path-loss" and .status == "fail") | .observed]
		| length > 6 and all(test("^[0-9]+ of (9|12) packets of 9000 bytes lost \\([0-9.]+ %\\)$"))'
	healed

	broken latency esx03 90
	judged $way
	paths path-latency 14 fail '^18[0-9]\.[0-9]+ ms there and back' "$of3"
	paths path-latency 42 pass '' "$of3 | not"
	paths jumbo-frames-path 56 pass ''
	healed
done
