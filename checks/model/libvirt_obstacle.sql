/*
What about the devices of a VM of libvirt's stands in the way of a migration.

vm    id
name  of the device, or its kind
live  of a VM that runs: fail, unknown, warn, or ask: QEMU itself can tell
cold  of one that is shut off: whether it can be used where the VM is started next
why   in words
*/
-- index: vm
-- arm: kvm
-- Whatever kind isn't in a list may do anything: unknown. How many devices of a kind there are stands in the VM's own row, so that
-- one that is missing isn't taken for none.
WITH domain AS MATERIALIZED (SELECT host || '/' || uuid AS vm, * FROM libvirt_domain WHERE uuid IS NOT NULL),
     hostdev_rule(type, live, why) AS (VALUES
	('pci', 'fail', 'a PCI device of the host'), ('usb', 'fail', 'a USB device of the host'),
	('mdev', 'ask', 'a mediated device of the host: whether it can move depends on its driver'),
	('scsi', 'fail', 'a SCSI device of the host'), ('scsi_host', 'ask', 'a SCSI target of the host''s kernel (vhost)'),
	('storage', 'fail', 'a device of the host'), ('misc', 'fail', 'a device of the host'), ('net', 'fail', 'a device of the host')),
     interface_rule(type, live, cold, why) AS (VALUES
	('network', 'pass', 'pass', ''), ('bridge', 'pass', 'pass', ''), ('direct', 'pass', 'pass', ''), ('null', 'pass', 'pass', ''),
	('hostdev', 'fail', 'warn', 'a network adapter of the host'), ('vdpa', 'fail', 'warn', 'a vDPA device of the host'),
	('vhostuser', 'ask', 'warn', 'a socket of a switch (vhost-user): whether the switch can tell what it writes is not known'),
	('ethernet', 'warn', 'warn', 'a tap device that a script makes: the destination needs the script'),
	('user', 'ask', 'pass', 'a network in a process of the host, which may not be migrated')),
     disk_type(type, live, cold, why) AS (VALUES
	('file', 'pass', 'pass', ''), ('block', 'pass', 'pass', ''), ('network', 'pass', 'pass', ''), ('volume', 'pass', 'pass', ''),
	('nvme', 'fail', 'warn', 'an NVMe drive of the host'), ('dir', 'fail', 'warn', 'a folder of the host'),
	('vhostuser', 'ask', 'warn', 'a socket of a storage server (vhost-user)'),
	('vhostvdpa', 'ask', 'warn', 'a vDPA device of the host')),
     disk_format(format, live, why) AS (VALUES
	('none', 'pass', ''), ('raw', 'pass', ''), ('qcow2', 'pass', ''), ('qed', 'pass', ''), ('luks', 'pass', ''),
	('vmdk', 'fail', ''), ('vdi', 'fail', ''), ('vhdx', 'fail', ''), ('vpc', 'fail', ''), ('qcow', 'fail', ''), ('parallels', 'fail', ''),
	('cow', 'fail', ''), ('bochs', 'fail', ''), ('cloop', 'fail', ''), ('dmg', 'fail', ''), ('dir', 'fail', ''), ('fat', 'fail', '')),
     layer AS (
	SELECT host, uuid, target, format FROM libvirt_disk
	UNION ALL
	SELECT d.host, d.uuid, d.target, l.value
	  FROM libvirt_disk AS d
	  JOIN json_each(CASE d.layers WHEN '' THEN '[]' ELSE '[' || replace(json_quote(d.layers), ',', '","') || ']' END) AS l),
     counted(vm, kind, told) AS (
	SELECT vm, 'disks', disks FROM domain UNION ALL SELECT vm, 'interfaces', interfaces FROM domain
	UNION ALL SELECT vm, 'hostdevs', hostdevs FROM domain UNION ALL SELECT vm, 'filesystems', filesystems FROM domain
	UNION ALL SELECT vm, 'shmems', shmems FROM domain UNION ALL SELECT vm, 'tpms', tpms FROM domain
	UNION ALL SELECT vm, 'redirdevs', redirdevs FROM domain UNION ALL SELECT vm, 'channels', channels FROM domain
	UNION ALL SELECT vm, 'features of the processor', cpu_requirements FROM domain),
     listed(vm, kind, n) AS (
	SELECT host || '/' || uuid, 'disks', count(type) FROM libvirt_disk GROUP BY 1
	UNION ALL SELECT host || '/' || uuid, 'interfaces', count(type) FROM libvirt_interface GROUP BY 1
	UNION ALL SELECT host || '/' || uuid, 'hostdevs', count(type) FROM libvirt_hostdev GROUP BY 1
	UNION ALL SELECT host || '/' || uuid, 'filesystems', count(driver) FROM libvirt_filesystem GROUP BY 1
	UNION ALL SELECT host || '/' || uuid, 'shmems', count(model) FROM libvirt_shmem GROUP BY 1
	UNION ALL SELECT host || '/' || uuid, 'tpms', count(backend) FROM libvirt_tpm GROUP BY 1
	UNION ALL SELECT host || '/' || uuid, 'redirdevs', count(type) FROM libvirt_redirdev GROUP BY 1
	UNION ALL SELECT host || '/' || uuid, 'channels', count(type) FROM libvirt_channel GROUP BY 1
	UNION ALL SELECT host || '/' || uuid, 'features of the processor', sum(feature IS NOT NULL AND policy IS NOT NULL)
	            FROM libvirt_cpu_requirement GROUP BY 1)
