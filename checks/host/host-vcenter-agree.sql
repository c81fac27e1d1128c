/*
title: vCenter and the host itself tell the same of its storage
subject: host
depends: own
severity: warning
platforms: [vsphere]
symptom: >
  vCenter shows a datastore or a path as fine, and a migration that relies on it stalls or fails; or it rules a host out for a
  fault that is long repaired.
fix: >
  The host is right. Refresh its storage in vCenter (rescan), and if they still differ restart its management agents (hostd, vpxa), or
  disconnect and connect the host. Then look at what the host says is down.
refs: ["vSphere API: HostFileSystemMountInfo, HostMultipathInfoPath.pathState", "ESXCLI reference: storage nfs list, storage nfs41 list, storage core path list",
       "VMware KB 1003490"]
*/
-- Of LUNs the paths are counted by state: names of paths are spelled otherwise in both. Active and standby are one, for they may change
-- between two questions; what another plug-in than ESXi's own multipathing manages has none in vCenter. Hosts whose lists are the same are judged once.
WITH mount AS MATERIALIZED (
	SELECT l.host, 'NFS' AS kind, s.name, s.accessible FROM esxi_nfs_mount AS l JOIN esxi_nfs_mount_set AS s ON s.set_id = l.set_id
	UNION ALL
	SELECT l.host, 'NFS41', s.name, s.accessible FROM esxi_nfs41_mount AS l JOIN esxi_nfs41_mount_set AS s ON s.set_id = l.set_id),
     told AS MATERIALIZED (SELECT 'NFS' AS kind, host FROM esxi_nfs_mount UNION ALL SELECT 'NFS41', host FROM esxi_nfs41_mount),
     volume AS MATERIALIZED (SELECT host, upper(trim(type)) AS kind, name, accessible FROM vsphere_host_volume),
     listed AS MATERIALIZED (
	SELECT host, count(*) AS n, sum(kind IS NULL OR name IS NULL) AS holes, sum(kind = 'NFS41') AS nfs41 FROM volume GROUP BY host),
     both AS (
	SELECT v.host, v.name, v.accessible AS there, m.accessible AS here,
	       CASE WHEN t.host IS NULL OR v.name IS NULL THEN 'unknown' WHEN m.host IS NULL THEN 'missing' WHEN v.accessible = m.accessible THEN 'same'
	            WHEN v.accessible <> m.accessible THEN 'differs' ELSE 'unknown' END AS state
	  FROM volume AS v
	  LEFT JOIN told AS t ON t.host = v.host AND t.kind = v.kind
	  LEFT JOIN mount AS m ON m.host = v.host AND m.kind = v.kind AND m.name = v.name
	 WHERE v.kind IN ('NFS', 'NFS41')
	UNION ALL
	SELECT m.host, m.name, NULL, m.accessible, CASE WHEN m.name IS NULL THEN 'unknown' ELSE 'new' END
	  FROM mount AS m LEFT JOIN volume AS v ON v.host = m.host AND v.kind = m.kind AND v.name = m.name
	 WHERE v.host IS NULL),
     stores AS MATERIALIZED (
	SELECT host, count(*) AS n, sum(state IN ('missing', 'differs', 'new')) AS bad, sum(state = 'unknown') AS open,
	       group_concat(CASE state WHEN 'missing' THEN 'vCenter lists ' || name || ', the host does not mount it'
	                               WHEN 'new' THEN 'the host mounts ' || name || ', vCenter does not list it'
	                               WHEN 'differs' THEN 'vCenter says ' || name || CASE there WHEN 1 THEN ' accessible, the host says not'
	                                                                                         ELSE ' not accessible, the host says it is' END END, '; ') AS text
	  FROM (SELECT * FROM both ORDER BY host, name) GROUP BY host),
     answer AS MATERIALIZED (
	SELECT h.id AS host, l.set_id AS luns, p.set_id AS paths, e.set_id AS own
	  FROM host AS h LEFT JOIN host_lun_set AS l ON l.host = h.id LEFT JOIN host_lun_path_set AS p ON p.host = h.id
	  LEFT JOIN esxi_path AS e ON e.host = h.id),
     need AS MATERIALIZED (SELECT DISTINCT luns, paths, own FROM answer WHERE luns IS NOT NULL AND paths IS NOT NULL AND own IS NOT NULL),
     device AS MATERIALIZED (
	SELECT set_id, lower(device) AS name, count(*) AS n, sum(state IS NULL) AS holes, sum(lower(state) IN ('active', 'standby')) AS live,
	       sum(lower(state) = 'dead') AS dead, sum(lower(state) IN ('disabled', 'off')) AS off
	  FROM esxi_path_set GROUP BY set_id, lower(device)),
     nameless AS MATERIALIZED (SELECT set_id, max(device IS NULL) AS some FROM esxi_path_set GROUP BY set_id),
     keyless AS MATERIALIZED (SELECT set_id, max(key IS NULL) AS some FROM lun_path_set GROUP BY set_id),
     lun AS (
	SELECT n.luns, n.paths, n.own, coalesce(x.name, x.lun, 'a LUN without a name') AS name, p.live AS there_live, p.dead AS there_dead,
	       p.off AS there_off, d.live, d.dead, d.off,
	       CASE WHEN x.name IS NULL OR x.key IS NULL OR k.some = 1 OR d.holes > 0 OR m.some = 1 THEN 'unknown'
	            WHEN p.key IS NULL THEN 'other'
	            WHEN p.paths IS NULL THEN 'unknown'
	            WHEN d.n = p.paths AND d.live = p.live AND d.dead = p.dead AND d.off = p.off THEN 'same'
	            WHEN d.n IS NULL THEN 'missing'
	            ELSE 'differs' END AS state
	  FROM need AS n
	  JOIN lun_set AS x ON x.set_id = n.luns
	  LEFT JOIN lun_path_set AS p ON p.set_id = n.paths AND p.key = x.key
	  LEFT JOIN keyless AS k ON k.set_id = n.paths
	  LEFT JOIN device AS d ON d.set_id = n.own AND d.name = lower(x.name)
	  LEFT JOIN nameless AS m ON m.set_id = n.own),
     luns AS MATERIALIZED (
	SELECT luns, paths, own, sum(state <> 'other') AS n, sum(state IN ('missing', 'differs')) AS bad, sum(state = 'unknown') AS open,
	       group_concat(CASE WHEN state IN ('missing', 'differs') THEN 'of the paths to ' || name || ' vCenter says ' || there_live || ' live, ' || there_dead
	                    || ' dead, ' || there_off || ' switched off; the host says ' || CASE state WHEN 'missing' THEN 'there is none'
	                    ELSE live || ' live, ' || dead || ' dead, ' || off || ' switched off' END END, '; ') AS text
	  FROM (SELECT * FROM lun ORDER BY luns, paths, own, name) GROUP BY luns, paths, own),
     refused AS MATERIALIZED (
	SELECT host, max(error) AS error
	  FROM (SELECT host, error FROM esxi_nfs_told UNION ALL SELECT host, error FROM esxi_nfs41_told UNION ALL SELECT host, error FROM esxi_path_told)
	 GROUP BY host)
