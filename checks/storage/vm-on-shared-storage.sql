/*
title: All storage that the VM uses can be used on the candidate host
subject: vm_host
depends: own
severity: critical
platforms: [vsphere]
symptom: >
  The migration is refused: "Unable to access the virtual machine configuration" or "Unable to access file" (CannotAccessVmConfig,
  CannotAccessVmDisk, CannotAccessVmDevice), or asks for a migration of the disks as well.
fix: >
  Mount the datastores named on the candidate host, or move the VM's files to one that all hosts mount. An image in a CD drive is
  taken out. For a raw device mapping, zone the LUN to the candidate and rescan.
refs: ["001_82856f7890981a1d.txt", "vSphere API: VirtualMachine.datastore, VirtualDeviceFileBackingInfo.datastore",
  "vSphere API: CannotAccessVmDisk, CannotAccessVmDevice, RDMPointsToInaccessibleDisk"]
*/
-- Gaps first: per cluster and list of hosts, who can't use the datastores that have that list; then the VMs that need one of them.
-- What is read-only where the VM is now may be read-only on the candidate too. VMs on one host that use the same storage are
-- judged once.
WITH need AS MATERIALIZED (
	SELECT v.id AS vm, v.cluster, v.host AS home, d.set_id AS ds, f.set_id AS fs, r.set_id AS rs, m.mobility = 'agent' AS agent
	  FROM vm AS v
	  LEFT JOIN vsphere_vm_datastore AS d ON d.vm = v.id
	  LEFT JOIN vsphere_vm_file AS f ON f.vm = v.id
	  LEFT JOIN vsphere_vm_rdm AS r ON r.vm = v.id
	  LEFT JOIN vm_mobility AS m ON m.vm = v.id
	 WHERE v.cluster IS NOT NULL),
     place AS MATERIALIZED (
	SELECT row_number() OVER () AS id, * FROM (SELECT DISTINCT cluster, home, ds, fs, rs FROM need WHERE agent IS NOT 1)),
     kind AS MATERIALIZED (
	SELECT DISTINCT ds, fs FROM place WHERE ds IS NOT NULL AND fs IS NOT NULL),
     store AS MATERIALIZED (
	SELECT k.ds, k.fs, s.datastore FROM kind AS k JOIN vsphere_vm_datastore_set AS s ON s.set_id = k.ds
	UNION
	SELECT k.ds, k.fs, s.datastore FROM kind AS k JOIN vsphere_vm_file_set AS s ON s.set_id = k.fs
	 WHERE s.datastore IS NOT 'none'),
     mounted AS MATERIALIZED (
	SELECT m.datastore AS id, coalesce(d.name, m.datastore) AS name, m.set_id
	  FROM datastore_mount_set AS m LEFT JOIN datastore AS d ON d.id = m.datastore
	 WHERE m.set_id IN (SELECT set_id FROM mount_set)),
     used AS MATERIALIZED (
	SELECT s.ds, s.fs, coalesce(m.name, s.datastore, 'a datastore without a name') AS name, m.set_id
	  FROM store AS s LEFT JOIN mounted AS m ON m.id = s.datastore),
     known AS MATERIALIZED (
	SELECT k.ds, k.fs, count(u.name) > 0 AND count(u.set_id) = count(u.name) AND count(s.set_id) > 0 AS told,
	       group_concat(CASE WHEN u.set_id IS NULL THEN u.name END, ', ') AS silent
	  FROM kind AS k LEFT JOIN used AS u ON u.ds = k.ds AND u.fs = k.fs
	  LEFT JOIN (SELECT DISTINCT set_id FROM vsphere_vm_datastore_set) AS s ON s.set_id = k.ds
	 GROUP BY k.ds, k.fs),
     spread AS MATERIALIZED (
	SELECT DISTINCT p.cluster, u.set_id FROM place AS p JOIN used AS u ON u.ds = p.ds AND u.fs = p.fs WHERE u.set_id IS NOT NULL),
     gap AS MATERIALIZED (
	SELECT s.cluster, s.set_id, h.id AS peer,
	       CASE WHEN x.host IS NULL THEN 'not mounted' WHEN x.mounted = 0 THEN 'unmounted'
	            WHEN x.accessible = 0 THEN 'not accessible' || CASE WHEN x.reason <> 'none' THEN ' (' || x.reason || ')' ELSE '' END
	            WHEN x.mounted = 1 AND x.accessible = 1 AND x.mode = 'readonly' THEN 'read-only' END AS what,
	       coalesce(x.mode, '') = 'readonly' AND x.mounted = 1 AND x.accessible = 1 AS readonly
	  FROM spread AS s JOIN host AS h ON h.cluster = s.cluster AND h.destination
	  LEFT JOIN mount_set AS x ON x.set_id = s.set_id AND x.host = h.id
	 WHERE (x.mounted = 1 AND x.accessible = 1 AND x.mode = 'readwrite') IS NOT 1),
     raw AS MATERIALIZED (
	SELECT set_id AS rs, nullif(lower(lun_uuid), '') AS lun, coalesce(label, 'raw device mapping') AS label FROM vsphere_vm_rdm_set),
     mapped AS MATERIALIZED (
	SELECT p.cluster, r.rs, r.lun, r.label
	  FROM (SELECT DISTINCT cluster, rs FROM place) AS p JOIN raw AS r ON r.rs = p.rs),
     holes AS MATERIALIZED (
	SELECT DISTINCT set_id FROM lun_set WHERE lun IS NULL),
     raw_gap AS MATERIALIZED (
	SELECT m.cluster, m.rs, h.id AS peer, m.label || ': its LUN ' || coalesce(m.lun, '') AS name,
	       CASE WHEN m.lun IS NULL OR l.set_id IS NULL THEN NULL
	            WHEN x.set_id IS NULL AND o.set_id IS NULL THEN 'not seen'
	            WHEN x.state <> 'ok' THEN x.state END AS what
	  FROM mapped AS m JOIN host AS h ON h.cluster = m.cluster AND h.destination
	  LEFT JOIN host_lun_set AS l ON l.host = h.id
	  LEFT JOIN lun_set AS x ON x.set_id = l.set_id AND x.lun = m.lun
	  LEFT JOIN holes AS o ON o.set_id = l.set_id
	 WHERE x.state IS NOT 'ok'),
     trouble AS MATERIALIZED (
	SELECT p.id, g.peer, u.name, g.what
	  FROM place AS p JOIN used AS u ON u.ds = p.ds AND u.fs = p.fs JOIN gap AS g ON g.cluster = p.cluster AND g.set_id = u.set_id
	  LEFT JOIN mount_set AS o ON o.set_id = g.set_id AND o.host = p.home AND g.readonly
	 WHERE o.mode IS NOT 'readonly' AND g.peer IS NOT p.home
	UNION
	SELECT p.id, g.peer, g.name, g.what
	  FROM place AS p JOIN raw_gap AS g ON g.cluster = p.cluster AND g.rs = p.rs WHERE g.peer IS NOT p.home),
     bad AS MATERIALIZED (
	SELECT id, peer, count(what) > 0 AS sure, group_concat(CASE WHEN what IS NOT NULL THEN name || ' ' || what END, ', ') AS text,
	       group_concat(CASE WHEN what IS NULL THEN name END, ', ') AS unsure
	  FROM (SELECT * FROM trouble ORDER BY id, peer, name) GROUP BY id, peer),
     judged AS MATERIALIZED (
	SELECT p.id, p.cluster, p.home, k.told = 1 AND p.rs IS NOT NULL AS told,
	       CASE WHEN p.ds IS NULL OR p.fs IS NULL OR p.rs IS NULL THEN 'not known which storage the VM uses'
	            WHEN k.silent IS NOT NULL THEN 'not known which hosts mount ' || k.silent
	            WHEN k.told = 0 THEN 'the VM names no datastore' END AS why
	  FROM place AS p LEFT JOIN known AS k ON k.ds = p.ds AND k.fs = p.fs),
     everyone AS MATERIALIZED (
	SELECT p.cluster, p.home, json_group_array(h.id) AS peers
	  FROM (SELECT DISTINCT cluster, home FROM need) AS p JOIN host AS h ON h.cluster = p.cluster AND h.destination AND h.id IS NOT p.home
	 GROUP BY p.cluster, p.home),
     verdict AS MATERIALIZED (
	SELECT j.id, e.peers, CASE WHEN j.told = 1 THEN 'pass' ELSE 'unknown' END AS status, NULL AS text, j.why
	  FROM judged AS j JOIN everyone AS e ON e.cluster = j.cluster AND e.home IS j.home
	 WHERE j.id NOT IN (SELECT id FROM bad)
	UNION ALL
	SELECT id, json_group_array(peer), status, text, why
	  FROM (SELECT j.id, h.id AS peer,
	               CASE WHEN b.sure = 1 THEN 'fail' WHEN b.id IS NULL AND j.told = 1 THEN 'pass' ELSE 'unknown' END AS status,
	               b.text, coalesce('not known of ' || b.unsure, j.why) AS why
	          FROM judged AS j JOIN host AS h ON h.cluster = j.cluster AND h.destination AND h.id IS NOT j.home
	          LEFT JOIN bad AS b ON b.id = j.id AND b.peer = h.id
	         WHERE j.id IN (SELECT id FROM bad))
	 GROUP BY id, status, text, why)
SELECT n.vm, v.peers AS peer, CASE WHEN v.status = 'pass' AND n.agent IS NULL THEN 'unknown' ELSE v.status END AS status,
       v.text AS observed, 'mounted, accessible and writable there' AS expected,
       CASE WHEN v.status = 'pass' AND n.agent IS NULL THEN 'not known whether it is an agent VM' ELSE v.why END AS detail
  FROM need AS n
  JOIN place AS p ON p.cluster = n.cluster AND p.home IS n.home AND p.ds IS n.ds AND p.fs IS n.fs AND p.rs IS n.rs
  JOIN verdict AS v ON v.id = p.id
 WHERE n.agent IS NOT 1
UNION ALL
SELECT n.vm, e.peers, 'na', NULL, NULL, 'an agent VM: the platform puts it where it is needed'
  FROM need AS n JOIN everyone AS e ON e.cluster = n.cluster AND e.home IS n.home
 WHERE n.agent = 1
