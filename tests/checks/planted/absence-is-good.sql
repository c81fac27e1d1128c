/*
title: Planted - a host without rows passes
subject: host
depends: own
severity: critical
platforms: [vsphere]
fix: A host that lists nothing at all said nothing.
*/
SELECT h.id AS host,
       CASE WHEN count(v.host) = 0 OR min(v.access_mode = 'readWrite') = 1 THEN 'pass'
            WHEN max(v.access_mode = 'readOnly') = 1 THEN 'fail'
            ELSE 'unknown' END AS status
  FROM host AS h LEFT JOIN vsphere_host_volume AS v ON v.host = h.id
 GROUP BY h.id