SELECT c.vm, c.kind AS name, 'unknown' AS live, 'unknown' AS cold, 'not all of them were told' AS why
  FROM counted AS c LEFT JOIN listed AS l ON l.vm = c.vm AND l.kind = c.kind
 WHERE coalesce(l.n, 0) IS NOT CASE WHEN c.told = '' THEN 0 ELSE length(c.told) - length(replace(c.told, ',', '')) + 1 END
UNION ALL
SELECT d.host || '/' || d.uuid, 'hostdev ' || d.type,
       CASE WHEN d.teaming = 'transient' THEN 'warn' WHEN d.teaming IS NULL THEN 'unknown' ELSE coalesce(r.live, 'unknown') END, 'warn',
       coalesce(r.why, 'what it means for a migration is not known')
           || CASE d.teaming WHEN 'transient' THEN ', unplugged for the migration: its partner carries on' ELSE '' END
  FROM libvirt_hostdev AS d LEFT JOIN hostdev_rule AS r ON r.type = d.type AND d.mode = 'subsystem'
UNION ALL
SELECT i.host || '/' || i.uuid, 'interface ' || coalesce(i.mac, i.type),
       CASE WHEN i.type = 'hostdev' AND i.teaming = 'transient' THEN 'warn' WHEN i.teaming IS NULL THEN 'unknown' ELSE coalesce(r.live, 'unknown') END,
       coalesce(r.cold, 'unknown'),
       coalesce(r.why, 'what type ' || i.type || ' means for a migration is not known')
           || CASE WHEN i.type = 'hostdev' AND i.teaming = 'transient' THEN ', unplugged for the migration: its partner carries on' ELSE '' END
  FROM libvirt_interface AS i LEFT JOIN interface_rule AS r ON r.type = i.type
 WHERE r.live IS NOT 'pass' OR i.teaming IS NULL
UNION ALL
SELECT d.host || '/' || d.uuid, 'disk ' || d.target, coalesce(r.live, 'unknown'), coalesce(r.cold, 'unknown'),
       coalesce(r.why, 'what type ' || d.type || ' means for a migration is not known')
  FROM libvirt_disk AS d LEFT JOIN disk_type AS r ON r.type = d.type WHERE r.live IS NOT 'pass' AND d.uuid IS NOT NULL
UNION ALL
SELECT DISTINCT d.host || '/' || d.uuid, 'disk ' || d.target, coalesce(r.live, 'unknown'), 'pass',
       CASE r.live WHEN 'fail' THEN 'format ' || d.format || ', of which QEMU has no live migration'
            ELSE 'whether format ' || coalesce(d.format, 'that was not told') || ' can be migrated is not known' END
  FROM layer AS d LEFT JOIN disk_format AS r ON r.format = d.format WHERE r.live IS NOT 'pass' AND d.uuid IS NOT NULL
UNION ALL
SELECT host || '/' || uuid, 'disk ' || target, CASE WHEN transient IS NULL THEN 'unknown' ELSE 'fail' END, 'pass',
       'transient: what was written is not on any disk that could be shared'
  FROM libvirt_disk WHERE transient IS NOT 'none' AND uuid IS NOT NULL
UNION ALL
SELECT host || '/' || uuid, 'filesystem ' || coalesce(target, source, ''),
       CASE driver WHEN 'virtiofs' THEN 'fail' WHEN 'path' THEN 'ask' ELSE 'unknown' END, 'warn',
       CASE driver WHEN 'virtiofs' THEN 'a folder of the host (virtiofs)'
            WHEN 'path' THEN 'a folder of the host (9p): not while the guest has it mounted, which is not known'
            ELSE 'a folder of the host' END
  FROM libvirt_filesystem WHERE uuid IS NOT NULL
UNION ALL
SELECT host || '/' || uuid, 'shmem ' || coalesce(name, ''),
       CASE WHEN model IN ('ivshmem-plain', 'ivshmem-doorbell') AND role = 'master' THEN 'warn'
            WHEN model = 'ivshmem' OR role IN ('peer', 'none') THEN 'fail' ELSE 'unknown' END, 'warn',
       CASE WHEN model = 'ivshmem' THEN 'memory shared with others on the host, of a kind that can''t move'
            WHEN role = 'master' THEN 'memory shared with others on the host, who stay behind'
            ELSE 'memory shared with others on the host, as a peer: only their master can move' END
  FROM libvirt_shmem WHERE uuid IS NOT NULL
