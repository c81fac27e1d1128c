/*
title: No other running VM uses the VM's disks, unless they are shareable
subject: vm
depends: cluster
severity: warning
platforms: [kvm]
symptom: >
  "Failed to get 'write' lock, is another process using the image": the migration fails. Where locks don't reach the other host, both VMs write,
  and the file systems on the disk are lost.
fix: >
  Shut one of the VMs off and give it a disk of its own. A cluster of guests that is made for it says <shareable/> in all of them, with cache='none'.
refs: ["libvirt: Domain XML format, shareable", "QEMU documentation: Image locking"]
*/
-- Two drives are one when they are the same path on a host, or the same file of a shared file system, LUN or network image. Where one of
-- the two isn't known for what it is, the same path may be the same image, and any block device the same disk.
WITH used AS MATERIALIZED (
	SELECT v.id AS vm, v.name, v.cluster, d.drive, d.readonly, d.shared, d.path,
	       CASE WHEN d.kind = 'empty' THEN ''
	            WHEN d.kind = 'network' THEN d.network
	            WHEN d.kind = 'path' AND v.cluster = v.host THEN d.path
	            WHEN i.what = 'block' AND i.id IS NOT NULL THEN i.id
	            WHEN i.what = 'file' AND i.shared = 1 THEN i.source || ' ' || i.inode
	            WHEN i.what = 'file' AND i.shared = 0 THEN v.host || ' ' || d.path END AS what
	  FROM vm AS v
	  JOIN vm_mobility AS m ON m.vm = v.id AND m.mobility = 'live'
	  JOIN vm_drive AS d ON d.vm = v.id
	  LEFT JOIN host_image AS i ON i.host = d.host AND i.path = d.path),
     met AS MATERIALIZED (
	SELECT a.*, b.drive AS its_drive, b.name AS its_name, b.readonly AS its_readonly, b.shared AS its_shared, 1 AS sure
	  FROM used AS a JOIN used AS b ON b.cluster = a.cluster AND b.what = a.what AND b.vm <> a.vm WHERE a.what <> ''
	UNION ALL
	SELECT a.*, b.drive, b.name, b.readonly, b.shared, 0
	  FROM used AS a JOIN used AS b ON b.cluster = a.cluster AND b.path = a.path AND b.vm <> a.vm WHERE a.what IS NULL OR b.what IS NULL),
     both AS MATERIALIZED (
	SELECT vm, max(sure AND shared + its_shared < 2 AND readonly + its_readonly < 2) AS fail,
	       max(NOT sure OR shared IS NULL OR its_shared IS NULL OR readonly IS NULL OR its_readonly IS NULL) AS unclear,
	       group_concat(DISTINCT drive || CASE WHEN sure THEN ' is ' ELSE ' may be ' END || its_drive || ' of ' || its_name) AS text
	  FROM met WHERE (readonly AND its_readonly) IS NOT 1 GROUP BY vm),
     machine AS MATERIALIZED (
	SELECT v.id AS vm, v.cluster, m.mobility, m.mobility = 'cold' OR o.n = coalesce(k.n, 0) AS told,
	       coalesce(k.n, 0) = coalesce(k.known, 0) AS known, k.silent, coalesce(k.disks, 0) AS disks, coalesce(k.nameless, 0) AS nameless
	  FROM vm AS v
	  LEFT JOIN vm_mobility AS m ON m.vm = v.id
	  LEFT JOIN vm_drive_count AS o ON o.vm = v.id
	  LEFT JOIN (SELECT vm, count(*) AS n, count(what) AS known, sum(path GLOB '/dev/*') AS disks,
	                    sum(path GLOB '/dev/*' AND what IS NULL) AS nameless,
	                    group_concat(CASE WHEN what IS NULL THEN coalesce(drive, 'a drive') END, ', ') AS silent
	               FROM used GROUP BY vm) AS k ON k.vm = v.id),
     silent AS MATERIALIZED (
	SELECT cluster, sum(told IS NOT 1) AS n, sum(nameless) AS nameless FROM machine GROUP BY cluster)
SELECT m.vm,
       CASE WHEN m.mobility = 'cold' THEN 'na'
            WHEN m.mobility IS NULL THEN 'unknown'
            WHEN b.fail THEN 'fail'
            WHEN m.told = 1 AND m.known AND s.n = 0 AND (m.disks = 0 OR s.nameless = 0) AND coalesce(b.unclear, 0) = 0 THEN 'pass'
            ELSE 'unknown' END AS status,
       CASE m.mobility WHEN 'live' THEN b.text END AS observed,
       CASE WHEN m.mobility = 'cold' THEN 'it does not run: it uses no disk now'
            WHEN m.mobility IS NULL THEN 'not known whether it runs'
            WHEN m.told IS NOT 1 THEN 'not all of its drives are known'
            WHEN NOT m.known THEN 'not known what it is, on its host: ' || m.silent
            WHEN m.cluster IS NULL OR s.n > 0 OR (m.disks > 0 AND s.nameless > 0) THEN 'not all drives of other VMs are known' END AS detail
  FROM machine AS m
  LEFT JOIN silent AS s ON s.cluster = m.cluster
  LEFT JOIN both AS b ON b.vm = m.vm
