/*
title: Planted - what was not answered passes
subject: host
depends: own
severity: critical
platforms: [vsphere]
fix: Test for what is good, and leave the rest unknown.
*/
SELECT h.id AS host,
       CASE WHEN s.host IS NULL THEN 'unknown' WHEN s.power = 'poweredOff' THEN 'fail' ELSE 'pass' END AS status
  FROM host AS h LEFT JOIN vsphere_host_state AS s ON s.host = h.id
