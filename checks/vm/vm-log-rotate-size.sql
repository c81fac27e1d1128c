/*
title: The VM's log is not rotated after so few bytes that vMotion times out
subject: vm
depends: own
severity: critical
platforms: [vsphere]
params: {min_bytes: 100000, advised_bytes: 1024000}
symptom: The migration of this VM fails at 10 % with "Operation timed out"
fix: >
  Remove log.rotateSize from the VM's advanced settings, or set it to 1024000 to 2048000 bytes; it takes effect when the VM is
  powered on again.
refs: ["001_82856f7890981a1d.txt", "VMware KB 2007343", "vSphere hardening guides: log.rotateSize 1024000 to 2048000, log.keepOld 10"]
*/
-- Critical: a value at or below min_bytes ends the VM's own migration, every time. Between the two bounds it is only odd.
WITH setting AS MATERIALIZED (
	SELECT set_id, sum(key IS NULL) AS holes, sum(key = 'log.rotatesize') AS n,
	       max(CASE WHEN key = 'log.rotatesize' THEN value END) AS text
	  FROM (SELECT set_id, lower(trim(key, char(9, 10, 13, 32))) AS key, trim(value, char(9, 10, 13, 32)) AS value
	          FROM vsphere_vm_setting_set)
	 GROUP BY set_id),
     size AS MATERIALIZED (
	SELECT set_id, holes, n, text,
	       CASE WHEN text <> '' AND text NOT GLOB '*[^0-9]*' AND length(text) <= 18 THEN CAST(text AS INTEGER) END AS bytes
	  FROM setting)
SELECT v.id AS vm,
       CASE WHEN m.mobility IN ('cold', 'agent') THEN 'na'
            WHEN m.mobility = 'live' AND e.set_id IS NOT NULL AND coalesce(s.holes, 0) = 0
            THEN CASE WHEN coalesce(s.n, 0) = 0 OR (s.n = 1 AND s.bytes = 0) THEN 'pass'
                      WHEN s.n = 1 AND s.bytes >= :advised_bytes AND s.bytes > :min_bytes THEN 'pass'
                      WHEN s.n = 1 AND s.bytes > :min_bytes THEN 'warn'
                      WHEN s.n = 1 AND s.bytes <= :min_bytes THEN 'fail'
                      ELSE 'unknown' END
            ELSE 'unknown' END AS status,
       'log.rotateSize' AS object,
       CASE WHEN m.mobility = 'live'
            THEN CASE WHEN s.n > 1 THEN 'set more than once' WHEN s.bytes = 0 THEN '0: not rotated by size'
                      WHEN s.bytes IS NOT NULL THEN s.bytes || ' bytes' WHEN s.text IS NOT NULL THEN '''' || s.text || ''''
                      WHEN e.set_id IS NOT NULL AND coalesce(s.n + s.holes, 0) = 0 THEN 'not set' END END AS observed,
       'not set, 0, or at least ' || max(:advised_bytes, :min_bytes + 1) || ' bytes' AS expected,
       CASE m.mobility
            WHEN 'cold' THEN 'moves cold: it is not running'
            WHEN 'agent' THEN 'an agent VM: the platform puts it where it is needed'
            WHEN 'live'
            THEN CASE WHEN s.n = 1 AND s.bytes IS NULL AND s.text IS NOT NULL THEN 'not a number of bytes: what ESXi makes of it is not known'
                      WHEN s.n > 1 THEN 'which of the values counts is not known' END
            ELSE 'not known whether it runs, or is an agent VM' END AS detail
  FROM vm AS v
  LEFT JOIN vm_mobility AS m ON m.vm = v.id
  LEFT JOIN vsphere_vm_setting AS e ON e.vm = v.id
  LEFT JOIN size AS s ON s.set_id = e.set_id
