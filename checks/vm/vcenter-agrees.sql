/*
title: vCenter's own compatibility check and the critical checks agree about where the VM can go
subject: vm
depends: own
severity: warning
platforms: [vsphere]
symptom: >
  A migration that nothing here spoke against is refused by vCenter, or one that a check here rules out works.
fix: >
  What vCenter refuses stays refused: deal with the fault that it names. Where only a check here rules a host out, look at what that
  check saw: it may know of what vCenter doesn't look at, such as whether two hosts' vMotion networks meet, or judge wrongly.
refs: ["vSphere API: VirtualMachineProvisioningChecker.QueryVMotionCompatibilityEx_Task, CheckResult"]
*/
-- Running VMs only, and the candidates of their clusters. A pair that vCenter's answer leaves out was not answered. What a check
-- here doesn't know is no word against vCenter's, but no agreement either.
-- VMs of a cluster that got the same answers share a `pattern`, and those of them that are on the same host and have the same said
-- against them here a `class`; each is named by its first VM. Pairs are looked at once a class, and only those where somebody objects.
WITH host_stop AS MATERIALIZED (
	SELECT check_id, host, max(status = 'fail') AS failed
	  FROM (SELECT check_id, host, status FROM critical_host_finding WHERE status IN ('fail', 'unknown')
	        UNION ALL
	        SELECT 'host-maintenance-state', host, CASE status WHEN 'waived' THEN 'fail' ELSE status END
	          FROM finding_host_maintenance_state WHERE status IN ('fail', 'unknown', 'waived'))
	 GROUP BY check_id, host),
     way AS MATERIALIZED (
	SELECT f.check_id, f.host, p.value AS peer, f.status = 'fail' AS failed
	  FROM critical_pair_finding AS f
	  JOIN json_each(CASE WHEN f.peer LIKE '[%' AND json_valid(f.peer) THEN f.peer ELSE json_array(f.peer) END) AS p
	 WHERE f.status IN ('fail', 'unknown')
	UNION ALL
	SELECT s.check_id, h.id, s.host, s.failed FROM host_stop AS s JOIN host AS p ON p.id = s.host
	  JOIN host AS h ON h.cluster = p.cluster AND h.id <> p.id
	UNION ALL
	SELECT s.check_id, s.host, p.id, s.failed FROM host_stop AS s JOIN host AS h ON h.id = s.host
	  JOIN host AS p ON p.cluster = h.cluster AND p.id <> h.id),
     vm_way AS MATERIALIZED (
	SELECT vm, json_group_array(json_array(check_id, status, peer)) AS stops
	  FROM critical_vm_host_finding WHERE status IN ('fail', 'unknown') AND peer IS NOT NULL GROUP BY vm),
     vm_stop AS MATERIALIZED (
	SELECT vm, json_group_array(json_array(check_id, status)) AS stops
	  FROM critical_vm_finding WHERE status IN ('fail', 'unknown') AND check_id <> 'vm-has-destination' GROUP BY vm),
     answer AS MATERIALIZED (
	SELECT vm, json_group_array(candidate) FILTER (WHERE errors = 'none') AS fine,
	       json_group_array(json_array(candidate, errors)) FILTER (WHERE errors <> 'none') AS refused
	  FROM vsphere_second_opinion GROUP BY vm),
     alike AS MATERIALIZED (
	SELECT min(a.vm) AS pattern, v.cluster, a.fine, a.refused
	  FROM answer AS a CROSS JOIN vm AS v ON v.id = a.vm GROUP BY a.refused, a.fine, v.cluster),
     asked AS MATERIALIZED (
	SELECT v.id AS vm, v.host, k.pattern
	  FROM answer AS a CROSS JOIN vm AS v ON v.id = a.vm
	  CROSS JOIN alike AS k ON k.fine = a.fine AND k.refused = a.refused AND k.cluster IS v.cluster),
     told AS MATERIALIZED (
	SELECT a.pattern, p.id AS candidate, p.name, max(a.errors) AS errors
	  FROM (SELECT k.pattern, k.cluster, f.value AS candidate, NULL AS errors FROM alike AS k JOIN json_each(k.fine) AS f
	        UNION ALL
	        SELECT k.pattern, k.cluster, f.value ->> 0, f.value ->> 1 FROM alike AS k JOIN json_each(k.refused) AS f) AS a
	  JOIN host AS p ON p.id = a.candidate AND p.cluster = a.cluster AND p.destination
	 GROUP BY a.pattern, p.id),
     sized AS MATERIALIZED (SELECT pattern, count(*) AS n FROM told GROUP BY pattern),
     classed AS MATERIALIZED (
	SELECT a.vm, a.host, a.pattern, w.stops AS way_stops, s.stops, n.n - (o.candidate IS NOT NULL) AS told,
	       min(a.vm) OVER (PARTITION BY a.host, a.pattern, w.stops, s.stops) AS class
	  FROM asked AS a
	  LEFT JOIN sized AS n ON n.pattern = a.pattern
	  LEFT JOIN told AS o ON o.pattern = a.pattern AND o.candidate = a.host
	  LEFT JOIN vm_way AS w ON w.vm = a.vm
	  LEFT JOIN vm_stop AS s ON s.vm = a.vm),
     stop AS MATERIALIZED (
	SELECT class, peer, max(failed) AS failed, group_concat(DISTINCT CASE WHEN failed THEN check_id END) AS checks
	  FROM (SELECT c.class, w.peer, w.failed, w.check_id FROM classed AS c JOIN way AS w ON w.host = c.host WHERE c.vm = c.class
	        UNION ALL
	        SELECT c.class, p.value, f.value ->> 1 = 'fail', f.value ->> 0
	          FROM classed AS c JOIN json_each(c.way_stops) AS f
	          JOIN json_each(CASE WHEN f.value ->> 2 LIKE '[%' AND json_valid(f.value ->> 2) THEN f.value ->> 2
	                              ELSE json_array(f.value ->> 2) END) AS p
	         WHERE c.vm = c.class
	        UNION ALL
	        SELECT c.class, t.candidate, f.value ->> 1 = 'fail', f.value ->> 0
	          FROM classed AS c JOIN json_each(c.stops) AS f JOIN told AS t ON t.pattern = c.pattern WHERE c.vm = c.class)
	 GROUP BY class, peer),
     pair AS MATERIALIZED (
	SELECT c.class, t.name, t.errors, t.errors IS NULL AS fine, coalesce(s.failed, 0) AS failed, s.checks
	  FROM classed AS c JOIN told AS t ON t.pattern = c.pattern AND t.candidate <> c.host
	  LEFT JOIN stop AS s ON s.class = c.class AND s.peer = t.candidate
	 WHERE c.vm = c.class AND t.errors IS NOT NULL
	UNION ALL
	SELECT c.class, t.name, NULL, 1, s.failed, s.checks
	  FROM stop AS s JOIN classed AS c ON c.vm = s.class
	  JOIN told AS t ON t.pattern = c.pattern AND t.candidate = s.peer AND t.candidate <> c.host
	 WHERE t.errors IS NULL),
     differing AS MATERIALIZED (
	SELECT class, sum(NOT fine AND NOT failed) AS refused, sum(fine AND failed) AS ruled_out, sum(fine AND NOT failed) AS doubtful
	  FROM pair GROUP BY class),
     refusal AS MATERIALIZED (
	SELECT class, group_concat(errors || ': ' || names, '; ') AS text
	  FROM (SELECT class, errors, group_concat(name, ', ') AS names
	          FROM (SELECT * FROM pair WHERE NOT fine AND NOT failed ORDER BY class, errors, name)
	         GROUP BY class, errors ORDER BY class, errors)
	 GROUP BY class),
     rule AS MATERIALIZED (
	SELECT class, group_concat(checks || ': ' || names, '; ') AS text
	  FROM (SELECT class, checks, group_concat(name, ', ') AS names
	          FROM (SELECT * FROM pair WHERE fine AND failed ORDER BY class, checks, name)
	         GROUP BY class, checks ORDER BY class, checks)
	 GROUP BY class),
     told_why AS MATERIALIZED (
	SELECT cluster, vm, max(error_text) AS said, max(failure) AS failure
	  FROM vsphere_second_opinion WHERE errors IS NOT 'none' GROUP BY cluster, vm),
     words AS MATERIALIZED (SELECT vm, max(said) AS text FROM told_why WHERE vm IS NOT NULL GROUP BY vm),
     failure AS MATERIALIZED (SELECT cluster, max(failure) AS text FROM told_why GROUP BY cluster),
     room AS MATERIALIZED (SELECT cluster, sum(destination) AS n FROM host GROUP BY cluster),
     judged AS MATERIALIZED (
	SELECT v.id AS vm, m.mobility, k.kind, c.checker, r.n - h.destination AS n, coalesce(a.told, 0) AS told,
	       coalesce(d.refused, 0) AS refused, coalesce(d.ruled_out, 0) AS ruled_out, coalesce(d.doubtful, 0) AS doubtful,
	       e.text AS refusal, w.text AS said, u.text AS rule, f.text AS failure
	  FROM vm AS v
	  LEFT JOIN vm_mobility AS m ON m.vm = v.id
	  LEFT JOIN host AS h ON h.id = v.host
	  LEFT JOIN cluster AS k ON k.id = v.cluster
	  LEFT JOIN room AS r ON r.cluster = v.cluster
	  LEFT JOIN vsphere_checker AS c ON c.instance = v.target || '/ServiceInstance'
	  LEFT JOIN classed AS a ON a.vm = v.id
	  LEFT JOIN differing AS d ON d.class = a.class
	  LEFT JOIN refusal AS e ON e.class = a.class
	  LEFT JOIN rule AS u ON u.class = a.class
	  LEFT JOIN words AS w ON w.vm = v.id
	  LEFT JOIN failure AS f ON f.cluster = v.cluster)
