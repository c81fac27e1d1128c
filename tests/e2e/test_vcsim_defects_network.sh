#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The genuine simulator with one defect of the network at a time: addresses, gateways, MTUs, VLANs, links, networks of VMs.
. "$(dirname "$0")/lib.sh"
. "$e2e/defects.sh"
need "$tools/vcsim"

third='([.host, .peer] | any(. == "esx03.lab.example"))'
fourth='([.host, .peer] | any(. == "esx04.lab.example"))'
subnet=vmotion-vmknic-subnet

# What is unusual, but in order.
defect vmotion-on-dvs 0 vmotion-mtu-parity pass true
defect vmotion-routed 0 $subnet pass true
defect vmotion-routed-own-gateway 0 $subnet pass true
defect vmotion-two-adapters 0 $subnet pass true
defect vmotion-ip6 0 $subnet pass true
defect vmotion-vlan-dvs-same 0 vmotion-vlan-parity pass true
defect network-same-name 0 network-on-every-host pass '.vm[:4] != "vCLS"'
defect network-deleted 2 network-on-every-host unknown '.vm == "app01-02"'

defect vmotion-routed-default-stack 0 $subnet warn "$third"
defect vmotion-gateway-outside 1 $subnet fail "$third"
defect vmotion-gateway-missing 1 $subnet fail "$third"
defect vmotion-subnet 1 $subnet fail "$third"
defect vmotion-mask-narrow 1 $subnet fail "$third"
defect vmotion-mask-host 1 $subnet fail "$third"
defect vmotion-mask-wide 0 $subnet warn "$third"
defect vmotion-mask-none 2 $subnet unknown "$third" vmotion-vlan-parity
defect vmotion-mask-gap 2 $subnet unknown "$third" vmotion-vlan-parity
defect vmotion-two-adapters-one-astray 0 $subnet warn "$third"
defect vmotion-ip6-subnet 1 $subnet fail "$third"
between='[.host, .peer] | map(.[:5]) | sort =='
defect vmotion-ip-duplicate 1 vmotion-ip-unique fail "$between [\"esx02\", \"esx03\"]" $subnet
defect vmotion-ip-of-management 1 vmotion-ip-unique fail "$between [\"esx02\", \"esx03\"]" $subnet
defect vmotion-mtu 1 vmotion-mtu-parity fail "$fourth"
defect vmotion-mtu-switch 1 vmotion-mtu-parity fail "$third"
defect vmotion-mtu-dvs 1 vmotion-mtu-parity fail "$third"
defect vmotion-netstack 0 vmotion-netstack-parity fail "$third"
defect vmotion-vlan 1 vmotion-vlan-parity fail "$third"
defect vmotion-vlan-dvs 1 vmotion-vlan-parity fail "$third"
defect vmotion-vlan-trunk 2 vmotion-vlan-parity unknown "$third"
defect vmotion-vlan-dvs-trunk 2 vmotion-vlan-parity unknown "$third"
defect vmotion-link-down 1 vmotion-link-speed fail '.host == "esx03.lab.example"'
defect vmotion-no-uplink 1 vmotion-link-speed fail '.host == "esx03.lab.example"'
defect vmotion-link-slow 1 vmotion-link-speed fail '.host == "esx03.lab.example"'
defect vmotion-link-one-down 0 vmotion-link-speed warn '.host == "esx03.lab.example"'
defect vmotion-link-gigabit 0 vmotion-link-speed warn '.host == "esx03.lab.example"'
defect network-missing - network-on-every-host fail '.peer == "esx02.lab.example" and .vm[:4] != "vCLS"'
defect network-missing-dvs - network-on-every-host fail '.peer == "esx02.lab.example" and .vm == "app01-03"'

all_checked network
