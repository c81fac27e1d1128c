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
WITH host_stop AS MATERIALIZED (
	SELECT host, check_id, max(status = 'fail') AS failed FROM critical_host_finding WHERE status IN ('fail', 'unknown')
	 GROUP BY host, check_id),
     pair_stop AS MATERIALIZED (
	SELECT f.check_id, f.host, p.value AS peer, f.status = 'fail' AS failed
	  FROM critical_pair_finding AS f
	  JOIN json_each(CASE WHEN f.peer LIKE '[%' THEN f.peer ELSE json_array(f.peer) END) AS p
	 WHERE f.status IN ('fail', 'unknown')),
     shut AS MATERIALIZED (
	SELECT host, peer, max(failed) AS failed, group_concat(DISTINCT CASE WHEN failed THEN check_id END) AS checks
	  FROM (SELECT check_id, host, peer, failed FROM pair_stop
	        UNION ALL
	        SELECT s.check_id, h.id, s.host, s.failed FROM host_stop AS s JOIN host AS p ON p.id = s.host
	          JOIN host AS h ON h.cluster = p.cluster
	        UNION ALL
	        SELECT s.check_id, s.host, p.id, s.failed FROM host_stop AS s JOIN host AS h ON h.id = s.host
	          JOIN host AS p ON p.cluster = h.cluster)
	 GROUP BY host, peer),
     vm_pair_shut AS MATERIALIZED (
	SELECT f.vm, p.value AS peer, max(f.status = 'fail') AS failed,
	       group_concat(DISTINCT CASE WHEN f.status = 'fail' THEN f.check_id END) AS checks
	  FROM critical_vm_host_finding AS f
	  JOIN json_each(CASE WHEN f.peer LIKE '[%' THEN f.peer ELSE json_array(f.peer) END) AS p
	 WHERE f.status IN ('fail', 'unknown')
	 GROUP BY f.vm, p.value),
     vm_shut AS MATERIALIZED (
	SELECT vm, max(status = 'fail') AS failed, group_concat(DISTINCT CASE WHEN status = 'fail' THEN check_id END) AS checks
	  FROM critical_vm_finding WHERE status IN ('fail', 'unknown') AND check_id <> 'vm-has-destination' GROUP BY vm),
     counted AS MATERIALIZED (
	SELECT o.vm, count(DISTINCT CASE WHEN o.errors IS NOT NULL THEN o.candidate END) AS told
	  FROM vsphere_second_opinion AS o CROSS JOIN vm AS v ON v.id = o.vm
	  CROSS JOIN host AS p ON p.id = o.candidate AND +p.cluster = v.cluster AND p.destination AND p.id <> v.host
	 GROUP BY o.vm),
     pair AS MATERIALIZED (
	SELECT o.vm, p.name AS candidate_name, max(o.errors) AS errors, max(o.error_text) AS error_text,
	       max(o.errors = 'none') = 1 AND max(o.errors <> 'none') = 0 AS fine,
	       max(coalesce(h.failed, 0), coalesce(y.failed, 0), coalesce(z.failed, 0)) AS failed,
	       rtrim(coalesce(h.checks || ',', '') || coalesce(y.checks || ',', '') || coalesce(z.checks || ',', ''), ',') AS checks
	  FROM vsphere_second_opinion AS o CROSS JOIN vm AS v ON v.id = o.vm
	  CROSS JOIN host AS p ON p.id = o.candidate AND +p.cluster = v.cluster AND p.destination AND p.id <> v.host
	  LEFT JOIN shut AS h ON h.host = v.host AND h.peer = o.candidate
	  LEFT JOIN vm_pair_shut AS y ON y.vm = o.vm AND y.peer = o.candidate
	  LEFT JOIN vm_shut AS z ON z.vm = o.vm
	 WHERE o.errors <> 'none' OR (o.errors = 'none' AND coalesce(h.host, y.vm, z.vm) IS NOT NULL)
	 GROUP BY o.vm, o.candidate),
     differing AS MATERIALIZED (
	SELECT vm, sum(NOT fine AND NOT failed) AS refused, sum(fine AND failed) AS ruled_out, sum(fine AND NOT failed) AS doubtful
	  FROM pair GROUP BY vm),
     refusal AS MATERIALIZED (
	SELECT vm, group_concat(errors || ': ' || names, '; ') AS text, max(error_text) AS said
	  FROM (SELECT vm, errors, group_concat(candidate_name, ', ') AS names, max(error_text) AS error_text
	          FROM (SELECT * FROM pair WHERE NOT fine AND NOT failed ORDER BY vm, errors, candidate_name)
	         GROUP BY vm, errors ORDER BY vm, errors)
	 GROUP BY vm),
     rule AS MATERIALIZED (
	SELECT vm, group_concat(checks || ': ' || names, '; ') AS text
	  FROM (SELECT vm, checks, group_concat(candidate_name, ', ') AS names
	          FROM (SELECT * FROM pair WHERE fine AND failed ORDER BY vm, checks, candidate_name)
	         GROUP BY vm, checks ORDER BY vm, checks)
	 GROUP BY vm),
     failure AS MATERIALIZED (SELECT host, max(failure) AS text FROM vsphere_second_opinion WHERE failure IS NOT NULL GROUP BY host),
     room AS MATERIALIZED (SELECT cluster, sum(destination) AS n FROM host GROUP BY cluster),
     judged AS MATERIALIZED (
	SELECT v.id AS vm, m.mobility, k.kind, c.checker, r.n - h.destination AS n, coalesce(t.told, 0) AS told, coalesce(d.refused, 0) AS refused,
	       coalesce(d.ruled_out, 0) AS ruled_out, coalesce(d.doubtful, 0) AS doubtful, e.text AS refusal, e.said, u.text AS rule,
	       f.text AS failure
	  FROM vm AS v
	  LEFT JOIN vm_mobility AS m ON m.vm = v.id
	  LEFT JOIN host AS h ON h.id = v.host
	  LEFT JOIN cluster AS k ON k.id = v.cluster
	  LEFT JOIN room AS r ON r.cluster = v.cluster
	  LEFT JOIN vsphere_checker AS c ON c.instance = v.target || '/ServiceInstance'
	  LEFT JOIN counted AS t ON t.vm = v.id
	  LEFT JOIN differing AS d ON d.vm = v.id
	  LEFT JOIN refusal AS e ON e.vm = v.id
	  LEFT JOIN rule AS u ON u.vm = v.id
	  LEFT JOIN failure AS f ON f.host = v.host)
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
