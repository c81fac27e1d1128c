/*
title: The processors and NUMA nodes that the VM is bound to are there on the candidate
subject: vm_host
depends: own
severity: critical
platforms: [kvm]
symptom: >
  "NUMA node 1 is unavailable"; "cannot set CPU affinity on process ...: Invalid argument".
fix: >
  Bind the VM to what every host has, or not at all (virsh vcpupin, emulatorpin, numatune; virsh migrate --xml with another binding).
refs: ["libvirt: Domain XML format, numatune, cputune, vcpu cpuset", "sched_setaffinity(2)"]
*/
-- Each range of the binding must lie within what the candidate lists. Bindings that are alike are judged once.
WITH need AS MATERIALIZED (
	SELECT v.id AS vm, v.cluster, v.host, m.mobility, s.nodes, s.cpus
	  FROM vm AS v LEFT JOIN vm_mobility AS m ON m.vm = v.id LEFT JOIN vm_memory AS s ON s.vm = v.id),
     bound AS MATERIALIZED (SELECT DISTINCT nodes, cpus FROM need WHERE nodes <> 'none' OR cpus <> 'none'),
     part AS MATERIALIZED (
	SELECT b.kind, b.text, CAST(p.value AS INTEGER) AS low, p.value GLOB '[0-9]*' AS plain,
	       CASE WHEN instr(p.value, '-') > 0 THEN CAST(substr(p.value, instr(p.value, '-') + 1) AS INTEGER) ELSE CAST(p.value AS INTEGER) END AS high
	  FROM (SELECT 'node' AS kind, nodes AS text FROM bound WHERE nodes <> 'none' UNION SELECT 'cpu', cpus FROM bound WHERE cpus <> 'none') AS b
	  JOIN json_each('[' || replace(json_quote(b.text), ',', '","') || ']') AS p),
     has AS MATERIALIZED (
	SELECT host, 'node' AS kind, node AS low, node AS high FROM linux_numa_node
	UNION ALL
	SELECT c.host, 'cpu', CAST(p.value AS INTEGER),
	       CASE WHEN instr(p.value, '-') > 0 THEN CAST(substr(p.value, instr(p.value, '-') + 1) AS INTEGER) ELSE CAST(p.value AS INTEGER) END
	  FROM linux_numa_cpus AS c JOIN json_each('[' || replace(json_quote(c.cpulist), ',', '","') || ']') AS p
	 WHERE c.cpulist <> ''),
     told AS MATERIALIZED (
	SELECT n.host, count(n.node) = count(*) AND count(c.cpulist) = count(*) AS told
	  FROM linux_numa_node AS n LEFT JOIN linux_numa_cpus AS c ON c.host = n.host AND c.node = n.node GROUP BY n.host),
     covered AS MATERIALIZED (
	SELECT h.id AS host, p.kind, p.text, p.low, p.high, p.plain,
	       coalesce(sum(max(0, min(p.high, x.high) - max(p.low, x.low) + 1)), 0) >= p.high - p.low + 1 AS whole
	  FROM part AS p JOIN host AS h ON h.destination AND h.platform = 'kvm'
	  LEFT JOIN has AS x ON x.host = h.id AND x.kind = p.kind
	 GROUP BY h.id, p.kind, p.text, p.low, p.high),
     fits AS MATERIALIZED (
	SELECT host, kind, text, min(whole) AS whole, min(plain) AS plain FROM covered GROUP BY host, kind, text),
     met AS MATERIALIZED (
	SELECT b.nodes, b.cpus, h.id AS peer,
	       CASE WHEN b.nodes IS NULL OR b.cpus IS NULL OR t.told IS NOT 1 THEN 'unknown'
	            WHEN (b.nodes <> 'none' AND n.plain IS NOT 1) OR (b.cpus <> 'none' AND c.plain IS NOT 1) THEN 'unknown'
	            WHEN n.whole = 0 OR c.whole = 0 THEN 'fail'
	            WHEN (b.nodes = 'none' OR n.whole = 1) AND (b.cpus = 'none' OR c.whole = 1) THEN 'pass' ELSE 'unknown' END AS status,
	       CASE WHEN t.told THEN CASE WHEN n.whole = 0 AND c.whole = 0 THEN 'not all of these NUMA nodes and processors are there'
	                                  WHEN n.whole = 0 THEN 'not all of these NUMA nodes are there'
	                                  WHEN c.whole = 0 THEN 'not all of these processors are there' END END AS observed
	  FROM bound AS b JOIN host AS h ON h.destination AND h.platform = 'kvm'
	  LEFT JOIN told AS t ON t.host = h.id
	  LEFT JOIN fits AS n ON n.host = h.id AND n.kind = 'node' AND n.text = b.nodes
	  LEFT JOIN fits AS c ON c.host = h.id AND c.kind = 'cpu' AND c.text = b.cpus)
SELECT n.vm, json_group_array(m.peer) AS peer, m.status, m.observed,
       CASE n.nodes WHEN 'none' THEN '' ELSE 'NUMA nodes ' || n.nodes || CASE n.cpus WHEN 'none' THEN '' ELSE ', ' END END
           || CASE n.cpus WHEN 'none' THEN '' ELSE 'processors ' || n.cpus END AS expected,
       CASE m.status WHEN 'unknown' THEN 'not known what the candidate has, or the binding is not understood' END AS detail
  FROM need AS n
  JOIN host AS h ON h.cluster = n.cluster AND h.destination AND h.id IS NOT n.host
  JOIN met AS m ON m.peer = h.id AND m.nodes IS n.nodes AND m.cpus IS n.cpus
 WHERE n.mobility = 'live' AND (n.nodes <> 'none' OR n.cpus <> 'none')
 GROUP BY n.vm, m.status, m.observed
UNION ALL
SELECT n.vm, json_group_array(h.id), CASE WHEN n.mobility = 'cold' OR (n.nodes = 'none' AND n.cpus = 'none') THEN 'na' ELSE 'unknown' END, NULL, NULL,
       CASE WHEN n.mobility = 'cold' THEN 'moves cold: what it is bound to matters when it starts'
            WHEN n.nodes = 'none' AND n.cpus = 'none' THEN 'it is bound to none'
            WHEN n.mobility IS NULL THEN 'not known whether it runs' ELSE 'not known what it is bound to' END
  FROM need AS n JOIN host AS h ON h.cluster = n.cluster AND h.destination AND h.id IS NOT n.host
 WHERE (n.mobility = 'live' AND (n.nodes <> 'none' OR n.cpus <> 'none')) IS NOT 1
 GROUP BY n.vm
