/*
title: The host's kernel reports no hardware errors
subject: host
depends: own
severity: warning
platforms: [kvm]
symptom: >
  Guests crash, hang or lose data after they have moved to a host that was already failing; or a migration stalls because a disk or a NIC
  does.
fix: >
  Move guests off the host, not onto it. Replace the module, disk or NIC that the log names (ras-mc-ctl --errors, smartctl, ethtool -S). Not
  known: the kernel's log may be read by root alone, let migready become root.
refs: ["002_1da27ed02e3c1a09.txt", "Linux kernel documentation: RAS, EDAC", "dmesg(1), kernel.dmesg_restrict"]
*/
-- Errors that nothing corrected fail the host; those that were corrected, and those of disks, NICs and stalls, warn of it.
WITH word(kind, rank, heavy, text) AS (VALUES
	('machine', 1, 1, 'machine checks'), ('memory', 2, 1, 'uncorrected errors in memory'), ('corrected', 3, 0, 'corrected hardware errors'),
	('disk', 4, 0, 'disk errors'), ('nic', 5, 0, 'NICs that hang'), ('stall', 6, 0, 'stalls'), ('storage', 7, 0, 'file system errors')),
     seen AS MATERIALIZED (
	SELECT l.host, count(l.n) AS told, max(l.heavy AND l.n > 0) AS heavy, max(l.n > 0) AS any,
	       group_concat(CASE WHEN l.n > 0 THEN l.n || ' ' || l.text END, ', ') AS text,
	       group_concat(CASE WHEN l.n > 0 THEN l.last END, '; ') AS last
	  FROM (SELECT l.host, l.n, l.last, w.heavy, w.text FROM linux_kernel_log AS l JOIN word AS w ON w.kind = l.kind ORDER BY l.host, w.rank) AS l
	 GROUP BY l.host)
SELECT h.id AS host,
       CASE WHEN s.heavy OR e.ue > 0 THEN 'fail'
            WHEN s.told IS NOT 7 OR e.ue IS NULL OR e.ce IS NULL THEN 'unknown'
            WHEN s.any OR e.ce > 0 THEN 'warn'
            WHEN e.lines > 0 THEN 'pass' ELSE 'unknown' END AS status,
       coalesce(s.text || CASE WHEN e.ue > 0 OR e.ce > 0 THEN ', ' ELSE '' END, '')
           || CASE WHEN e.ue > 0 THEN 'EDAC: ' || e.ue || ' uncorrected' || CASE WHEN e.ce > 0 THEN ', ' || e.ce || ' corrected' ELSE '' END
                   WHEN e.ce > 0 THEN 'EDAC: ' || e.ce || ' corrected' ELSE '' END AS observed,
       'none since the host started' AS expected, s.last AS detail
  FROM host AS h LEFT JOIN seen AS s ON s.host = h.id LEFT JOIN linux_edac AS e ON e.host = h.id
