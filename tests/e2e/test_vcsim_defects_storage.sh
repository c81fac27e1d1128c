#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The genuine simulator with one defect of datastores or LUNs at a time.
. "$(dirname "$0")/lib.sh"
. "$e2e/defects.sh"
need "$tools/vcsim"

host='.host == "esx03.lab.example"'
there='.peer == "esx03.lab.example"'
pair="($host or $there)"
defect datastore-unused-not-mounted 0 datastore-mounted-everywhere fail "$there"
defect datastore-not-mounted 0 vm-on-shared-storage fail "$there and .status != \"na\"" datastore-mounted-everywhere
defect datastore-on-one-host 0 datastore-mounted-everywhere fail '.host == "esx01.lab.example"' vm-on-shared-storage
defect datastore-host-hidden 2 datastore-accessible unknown "$host" \
	datastore-mounted-everywhere datastore-access-mode same-name-different-datastore
defect datastore-not-accessible 1 datastore-accessible fail "$host"
defect datastore-access-untold 2 datastore-accessible unknown "$host"
defect datastore-maintenance 0 datastore-accessible warn true
defect datastore-read-only 1 datastore-access-mode fail "$host"
defect datastore-name-case 0 same-name-different-datastore fail true
defect datastore-name-number 0 same-name-different-datastore fail true
defect lun-not-seen 0 lun-visible-everywhere fail "$there"
defect lun-path-dead 0 lun-path-state warn "$host"
defect lun-path-single 0 lun-path-state warn "$host"
defect lun-paths-all-dead 1 lun-path-state fail "$host"
defect lun-paths-untold 2 lun-path-state unknown "$host"
defect lun-state-degraded 0 lun-path-state warn "$host"
defect vm-rdm-lun-missing - vm-on-shared-storage fail ".vm == \"app01-02\" and $there" lun-visible-everywhere vm-blocking-devices
defect vm-image-on-local-datastore - vm-on-shared-storage fail \
	'.vm == "app01-02" and .peer != "esx01.lab.example"' vm-blocking-devices
defect vm-datastores-untold - vm-on-shared-storage unknown '.vm == "app01-02"' vm-blocking-devices
all_checked storage
