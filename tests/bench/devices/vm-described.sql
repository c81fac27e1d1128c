/*
title: Every device and every setting of the VM arrived
subject: vm
depends: own
severity: critical
platforms: [vsphere]
params: {devices: 20, settings: 40}
symptom: none
fix: none
refs: []
*/
-- For tests/bench only: touches every row, so that it costs what a check of devices and settings would.
WITH device AS MATERIALIZED (
	SELECT vm, count(key) AS n, sum(backing IS NOT NULL) AS backed, count(file) AS files FROM bench_device GROUP BY vm),
     setting AS MATERIALIZED (
	SELECT set_id, count(key) AS n, sum(value <> '') AS filled FROM bench_setting_set GROUP BY set_id)
SELECT v.id AS vm,
       CASE WHEN d.n = :devices AND d.files <= d.backed AND s.n = :settings AND s.filled = s.n THEN 'pass'
            WHEN d.n >= 0 AND s.n >= 0 THEN 'fail'
            ELSE 'unknown' END AS status,
       d.n || ' devices, ' || s.n || ' settings' AS observed,
       :devices || ' devices, ' || :settings || ' settings' AS expected
  FROM vm AS v
  LEFT JOIN device AS d ON d.vm = v.id
  LEFT JOIN bench_setting AS l ON l.vm = v.id
  LEFT JOIN setting AS s ON s.set_id = l.set_id
