#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The genuine simulator with a healthy cluster: everything is judged, everything passes, online and from recorded facts.
. "$(dirname "$0")/lib.sh"
need "$tools/vcsim"

lab_inventory vcsim
inventory "$work/inventory.yaml" "vc01=$url"

check -i "$work/inventory.yaml"
expect_exit 0 "a healthy cluster is ready"
expect "the verdict" '.verdict == "ready" and .complete and (.replay | not)'
expect "nothing but pass and not applicable" 'all(.findings[]; .status == "pass" or .status == "na")'
expect "every subject has its status" '.summary | .expected == .pass + .warn + .fail + .unknown + .na + .waived'
for id in inventory-complete host-connected vmotion-vmknic-present cpu-feature-parity nfs-mount-identity \
	vm-log-rotate-size; do
	expect "$id passes" 'any(.findings[]; .check == $id and .status == "pass")' --arg id "$id"
done
expect "four hosts" '[.findings[] | select(.check == "host-connected") | .host] | sort ==
	["esx01.lab.example", "esx02.lab.example", "esx03.lab.example", "esx04.lab.example"]'
expect "every pair" '[.findings[] | select(.check == "nfs-mount-identity") | [.host, .peer]] | unique | length == 12'
expect "what is off, a template or an agent doesn't migrate live" '[.findings[] | select(.check == "vm-log-rotate-size"
	and .status == "na") | .vm[:4]] | sort == ["arch", "gold", "vCLS"]'
expect "every probe ended well" 'all(.probes[]; .outcome == "ok")'
cp "$work/report.json" "$work/online.json"

run collect -i "$work/inventory.yaml" -o "$work/facts.db"
expect_exit 0 "collecting"
lab_stop
check --facts "$work/facts.db" --as-of-facts
expect_exit 0 "recorded facts of a healthy cluster, asked for as such"
expect "the same findings" '[.findings[] | del(.via)] == [$online[0].findings[] | del(.via)]' --slurpfile online "$work/online.json"
check --facts "$work/facts.db"
expect_exit 2 "recorded facts alone say nothing of now"
