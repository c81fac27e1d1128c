#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The genuine simulator with one defect at a time of hosts and of their cluster's DRS and HA.
. "$(dirname "$0")/lib.sh"
. "$e2e/defects.sh"
need "$tools/vcsim"

fourth='.host == "esx04.lab.example"'
defect host-build 0 host-build-parity warn "$fourth"
defect host-major-version 0 host-build-parity fail "$fourth"
defect host-build-tie 0 host-build-parity warn true
defect host-reboot-pending 0 host-build-parity warn "$fourth"
defect host-quarantine 0 host-maintenance-state fail "$fourth"
defect host-standby-entering 0 host-maintenance-state fail "$fourth"
defect ntp-stopped 0 host-time-sync fail "$fourth"
defect ntp-by-hand 0 host-time-sync fail "$fourth"
defect ntp-without-server 0 host-time-sync fail "$fourth"
defect ntp-not-synchronized 0 host-time-sync fail "$fourth"
defect ha-no-room 0 ha-admission-control fail true
defect ha-no-room-level 0 ha-admission-control fail true
defect ha-no-admission-control 0 ha-admission-control warn true
defect drs-off 0 drs-automation fail true
defect drs-partially-automated 0 drs-automation fail true
defect drs-override 0 drs-automation warn '.object == "app01-03"'
defect rule-must-stay 1 vm-host-rules fail '.vm == "app01-02"'
defect rule-must-not 0 vm-host-rules fail '.vm == "app01-02" and .peer == "esx03.lab.example"'

all_checked host
