/*
title: No device ties the VM to its host
subject: vm
depends: own
severity: critical
platforms: [vsphere, kvm]
params: {ask_qemu: 0}
symptom: >
  "Device 'CD/DVD drive 1' uses backing '', which is not accessible", or "The virtual machine is configured to use a device that
  prevents the operation": vMotion is refused. KVM: "cannot migrate domain: ...", "cannot migrate a domain with <hostdev>".
fix: >
  Disconnect drives, ports and USB devices that are of the host or of a client, and take devices passed through from the host out
  of the VM, for the migration at least; a VM with a shared SCSI bus is shut down first. What can't be told here can be asked of
  vCenter: the compatibility check of its Migrate dialog. KVM: convert disks to qcow2 or raw, detach what is the host's; QEMU itself is
  asked where the profile sets ask_qemu to 1, but libvirt marks the VMs as tainted for that.
refs: ["vSphere API: DisallowedMigrationDeviceAttached, DeviceNotSupported, SharedBusControllerNotSupported, RawDiskNotSupported",
       "vSphere API: VirtualDevice, VirtualDeviceConnectInfo.connected, VirtualUSB, VirtualUSBUSBBackingOption",
       "VMware vSphere: vCenter Server and Host Management, virtual machine conditions and limitations for vMotion",
       "VMware vSphere: Setup for Windows Server Failover Clustering, SCSI bus sharing",
       "QEMU: query-migrate, blocked-reasons", "libvirt: Domain XML format, Devices"]
*/
-- A device whose type and backing are not in the list may do anything: unknown. Devices with connected = 1 matter while they are
-- connected. What a VM that is off has attached is opened again when it starts on the other host: the cold column.
-- That vMotion refuses pipes, thin print ports and sound cards like other devices of the host is a guess; the API doesn't say.
-- What devices of libvirt's mean stands in the view libvirt_obstacle.
WITH rule(type, backing, connected, live, cold, why) AS MATERIALIZED (VALUES
	('VirtualIDEController', 'none', 0, 'pass', 'pass', ''), ('VirtualPS2Controller', 'none', 0, 'pass', 'pass', ''),
	('VirtualPCIController', 'none', 0, 'pass', 'pass', ''), ('VirtualSIOController', 'none', 0, 'pass', 'pass', ''),
	('VirtualAHCIController', 'none', 0, 'pass', 'pass', ''), ('VirtualSATAController', 'none', 0, 'pass', 'pass', ''),
	('VirtualNVMEController', 'none', 0, 'pass', 'pass', ''), ('VirtualLsiLogicController', 'none', 0, 'pass', 'pass', ''),
	('VirtualLsiLogicSASController', 'none', 0, 'pass', 'pass',
	 ''), ('VirtualBusLogicController', 'none', 0, 'pass', 'pass', ''),
	('ParaVirtualSCSIController', 'none', 0, 'pass', 'pass', ''), ('VirtualUSBController', 'none', 0, 'pass', 'pass', ''),
	('VirtualUSBXHCIController', 'none', 0, 'pass', 'pass', ''), ('VirtualNVDIMMController', 'none', 0, 'pass', 'pass', ''),
	('VirtualKeyboard', 'none', 0, 'pass', 'pass', ''), ('VirtualPointingDevice', 'none', 0, 'pass', 'pass', ''),
	('VirtualPointingDevice', 'VirtualPointingDeviceDeviceBackingInfo', 0, 'pass', 'pass', ''),
	('VirtualMachineVideoCard', 'none', 0, 'pass', 'pass', ''), ('VirtualMachineVMCIDevice', 'none', 0, 'pass', 'pass', ''),
	('VirtualTPM', 'none', 0, 'pass', 'pass', ''), ('VirtualWDT', 'none', 0, 'pass', 'pass', ''),
	('VirtualDisk', 'VirtualDiskFlatVer2BackingInfo', 0, 'pass', 'pass', ''),
	('VirtualDisk', 'VirtualDiskSeSparseBackingInfo', 0, 'pass', 'pass', ''),
	('VirtualDisk', 'VirtualDiskRawDiskMappingVer1BackingInfo', 0, 'pass', 'pass', ''),
	('VirtualDisk', 'VirtualDiskRawDiskVer2BackingInfo', 0, 'fail', 'fail', 'a raw disk of the host'),
	('VirtualDisk', 'VirtualDiskPartitionedRawDiskVer2BackingInfo', 0, 'fail', 'fail', 'partitions of a raw disk of the host'),
	('VirtualDisk', 'VirtualDiskLocalPMemBackingInfo', 0, 'unknown', 'unknown',
	 'in persistent memory of the host: whether the destination has room in its own is not looked at'),
	('VirtualNVDIMM', 'VirtualNVDIMMBackingInfo', 0, 'unknown', 'unknown',
	 'persistent memory of the host: whether the destination has room in its own is not looked at'),
	('VirtualSCSIPassthrough', 'VirtualSCSIPassthroughDeviceBackingInfo', 0, 'fail', 'warn', 'a SCSI device of the host'),
	('VirtualPCIPassthrough', 'VirtualPCIPassthroughDeviceBackingInfo', 0, 'fail', 'warn',
	 'a PCI device of the host, passed through'),
	('VirtualPCIPassthrough', 'VirtualPCIPassthroughDynamicBackingInfo', 0, 'fail', 'warn',
	 'a PCI device of the host, assigned when the VM starts'),
	('VirtualPCIPassthrough', 'VirtualPCIPassthroughVmiopBackingInfo', 0, 'unknown', 'warn',
	 'a shared graphics card: whether the destination has its profile free is not looked at'),
	('VirtualPCIPassthrough', 'VirtualPCIPassthroughDvxBackingInfo', 0, 'unknown', 'warn',
	 'a device of the host: whether it can move depends on its driver'),
	('VirtualSriovEthernetCard', 'none', 0, 'fail', 'warn', 'a virtual function (SR-IOV) of a NIC of the host'),
	('VirtualSriovEthernetCard', 'VirtualEthernetCardNetworkBackingInfo', 0, 'fail', 'warn',
	 'a virtual function (SR-IOV) of a NIC of the host'),
	('VirtualSriovEthernetCard', 'VirtualEthernetCardDistributedVirtualPortBackingInfo', 0, 'fail', 'warn',
	 'a virtual function (SR-IOV) of a NIC of the host'),
	('VirtualSriovEthernetCard', 'VirtualEthernetCardOpaqueNetworkBackingInfo', 0, 'fail', 'warn',
	 'a virtual function (SR-IOV) of a NIC of the host'),
	('VirtualCdrom', 'VirtualCdromIsoBackingInfo', 0, 'pass', 'pass', ''),
	('VirtualCdrom', 'VirtualCdromAtapiBackingInfo', 1, 'fail', 'pass', 'a drive of the host'),
	('VirtualCdrom', 'VirtualCdromPassthroughBackingInfo', 1, 'fail', 'pass', 'a drive of the host'),
	('VirtualCdrom', 'VirtualCdromRemoteAtapiBackingInfo', 1, 'fail', 'pass', 'a drive of a client'),
	('VirtualCdrom', 'VirtualCdromRemotePassthroughBackingInfo', 1, 'fail', 'pass', 'a drive of a client'),
	('VirtualFloppy', 'VirtualFloppyImageBackingInfo', 0, 'pass', 'pass', ''),
	('VirtualFloppy', 'VirtualFloppyDeviceBackingInfo', 1, 'fail', 'pass', 'a drive of the host'),
	('VirtualFloppy', 'VirtualFloppyRemoteDeviceBackingInfo', 1, 'fail', 'pass', 'a drive of a client'),
	('VirtualSerialPort', 'VirtualSerialPortURIBackingInfo', 0, 'pass', 'pass', ''),
	('VirtualSerialPort', 'VirtualSerialPortDeviceBackingInfo', 1, 'fail', 'pass', 'a serial port of the host'),
	('VirtualSerialPort', 'VirtualSerialPortFileBackingInfo', 1, 'fail', 'pass', 'a serial port that writes to a file'),
	('VirtualSerialPort', 'VirtualSerialPortPipeBackingInfo', 1, 'fail', 'pass', 'a named pipe of the host'),
	('VirtualSerialPort', 'VirtualSerialPortThinPrintBackingInfo', 1, 'unknown', 'pass', 'a print service of the host'),
	('VirtualParallelPort', 'VirtualParallelPortDeviceBackingInfo', 1, 'fail', 'pass', 'a parallel port of the host'),
	('VirtualParallelPort', 'VirtualParallelPortFileBackingInfo', 1, 'fail', 'pass', 'a parallel port that writes to a file'),
	('VirtualHdAudioCard', 'VirtualSoundCardDeviceBackingInfo', 1, 'unknown', 'pass', 'a sound card of the host'),
	('VirtualSoundBlaster16', 'VirtualSoundCardDeviceBackingInfo', 1, 'unknown', 'pass', 'a sound card of the host'),
	('VirtualEnsoniq1371', 'VirtualSoundCardDeviceBackingInfo', 1, 'unknown', 'pass', 'a sound card of the host'),
	('VirtualUSB', 'VirtualUSBRemoteHostBackingInfo', 0, 'pass', 'pass', ''),
	('VirtualUSB', 'VirtualUSBUSBBackingInfo', 1, 'fail', 'pass',
	 'a USB device of the host that was not made ready for vMotion'),
	('VirtualUSB', 'VirtualUSBRemoteClientBackingInfo', 1, 'warn', 'pass',
	 'a USB device of a client, which may be disconnected'),
	('VirtualPrecisionClock', 'VirtualPrecisionClockSystemClockBackingInfo', 0, 'warn', 'warn',
	 'a precise clock: the destination''s clock must be as good')),
     nic(type) AS (VALUES
	('VirtualE1000'), ('VirtualE1000e'), ('VirtualPCNet32'), ('VirtualVmxnet'), ('VirtualVmxnet2'), ('VirtualVmxnet3')),
     wire(backing) AS (VALUES
	('VirtualEthernetCardNetworkBackingInfo'), ('VirtualEthernetCardDistributedVirtualPortBackingInfo'),
	('VirtualEthernetCardOpaqueNetworkBackingInfo')),
     known AS MATERIALIZED (
	SELECT * FROM rule UNION ALL SELECT type, backing, 0, 'pass', 'pass', '' FROM nic CROSS JOIN wire),
     device AS MATERIALIZED (
	SELECT d.*, coalesce(d.label, d.type, 'a device without a name') AS name,
	       CASE WHEN d.type = 'VirtualUSB' THEN d.usb_connected ELSE d.connected END AS plugged
	  FROM vsphere_vm_device_set AS d),
     aspect AS (
	SELECT d.set_id, d.name, CASE WHEN k.connected = 1 AND d.plugged IS NULL THEN 'unknown' ELSE k.live END AS live, k.cold,
	       k.why || CASE WHEN k.connected = 1 AND d.plugged IS NULL THEN ', not known whether connected'
	                     WHEN k.connected = 1 THEN ', connected' ELSE '' END AS why
	  FROM device AS d JOIN known AS k ON k.type = d.type AND k.backing = d.backing
	 WHERE k.live <> 'pass' AND NOT (k.connected = 1 AND d.plugged IS 0)
	UNION ALL
	SELECT d.set_id, d.name, 'unknown', 'unknown',
	       'what ' || coalesce(d.type, 'this') || ' with ' || coalesce(nullif(d.backing, 'none'), 'no backing')
	       || ' means for a migration is not known'
	  FROM device AS d LEFT JOIN known AS k ON k.type = d.type AND k.backing = d.backing
	 WHERE k.type IS NULL
	UNION ALL
	SELECT set_id, name, CASE shared_bus WHEN 'virtualSharing' THEN 'fail' ELSE 'unknown' END,
	       CASE WHEN shared_bus IN ('virtualSharing', 'physicalSharing') THEN 'pass' ELSE 'unknown' END,
	       CASE shared_bus
	            WHEN 'virtualSharing' THEN 'its bus is shared with VMs of the same host'
	            WHEN 'physicalSharing' THEN 'its bus is shared with VMs of other hosts: only some failover clusters can move so'
	            ELSE 'whether its bus is shared is not known' END
	  FROM device WHERE shared_bus IS NOT 'noSharing'
	UNION ALL
	SELECT set_id, name, CASE sharing WHEN 'sharingMultiWriter' THEN 'warn' ELSE 'unknown' END,
	       CASE sharing WHEN 'sharingMultiWriter' THEN 'warn' ELSE 'unknown' END,
	       CASE sharing WHEN 'sharingMultiWriter' THEN 'several VMs write to it: it moves only where all of them see it'
	                    ELSE 'whether other VMs write to it is not known' END
	  FROM device WHERE sharing IS NOT 'sharingNone'
	UNION ALL
	SELECT set_id, name, CASE disk_mode WHEN 'independent_nonpersistent' THEN 'warn' ELSE 'unknown' END,
	       CASE disk_mode WHEN 'independent_nonpersistent' THEN 'pass' ELSE 'unknown' END,
	       CASE disk_mode WHEN 'independent_nonpersistent' THEN 'nonpersistent: its storage can''t be moved with it'
	            ELSE 'disk mode ' || coalesce(disk_mode, 'not known') END
	  FROM device
	 WHERE type = 'VirtualDisk' AND coalesce(disk_mode NOT IN ('persistent', 'independent_persistent'), 1)
	UNION ALL
	SELECT set_id, name, CASE compatibility_mode WHEN 'physicalMode' THEN 'warn' ELSE 'unknown' END,
	       CASE compatibility_mode WHEN 'physicalMode' THEN 'warn' ELSE 'unknown' END,
	       CASE compatibility_mode WHEN 'physicalMode' THEN 'a LUN in physical mode: it moves only to hosts that see it'
	            ELSE 'not known in which mode its LUN is mapped' END
	  FROM device
	 WHERE backing = 'VirtualDiskRawDiskMappingVer1BackingInfo' AND compatibility_mode IS NOT 'virtualMode'
	UNION ALL
	SELECT set_id, name, 'fail', 'pass', 'profile ' || coalesce(vgpu, 'not known') || ' can''t be migrated live'
	  FROM device WHERE backing = 'VirtualPCIPassthroughVmiopBackingInfo' AND migrate_supported = 0
	UNION ALL
	SELECT set_id, name, CASE WHEN enable_3d = 1 AND renderer = 'hardware' THEN 'warn' ELSE 'unknown' END,
	       CASE WHEN enable_3d = 1 AND renderer = 'hardware' THEN 'warn' ELSE 'unknown' END,
	       CASE WHEN enable_3d = 1 AND renderer = 'hardware' THEN '3D in hardware: it moves only to hosts with a graphics card'
	            ELSE 'not known how it renders' END
	  FROM device
	 WHERE type = 'VirtualMachineVideoCard'
	   AND coalesce(enable_3d <> 0 AND renderer NOT IN ('automatic', 'software'), enable_3d IS NOT 0)),
     weight(status, rank) AS (VALUES ('pass', 0), ('warn', 1), ('unknown', 2), ('ask', 2), ('fail', 3)),
     verdict AS MATERIALIZED (
	SELECT set_id, max(live) AS live, max(cold) AS cold,
	       group_concat(CASE WHEN live > 0 THEN name || ': ' || why END, '; ') AS live_why,
	       group_concat(CASE WHEN cold > 0 THEN name || ': ' || why END, '; ') AS cold_why,
	       group_concat(CASE WHEN live > 0 THEN name END, ', ') AS live_names,
	       group_concat(CASE WHEN cold > 0 THEN name END, ', ') AS cold_names
	  FROM (SELECT a.set_id, a.name, a.why, l.rank AS live, c.rank AS cold
	          FROM aspect AS a JOIN weight AS l ON l.status = a.live JOIN weight AS c ON c.status = a.cold
	         ORDER BY a.set_id, a.name, a.why)
	 GROUP BY set_id),
     size AS MATERIALIZED (SELECT set_id, count(*) AS n FROM vsphere_vm_device_set GROUP BY set_id),
     asked AS MATERIALIZED (SELECT host || '/' || uuid AS vm FROM libvirt_qemu_asked WHERE answer IS NOT NULL),
     hindrance AS (
	SELECT vm, name, live, cold, why FROM libvirt_obstacle
	UNION ALL
	SELECT host || '/' || uuid, 'QEMU', 'fail', 'pass', reason FROM libvirt_blocker WHERE uuid IS NOT NULL),
     hindered AS MATERIALIZED (
	SELECT vm, max(live) AS live, max(cold) AS cold,
	       group_concat(CASE WHEN live > 0 THEN name || ': ' || why END, '; ') AS live_why,
	       group_concat(CASE WHEN cold > 0 THEN name || ': ' || why END, '; ') AS cold_why,
	       group_concat(CASE WHEN live > 0 THEN name END, ', ') AS live_names,
	       group_concat(CASE WHEN cold > 0 THEN name END, ', ') AS cold_names
	  FROM (SELECT h.vm, h.name, h.why, CASE WHEN h.live = 'ask' AND a.vm IS NOT NULL THEN 1 ELSE l.rank END AS live, c.rank AS cold
	          FROM hindrance AS h JOIN weight AS l ON l.status = h.live JOIN weight AS c ON c.status = h.cold
	          LEFT JOIN asked AS a ON a.vm = h.vm
	         ORDER BY h.vm, h.name, h.why)
	 GROUP BY vm)
