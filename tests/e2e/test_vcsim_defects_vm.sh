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

all_checked vm
