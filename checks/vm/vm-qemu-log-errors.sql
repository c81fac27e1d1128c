/*
title: QEMU's logs tell of no migration of the VM that failed lately
subject: vm
depends: cluster
severity: warning
platforms: [kvm]
params: {max_age_days: 30}
symptom: >
  The migration fails as it did the last time: "error while loading state", "Unknown savevm section", "Size mismatch".
fix: >
  The detail is what the destination's QEMU said then: fix that first (machine type, firmware, processor, memory), and rotate the log when it
  is done. Not known: the logs may be read by root alone, let migready become root.
refs: ["002_1da27ed02e3c1a09.txt", "libvirt: /var/log/libvirt/qemu/DOMAIN.log"]
*/
-- The log of a VM has its name, on every host that it was on. A line without a date may be of today.
WITH told AS MATERIALIZED (
	SELECT l.host, l.failed = count(f.name) AND l.failed = count(f.at) AS told, l.today
	  FROM libvirt_qemu_logs AS l LEFT JOIN libvirt_qemu_log AS f ON f.host = l.host GROUP BY l.host),
     cluster_told AS MATERIALIZED (
	SELECT h.cluster, count(*) = sum(coalesce(t.told, 0)) AS told, group_concat(CASE WHEN t.told IS NOT 1 THEN h.name END, ', ') AS silent
	  FROM host AS h LEFT JOIN told AS t ON t.host = h.id GROUP BY h.cluster),
     failed AS MATERIALIZED (
	SELECT h.cluster, f.name, h.name AS host, f.at, f.last,
	       julianday(f.at) IS NULL OR julianday(t.today) - julianday(f.at) <= :max_age_days AS recent,
	       row_number() OVER (PARTITION BY h.cluster, f.name ORDER BY f.at DESC, h.name) AS rank
	  FROM libvirt_qemu_log AS f JOIN host AS h ON h.id = f.host LEFT JOIN told AS t ON t.host = f.host)
SELECT v.id AS vm,
       CASE WHEN f.recent THEN 'fail' WHEN c.told = 1 AND v.name IS NOT NULL AND (f.name IS NULL OR f.recent = 0) THEN 'pass' ELSE 'unknown' END AS status,
       CASE WHEN f.name IS NOT NULL THEN 'on ' || f.host || ', ' || f.at END AS observed,
       'none within ' || :max_age_days || ' days' AS expected,
       CASE WHEN f.recent THEN f.last WHEN c.told IS NOT 1 THEN 'not all logs were read: ' || c.silent END AS detail
  FROM vm AS v
  LEFT JOIN cluster_told AS c ON c.cluster = v.cluster
  LEFT JOIN failed AS f ON f.cluster = v.cluster AND f.name = v.name AND f.rank = 1
