/*
title: Every LUN that the host sees has at least two working paths, and no dead one
subject: host
depends: own
severity: critical
platforms: [vsphere]
params: {min_paths: 2}
symptom: >
  VMs on the LUN stall while paths fail over, or for good when the last one is gone; VMs that arrive find their disks unreachable.
fix: >
  Look for the failed adapter, cable, switch port, zone or array port behind the dead paths and rescan. A LUN that was taken away
  on purpose is detached on every host.
refs: ["vSphere API: HostMultipathInfoPath.pathState", "vSphere API: ScsiLun.operationalState", "VMware vSphere Storage: Viewing and Managing Storage Paths"]
*/
-- Fails when no path is left to a LUN that a datastore lies on; the rest is a warning. Hosts with the same lists are judged once.
WITH answer AS MATERIALIZED (
	SELECT h.id AS host, h.target, l.set_id AS luns, p.set_id AS paths
	  FROM host AS h LEFT JOIN host_lun_set AS l ON l.host = h.id LEFT JOIN host_lun_path_set AS p ON p.host = h.id),
     need AS MATERIALIZED (
	SELECT DISTINCT target, luns, paths FROM answer WHERE luns IS NOT NULL AND paths IS NOT NULL),
     backing AS MATERIALIZED (
	SELECT target, name, group_concat(datastore, ', ') AS stores
	  FROM (SELECT * FROM lun_datastore WHERE name IS NOT NULL ORDER BY target, name, datastore) GROUP BY target, name),
     silent AS MATERIALIZED (
	SELECT DISTINCT target FROM lun_datastore WHERE name IS NULL),
     lun AS MATERIALIZED (
	SELECT n.target, n.luns, n.paths, coalesce(x.name, x.lun, 'a LUN without a name')
	               || CASE WHEN b.stores IS NULL THEN '' ELSE ' (' || b.stores || ')' END AS name,
	       p.key IS NOT NULL AS listed, p.paths AS n, p.live, p.dead, p.off, x.state,
	       CASE WHEN b.stores IS NOT NULL THEN 1 WHEN s.target IS NULL AND x.name IS NOT NULL THEN 0 END AS backs
	  FROM need AS n
	  JOIN lun_set AS x ON x.set_id = n.luns
	  LEFT JOIN lun_path_set AS p ON p.set_id = n.paths AND p.key = x.key
	  LEFT JOIN backing AS b ON b.target = n.target AND b.name = x.name
	  LEFT JOIN silent AS s ON s.target = n.target),
     judged AS MATERIALIZED (
	SELECT *, CASE WHEN n - dead - off = 0 AND live = 0 AND backs = 1 THEN 'fail'
	               WHEN n IS NULL OR state IS NULL OR (live = 0 AND (backs IS NULL OR n - dead - off > 0)) THEN 'unknown'
	               WHEN live < :min_paths OR live < n OR state <> 'ok' THEN 'warn'
	               WHEN live = n AND state = 'ok' THEN 'pass' ELSE 'unknown' END AS status,
	       name || ': ' || CASE WHEN NOT listed THEN 'paths not listed' WHEN n IS NULL THEN 'paths not known'
	                            WHEN live = 0 THEN 'none of ' || n || ' paths works' WHEN live = n AND n = 1 THEN 'a single path'
	                            ELSE live || ' of ' || n || ' paths work' END
	            || CASE WHEN dead > 0 AND live > 0 THEN ', ' || dead || ' dead' ELSE '' END
	            || CASE WHEN off > 0 THEN ', ' || off || ' disabled' ELSE '' END
	            || CASE WHEN state IS NULL THEN ', state not known' WHEN state <> 'ok' THEN ', state ' || state ELSE '' END AS text
	  FROM lun),
     numbered AS MATERIALIZED (
	SELECT target, luns, paths, status, text, row_number() OVER w AS k, count(*) OVER (PARTITION BY target, luns, paths, status) AS n
	  FROM judged WHERE status <> 'pass' WINDOW w AS (PARTITION BY target, luns, paths, status ORDER BY text)),
     told AS MATERIALIZED (
	SELECT target, luns, paths,
	       group_concat(CASE WHEN status = 'unknown' THEN NULL WHEN k <= 8 THEN text WHEN k = 9 THEN (n - 8) || ' more' END, '; ') AS text,
	       group_concat(CASE WHEN status <> 'unknown' THEN NULL WHEN k <= 8 THEN text WHEN k = 9 THEN (n - 8) || ' more' END, '; ') AS unsure
	  FROM (SELECT * FROM numbered ORDER BY target, luns, paths, status, k) GROUP BY target, luns, paths),
     total AS MATERIALIZED (
	SELECT target, luns, paths, count(*) AS n, sum(status = 'fail') AS fail, sum(status = 'warn') AS warn,
	       sum(status = 'unknown') AS unsure
	  FROM judged GROUP BY target, luns, paths),
     empty AS MATERIALIZED (
	SELECT n.luns FROM need AS n LEFT JOIN lun_set AS x ON x.set_id = n.luns WHERE x.set_id IS NULL)
SELECT a.host,
       CASE WHEN t.fail > 0 THEN 'fail' WHEN t.unsure > 0 THEN 'unknown' WHEN t.warn > 0 THEN 'warn' WHEN t.n > 0 THEN 'pass'
            WHEN a.luns IN (SELECT luns FROM empty) AND a.paths IS NOT NULL THEN 'na' ELSE 'unknown' END AS status,
       coalesce(w.text, CASE WHEN t.fail + t.warn + t.unsure = 0 THEN 'LUNs with all paths working: ' || t.n END) AS observed,
       'at least ' || :min_paths || ' working paths to each LUN, none dead or disabled' AS expected,
       CASE WHEN a.luns IS NULL THEN 'the host lists no LUN' WHEN a.paths IS NULL THEN 'the host lists no paths'
            WHEN w.unsure IS NOT NULL THEN 'not known: ' || w.unsure
            WHEN t.n IS NULL THEN 'the host sees no LUN but local ones' END AS detail
  FROM answer AS a
  LEFT JOIN total AS t ON t.target = a.target AND t.luns = a.luns AND t.paths = a.paths
  LEFT JOIN told AS w ON w.target = a.target AND w.luns = a.luns AND w.paths = a.paths
