#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The built-in profiles: what each makes of one and the same cluster, and what each asks for.
. "$(dirname "$0")/lib.sh"

# lines LOG: the requests of that kind and what they asked for.
properties() {
	jq -s '[.[].asked // {} | to_entries[] | .key as $t | .value[] | "\($t) \(.)"] | unique | length' "$work/$1.jsonl"
}

for profile in onboarding maintenance evacuation; do
	lab_scripted "$profile"
	inventory "$work/inventory.yaml" "vc01=$url"
	check -i "$work/inventory.yaml" -p "$profile"
	expect_exit 0 "$profile: a healthy cluster"
	expect "$profile: named" '.profile == $p' --arg p "$profile"
	expect "$profile: always on" 'any(.checks[]; .id == "inventory-complete" and .severity == "critical")'
	expect "$profile: destinations" 'any(.checks[]; .id == "vm-has-destination" and .severity == "critical")'
	lab_stop
done
[ "$(requests "$work/onboarding.jsonl" QueryVMotionCompatibilityEx_Task)" -gt 0 ] || fail "onboarding asks vCenter for its opinion"
for profile in maintenance evacuation; do
	[ "$(requests "$work/$profile.jsonl" QueryVMotionCompatibilityEx_Task)" = 0 ] || fail "$profile asks vCenter for its opinion"
done
[ "$(properties evacuation)" -lt "$(properties maintenance)" ] || fail "an evacuation asks for less"
expect "an evacuation has critical checks only" 'all(.checks[]; .severity == "critical")'

# One host of four spells an export differently: VMs of the others have two destinations left, its own have none.
lab_scripted server --defect nfs-server-name
inventory "$work/inventory.yaml" "vc01=$url"
check -i "$work/inventory.yaml" --host esx01
expect_exit 1 "onboarding: every pair counts"
odd=$(jq -r '[.findings[] | select(.check == "nfs-mount-identity" and .status == "fail" and (.host | startswith("esx01"))) | .peer][0]' "$work/report.json")
for profile in maintenance evacuation; do
	check -i "$work/inventory.yaml" -p "$profile" --host esx01
	expect_exit 0 "$profile: each VM of esx01 has a destination"
	check -i "$work/inventory.yaml" -p "$profile" --host "$odd"
	expect_exit 1 "$profile: VMs of $odd have none"
	expect "$profile: it is said which" 'any(.findings[]; .check == "vm-has-destination" and .status == "fail" and (.detail | test("nfs-mount-identity")))'
done
check -i "$work/inventory.yaml" -p maintenance --host esx01
expect "the pair is told" 'any(.findings[]; .check == "nfs-mount-identity" and .status == "fail" and .severity == "warning")'

# Somebody accepts it: a destination that was closed is open.
for side in "host: $odd" "peer: $odd"; do
	printf '  - {check: nfs-mount-identity, subject: {%s}, reason: "one filer, two names", owner: storage, expiry: %s}\n' \
		"$side" "$(date -u -d '+1 day' +%F)"
done >"$work/waivers.yaml"
sed -i '1i waivers:' "$work/waivers.yaml"
for profile in onboarding maintenance evacuation; do
	check -i "$work/inventory.yaml" -p "$profile" --host "$odd" --waivers "$work/waivers.yaml"
	expect_exit 0 "$profile: waived"
	expect "$profile: no VM is without" 'all(.findings[] | select(.check == "vm-has-destination"); .status == "pass" or .status == "na")'
done

# A host that a check which the profile demands doesn't judge is no "ready", unless nobody asked about it.
lab_stop
lab_scripted both
inventory "$work/inventory.yaml" "vc01=$url"
sed -i '0,/^targets:/s//&\n  - {name: here, local: true}/' "$work/inventory.yaml"
printf 'extends: maintenance\ndemand: [vm-hardware-version]\n' >"$work/demands.yaml"
check -i "$work/inventory.yaml" -p "$work/demands.yaml"
[ "$status" -gt 0 ] || fail "ready, though a demanded check judges no host of the kind of this machine"
check -i "$work/inventory.yaml" -p "$work/demands.yaml" --host esx01.lab.example
expect_exit 0 "a host of the cluster"
local_inventory "$work/local.yaml"
check -i "$work/local.yaml" -p "$work/demands.yaml" --host "$(uname -n)"
expect "why" '.verdict == "not-ready" or (.verdict == "unknown"
	and (.summary.unknown > 0 or .why == "the profile demands vm-hardware-version, which judges no hosts of platform kvm"))'

# Where VMs go is what a maintenance is about, also on this machine.
check -i "$work/local.yaml" -p maintenance --host "$(uname -n)"
expect "the VMs of this machine are asked about" '(.why // "") | contains("which judges no hosts") | not'