SELECT vm,
       CASE WHEN checker = 'none' OR mobility IN ('cold', 'agent') THEN 'na'
            WHEN refused > 0 THEN 'fail'
            WHEN mobility IS NULL OR n IS NULL OR told < n OR doubtful > 0 THEN 'unknown'
            WHEN n = 0 THEN CASE WHEN kind IS NOT NULL THEN 'na' ELSE 'unknown' END
            WHEN ruled_out > 0 THEN 'warn'
            WHEN told >= n AND mobility = 'live' THEN 'pass'
            ELSE 'unknown' END AS status,
       CASE WHEN refused > 0 THEN 'vCenter refuses ' || refusal
            WHEN ruled_out > 0 THEN 'vCenter has nothing against ' || ruled_out || ' of ' || n || ' candidates that are ruled out here'
            WHEN told > 0 THEN 'vCenter judged ' || told || ' of ' || n || ' candidates' END AS observed,
       'vCenter refuses the candidates that critical checks rule out, and no others' AS expected,
       CASE WHEN checker = 'none' THEN 'this server judges no migrations before they are tried'
            WHEN mobility = 'agent' THEN 'an agent VM: the platform puts it where it is needed'
            WHEN mobility = 'cold' THEN 'moves cold: vCenter is asked about running VMs only'
            WHEN refused > 0 THEN said || CASE WHEN rule IS NULL THEN '' ELSE '; ruled out here only by ' || rule END
            WHEN mobility IS NULL THEN 'not known whether it runs, or is an agent VM'
            WHEN n = 0 THEN 'there is no candidate to ask about'
            WHEN told < n THEN coalesce(failure, 'vCenter''s answer does not cover all candidates')
            WHEN doubtful > 0 THEN 'critical checks don''t know about ' || doubtful || ' of ' || n || ' candidates: nothing to compare'
            WHEN ruled_out > 0 THEN 'ruled out here only by ' || rule END AS detail
  FROM judged
