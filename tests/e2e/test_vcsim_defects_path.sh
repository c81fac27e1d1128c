#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the hosts of the genuine simulator hear of their switches, and what follows for uplinks that no packet crossed. The profiles
# leave these checks out.
. "$(dirname "$0")/lib.sh"
need "$tools/vcsim"

echo 'checks: [path-culprit, standby-uplink-proven]' >"$work/path.yaml"
checked=()

# judged NAME STATUS OBSERVED [DETAIL]: with that defect (none: -) esx03 has it; all other hosts pass, and so does the cluster.
judged() {
	lab_inventory "x$1" $([ "$1" = - ] || echo "$1")
	inventory "$work/inventory.yaml" "vc01=$url"
	check -i "$work/inventory.yaml" -p "$work/path.yaml"
	expect "$1: the others" '[.findings[] | select(.host != "esx03.lab.example") | .status] | length == 5 and all(. == "pass")'
	expect "$1: esx03" '[.findings[] | select(.host == "esx03.lab.example") | [.status, .observed, .detail]] == [[$s, $o, $d]]' \
		--arg s "$2" --arg o "$3" --argjson d "${4:-null}"
	lab_stop
	checked+=("$1")
}

active='vmnic0 is active on leaf-a port Ethernet1/3, vmnic1 is standby'
crossed='"vmnic1 is standby: no packet of this run crossed it,'
judged - pass "$active on leaf-b port Ethernet1/3"
judged standby-uplink-elsewhere warn "$active on leaf-c port Ethernet1/3" "$crossed nor any for certain its switch leaf-c\""
judged standby-uplink-mtu warn "$active on leaf-a port Ethernet1/3" \
	'"vmnic1 is standby, and its switch port announces an MTU of 1500, less than vmk1 has (9000)"'
judged standby-uplink-silent unknown "$active" "$crossed and where it leads is not known\""

diff <(printf '%s\n' "${checked[@]:1}" | sort) <(python3 "$lab/make_inventory.py" --list path | sort) ||
	fail "a defect of the lab has no expectation here"

# The scripted server says the same.
lab_scripted scripted
inventory "$work/inventory.yaml" "vc01=$url"
check -i "$work/inventory.yaml" -p "$work/path.yaml"
expect "the scripted server" 'all(.findings[]; .status == "pass") and any(.findings[]; .observed == $o)' \
	--arg o "$active on leaf-b port Ethernet1/3"
