/*
title: The candidate has the VM's firmware and boot ROMs, in the same size
subject: vm_host
depends: own
severity: critical
platforms: [kvm]
symptom: >
  The migration breaks off with "Unable to write to socket" on the source; on the destination stands "Size mismatch: pc.bios", "Size
  mismatch: 0000:00:03.0/virtio-net-pci.rom", "Unknown ramblock", "Cannot access storage file '/usr/share/OVMF/...'" or "failed to find romfile".
fix: >
  Install the same version of the packages with the firmware (ovmf or edk2-ovmf, seabios, ipxe-qemu) on both hosts.
refs: ["libvirt: Domain XML format, os/loader, os/nvram, interface/rom", "QEMU: migration/ram.c, hw/pci/pci.c",
       "002_1da27ed02e3c1a09.txt"]
*/
-- A guest that runs takes its firmware along, in memory of the size that the destination's file has; a ROM's is rounded up to a power of
-- two. Other contents of the same size: the guest keeps its own until it is started anew. A VM that is shut off needs the files only.
-- Hosts with the same files are of one kind, VMs with the same needs of one need: each pair of kinds is judged once for a need.
WITH definition AS MATERIALIZED (
	SELECT host || '/' || uuid AS vm, loader, nvram_template, arch, machine, videos,
	       CASE WHEN interfaces = '' THEN 0 ELSE length(interfaces) - length(replace(interfaces, ',', '')) + 1 END AS interfaces
	  FROM libvirt_domain WHERE uuid IS NOT NULL),
     adapter AS MATERIALIZED (
	SELECT host || '/' || uuid AS vm, count(*) AS n, nullif(sum(rom IS NULL OR model IS NULL), 0) AS holes
	  FROM libvirt_interface WHERE uuid IS NOT NULL GROUP BY 1),
     machine AS MATERIALIZED (
	SELECT v.id AS vm, v.host, v.cluster, ',' || json_quote(v.host) AS own, m.mobility, d.loader IS NOT NULL AND d.nvram_template IS NOT NULL
	       AND d.arch IS NOT NULL AND d.machine IS NOT NULL AND i.holes IS NULL AND d.interfaces IS NOT NULL
	       AND d.videos IS NOT NULL AND coalesce(i.n, 0) = d.interfaces AS told
	  FROM vm AS v
	  LEFT JOIN vm_mobility AS m ON m.vm = v.id
	  LEFT JOIN definition AS d ON d.vm = v.id
	  LEFT JOIN adapter AS i ON i.vm = v.id),
     piece AS MATERIALIZED (SELECT vm, kind, file FROM vm_firmware),
     needed AS MATERIALIZED (
	SELECT vm, group_concat(kind || ' ' || file, char(10)) AS need FROM (SELECT * FROM piece ORDER BY vm, kind, file) GROUP BY vm),
     part AS MATERIALIZED (   -- what each need consists of
	SELECT n.need, p.kind, p.file FROM (SELECT need, min(vm) AS vm FROM needed GROUP BY need) AS n JOIN piece AS p ON p.vm = n.vm),
     kind_of AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, h.destination,
	       coalesce(r.set_id, 'none') || char(10) || coalesce(f.text, '') AS kind, r.set_id AS roms
	  FROM host AS h
	  LEFT JOIN linux_rom AS r ON r.host = h.id
	  LEFT JOIN (SELECT host, group_concat(file || ' ' || coalesce(state, '?') || ' ' || coalesce(size, '?') || ' ' || coalesce(sha256, '?')
	                                       || coalesce(failure, ''), char(10)) AS text
	               FROM (SELECT * FROM libvirt_firmware_file ORDER BY host, file) GROUP BY host) AS f ON f.host = h.id),
     sample AS MATERIALIZED (SELECT kind, roms, min(host) AS host FROM kind_of GROUP BY kind),
     power AS (SELECT 1 AS p UNION ALL SELECT p * 2 FROM power WHERE p < 1073741824),
     rounded AS MATERIALIZED (
	SELECT r.set_id, r.name, r.size, r.sha256, min(p.p) AS room FROM linux_rom_set AS r LEFT JOIN power AS p ON p.p >= r.size
	 GROUP BY r.set_id, r.name),
     has AS MATERIALIZED (   -- each part on each kind of host; state NULL: not known
	SELECT p.need, s.kind AS host_kind, p.kind, p.file,
	       CASE WHEN p.kind <> 'own' THEN f.state WHEN r.size IS NOT NULL THEN 'present'
	            WHEN s.roms IS NOT NULL AND w.named > 0 THEN 'absent' END AS state,
	       CASE p.kind WHEN 'own' THEN r.room ELSE f.size END AS size, CASE p.kind WHEN 'own' THEN r.sha256 ELSE f.sha256 END AS sha256,
	       f.failure
	  FROM part AS p
	  JOIN sample AS s
	  LEFT JOIN libvirt_firmware_file AS f ON f.host = s.host AND f.file = p.file AND p.kind <> 'own'
	  LEFT JOIN rounded AS r ON r.set_id = s.roms AND r.name = p.file AND p.kind = 'own'
	  LEFT JOIN (SELECT set_id, CASE WHEN count(name) = count(*) AND count(size) = count(*) THEN count(*) END AS named FROM linux_rom_set GROUP BY set_id)
	         AS w ON w.set_id = s.roms),
     want AS MATERIALIZED (
	SELECT DISTINCT m.cluster, m.mobility, m.told, n.need, k.kind AS source
	  FROM machine AS m LEFT JOIN needed AS n ON n.vm = m.vm LEFT JOIN kind_of AS k ON k.host = m.host),
     candidate AS MATERIALIZED (
	SELECT cluster, kind, group_concat(',' || json_quote(host), '') AS ids FROM kind_of WHERE destination GROUP BY cluster, kind),
     answer AS MATERIALIZED (
	SELECT w.cluster, w.mobility, w.told, w.need, w.source, c.kind AS there_kind, c.ids, t.file,
	       CASE WHEN t.file IS NULL THEN 0
	            WHEN t.state = 'absent' AND (t.kind <> 'own' OR (w.mobility = 'live' AND h.state = 'present')) THEN 3
	            WHEN t.state = 'present' AND w.mobility = 'cold' THEN 0
	            WHEN t.kind = 'own' AND w.mobility = 'cold' THEN 0
	            WHEN t.kind = 'template' AND t.state = 'present' THEN 0
	            WHEN t.state = 'present' AND h.state = 'present' AND t.size <> h.size THEN 3
	            WHEN t.state = 'present' AND h.state = 'present' AND t.size = h.size AND t.sha256 = h.sha256 THEN 0
	            WHEN t.state = 'present' AND h.state = 'present' AND t.size = h.size AND t.sha256 <> h.sha256 THEN 1
	            ELSE 2 END AS rank,
	       CASE WHEN t.state = 'absent' AND h.state = 'present' THEN t.file || ' is not there'
	            WHEN t.state = 'absent' AND t.kind <> 'own' THEN t.file || ' is on neither host'
	            WHEN t.state = 'absent' THEN t.file || ' was not found on either host'
	            WHEN t.size <> h.size AND t.kind = 'own' THEN t.file || ': ' || t.size || ' bytes of memory there, ' || h.size || ' here'
	            WHEN t.size <> h.size THEN t.file || ': ' || t.size || ' bytes there, ' || h.size || ' here'
	            WHEN t.size = h.size AND t.sha256 <> h.sha256 THEN t.file || ': of the same size, but another version'
	            ELSE t.file || ': not known' || coalesce(' there: ' || t.failure, ' here: ' || h.failure, '') END AS text
	  FROM want AS w
	  JOIN candidate AS c ON c.cluster = w.cluster
	  LEFT JOIN has AS t ON t.need = w.need AND t.host_kind = c.kind
	  LEFT JOIN has AS h ON h.need = w.need AND h.host_kind = w.source AND h.kind = t.kind AND h.file = t.file),
     word AS MATERIALIZED (
	SELECT cluster, mobility, told, need, source, there_kind, ids,
	       CASE WHEN mobility IS NULL OR told IS NOT 1 THEN CASE max(rank) WHEN 3 THEN 3 ELSE 2 END ELSE max(rank) END AS rank,
	       group_concat(CASE WHEN rank > 0 THEN text END, '; ') AS text, count(file) AS n
	  FROM (SELECT * FROM answer ORDER BY rank DESC, text)
	 GROUP BY cluster, mobility, told, need, source, there_kind)
