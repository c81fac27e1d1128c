#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The genuine simulator with one defect of processors or NUMA nodes at a time; EVC's order of modes, which it doesn't serve,
# with the scripted server.
. "$(dirname "$0")/lib.sh"
. "$e2e/defects.sh"
need "$tools/vcsim"

fourth='[.host, .peer] | any(startswith("esx04"))'
to_fourth='(.peer // "" | startswith("esx04")) and (.vm | startswith("app"))'
defect cpu-vendor 1 cpu-vendor-parity fail "$fourth"
defect cpu-vendor-unknown 2 cpu-vendor-parity unknown "$fourth"
defect cpu-vt-missing 1 cpu-virtualization-enabled fail '.host == "esx04.lab.example"' vm-64bit-needs-vt
defect cpu-vt-missing - vm-64bit-needs-vt fail "$to_fourth" cpu-virtualization-enabled
vcsim_options=(-esxcli-refuse 'esx04*')
defect cpu-vt-unproven 2 cpu-virtualization-enabled unknown '.host == "esx04.lab.example"' vm-64bit-needs-vt host-vcenter-agree
defect cpu-vt-unproven - vm-64bit-needs-vt unknown "$to_fourth" cpu-virtualization-enabled host-vcenter-agree
vcsim_options=()
defect cpu-nx-off 1 nx-xd-parity fail "$fourth" cpu-feature-parity vm-cpu-requirements
defect cpu-long-mode-missing - vm-64bit-needs-vt fail "$to_fourth" cpu-feature-parity vm-cpu-requirements
defect evc-off 0 evc-mode warn true
defect evc-host-mode 0 evc-mode fail '.host == "esx03.lab.example"'
defect evc-vm-above 0 evc-mode unknown true
defect vm-cpu-feature 1 vm-cpu-requirements fail '.vm == "app01-02"'
expect "every feature is named" 'all(.findings[] | select(.check == "vm-cpu-requirements" and .status == "fail");
	.observed == "lacks cpuid.avx512f, cpuid.sha")'
defect vm-cpu-number 1 vm-cpu-requirements fail '.vm == "app01-02"'
defect vm-cpu-operation 2 vm-cpu-requirements unknown '.vm == "app01-02"'
defect vm-cpu-untold 2 vm-cpu-requirements unknown '.vm == "app01-02"' cpu-virtualization-enabled vm-64bit-needs-vt
defect numa-nodes 0 numa-topology-parity fail '.host == "esx04.lab.example"'
defect numa-vm-large 0 vm-fits-numa-node fail '.vm == "app01-01"' numa-topology-parity
expect "how many nodes, and where" 'any(.findings[]; .check == "vm-fits-numa-node"
	and .observed == "needs 2 nodes of 8 cores and 128 GiB on esx04.lab.example")'
checked=($(printf '%s\n' "${checked[@]}" | sort -u))
all_checked cpu

lab_scripted modes --defect evc-vm-above
inventory "$work/inventory.yaml" "vc01=$url"
check -i "$work/inventory.yaml"
expect "a VM above the cluster's mode, by the order of modes" '[.findings[] | select(.check == "evc-mode")] | length == 4
	and all(.[]; .status == "fail" and .detail == "above what this host offers: 1 VM needs intel-skylake, such as app01-02")'
lab_stop

lab_scripted lower --defect evc-host-mode
inventory "$work/inventory.yaml" "vc01=$url"
check -i "$work/inventory.yaml"
expect "a host below the cluster's mode, and whom that concerns" '[.findings[] | select(.check == "evc-mode" and .status != "pass")
	| [.host, .status, .observed, .expected]] == [["esx03.lab.example", "fail", "runs in intel-haswell",
	"intel-broadwell, the cluster'"'"'s mode"]]'
