#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The genuine simulator with one defect at a time: the right check says so about the right subject, and no other check does.
. "$(dirname "$0")/lib.sh"
. "$e2e/defects.sh"
need "$tools/vcsim"

third='[.host, .peer] | any(startswith("esx03"))'
without_address=(vmotion-vmknic-subnet vmotion-ip-unique vmotion-ip-other-cluster vmotion-mtu-parity vmotion-netstack-parity
	vmotion-vlan-parity vmotion-link-speed)
defect host-disconnected 1 host-connected fail '.host == "esx04.lab.example"'
defect host-not-responding 1 host-connected fail '.host == "esx04.lab.example"'
defect host-maintenance 0 host-maintenance-state fail '.host == "esx04.lab.example"'
# Known to be missing, it is told once; that no way leads there is what closes the candidate.
defect vmotion-vmknic-missing 1 vmotion-vmknic-present fail '.host == "esx02.lab.example"' vmotion-vmknic-subnet
defect vmotion-vmknic-loopback 1 vmotion-vmknic-present fail '.host == "esx03.lab.example"' "${without_address[@]}"
defect vmotion-vmknic-without-ip 1 vmotion-vmknic-present fail '.host == "esx03.lab.example"' "${without_address[@]}"
defect nfs-server-name 1 nfs-mount-identity fail "$third"
defect nfs-server-case 1 nfs-mount-identity fail "$third"
defect nfs-server-address 1 nfs-mount-identity fail "$third"
defect nfs-path-trailing-slash 1 nfs-mount-identity fail "$third"
defect nfs-path-double-slash 1 nfs-mount-identity fail "$third"
defect nfs-version 1 nfs-mount-identity fail "$third" host-vcenter-agree
defect nfs-unknown-type 2 nfs-mount-identity unknown "$third" host-vcenter-agree
defect cpu-feature-missing 0 cpu-feature-parity fail '.host == "esx04.lab.example"' vm-cpu-requirements
defect cpu-feature-tie 0 cpu-feature-parity fail true vm-cpu-requirements
defect log-rotate-size-small 1 vm-log-rotate-size fail '.vm == "app01-02"'
defect log-rotate-size-text 2 vm-log-rotate-size unknown '.vm == "app01-02"'
defect log-rotate-size-huge 2 vm-log-rotate-size unknown '.vm == "app01-02"'
defect vm-claims-agent 2 vm-log-rotate-size unknown '.vm == "app01-02"' vm-blocking-devices vm-migration-not-disabled \
	network-on-every-host vm-cpu-requirements vm-64bit-needs-vt vm-fits-numa-node vm-on-shared-storage \
	vm-limits-valid vm-hardware-version vm-reservations-fit vm-host-rules
defect hosts-unlisted 2 inventory-complete unknown true ha-admission-control
defect vms-unlisted 2 inventory-complete unknown true ha-admission-control
defect vms-in-excess 2 inventory-complete unknown true ha-admission-control

# Two hosts with one hardware UUID in one vCenter stay two hosts.
lab_inventory twins host-uuid-duplicate
inventory "$work/inventory.yaml" "vc01=$url"
check -i "$work/inventory.yaml"
expect_exit 0 "a UUID that repeats"
expect "both twins are judged" '[.findings[] | select(.check == "host-connected")] | length == 4'
lab_stop
checked+=(host-uuid-duplicate host-without-others combined)

# The only host in service is a good one; its VMs can go nowhere, and those of the others to it alone.
lab_inventory alone host-without-others
inventory "$work/inventory.yaml" "vc01=$url"
check -i "$work/inventory.yaml"
expect_exit 1 "all other hosts are in maintenance mode"
expect "they are up but out of service" '([.findings[] | select(.check == "host-connected") | .status] | unique) == ["pass"]
	and ([.findings[] | select(.check == "host-maintenance-state") | .status] | sort) == ["fail", "fail", "fail", "pass"]'
expect "its VMs have nowhere to go, and it says why" '[.findings[] | select(.check == "vm-has-destination" and .status == "fail")] |
	length > 0 and all(.[]; .host == "esx01.lab.example" and .detail == "no other host of the cluster can take VMs")'
expect "the others may go to it" 'any(.findings[]; .check == "vm-has-destination" and .status == "pass" and .host != "esx01.lab.example")'
lab_stop

all_checked base

lab_inventory combined combined
inventory "$work/inventory.yaml" "vc01=$url"
check -i "$work/inventory.yaml"
expect_exit 1 "several defects at once"
expect "each of them is found" '[.findings[] | select(.status == "fail") | .check] | unique ==
	["cpu-feature-parity", "nfs-mount-identity", "vm-cpu-requirements", "vm-has-destination", "vm-log-rotate-size",
	"vmotion-vmknic-present", "vmotion-vmknic-subnet"]'
