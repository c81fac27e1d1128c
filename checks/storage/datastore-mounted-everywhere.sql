/*
title: Every shared datastore of the host is mounted on the other host too
subject: pair
depends: own
severity: warning
platforms: [vsphere]
symptom: >
  VMs that use the datastore can't move to the other host: "Unable to access the virtual machine configuration: Unable to access
  file" (CannotAccessVmConfig, CannotAccessVmDisk). Whether a VM is concerned tells vm-on-shared-storage.
fix: >
  Mount the datastore on the hosts that lack it: give them access to the LUN and rescan, or mount the same NFS export under the
  same name.
refs: ["001_82856f7890981a1d.txt", "vSphere API: Datastore.host, HostMountInfo", "vSphere API: CannotAccessVmDisk"]
*/
-- A datastore that only its one host can have (see datastore_sharing) is not expected on others. Datastores with the same list of
-- hosts are judged once.
WITH store AS MATERIALIZED (
	SELECT m.set_id, coalesce(d.name, m.datastore) AS name, s.shared
	  FROM datastore_mount_set AS m
	  LEFT JOIN datastore AS d ON d.id = m.datastore
	  LEFT JOIN datastore_sharing AS s ON s.datastore = m.datastore
	 WHERE s.shared IS NOT 0),
     numbered AS MATERIALIZED (
	SELECT set_id, name, shared, row_number() OVER (PARTITION BY set_id, shared ORDER BY name) AS k,
	       count(*) OVER (PARTITION BY set_id, shared) AS n FROM store),
     list AS MATERIALIZED (
	SELECT set_id, shared, group_concat(name, ', ') || CASE WHEN n > 8 THEN ' and ' || (n - 8) || ' more' ELSE '' END AS names
	  FROM (SELECT * FROM numbered WHERE k <= 8 ORDER BY set_id, shared, k) GROUP BY set_id, shared),
     used AS MATERIALIZED (
	SELECT DISTINCT h.cluster, l.set_id, l.shared, l.names
	  FROM list AS l JOIN mount_set AS x ON x.set_id = l.set_id JOIN host AS h ON h.id = x.host
	 WHERE x.mounted IS NOT 0),
     place AS MATERIALIZED (
	SELECT u.cluster, u.set_id, u.shared, u.names, h.id AS host, h.name, max(CASE WHEN x.host IS NULL THEN 0 ELSE x.mounted END) AS mounted,
	       count(x.host) > count(x.mounted) AS unsure
	  FROM used AS u JOIN host AS h ON h.cluster = u.cluster LEFT JOIN mount_set AS x ON x.set_id = u.set_id AND x.host = h.id
	 GROUP BY u.cluster, u.set_id, u.shared, h.id),
     uneven AS MATERIALIZED (
	SELECT cluster, set_id, shared, sum(mounted = 1) AS have, count(*) AS n FROM place GROUP BY cluster, set_id, shared
	HAVING sum(mounted = 1 AND NOT unsure) < count(*)),
     gap AS MATERIALIZED (
	SELECT a.host, b.host AS peer, a.names || ' (mounted on ' || u.have || ' of ' || u.n || ')' AS text,
	       a.shared = 1 AND a.mounted = 1 AND b.mounted = 0 AND NOT b.unsure AS sure
	  FROM uneven AS u
	  JOIN place AS a ON a.cluster = u.cluster AND a.set_id = u.set_id AND a.shared IS u.shared
	  JOIN place AS b ON b.cluster = u.cluster AND b.set_id = u.set_id AND b.shared IS u.shared
	 WHERE a.host <> b.host AND (a.mounted = 1 OR a.unsure) AND (b.mounted IS NOT 1 OR b.unsure)),
     lack AS MATERIALIZED (
	SELECT host, peer, max(sure) AS sure, group_concat(CASE WHEN sure THEN text END, '; ') AS text,
	       group_concat(CASE WHEN sure THEN NULL ELSE text END, '; ') AS unsure
	  FROM (SELECT * FROM gap ORDER BY host, peer, text) GROUP BY host, peer)
SELECT r.host, r.peers AS peer, CASE WHEN t.told = 1 THEN 'pass' ELSE 'unknown' END AS status, NULL AS observed,
       'mounted on both hosts' AS expected,
       CASE WHEN t.told = 0 THEN 'the host lists datastores that don''t say which hosts mount them'
            WHEN t.told IS NULL THEN 'the host lists no datastore' END AS detail
  FROM (SELECT p.host, json_group_array(p.peer) AS peers
          FROM host_pair AS p LEFT JOIN lack AS l ON l.host = p.host AND l.peer = p.peer
         WHERE l.host IS NULL GROUP BY p.host) AS r
  LEFT JOIN host_mount_told AS t ON t.host = r.host
UNION ALL
SELECT l.host, json_group_array(l.peer), CASE WHEN l.sure = 1 THEN 'fail' ELSE 'unknown' END, 'not mounted there: ' || l.text,
       'mounted on both hosts', 'not known of ' || l.unsure
  FROM lack AS l JOIN host AS h ON h.id = l.peer AND h.destination
 GROUP BY l.host, l.sure, l.text, l.unsure