SELECT h.id AS host,
       CASE WHEN lower(v.connection) <> 'connected' THEN 'na'
            WHEN s.bad > 0 OR l.bad > 0 THEN 'fail'
            WHEN i.n > 0 AND i.holes = 0 AND t.host IS NOT NULL AND coalesce(s.open, 0) = 0 AND (i.nfs41 = 0 OR u.host IS NOT NULL)
                 AND a.luns IS NOT NULL AND a.paths IS NOT NULL AND a.own IS NOT NULL AND coalesce(l.open, 0) = 0 THEN 'pass'
            ELSE 'unknown' END AS status,
       CASE WHEN t.host IS NOT NULL OR a.own IS NOT NULL
            THEN (coalesce(s.bad, 0) + coalesce(l.bad, 0)) || ' of ' || (coalesce(s.n, 0) + coalesce(l.n, 0))
                 || ' NFS datastores and shared LUNs differ' END AS observed,
       'vCenter and the host tell the same' AS expected,
       CASE WHEN lower(v.connection) <> 'connected' THEN 'not connected: vCenter itself says that it knows nothing new of it'
            WHEN s.bad > 0 OR l.bad > 0 THEN coalesce(s.text || CASE WHEN l.text IS NULL THEN '' ELSE '; ' END, '') || coalesce(l.text, '')
            ELSE r.error END AS detail
  FROM host AS h
  LEFT JOIN vsphere_host AS v ON v.host = h.id
  LEFT JOIN listed AS i ON i.host = h.id
  LEFT JOIN told AS t ON t.host = h.id AND t.kind = 'NFS'
  LEFT JOIN told AS u ON u.host = h.id AND u.kind = 'NFS41'
  LEFT JOIN stores AS s ON s.host = h.id
  LEFT JOIN answer AS a ON a.host = h.id
  LEFT JOIN luns AS l ON l.luns = a.luns AND l.paths = a.paths AND l.own = a.own
  LEFT JOIN refused AS r ON r.host = h.id
