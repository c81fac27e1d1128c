/*
title: Every shared LUN that the host sees is seen by the other host too
subject: pair
depends: own
severity: warning
platforms: [vsphere]
symptom: >
  A datastore on the LUN can't be mounted on the other host, and VMs with a raw device mapping of it can't move there.
fix: >
  Zone and mask the LUN to the hosts that don't see it, then rescan their adapters. A LUN that one host boots from is meant for it
  alone: waive the finding.
refs: ["vSphere API: ScsiLun.uuid, HostScsiDisk.localDisk", "VMware vSphere Storage: LUN masking and zoning"]
*/
-- Only LUNs that not all hosts of the cluster see are looked at pair by pair. One of which nobody can say whether it is local
-- leaves a pair unknown.
WITH answer AS MATERIALIZED (
	SELECT h.cluster, h.id AS host, l.set_id FROM host AS h LEFT JOIN host_lun_set AS l ON l.host = h.id),
     holes AS MATERIALIZED (
	SELECT DISTINCT set_id FROM lun_set WHERE lun IS NULL),
     kind AS MATERIALIZED (
	SELECT cluster, set_id, count(*) AS n FROM answer WHERE set_id IS NOT NULL GROUP BY cluster, set_id),
     size AS MATERIALIZED (
	SELECT cluster, count(set_id) AS n FROM answer GROUP BY cluster),
     uneven AS MATERIALIZED (
	SELECT k.cluster, x.lun, max(x.name) AS name, max(x.shared) AS shared, sum(k.n) AS have, s.n
	  FROM kind AS k JOIN lun_set AS x ON x.set_id = k.set_id JOIN size AS s ON s.cluster = k.cluster
	 WHERE x.lun IS NOT NULL GROUP BY k.cluster, x.lun HAVING sum(k.n) < s.n),
     sight AS MATERIALIZED (
	SELECT u.cluster, u.lun, u.shared, u.have, u.n, u.name, a.host, a.set_id, x.lun IS NOT NULL AS seen
	  FROM uneven AS u JOIN answer AS a ON a.cluster = u.cluster AND a.set_id IS NOT NULL
	  LEFT JOIN lun_set AS x ON x.set_id = a.set_id AND x.lun = u.lun),
     gap AS MATERIALIZED (
	SELECT a.host, b.host AS peer, a.shared, coalesce(a.name, a.lun) || ' (seen by ' || a.have || ' of ' || a.n || ')' AS text,
	       row_number() OVER w AS k, count(*) OVER (PARTITION BY a.host, b.host) AS n
	  FROM sight AS a JOIN sight AS b ON b.cluster = a.cluster AND b.lun = a.lun
	 WHERE a.seen AND NOT b.seen
	WINDOW w AS (PARTITION BY a.host, b.host ORDER BY a.name, a.lun)),
     lack AS MATERIALIZED (
	SELECT host, peer, max(shared) AS shared,
	       group_concat(CASE WHEN k <= 8 THEN text END, ', ') || CASE WHEN n > 8 THEN ' and ' || (n - 8) || ' more' ELSE '' END AS text
	  FROM (SELECT * FROM gap ORDER BY host, peer, k) GROUP BY host, peer)
SELECT r.host, r.peers AS peer,
       CASE WHEN s.set_id IS NOT NULL AND NOT r.silent AND v.set_id IS NULL THEN 'pass' ELSE 'unknown' END AS status,
       NULL AS observed, 'seen by both hosts' AS expected,
       CASE WHEN s.set_id IS NULL THEN 'the host lists no LUN' WHEN r.silent THEN 'the other host lists no LUN'
            WHEN v.set_id IS NOT NULL THEN 'LUNs without an id' END AS detail
  FROM (SELECT p.host, d.set_id IS NULL AS silent, json_group_array(p.peer) AS peers
          FROM host_pair AS p JOIN answer AS d ON d.host = p.peer LEFT JOIN lack AS l ON l.host = p.host AND l.peer = p.peer
         WHERE l.host IS NULL GROUP BY p.host, d.set_id IS NULL) AS r
  JOIN answer AS s ON s.host = r.host
  LEFT JOIN holes AS v ON v.set_id = s.set_id
UNION ALL
SELECT l.host, json_group_array(l.peer), CASE WHEN l.shared = 1 AND w.set_id IS NULL THEN 'fail' ELSE 'unknown' END,
       'not seen there: ' || l.text, 'seen by both hosts',
       CASE WHEN w.set_id IS NOT NULL THEN 'LUNs without an id' WHEN l.shared IS NULL THEN 'not known whether these are local' END
  FROM lack AS l JOIN host AS h ON h.id = l.peer AND h.destination
  JOIN answer AS d ON d.host = l.peer
  LEFT JOIN holes AS w ON w.set_id = d.set_id
 GROUP BY l.host, l.shared, l.text, w.set_id IS NULL
