/*
title: No data of the VM's disks is left in the page cache of the host that it leaves
subject: vm
depends: own
severity: warning
platforms: [kvm]
symptom: >
  "Unsafe migration: Migration may lead to data corruption if disks use cache other than none or directsync", or no word at all, and a
  file system in the guest that is damaged after the move.
fix: >
  Set the drive's cache to none (driver cache='none' in virsh edit), and shut the VM off and start it again. cache='unsafe' is for
  installing a guest, not for running it.
refs: ["002_1da27ed02e3c1a09.txt", "libvirt: Domain XML format, driver cache", "libvirt: qemuMigrationSrcIsSafe",
       "QEMU 4.0: BlockdevOptionsFile drop-cache"]
*/
-- Since QEMU 4.0 libvirt relies on the destination dropping its own cached pages, so that other modes are safe on NFS and LUNs as far
-- as the storage keeps its promises. Cluster file systems have one cache for all hosts. What is not shared is copied.
WITH drive AS MATERIALIZED (
	SELECT d.vm, d.drive, d.cache,
	       CASE WHEN d.kind = 'empty' OR d.readonly OR d.kind = 'network' OR d.cache IN ('none', 'directsync') OR i.coherent
	                 OR (i.what = 'file' AND i.shared = 0) THEN 'pass'
	            WHEN d.kind IS NULL OR d.readonly IS NULL OR d.cache IS NULL THEN 'unknown'
	            WHEN d.cache = 'unsafe' THEN 'fail'
	            WHEN q.qemu_order < 4000000 THEN 'fail' WHEN q.qemu_order >= 4000000 THEN 'warn' ELSE 'unknown' END AS status,
	       CASE WHEN d.cache <> 'unsafe' AND q.qemu_order < 4000000 THEN ', by QEMU ' || q.qemu ELSE '' END AS why
	  FROM vm_drive AS d
	  LEFT JOIN host_image AS i ON i.host = d.host AND i.path = d.path
	  LEFT JOIN host_hypervisor AS q ON q.host = d.host),
     machine AS MATERIALIZED (
	SELECT vm, count(*) AS n, max(status = 'fail') AS fail, max(status = 'unknown') AS unknown, max(status = 'warn') AS warn,
	       group_concat(CASE WHEN status <> 'pass' THEN drive || ': cache ' || coalesce(cache, 'not known') || why END, '; ') AS text
	  FROM (SELECT * FROM drive ORDER BY vm, drive) GROUP BY vm)
SELECT v.id AS vm,
       CASE WHEN m.mobility = 'cold' THEN 'na'
            WHEN m.mobility IS NULL OR o.n IS NULL OR o.n <> coalesce(d.n, 0) THEN 'unknown'
            WHEN d.fail THEN 'fail' WHEN d.unknown THEN 'unknown' WHEN d.warn THEN 'warn' ELSE 'pass' END AS status,
       CASE m.mobility WHEN 'live' THEN d.text END AS observed,
       'none or directsync, or storage where it makes no difference' AS expected,
       CASE WHEN m.mobility = 'cold' THEN 'moves cold: nothing of it is cached'
            WHEN m.mobility IS NULL THEN 'not known whether it runs'
            WHEN o.n IS NULL OR o.n <> coalesce(d.n, 0) THEN 'not all of its drives are known' END AS detail
  FROM vm AS v
  LEFT JOIN vm_mobility AS m ON m.vm = v.id
  LEFT JOIN vm_drive_count AS o ON o.vm = v.id
  LEFT JOIN machine AS d ON d.vm = v.id
