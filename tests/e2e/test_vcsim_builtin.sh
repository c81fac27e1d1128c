#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The genuine simulator's own models: a vCenter with two clusters and a host outside them, a standalone ESXi host, and both in
# one run. The models aren't healthy (no vMotion, no count of VMs): what counts is that all of it is listed and judged.
. "$(dirname "$0")/lib.sh"
need "$tools/vcsim"

lab_vcsim vcenter -cluster 2 -host 3 -standalone-host 1 -vm 2
vcenter=$url
lab_vcsim esxi -esx
esxi=$url

inventory "$work/vcenter.yaml" "vc01=$vcenter"
check -i "$work/vcenter.yaml"
[ "$status" -le 2 ] || fail "exit code $status"
expect "seven hosts are connected" '[.findings[] | select(.check == "host-connected" and .status == "pass")] | length == 7'
expect "two clusters" '[.findings[] | select(.check == "host-connected") | .cluster] | unique | map(select(. != null))
	| contains(["DC0_C0", "DC0_C1"])'
expect "no host has a vMotion adapter that was made up" 'all(.findings[]; .check != "vmotion-vmknic-present" or .status != "unknown")'
expect "the simulator counts no VMs of its clusters, and none is expected of a host alone" '
	[.findings[] | select(.check == "inventory-complete") | [.cluster, .status]] | sort ==
	[["DC0_C0", "unknown"], ["DC0_C1", "unknown"], ["DC0_H0", "pass"]]'
expect "nothing is left unasked" 'all(.probes[]; .outcome == "ok")'

inventory "$work/esxi.yaml" "esx01=$esxi"
check -i "$work/esxi.yaml"
[ "$status" -le 2 ] || fail "exit code $status"
expect "the host itself" '[.findings[] | select(.check == "host-connected")] | length == 1'

inventory "$work/both.yaml" "vc01=$vcenter" "esx01=$esxi"
check -i "$work/both.yaml"
expect "all hosts of both" '[.findings[] | select(.check == "host-connected")] | length == 8'
expect "each finding names its target" '[.findings[].target] | unique == ["esx01", "vc01"]'

check -i "$work/vcenter.yaml" --cluster DC0_C1
expect "one cluster only" '[.findings[] | .cluster] | unique == ["DC0_C1"]'
check -i "$work/vcenter.yaml" --host 'DC0_C0_H*' --exclude DC0_C0_H1
expect "two hosts remain" '[.findings[] | select(.check == "host-connected") | .host] | sort == ["DC0_C0_H0", "DC0_C0_H2"]'
run check -i "$work/vcenter.yaml" --cluster nothing-like-this
[ "$status" -ge 64 ] || fail "a scope that matches nothing is an error, not exit code $status"