SELECT v.id AS vm,
       CASE WHEN m.mobility = 'agent' THEN 'na'
            WHEN s.n > 0 AND m.mobility IN ('live', 'cold')
            THEN CASE CASE m.mobility WHEN 'live' THEN coalesce(j.live, 0) ELSE coalesce(j.cold, 0) END
                      WHEN 0 THEN 'pass' WHEN 1 THEN 'warn' WHEN 3 THEN 'fail' ELSE 'unknown' END
            ELSE 'unknown' END AS status,
       CASE m.mobility WHEN 'live' THEN j.live_names WHEN 'cold' THEN j.cold_names END AS object,
       CASE m.mobility WHEN 'live' THEN coalesce(j.live_why, s.n || ' devices, none in the way')
                       WHEN 'cold' THEN coalesce(j.cold_why, s.n || ' devices, none in the way of a cold migration') END
           AS observed,
       'no device of the host or of a client, nothing shared with other VMs' AS expected,
       CASE m.mobility WHEN 'agent' THEN 'an agent VM: the platform puts it where it is needed'
            WHEN 'cold' THEN 'moves cold: it is not running' || CASE WHEN s.n IS NULL THEN '; it named no devices' ELSE '' END
            WHEN 'live' THEN CASE WHEN s.n IS NULL THEN 'it named no devices' END
            ELSE 'not known whether it runs, or is an agent VM' END AS detail
  FROM vm AS v
  LEFT JOIN vm_mobility AS m ON m.vm = v.id
  LEFT JOIN vsphere_vm_device AS d ON d.vm = v.id
  LEFT JOIN size AS s ON s.set_id = d.set_id
  LEFT JOIN verdict AS j ON j.set_id = d.set_id
 WHERE v.platform = 'vsphere'
