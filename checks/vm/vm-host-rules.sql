/*
title: No mandatory rule keeps the VM off the candidate
subject: vm_host
depends: own
severity: critical
platforms: [vsphere]
symptom: >
  The migration "would violate a virtual machine - host affinity rule" (VmHostAffinityRuleViolation) and is refused; DRS doesn't move
  the VM, and its host waits for it on its way into maintenance mode.
fix: >
  Add a host to the rule's group of hosts, or make the rule one that VMs should follow, or disable it, for the time of the
  maintenance. Ask first who made it: such rules often stand for a licence, or for the two sites of a stretched cluster.
refs: ["vSphere API: ClusterVmHostRuleInfo, ClusterRuleInfo.mandatory, ClusterVmGroup, ClusterHostGroup",
       "vSphere API: VmHostAffinityRuleViolation", "VMware vSphere Resource Management: VM-Host affinity rules"]
*/
-- Mandatory rules hold while DRS is off as well. Rules about VMs among each other aren't looked at: where one of them may be depends
-- on where the others go. VMs that the same rules are about are judged once; a host group that is empty allows who knows what.
WITH rule AS MATERIALIZED (
	SELECT row_number() OVER () AS id, l.compute AS cluster, s.kind IS NOT NULL AND s.mandatory IS NOT NULL AND s.enabled IS NOT NULL AS sure,
	       '''' || coalesce(s.name, '?') || '''' AS name, s.vms, s.hosts, s.other_hosts
	  FROM vsphere_rule AS l JOIN vsphere_rule_set AS s ON s.set_id = l.set_id
	 WHERE coalesce(s.kind = 'ClusterVmHostRuleInfo', 1) AND s.mandatory IS NOT 0 AND s.enabled IS NOT 0),
     part AS MATERIALIZED (
	SELECT l.compute AS cluster, s.kind, s.name, nullif(s.vms, '') AS vms, nullif(s.hosts, '') AS hosts,
	       substr(l.compute, 1, instr(l.compute, '/')) AS target
	  FROM vsphere_rule_group AS l JOIN vsphere_rule_group_set AS s ON s.set_id = l.set_id),
     member AS MATERIALIZED (
	SELECT p.cluster, p.kind, p.name, p.target || m.value AS id
	  FROM part AS p JOIN json_each('["' || replace(CASE p.kind WHEN 'ClusterVmGroup' THEN p.vms ELSE p.hosts END, ',', '","') || '"]') AS m
	 WHERE m.value <> 'none'),
     bound AS MATERIALIZED (
	SELECT DISTINCT m.id AS vm, r.id AS rule
	  FROM rule AS r JOIN member AS m ON m.cluster = r.cluster AND m.kind = 'ClusterVmGroup' AND m.name = r.vms),
     ruled AS MATERIALIZED (
	SELECT vm, group_concat(rule, ' ') AS rules FROM (SELECT * FROM bound ORDER BY vm, rule) GROUP BY vm),
     machine AS MATERIALIZED (
	SELECT v.id, v.cluster, ',' || json_quote(v.host) AS own, m.mobility, coalesce(r.rules, '') AS rules
	  FROM vm AS v LEFT JOIN vm_mobility AS m ON m.vm = v.id LEFT JOIN ruled AS r ON r.vm = v.id
	 WHERE v.cluster IS NOT NULL),
     limb AS MATERIALIZED (   -- which group a rule names, and whether its hosts are those allowed
	SELECT id AS rule, cluster, name, sure, hosts AS part, 1 AS inside FROM rule WHERE hosts IS NOT 'none'
	UNION ALL
	SELECT id, cluster, name, sure, other_hosts, 0 FROM rule WHERE other_hosts IS NOT 'none' OR hosts = 'none'),
     word AS MATERIALIZED (
	SELECT l.rule, h.id AS host,
	       CASE WHEN count(m.id) = 0 THEN 1
	            WHEN max(m.id = h.id) = l.inside THEN 0
	            WHEN l.sure THEN 2 ELSE 1 END AS rank,
	       'rule ' || l.name || CASE WHEN count(m.id) = 0 THEN ': which hosts it means is not known'
	                                 WHEN l.inside THEN ': must run on hosts in group ''' || l.part || ''''
	                                 ELSE ': must not run on hosts in group ''' || l.part || '''' END AS text
	  FROM limb AS l JOIN host AS h ON h.cluster = l.cluster AND h.destination
	  LEFT JOIN member AS m ON m.cluster = l.cluster AND m.kind = 'ClusterHostGroup' AND m.name = l.part
	 GROUP BY l.rule, l.inside, h.id),
     open AS MATERIALIZED (   -- rules of which nobody knows whom they are about
	SELECT r.cluster, group_concat(r.name, ', ') AS names
	  FROM rule AS r LEFT JOIN (SELECT DISTINCT cluster, name FROM part WHERE kind = 'ClusterVmGroup' AND vms IS NOT NULL) AS p
	         ON p.cluster = r.cluster AND p.name = r.vms
	 WHERE p.name IS NULL GROUP BY r.cluster),
     kind AS MATERIALIZED (
	SELECT DISTINCT k.cluster, k.rules, b.rule
	  FROM (SELECT cluster, rules, min(id) AS vm FROM machine GROUP BY cluster, rules) AS k LEFT JOIN bound AS b ON b.vm = k.vm),
     verdict AS MATERIALIZED (
	SELECT k.cluster, k.rules, h.id AS host, max(coalesce(w.rank, 0)) AS rank, group_concat(CASE WHEN w.rank > 0 THEN w.text END, '; ') AS text
	  FROM kind AS k JOIN host AS h ON h.cluster = k.cluster AND h.destination
	  LEFT JOIN word AS w ON w.rule = k.rule AND w.host = h.id
	 GROUP BY k.cluster, k.rules, h.id),
     alike AS MATERIALIZED (
	SELECT cluster, rules, rank, text, group_concat(',' || json_quote(host), '') AS ids FROM verdict GROUP BY cluster, rules, rank, text),
     told AS MATERIALIZED (
	SELECT c.id AS cluster, r.set_id IS NOT NULL AND g.set_id IS NOT NULL AND o.cluster IS NULL AS all_told, o.names
	  FROM cluster AS c
	  LEFT JOIN vsphere_rule AS r ON r.compute = c.id
	  LEFT JOIN vsphere_rule_group AS g ON g.compute = c.id
	  LEFT JOIN open AS o ON o.cluster = c.id)
SELECT vm, '[' || substr(ids, 2) || ']' AS peer, status, observed, expected, detail
  FROM (SELECT m.id AS vm, replace(a.ids, coalesce(m.own, '?'), '') AS ids,
               CASE WHEN m.mobility = 'agent' THEN 'na'
                    WHEN m.mobility IS NULL THEN 'unknown'
                    WHEN a.rank = 2 THEN CASE m.mobility WHEN 'live' THEN 'fail' ELSE 'warn' END
                    WHEN a.rank = 0 AND t.all_told = 1 THEN 'pass'
                    ELSE 'unknown' END AS status,
               CASE WHEN m.mobility IS NOT 'agent' THEN coalesce(a.text, CASE m.rules WHEN '' THEN 'in no mandatory rule' ELSE 'its rules allow it' END)
               END AS observed,
               'no mandatory rule against it' AS expected,
               CASE WHEN m.mobility = 'agent' THEN 'an agent VM: the platform puts it where it is needed'
                    WHEN m.mobility IS NULL THEN 'not known whether it runs, or is an agent VM'
                    WHEN a.rank = 2 AND m.mobility = 'cold' THEN 'it moves, but can''t be powered on there'
                    WHEN t.names IS NOT NULL THEN 'not known which VMs these rules are about: ' || t.names
                    WHEN t.all_told IS NOT 1 THEN 'the cluster''s rules are not known' END AS detail
          FROM machine AS m
          JOIN alike AS a ON a.cluster = m.cluster AND a.rules = m.rules
          LEFT JOIN told AS t ON t.cluster = m.cluster)
 WHERE ids <> ''
