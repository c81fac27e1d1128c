#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The genuine simulator with one defect of a VM at a time: the right check says so about the right subject.
. "$(dirname "$0")/lib.sh"
. "$e2e/defects.sh"
need "$tools/vcsim"

second='.vm == "app01-02"'
defect vm-drive-of-a-client 1 vm-blocking-devices fail "$second"
defect vm-drive-of-the-host 1 vm-blocking-devices fail "$second"
defect vm-pci-passthrough 1 vm-blocking-devices fail "$second"
defect vm-serial-port-file 1 vm-blocking-devices fail "$second"
defect vm-bus-sharing 1 vm-blocking-devices fail "$second"
defect vm-bus-sharing-physical 2 vm-blocking-devices unknown "$second"
defect vm-raw-mapping-physical - vm-blocking-devices warn "$second" lun-visible-everywhere vm-on-shared-storage
defect vm-backup-lock 1 vm-migration-not-disabled fail "$second"
defect vm-template-lock 1 vm-migration-not-disabled fail '.vm == "golden01"'
defect vm-orphaned 1 vm-migration-not-disabled fail "$second" cpu-virtualization-enabled vm-64bit-needs-vt
defect vm-asks 1 vm-migration-not-disabled fail "$second"
defect vm-tools-installing 1 vm-migration-not-disabled fail "$second"
defect vm-pinned 1 vm-migration-not-disabled fail "$second"
defect vm-memory-pinned 1 vm-migration-not-disabled fail "$second"
defect vm-consolidation-needed 0 vm-migration-not-disabled warn "$second"
defect vm-latency-sensitive 0 vm-migration-not-disabled warn "$second"
defect vm-hardware-too-new 1 vm-hardware-version fail "$second"
defect vm-hardware-unknown 2 vm-hardware-version unknown "$second"
defect host-too-old 0 vm-hardware-version fail '.peer == "esx03.lab.example" and .status != "na"' host-build-parity
defect vm-memory-limit-below-reservation 1 vm-limits-valid fail "$second"
defect vm-memory-limit-below-size 0 vm-limits-valid warn "$second"
defect vm-limit-configured-alone 0 vm-limits-valid warn "$second"
defect vm-reservation-too-large 1 vm-reservations-fit fail "$second"
defect vm-memory-reservation-too-large 1 vm-reservations-fit fail "$second"
defect pool-over-promised 2 vm-reservations-fit unknown '.vm | startswith("app")'

all_checked vm