UNION ALL
SELECT v.id,
       CASE WHEN m.mobility = 'live' AND :ask_qemu = 1 AND a.vm IS NULL AND coalesce(h.live, 0) < 3 THEN 'unknown'
            WHEN d.type IS NOT NULL AND m.mobility IN ('live', 'cold')
            THEN CASE CASE m.mobility WHEN 'live' THEN coalesce(h.live, 0) ELSE coalesce(h.cold, 0) END
                      WHEN 0 THEN 'pass' WHEN 1 THEN 'warn' WHEN 3 THEN 'fail' ELSE 'unknown' END
            ELSE 'unknown' END,
       CASE m.mobility WHEN 'live' THEN h.live_names WHEN 'cold' THEN h.cold_names END,
       CASE m.mobility WHEN 'live' THEN coalesce(h.live_why, CASE WHEN d.type IS NOT NULL THEN 'nothing in the way' END)
                       WHEN 'cold' THEN coalesce(h.cold_why, CASE WHEN d.type IS NOT NULL THEN 'nothing in the way of a cold migration' END) END,
       'no device of the host or of a client, nothing shared with other VMs',
       CASE WHEN d.type IS NULL THEN 'the VM''s definition was not answered'
            WHEN m.mobility = 'cold' THEN 'moves cold: it is not running'
            WHEN m.mobility IS NULL THEN 'not known whether it runs'
            WHEN :ask_qemu = 1 AND a.vm IS NULL THEN 'QEMU did not say what keeps the VM where it is'
            WHEN :ask_qemu = 1 THEN 'QEMU itself was asked, too'
            ELSE 'by its definition: QEMU itself was not asked' END
  FROM vm AS v
  LEFT JOIN vm_mobility AS m ON m.vm = v.id
  LEFT JOIN vm_definition AS d ON d.vm = v.id
  LEFT JOIN hindered AS h ON h.vm = v.id
  LEFT JOIN asked AS a ON a.vm = v.id
 WHERE v.platform = 'kvm'
