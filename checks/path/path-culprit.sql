/*
title: Nothing between the cluster's hosts stands in the way of migrations
subject: cluster
depends: cluster
severity: warning
platforms: [vsphere, kvm]
symptom: >
  Migrations between some hosts of the cluster stall, time out or are slow, between others they work; which ones fail looks random.
fix: >
  Look where the finding says: it names what explains all failed pings of the cluster with the fewest faults. Of several explanations
  each fits everything that was measured; what they differ in tells what to look at first. A ping needs both ways: a frame that is
  lost on its way back fails it, too.
refs: ["vSphere API: HostNetworkSystem.QueryNetworkHint, PhysicalNicCdpInfo, LinkLayerDiscoveryProtocolInfo", "VMware KB 1003728"]
*/
-- Each symptom is explained by itself. Paths that nobody sends along have no part in it: no way there, out of scope, not sampled.
WITH node AS MATERIALIZED (
	SELECT h.id AS host, n.device, json_array(h.id, h.name, n.device, coalesce(l.leaf, ''), coalesce(l.port, '')) AS text
	  FROM host AS h JOIN (SELECT DISTINCT host, device FROM migration_nic WHERE device IS NOT NULL) AS n ON n.host = h.id
	  LEFT JOIN migration_leaf AS l ON l.host = n.host AND l.device = n.device),
     answer AS MATERIALIZED (
	SELECT c.cluster, c.symptom, sum(c.good = 0) AS bad, path_culprit(c.symptom, s.text, d.text, c.good, c.amount) AS json
	  FROM path_cell AS c
	  JOIN node AS s ON s.host = c.host AND s.device = c.src_device
	  JOIN node AS d ON d.host = c.peer AND d.device = c.dst_device
	 GROUP BY c.cluster, c.symptom),
     said AS MATERIALIZED (
	SELECT a.cluster, a.symptom, a.bad, json_extract(a.json, '$.more') AS more, json_array_length(a.json, '$.explanations') AS n,
	       group_concat(CASE WHEN json_array_length(a.json, '$.explanations') > 1 THEN '(' || (e.key + 1) || ') ' ELSE '' END
	                    || json_extract(e.value, '$.sentence'), '; or ') AS text
	  FROM answer AS a LEFT JOIN json_each(a.json, '$.explanations') AS e GROUP BY a.cluster, a.symptom),
     whole AS MATERIALIZED (
	SELECT cluster, group_concat(CASE WHEN n = 0 THEN bad || ' paths fail among more migration adapters than can be explained'
	                                  ELSE text || CASE WHEN more THEN '; there are more explanations' ELSE '' END END, '. ') AS text,
	       max(n > 1) AS several
	  FROM (SELECT * FROM said ORDER BY cluster, symptom) GROUP BY cluster),
     paths AS MATERIALIZED (
	SELECT r.cluster, sum(r.duty = 'send') AS sent, sum(r.duty IS NULL) AS unsure,
	       sum(r.duty = 'send' AND r.state = 'ok') AS ok,
	       sum(r.duty = 'send' AND r.state IN ('unreachable', 'small', 'local', 'lossy')) AS bad
	  FROM path_result AS r WHERE r.in_scope GROUP BY r.cluster),
     members AS MATERIALIZED (SELECT cluster, count(*) AS n FROM host GROUP BY cluster)
SELECT c.id AS cluster,
       CASE WHEN p.bad > 0 THEN 'fail'
            WHEN p.sent > 0 AND p.ok = p.sent AND p.unsure = 0 THEN 'pass'
            WHEN m.n = 1 THEN 'na'
            ELSE 'unknown' END AS status,
       CASE WHEN p.bad > 0 THEN p.bad || ' of ' || p.sent || ' paths fail' ELSE p.ok || ' of ' || p.sent || ' paths work' END
           || CASE WHEN p.sent > p.ok + p.bad THEN ', ' || (p.sent - p.ok - p.bad) || ' are not known' ELSE '' END
           || CASE WHEN p.unsure > 0 THEN '; of ' || p.unsure || ' more it is not known whether they should' ELSE '' END AS observed,
       'every path between migration adapters works' AS expected,
       CASE WHEN p.bad > 0 THEN CASE WHEN w.several THEN 'one of these: ' ELSE '' END || w.text
            WHEN m.n = 1 THEN 'the host is the only one of its cluster'
            WHEN coalesce(p.sent, 0) = 0 THEN 'there is no path along which to send a packet'
            WHEN p.ok < p.sent THEN 'not every path was tried to the end' END AS detail
  FROM cluster AS c
  LEFT JOIN paths AS p ON p.cluster = c.id
  LEFT JOIN whole AS w ON w.cluster = c.id
  LEFT JOIN members AS m ON m.cluster = c.id
