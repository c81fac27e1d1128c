#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Real faults between hosts of the mesh lab, told by real packets: the sentence names the host or the trunk, and its switch.
. "$(dirname "$0")/lib.sh"
. "$e2e/mesh.sh"

echo 'checks: [path-culprit]' >"$work/path.yaml"

# told SENTENCE...: what is said of the cluster; nothing: all is well.
told() {
	check -i "$work/api.yaml" -p "$work/path.yaml"
	jq -r '.findings[] | select(.check == "path-culprit") | if .status == "pass" then "" else .detail end' "$work/report.json" >"$work/told"
	diff <(printf '%s\n' "$*") "$work/told" || fail "$fault"
}

# broken NAME [ARGUMENT...]: that fault alone.
broken() {
	"$mesh" heal "$hosts" "${fault%% *}"
	fault=$*
	"$mesh" fault "$hosts" "$@"
}

left='{10.0.0.10..10.0.0.12}'
right='{10.0.0.13..10.0.0.15}'
look='look at the MTU of its virtual switch, uplinks and switch ports'

mesh_start 6
fault=none
told ''

fault=trunk-mtu
"$mesh" fault "$hosts" trunk-mtu
told "Full-size pings between $left and $right, in either direction, don't get through (path MTU 1500), while they pass inside each" \
	"group: look at the MTU of the trunk between leaf-1 and leaf-2"
broken trunk-one-way 1
told "Full-size pings from $left to $right don't get through (path MTU 1500), while those the other way pass: look at the MTU of the" \
	"trunk between leaf-1 and leaf-2"
broken port-one-way esx05 in
told "Full-size pings to 10.0.0.14 don't get through (path MTU 1500), while those from it pass: $look (leaf-2 port Ethernet1/5)"

"$mesh" fault "$hosts" trunk-mtu
told "Full-size pings to 10.0.0.14 don't get through (path MTU 1500): $look (leaf-2 port Ethernet1/5); and full-size pings between" \
	"$left and $right, in either direction, don't get through (path MTU 1500): look at the MTU of the trunk between leaf-1 and leaf-2"
"$mesh" heal "$hosts" port-one-way
"$mesh" fault "$hosts" wrong-switch esx05
told "Full-size pings between $left and {10.0.0.13, 10.0.0.15}, in either direction, don't get through (path MTU 1500), while they" \
	"pass inside each group: look at the MTU of the trunk between leaf-1 and leaf-2. Pings from and to 10.0.0.14 don't get through," \
	"while those between the others pass: look at its uplinks, their switch ports and the VLAN there (leaf-2 port Ethernet1/5)"
