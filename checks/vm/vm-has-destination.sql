/*
title: At least one other host can take the VM
subject: vm
depends: own
severity: critical
platforms: [vsphere, kvm]
symptom: >
  "No host is compatible with the virtual machine": vMotion finds no destination, DRS makes no recommendation, and entering
  maintenance mode waits for this VM. KVM: virsh migrate fails, to whatever host.
fix: >
  Look at the checks that the detail names, the one with the most candidates first: they say for each candidate what is in the way.
  With --host, what concerns a candidate alone is not in the report: leave the option out to see that too.
refs: ["vSphere API: NoCompatibleHost, VirtualMachineProvisioningChecker",
       "VMware vSphere: vSphere Resource Management, DRS faults"]
*/
-- Reads what the critical checks found about candidates, about pairs of hosts, and about the VM at each candidate. The engine gives
-- every subject a finding, unknown when there is nothing else to say: a candidate without fail and unknown is free.
-- A VM that moves cold needs neither the candidate's vMotion network nor its processors' features. What it does need, its storage,
-- networks and hardware version, is judged for the VM at that candidate: only those findings count, and that the host is up and in
-- service. That it isn't may well be accepted: a waiver doesn't make it take VMs.
-- VMs of the same host with the same said about them share a `class`, named by its first VM: their lists of hosts are opened once.
WITH host_stop AS MATERIALIZED (
	SELECT check_id, host, max(failed) AS failed, check_id IN ('host-connected', 'host-maintenance-state') AS always
	  FROM (SELECT check_id, host, status IN ('fail', 'waived') AS failed FROM critical_host_finding
	         WHERE status IN ('fail', 'unknown') OR (status = 'waived' AND check_id = 'host-connected')
	        UNION ALL
	        SELECT 'host-maintenance-state', host, status <> 'unknown' FROM finding_host_maintenance_state
	         WHERE status IN ('fail', 'unknown', 'waived')
	        UNION ALL
	        SELECT 'host-connected', h.id, 0 FROM host AS h LEFT JOIN host_state AS s ON s.host = h.id
	         WHERE NOT coalesce(s.connection = 'connected' AND s.maintenance = 0, 0))
	 GROUP BY check_id, host),
     pair_stop AS MATERIALIZED (
	SELECT f.check_id, f.host, p.value AS peer, max(f.status = 'fail') AS failed
	  FROM critical_pair_finding AS f
	  JOIN json_each(CASE WHEN f.peer LIKE '[%' AND json_valid(f.peer) THEN f.peer ELSE json_array(f.peer) END) AS p
	 WHERE f.status IN ('fail', 'unknown') AND f.host IS NOT NULL AND p.value IS NOT NULL
	 GROUP BY f.check_id, f.host, p.value),
     -- An address that two hosts share spoils every migration of either, not only those between the two. What names the adapter was
     -- seen, even where something else about the two isn't known.
     double AS MATERIALIZED (
	SELECT f.host, p.value AS peer, f.status = 'fail' AS failed
	  FROM finding_vmotion_ip_unique AS f
	  JOIN json_each(CASE WHEN f.peer LIKE '[%' AND json_valid(f.peer) THEN f.peer ELSE json_array(f.peer) END) AS p
	 WHERE f.status IN ('fail', 'unknown') AND f.object IS NOT NULL AND f.host IS NOT NULL AND p.value IS NOT NULL),
     spoilt AS MATERIALIZED (
	SELECT host, max(failed) AS failed
	  FROM (SELECT host, failed FROM double UNION ALL SELECT peer, failed FROM double) GROUP BY host),
     way AS MATERIALIZED (
	SELECT check_id, host, peer, failed, 0 AS always FROM pair_stop
	UNION ALL
	SELECT 'vmotion-ip-unique', h.id, p.id, s.failed, 0
	  FROM spoilt AS s JOIN host AS h ON h.id = s.host JOIN host AS p ON p.cluster = h.cluster AND p.id <> h.id AND p.destination
	UNION ALL
	SELECT 'vmotion-ip-unique', h.id, p.id, s.failed, 0
	  FROM spoilt AS s JOIN host AS p ON p.id = s.host AND p.destination JOIN host AS h ON h.cluster = p.cluster AND h.id <> p.id
	UNION ALL
	SELECT s.check_id, h.id, s.host, s.failed, s.always
	  FROM host_stop AS s JOIN host AS p ON p.id = s.host JOIN host AS h ON h.cluster = p.cluster AND h.id <> p.id
	 WHERE p.destination),
     shut AS MATERIALIZED (
	SELECT host, peer, max(failed) AS failed, max(always) AS always, max(always AND failed) AS always_failed
	  FROM way GROUP BY host, peer),
     host_shut AS MATERIALIZED (
	SELECT host, count(*) AS n, sum(failed) AS failed, sum(always) AS cold, sum(always_failed) AS cold_failed
	  FROM shut GROUP BY host),
     host_why AS MATERIALIZED (
	SELECT host, group_concat(text, '; ') AS text, group_concat(text, '; ') FILTER (WHERE always) AS cold_text
	  FROM (SELECT host, always, check_id || ': ' || group_concat(CASE WHEN k <= 3 THEN name END, ', ')
	                             || CASE WHEN count(*) > 3 THEN ' and ' || (count(*) - 3) || ' more' ELSE '' END AS text
	          FROM (SELECT w.host, w.check_id, w.always, p.name,
	                       row_number() OVER (PARTITION BY w.host, w.check_id, w.always ORDER BY p.name, p.id) AS k
	                  FROM (SELECT DISTINCT host, peer, check_id, always FROM way) AS w JOIN host AS p ON p.id = w.peer ORDER BY w.host, w.check_id, w.always, k)
	         GROUP BY host, check_id, always ORDER BY host, count(*) DESC, check_id)
	 GROUP BY host),
     vm_way AS MATERIALIZED (
	SELECT vm, json_group_array(json_array(check_id, status = 'fail', peer)) AS stops
	  FROM critical_vm_host_finding WHERE status IN ('fail', 'unknown') AND peer IS NOT NULL GROUP BY vm),
     alike AS MATERIALIZED (
	SELECT min(w.vm) AS class, v.host, w.stops
	  FROM vm_way AS w CROSS JOIN vm AS v ON v.id = w.vm GROUP BY w.stops, v.host),
     classed AS MATERIALIZED (
	SELECT w.vm, k.class
	  FROM vm_way AS w CROSS JOIN vm AS v ON v.id = w.vm CROSS JOIN alike AS k ON k.stops = w.stops AND k.host IS v.host),
     class_stop AS MATERIALIZED (
	SELECT f.value ->> 0 AS check_id, k.class, k.host, p.value AS peer, max(f.value ->> 1) AS failed
	  FROM alike AS k JOIN json_each(k.stops) AS f
	  JOIN json_each(CASE WHEN f.value ->> 2 LIKE '[%' AND json_valid(f.value ->> 2) THEN f.value ->> 2
	                      ELSE json_array(f.value ->> 2) END) AS p
	 WHERE p.value IS NOT NULL
	 GROUP BY k.class, f.value ->> 0, p.value),
     class_shut AS MATERIALIZED (
	SELECT s.class, sum(h.peer IS NULL) AS more, sum(s.failed AND coalesce(h.failed, 0) = 0) AS more_failed,
	       sum(coalesce(h.always, 0) = 0) AS cold, sum(s.failed AND coalesce(h.always_failed, 0) = 0) AS cold_failed
	  FROM (SELECT class, host, peer, max(failed) AS failed FROM class_stop GROUP BY class, peer) AS s
	  LEFT JOIN shut AS h ON h.host = s.host AND h.peer = s.peer
	 GROUP BY s.class),
     class_why AS MATERIALIZED (
	SELECT class, group_concat(check_id || ': ' || n || CASE n WHEN 1 THEN ' host' ELSE ' hosts' END, '; ') AS text
	  FROM (SELECT class, check_id, count(*) AS n FROM class_stop GROUP BY class, check_id ORDER BY class, n DESC, check_id)
	 GROUP BY class),
     room AS MATERIALIZED (SELECT cluster, sum(destination) AS n FROM host GROUP BY cluster),
     counted AS MATERIALIZED (
	SELECT v.id AS vm, v.host, m.mobility, CASE WHEN v.platform = 'vsphere' OR c.kind = 'cluster' THEN c.kind END AS kind, v.platform, r.n - h.destination AS n,
	       coalesce(CASE m.mobility WHEN 'cold' THEN hs.cold ELSE hs.n END, 0)
	           + coalesce(CASE m.mobility WHEN 'cold' THEN s.cold ELSE s.more END, 0) AS closed,
	       coalesce(CASE m.mobility WHEN 'cold' THEN hs.cold_failed ELSE hs.failed END, 0)
	           + coalesce(CASE m.mobility WHEN 'cold' THEN s.cold_failed ELSE s.more_failed END, 0) AS failed,
	       CASE m.mobility WHEN 'cold' THEN hw.cold_text ELSE hw.text END AS host_why, vw.text AS vm_why
	  FROM vm AS v
	  LEFT JOIN vm_mobility AS m ON m.vm = v.id
	  LEFT JOIN host AS h ON h.id = v.host
	  LEFT JOIN cluster AS c ON c.id = v.cluster
	  LEFT JOIN room AS r ON r.cluster = v.cluster
	  LEFT JOIN host_shut AS hs ON hs.host = v.host
	  LEFT JOIN host_why AS hw ON hw.host = v.host
	  LEFT JOIN classed AS k ON k.vm = v.id
	  LEFT JOIN class_shut AS s ON s.class = k.class
	  LEFT JOIN class_why AS vw ON vw.class = k.class)
