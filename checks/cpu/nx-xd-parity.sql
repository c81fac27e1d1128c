/*
title: Both hosts offer the NX/XD bit alike
subject: pair
depends: own
severity: critical
platforms: [vsphere]
symptom: >
  The migration is refused: the target host does not support the VM's CPU features, No eXecute (NX) or Execute Disable (XD) among
  them; EVC refuses the host.
fix: >
  Set "No eXecute" (AMD) or "Execute Disable" (Intel) in the firmware as on the other hosts of the cluster, which means on, and
  switch the host off and on.
refs: ["VMware KB 1003212", "vSphere API: HostConfigInfo.maskedFeatureCapability, featureCapability: cpuid.NX"]
*/
-- Peers with the same answer are one text of ids; the host's own is cut out of it. A feature that isn't listed is absent.
WITH bit AS MATERIALIZED (
	SELECT set_id, CASE WHEN sum(feature IS NULL) > 0 OR sum(feature = 'cpuid.nx' AND coalesce(value, '') NOT IN ('0', '1')) > 0
	                    THEN NULL ELSE max(feature = 'cpuid.nx' AND value = '1') END AS nx
	  FROM cpu_set GROUP BY set_id),
     answer AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, h.destination, ',' || json_quote(h.id) AS own, b.nx
	  FROM host AS h LEFT JOIN host_cpu_set AS c ON c.host = h.id LEFT JOIN bit AS b ON b.set_id = c.set_id),
     side AS MATERIALIZED (
	SELECT cluster, nx, count(*) AS n, group_concat(own, '') AS ids FROM answer WHERE destination GROUP BY cluster, nx),
     total AS MATERIALIZED (
	SELECT cluster, sum(n) AS n, coalesce(sum(CASE WHEN nx IS NULL THEN n END), 0) AS silent FROM side GROUP BY cluster),
     best AS MATERIALIZED (
	SELECT cluster, nx, n, n - coalesce(lead(n) OVER w, 0) AS margin, row_number() OVER w AS rank
	  FROM side WHERE nx IS NOT NULL
	WINDOW w AS (PARTITION BY cluster ORDER BY n DESC, nx DESC)),
     word AS MATERIALIZED (
	SELECT a.host, replace(s.ids, a.own, '') AS ids, a.nx AS here, s.nx AS there,
	       CASE WHEN b.margin > t.silent
	            THEN CASE b.nx WHEN 1 THEN 'on' ELSE 'off' END || ' at ' || b.n || ' of ' || t.n
	                 || ' hosts of the cluster that can take VMs'
	            ELSE 'on at as many hosts of the cluster as off' END AS majority
	  FROM answer AS a
	  JOIN side AS s ON s.cluster = a.cluster
	  JOIN total AS t ON t.cluster = a.cluster
	  LEFT JOIN best AS b ON b.cluster = a.cluster AND b.rank = 1)
SELECT host, '[' || substr(ids, 2) || ']' AS peer,
       CASE WHEN here = there THEN 'pass' WHEN here <> there THEN 'fail' ELSE 'unknown' END AS status,
       'NX/XD ' || CASE here WHEN 1 THEN 'on' WHEN 0 THEN 'off' ELSE 'not known' END || ' here, '
           || CASE there WHEN 1 THEN 'on' WHEN 0 THEN 'off' ELSE 'not known' END || ' there' AS observed,
       'the same on both' AS expected,
       CASE WHEN here <> there THEN majority
            WHEN here IS NULL THEN 'the host gave no list of CPU features, or one with gaps'
            WHEN there IS NULL THEN 'the other host gave no list of CPU features, or one with gaps' END AS detail
  FROM word
 WHERE ids <> ''
