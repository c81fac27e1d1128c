/*
title: The host reaches every datastore that it mounts
subject: host
depends: own
severity: critical
platforms: [vsphere]
symptom: >
  VMs on the datastore hang or can't be opened, and the host's management agent may stop responding while all paths are down, so
  that migrations from and to it hang as well.
fix: >
  Restore the host's way to the storage (zoning, network, array, NFS server), then rescan; take a device that is lost for good off
  the host. A datastore that nobody needs any more is unmounted.
refs: ["vSphere API: HostMountInfo.accessible, inaccessibleReason, mounted", "vSphere API: DatastoreSummary.maintenanceMode"]
*/
-- Where another host of the cluster reaches it, the fault is the host's: fail. What no host reaches fails nobody as long as no VM
-- needs it; vm-on-shared-storage says when one does. Datastores with the same list of hosts are judged once.
WITH store AS MATERIALIZED (
	SELECT m.set_id, coalesce(d.name, m.datastore) AS name, s.maintenance
	  FROM datastore_mount_set AS m
	  LEFT JOIN datastore AS d ON d.id = m.datastore
	  LEFT JOIN vsphere_datastore_state AS s ON s.datastore = m.datastore),
     numbered AS MATERIALIZED (
	SELECT set_id, name, row_number() OVER (PARTITION BY set_id ORDER BY name) AS k, count(*) OVER (PARTITION BY set_id) AS n FROM store),
     list AS MATERIALIZED (
	SELECT set_id, group_concat(name, ', ') || CASE WHEN n > 8 THEN ' and ' || (n - 8) || ' more' ELSE '' END AS names
	  FROM (SELECT * FROM numbered WHERE k <= 8 ORDER BY set_id, k) GROUP BY set_id),
     service AS MATERIALIZED (
	SELECT set_id, count(*) - count(maintenance) AS holes,
	       group_concat(CASE WHEN maintenance <> 'normal' THEN name || CASE maintenance WHEN 'enteringMaintenance'
	                         THEN ' is entering maintenance mode' WHEN 'inMaintenance' THEN ' is in maintenance mode'
	                         ELSE ': ' || maintenance END END, ', ') AS text
	  FROM (SELECT * FROM store ORDER BY set_id, name) GROUP BY set_id),
     mount AS MATERIALIZED (
	SELECT h.cluster, h.id AS host, x.set_id, x.reason,
	       CASE WHEN x.mounted = 0 THEN 'unmounted' WHEN x.accessible = 0 THEN 'not accessible'
	            WHEN x.mounted = 1 AND x.accessible = 1 THEN 'good' END AS state
	  FROM mount_set AS x JOIN host AS h ON h.id = x.host
	 WHERE x.set_id IN (SELECT set_id FROM store)),
     reach AS MATERIALIZED (
	SELECT m.cluster, m.set_id, coalesce(sum(m.state = 'good'), 0) AS good, count(*) - count(m.state) + (c.kind IS NULL) AS silent
	  FROM mount AS m LEFT JOIN cluster AS c ON c.id = m.cluster GROUP BY m.cluster, m.set_id),
     judged AS MATERIALIZED (
	SELECT m.host, count(*) AS n, sum(m.state = 'good') AS good, sum(m.state <> 'good' AND r.good > 0) AS alone,
	       sum(m.state <> 'good' AND r.good = 0 AND r.silent > 0) AS alone_or_not, sum(s.holes) AS holes,
	       group_concat(CASE WHEN m.state <> 'good'
	                         THEN l.names || ': ' || m.state || CASE WHEN m.reason <> 'none' THEN ' (' || m.reason || ')' ELSE '' END
	                              || CASE WHEN r.good > 0 THEN ', reached by ' || r.good || ' other'
	                                           || CASE r.good WHEN 1 THEN '' ELSE 's' END || ' of the cluster'
	                                      ELSE ', nor by another host of the cluster' END END, '; ') AS text,
	       group_concat(CASE WHEN m.state IS NULL THEN l.names END, ', ') AS unsure, group_concat(s.text, ', ') AS service
	  FROM (SELECT * FROM mount ORDER BY host, set_id) AS m
	  JOIN list AS l ON l.set_id = m.set_id JOIN service AS s ON s.set_id = m.set_id
	  JOIN reach AS r ON r.cluster = m.cluster AND r.set_id = m.set_id
	 GROUP BY m.host)
SELECT h.id AS host,
       CASE WHEN j.alone > 0 THEN 'fail'
            WHEN j.alone_or_not > 0 OR j.holes > 0 OR t.told IS NOT 1 OR j.unsure IS NOT NULL OR j.n IS NULL THEN 'unknown'
            WHEN j.good < j.n OR j.service IS NOT NULL THEN 'warn'
            WHEN j.good = j.n THEN 'pass'
            ELSE 'unknown' END AS status,
       coalesce(j.text || CASE WHEN j.service IS NULL THEN '' ELSE '; ' || j.service END, j.service,
                CASE WHEN j.good = j.n THEN 'all reached' END) AS observed,
       'mounted and accessible, not in maintenance mode' AS expected,
       CASE WHEN j.unsure IS NOT NULL THEN 'not known of ' || j.unsure
            WHEN t.told IS NULL THEN 'the host lists no datastore'
            WHEN t.told = 0 THEN 'the host lists datastores that don''t say which hosts mount them'
            WHEN j.alone_or_not > 0 THEN 'not known whether other hosts reach it'
            WHEN j.holes > 0 THEN 'not known whether a datastore is in maintenance mode' END AS detail
  FROM host AS h
  LEFT JOIN judged AS j ON j.host = h.id
  LEFT JOIN host_mount_told AS t ON t.host = h.id