SELECT vm,
       CASE WHEN mobility = 'agent' THEN 'na'
            WHEN mobility IS NULL OR n IS NULL THEN 'unknown'
            WHEN n = 0 AND kind IS NOT NULL THEN 'fail'
            WHEN n = 0 THEN 'unknown'
            WHEN failed >= n THEN 'fail'
            WHEN closed >= n THEN 'unknown'
            WHEN n - closed = 1 AND n > 1 THEN 'warn'
            WHEN n - closed >= 1 THEN 'pass'
            ELSE 'unknown' END AS status,
       CASE WHEN mobility = 'agent' THEN NULL WHEN n = 0 THEN 'no candidate'
            WHEN mobility IS NOT NULL
            THEN max(n - closed, 0) || ' of ' || n || CASE n WHEN 1 THEN ' candidate' ELSE ' candidates' END END AS observed,
       'a host of its cluster that no critical check rules out' AS expected,
       CASE WHEN mobility = 'agent' THEN 'an agent VM: the platform puts it where it is needed'
            WHEN mobility IS NULL THEN 'not known whether it runs, or is an agent VM'
            WHEN n IS NULL THEN 'not known on which host it is'
            WHEN n = 0 AND kind IS NULL AND platform = 'kvm' THEN 'its host is asked by itself: to which others it could go the inventory doesn''t say'
            WHEN n = 0 AND kind IS NULL THEN 'the account is not shown the cluster: whether it has other hosts is not known'
            WHEN n = 0 AND kind = 'host' THEN 'its host is in no cluster'
            WHEN n = 0 THEN 'no other host of the cluster can take VMs'
            WHEN coalesce(host_why, vm_why) IS NOT NULL
            THEN 'candidates ruled out: ' || coalesce(host_why || coalesce('; ' || vm_why, ''), vm_why) END AS detail
  FROM counted
