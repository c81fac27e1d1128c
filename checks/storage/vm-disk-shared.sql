/*
title: Every image that the VM uses is the same one on the candidate host
subject: vm_host
depends: own
severity: critical
platforms: [kvm]
params: {copy: 0, cache_s: 120}
symptom: >
  "Unsafe migration: Migration without shared storage is unsafe"; "Cannot access storage file"; "unable to stat: ... No such file or
  directory"; at the very end "Could not open ...: Read-only file system". Worst is none of these: another file under the same path lets the
  migration succeed, and the guest goes on with a disk that is not its own.
fix: >
  Mount the same storage at the same place on both hosts, writable, and spell its source alike; take media out of drives (virsh change-media
  --eject). A VM whose disks are local moves with --copy-storage-all, or --migrate-disks for some of them, into an active pool with room:
  a profile that has it so sets the parameter copy to 1.
refs: ["libvirt: virFileIsSharedFS, qemuMigrationSrcIsSafe", "virsh(1), migrate --copy-storage-all, --migrate-disks, --unsafe",
       "libvirt: Domain XML format, disk source, startupPolicy", "nfs(5), acregmax"]
*/
-- A name proves nothing: a file is the same when file system, source and file number are, a block device when its WWN, serial number or
-- volume id is, and both have the same size. A running guest writes, and a host may see that late: times may differ by cache_s.
-- Each path is judged once for the hosts that need it, and then only what is not in order is looked up for each VM.
WITH image AS MATERIALIZED (
	SELECT i.vm, v.cluster, v.host AS home, i.drive, i.layer, i.kind, i.path, i.readonly, i.startup
	  FROM vm_image AS i JOIN vm AS v ON v.id = i.vm),
     place AS MATERIALIZED (
	SELECT DISTINCT cluster, home, path FROM image WHERE path IS NOT NULL),
     met AS MATERIALIZED (
	SELECT p.home, p.path, h.id AS peer, a.size_bytes AS here_bytes, b.size_bytes AS there_bytes, b.readonly AS shut, b.fstype,
	       CASE WHEN b.what = 'missing' THEN 'missing'
	            WHEN a.what IS NULL OR a.what = 'missing' OR b.what IS NULL THEN 'unknown'
	            WHEN a.what <> b.what THEN 'other'
	            WHEN a.what = 'block'
	            THEN CASE WHEN a.id <> b.id OR a.size_bytes <> b.size_bytes THEN 'other'
	                      WHEN a.id = b.id AND a.size_bytes = b.size_bytes THEN 'same' ELSE 'unknown' END
	            WHEN a.shared = 0 AND b.shared = 0 THEN 'local'
	            WHEN a.shared <> b.shared OR replace(a.fstype, 'nfs4', 'nfs') <> replace(b.fstype, 'nfs4', 'nfs') THEN 'other'
	            WHEN a.shared = 1 AND b.shared = 1 AND a.inode = b.inode
	            THEN CASE WHEN rtrim(a.source, '/') = rtrim(b.source, '/') AND abs(a.mtime - b.mtime) <= :cache_s THEN 'same' ELSE 'unknown' END
	            WHEN a.shared = 1 AND b.shared = 1 AND a.inode <> b.inode
	            THEN CASE WHEN a.steady AND b.steady OR a.size_bytes <> b.size_bytes THEN 'other' ELSE 'unknown' END
	            ELSE 'unknown' END AS code,
	       CASE WHEN b.what = 'missing' THEN 'not there'
	            WHEN a.what = 'missing' THEN 'not on the VM''s own host'
	            WHEN a.what IS NULL THEN 'on the VM''s own host: ' || coalesce(a.why, 'not answered')
	            WHEN b.what IS NULL THEN coalesce(b.why, 'not answered')
	            WHEN a.what <> b.what THEN CASE b.what WHEN 'file' THEN 'a file there, a block device here' ELSE 'a block device there, a file here' END
	            WHEN a.id <> b.id THEN 'another disk: here ' || a.id || ', there ' || b.id
	            WHEN a.what = 'block' AND a.size_bytes <> b.size_bytes
	            THEN 'the disk has ' || b.size_bytes || ' bytes there, ' || a.size_bytes || ' here'
	            WHEN a.what = 'block' THEN coalesce(b.why, a.why)
	            WHEN a.shared IS NULL OR b.shared IS NULL THEN coalesce(b.why, a.why)
	            WHEN a.shared = 0 AND b.shared = 0 THEN 'on ' || a.fstype || ', which the hosts do not share'
	            WHEN a.shared <> b.shared OR replace(a.fstype, 'nfs4', 'nfs') <> replace(b.fstype, 'nfs4', 'nfs')
	            THEN 'another file: on ' || b.fstype || ' there, on ' || a.fstype || ' here'
	            WHEN rtrim(a.source, '/') <> rtrim(b.source, '/') AND a.inode = b.inode
	            THEN 'mounted from ' || b.source || ' there, from ' || a.source || ' here: not known whether that is the same'
	            WHEN rtrim(a.source, '/') <> rtrim(b.source, '/')
	            THEN 'another file: from ' || b.source || ' there, from ' || a.source || ' here'
	            WHEN a.inode <> b.inode AND (a.steady AND b.steady OR a.size_bytes <> b.size_bytes)
	            THEN 'another file: number ' || b.inode || ' there, ' || a.inode || ' here'
	            WHEN a.inode <> b.inode THEN 'numbers of files differ between hosts on ' || a.fstype
	            ELSE 'written to ' || abs(a.mtime - b.mtime) || ' s apart: another file, or a host that sees old attributes' END AS text
	  FROM place AS p
	  JOIN host AS h ON h.cluster = p.cluster AND h.destination AND h.id IS NOT p.home
	  LEFT JOIN host_image AS a ON a.host = p.home AND a.path = p.path
	  LEFT JOIN host_image AS b ON b.host = h.id AND b.path = p.path),
     odd AS MATERIALIZED (SELECT * FROM met WHERE code <> 'same' OR shut IS NOT 0),
     moved AS MATERIALIZED (
	SELECT i.vm, i.drive, o.peer, rtrim(o.path, replace(o.path, '/', '')) AS folder, o.code,
	       coalesce(c.capacity_bytes, q.virtual_bytes, CASE WHEN d.format = 'raw' THEN o.here_bytes END) AS bytes, d.format, o.there_bytes
	  FROM image AS i JOIN odd AS o ON o.home = i.home AND o.path = i.path
	  JOIN vm_drive AS d ON d.vm = i.vm AND d.drive = i.drive
	  JOIN libvirt_vm AS l ON l.host = i.home AND l.host || '/' || l.uuid = i.vm
	  LEFT JOIN libvirt_drive AS c ON c.host = l.host AND c.name = l.name AND c.target = i.drive
	  LEFT JOIN linux_image AS q ON q.host = i.home AND q.path = i.path AND q.file = i.path
	 WHERE :copy = 1 AND i.layer = 0 AND i.readonly = 0 AND o.code IN ('missing', 'local')),
     load AS MATERIALIZED (
	SELECT vm, peer, folder, CASE WHEN count(bytes) = count(*) THEN sum(bytes) END AS bytes
	  FROM moved WHERE code = 'missing' GROUP BY vm, peer, folder),
     pool AS MATERIALIZED (
	SELECT p.host, rtrim(p.path, '/') || '/' AS folder,
	       max(CASE WHEN p.type IN ('dir', 'fs', 'netfs') THEN r.free_bytes WHEN p.type IS NOT NULL THEN p.available_bytes END) AS room
	  FROM libvirt_pool AS p JOIN libvirt_pools AS l ON l.host = p.host AND instr(l.active, p.uuid) > 0
	  LEFT JOIN libvirt_pool_room AS r ON r.host = p.host AND r.path = p.path
	 GROUP BY p.host, rtrim(p.path, '/')),
     copied AS MATERIALIZED (
	SELECT m.vm, m.drive, m.peer,
	       CASE WHEN m.code = 'local' AND m.format = 'raw' AND m.bytes = m.there_bytes THEN 'pass'
	            WHEN m.code = 'local' THEN 'unknown'
	            WHEN p.host IS NULL AND l.pools IS NOT NULL THEN 'fail'
	            WHEN p.room < s.bytes THEN 'fail'
	            WHEN p.room >= s.bytes THEN 'pass' ELSE 'unknown' END AS status,
	       CASE WHEN m.code = 'local' AND m.format = 'raw' AND m.bytes = m.there_bytes THEN 'copied over the file there'
	            WHEN m.code = 'local' THEN 'a file is there already: not known whether it is as large as the guest''s disk'
	            WHEN p.host IS NULL THEN 'to be copied, but no active pool there has the folder ' || m.folder
	            WHEN p.room < s.bytes THEN 'to be copied, but only ' || p.room || ' of ' || s.bytes || ' bytes are free there'
	            WHEN p.room >= s.bytes THEN 'copied' ELSE 'to be copied: not known whether there is room' END AS text
	  FROM moved AS m
	  LEFT JOIN load AS s ON s.vm = m.vm AND s.peer = m.peer AND s.folder = m.folder
	  LEFT JOIN pool AS p ON p.host = m.peer AND p.folder = m.folder
	  LEFT JOIN libvirt_pools AS l ON l.host = m.peer),
     trouble AS MATERIALIZED (
	SELECT i.vm, o.peer, i.drive, i.layer, o.path,
	       CASE WHEN i.readonly IS NULL THEN 'unknown'
	            WHEN c.status IS NOT NULL THEN c.status
	            WHEN i.layer = 1 AND u.vm IS NOT NULL THEN 'pass'
	            WHEN o.code = 'same' THEN CASE WHEN i.readonly OR o.shut = 0 THEN 'pass' WHEN o.shut = 1 THEN 'fail' ELSE 'unknown' END
	            WHEN o.code = 'missing' AND i.layer = 0 AND i.readonly AND i.startup IN ('requisite', 'optional') THEN 'warn'
	            WHEN o.code = 'local' AND i.readonly AND o.here_bytes = o.there_bytes THEN 'warn'
	            WHEN o.code IN ('missing', 'other') OR (o.code = 'local' AND (i.readonly = 0 OR o.here_bytes <> o.there_bytes)) THEN 'fail'
	            ELSE 'unknown' END AS status,
	       CASE WHEN c.status IS NOT NULL THEN c.text
	            WHEN i.layer = 1 AND u.vm IS NOT NULL THEN NULL
	            WHEN o.code = 'same'
	            THEN CASE WHEN i.readonly THEN NULL WHEN o.shut THEN 'can only be read there'
	                      ELSE 'not known whether it can be written to there' END
	            WHEN o.code = 'missing' AND i.layer = 0 AND i.readonly AND i.startup IN ('requisite', 'optional')
	            THEN 'not there: the drive will be empty'
	            WHEN o.code = 'local' AND i.readonly AND o.here_bytes = o.there_bytes THEN 'a file of its own there, as large as here: not compared'
	            WHEN o.code = 'local' AND i.readonly THEN 'another file: ' || o.there_bytes || ' bytes there, ' || o.here_bytes || ' here'
	            ELSE o.text END AS text
	  FROM image AS i
	  JOIN odd AS o ON o.home = i.home AND o.path = i.path
	  LEFT JOIN copied AS c ON c.vm = i.vm AND c.drive = i.drive AND c.peer = o.peer AND i.layer = 0
	  LEFT JOIN copied AS u ON u.vm = i.vm AND u.drive = i.drive AND u.peer = o.peer AND i.layer = 1),
     bad AS MATERIALIZED (
	SELECT vm, peer, max(status = 'fail') AS fail, max(status = 'unknown') AS unknown, max(status = 'warn') AS warn,
	       group_concat(CASE WHEN status <> 'unknown' THEN drive || ' (' || path || ') ' || text END, '; ') AS observed,
	       group_concat(CASE WHEN status = 'unknown' THEN drive || ' (' || path || '): ' || coalesce(text, 'not answered in full') END, '; ')
	           AS unsure
	  FROM (SELECT * FROM trouble WHERE status <> 'pass' OR text IS NOT NULL ORDER BY vm, peer, drive, layer, path)
	 GROUP BY vm, peer),
     strange AS MATERIALIZED (
	SELECT vm, group_concat(drive, ', ') AS drives
	  FROM (SELECT DISTINCT vm, coalesce(drive, 'a drive') AS drive FROM image
	         WHERE ((kind = 'path' AND path IS NOT NULL) OR kind = 'network') IS NOT 1 ORDER BY vm, drive)
	 GROUP BY vm),
     machine AS MATERIALIZED (
	SELECT v.id AS vm, v.cluster, v.host AS home, coalesce(s.told, 0) = 1 AND x.vm IS NULL AS told,
	       CASE WHEN s.vm IS NULL THEN 'the VM''s definition was not answered' WHEN s.told IS NOT 1 THEN s.why
	            WHEN x.vm IS NOT NULL THEN 'not known to be a file, a block device or network storage: ' || x.drives END AS why,
	       v.id IN (SELECT vm FROM bad) AS troubled
	  FROM vm AS v LEFT JOIN vm_storage AS s ON s.vm = v.id LEFT JOIN strange AS x ON x.vm = v.id),
     everyone AS MATERIALIZED (
	SELECT k.cluster, k.home, json_group_array(h.id) AS peers
	  FROM (SELECT DISTINCT cluster, home FROM machine) AS k JOIN host AS h ON h.cluster = k.cluster AND h.destination AND h.id IS NOT k.home
	 GROUP BY k.cluster, k.home)
SELECT m.vm, e.peers AS peer, CASE WHEN m.told = 1 THEN 'pass' ELSE 'unknown' END AS status, NULL AS observed,
       'the same files and disks there' AS expected, m.why AS detail
  FROM machine AS m JOIN everyone AS e ON e.cluster = m.cluster AND e.home IS m.home
 WHERE NOT m.troubled
UNION ALL
SELECT vm, json_group_array(peer), status, observed, 'the same files and disks there', detail
  FROM (SELECT m.vm, h.id AS peer,
               CASE WHEN b.fail THEN 'fail' WHEN b.unknown OR NOT m.told THEN 'unknown' WHEN b.warn THEN 'warn' ELSE 'pass' END AS status,
               b.observed, coalesce(m.why || coalesce('; ' || b.unsure, ''), b.unsure) AS detail
          FROM machine AS m JOIN host AS h ON h.cluster = m.cluster AND h.destination AND h.id IS NOT m.home
          LEFT JOIN bad AS b ON b.vm = m.vm AND b.peer = h.id
         WHERE m.troubled)
 GROUP BY vm, status, observed, detail
