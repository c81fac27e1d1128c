/*
title: Planted - says that it depends on its own alone, and counts the others
subject: host
depends: own
severity: critical
platforms: [vsphere]
fix: Say depends cluster.
*/
SELECT h.id AS host,
       CASE WHEN s.power = 'poweredOn' AND sum(s.power = 'poweredOn') OVER (PARTITION BY h.cluster) >= 2 THEN 'pass'
            WHEN s.power IS NOT NULL THEN 'fail'
            ELSE 'unknown' END AS status
  FROM host AS h LEFT JOIN vsphere_host_state AS s ON s.host = h.id