SELECT m.vm, '[' || substr(replace(w.ids, coalesce(m.own, '?'), ''), 2) || ']' AS peer,
       CASE w.rank WHEN 0 THEN CASE WHEN w.n > 0 THEN 'pass' ELSE 'na' END WHEN 1 THEN 'warn' WHEN 3 THEN 'fail' ELSE 'unknown' END AS status,
       coalesce(w.text, CASE WHEN w.n > 0 AND m.told = 1 THEN 'the same ' || w.n || CASE w.n WHEN 1 THEN ' file' ELSE ' files' END END) AS observed,
       'all of its firmware, in the size that it has on the VM''s host' AS expected,
       CASE WHEN m.told IS NOT 1 THEN 'the VM''s definition was not answered, or not all of it'
            WHEN m.mobility IS NULL THEN 'not known whether it runs'
            WHEN w.rank = 0 AND w.n = 0 THEN 'its firmware is not of a file that is known here'
            WHEN m.mobility = 'cold' THEN 'moves cold: it is not running' END AS detail
  FROM machine AS m
  LEFT JOIN needed AS n ON n.vm = m.vm
  LEFT JOIN kind_of AS k ON k.host = m.host
  JOIN word AS w ON w.cluster = m.cluster AND w.mobility IS m.mobility AND w.told IS m.told AND w.need IS n.need AND w.source IS k.kind
 WHERE replace(w.ids, coalesce(m.own, '?'), '') <> ''