UNION ALL
SELECT host || '/' || uuid, 'TPM', CASE backend WHEN 'passthrough' THEN 'fail' WHEN 'emulator' THEN 'warn' WHEN 'external' THEN 'ask' ELSE 'unknown' END,
       CASE backend WHEN 'passthrough' THEN 'warn' WHEN 'emulator' THEN 'warn' WHEN 'external' THEN 'ask' ELSE 'unknown' END,
       CASE backend WHEN 'passthrough' THEN 'the host''s' WHEN 'emulator' THEN 'its state is a file of its host: it moves with a VM that runs, if swtpm is on both hosts'
            ELSE 'of kind ' || coalesce(backend, 'not told') || ': whether it can move is not known' END
  FROM libvirt_tpm WHERE uuid IS NOT NULL
UNION ALL
SELECT host || '/' || uuid, 'redirected device', CASE WHEN type IS NULL THEN 'unknown' ELSE 'warn' END, 'pass', 'a device of a client, which will be unplugged'
  FROM libvirt_redirdev WHERE uuid IS NOT NULL
UNION ALL
SELECT host || '/' || uuid, 'channel ' || coalesce(name, ''), CASE type WHEN 'qemu-vdagent' THEN 'fail' ELSE 'unknown' END, 'pass',
       CASE type WHEN 'qemu-vdagent' THEN 'QEMU''s own clipboard agent, which can''t be migrated' ELSE 'of a type that was not told' END
  FROM libvirt_channel WHERE uuid IS NOT NULL AND (type = 'qemu-vdagent' OR type IS NULL)
UNION ALL
SELECT vm, 'launch security', CASE WHEN launch_security IS NULL THEN 'unknown' ELSE 'fail' END, 'pass',
       'memory that only its host''s processor can read (' || coalesce(launch_security, 'not told') || ')'
  FROM domain WHERE launch_security IS NOT 'none'
UNION ALL
SELECT vm, 'video', CASE WHEN video_3d IS NULL THEN 'unknown' ELSE 'fail' END, 'pass', '3D by the host''s graphics (virgl) can''t be migrated'
  FROM domain WHERE video_3d IS NULL OR ',' || video_3d || ',' LIKE '%,yes,%'
UNION ALL
SELECT vm, 'serial port', CASE WHEN serials IS NULL THEN 'unknown' ELSE 'fail' END, 'warn', 'a port of the host'
  FROM domain WHERE serials IS NULL OR ',' || serials || ',' LIKE '%,dev,%'
UNION ALL
SELECT vm, 'parallel port', CASE WHEN parallels IS NULL THEN 'unknown' ELSE 'fail' END, 'warn', 'a port of the host'
  FROM domain WHERE parallels IS NULL OR ',' || parallels || ',' LIKE '%,dev,%'
UNION ALL
SELECT vm, 'smartcard', CASE WHEN smartcards IS NULL THEN 'unknown' ELSE 'fail' END, 'warn', 'the host''s'
  FROM domain WHERE smartcards IS NULL OR ',' || smartcards || ',' LIKE '%,host%'
UNION ALL
SELECT vm, 'memory', CASE WHEN ',' || memories || ',' LIKE '%,sgx-epc,%' THEN 'fail' WHEN memories IS NULL THEN 'unknown' ELSE 'ask' END, 'unknown',
       CASE WHEN ',' || memories || ',' LIKE '%,sgx-epc,%' THEN 'enclaves (SGX) that can''t leave the processor'
            ELSE 'of kind ' || coalesce(memories, 'not told') || ': whether it can move is not known' END
  FROM domain
 WHERE memories IS NULL
    OR replace(replace(replace(',' || memories || ',', ',', ',,'), ',dimm,', ''), ',virtio-mem,', '') GLOB '*[a-z]*'
UNION ALL
SELECT vm, 'QEMU arguments', CASE WHEN qemu_arguments IS NULL THEN 'unknown' ELSE 'ask' END, 'unknown', 'given past libvirt: what they mean for a migration is not known'
  FROM domain WHERE qemu_arguments IS NOT ''
UNION ALL
SELECT vm, 'Hyper-V features', CASE WHEN hyperv IS NULL THEN 'unknown' ELSE 'fail' END, 'pass', 'all that the host has (hv-passthrough)'
  FROM domain WHERE hyperv IS NULL OR hyperv = 'passthrough'
UNION ALL
SELECT d.vm, 'processor', CASE WHEN d.tsc_frequency IS NULL OR d.cpu_migratable IS NULL THEN 'unknown' ELSE 'fail' END, 'pass',
       'with the invariant TSC, but without a TSC frequency for the destination to keep'
  FROM domain AS d
  LEFT JOIN (SELECT DISTINCT host || '/' || uuid AS vm FROM libvirt_cpu_requirement WHERE feature = 'invtsc' AND policy IN ('require', 'force'))
         AS i ON i.vm = d.vm
 WHERE d.tsc_frequency IS NULL OR d.cpu_migratable IS NULL OR (d.tsc_frequency = '' AND (d.cpu_migratable = 'off' OR i.vm IS NOT NULL))
