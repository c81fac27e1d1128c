/*
title: The host has the NUMA nodes that the rest of its cluster has
subject: host
depends: own
severity: warning
platforms: [vsphere]
params: {memory_step_gib: 8}
symptom: >
  A VM keeps the virtual NUMA nodes that it was powered on with. After it moves to a host with smaller nodes its memory is remote, and
  it is slower for no reason that shows in the guest.
fix: >
  Look at the firmware's settings for NUMA (node interleaving off, the same sub-NUMA clustering or nodes per socket everywhere), and at
  the memory modules: the same amount at each processor.
refs: ["vSphere API: HostHardwareInfo.numaInfo, HostNumaNode.cpuID, memoryRangeLength", "VMware vSphere Resource Management: Using NUMA Systems with ESXi"]
*/
-- Memory of a node is rounded: firmware keeps some of it for itself, and not the same amount everywhere. Hosts that can't take VMs
-- are compared, but have no vote. The majority is decided only when its lead is larger than the number of voters without an answer.
WITH node AS MATERIALIZED (
	SELECT n.host, n.cpus * c.cores / c.threads AS cores,
	       CAST(round(n.memory_bytes / 1073741824.0 / :memory_step_gib) AS INTEGER) * :memory_step_gib AS gib
	  FROM numa_node AS n LEFT JOIN host_cpu AS c ON c.host = n.host),
     alike AS MATERIALIZED (
	SELECT host, cores, gib, count(*) AS n FROM node GROUP BY host, cores, gib),
     shape AS MATERIALIZED (
	SELECT host, sum(n) AS n, sum(cores IS NULL OR gib IS NULL) AS holes,
	       group_concat(n || CASE n WHEN 1 THEN ' node' ELSE ' nodes' END || ' of ' || cores || ' cores and ' || gib || ' GiB', ', ') AS text
	  FROM (SELECT * FROM alike ORDER BY host, cores DESC, gib DESC) GROUP BY host),
     answer AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, h.destination, k.kind IS NOT NULL AS shown,
	       CASE WHEN s.holes = 0 AND s.n = max(d.nodes, 1) THEN s.text END AS kind
	  FROM host AS h
	  LEFT JOIN vsphere_host_numa AS d ON d.host = h.id
	  LEFT JOIN shape AS s ON s.host = h.id
	  LEFT JOIN cluster AS k ON k.id = h.cluster),
     voters AS MATERIALIZED (
	SELECT cluster, count(*) AS n, count(*) - count(kind) AS silent FROM answer WHERE destination GROUP BY cluster),
     vote AS MATERIALIZED (
	SELECT cluster, kind, count(*) AS n FROM answer WHERE destination AND kind IS NOT NULL GROUP BY cluster, kind),
     best AS MATERIALIZED (
	SELECT cluster, kind, n, n - coalesce(lead(n) OVER w, 0) AS margin, row_number() OVER w AS rank FROM vote
	WINDOW w AS (PARTITION BY cluster ORDER BY n DESC, kind)),
     usual AS MATERIALIZED (
	SELECT v.cluster, v.n AS voters, v.silent, b.n, b.margin, CASE WHEN b.margin > v.silent THEN b.kind END AS kind
	  FROM voters AS v LEFT JOIN best AS b ON b.cluster = v.cluster AND b.rank = 1)
SELECT a.host,
       CASE WHEN a.shown AND coalesce(u.voters, 0) - a.destination = 0 THEN 'na'
            WHEN coalesce(u.voters, 0) - a.destination = 0 THEN 'unknown'
            WHEN a.kind = u.kind THEN 'pass'
            WHEN a.kind <> u.kind THEN 'fail'
            WHEN a.kind IS NOT NULL AND u.margin = 0 AND u.silent = 0 THEN 'fail'
            ELSE 'unknown' END AS status,
       a.kind AS observed,
       u.kind || ', as ' || u.n || ' of ' || u.voters || ' hosts of the cluster' AS expected,
       CASE WHEN NOT a.shown AND coalesce(u.voters, 0) - a.destination = 0
            THEN 'nothing to compare: the account is not shown the cluster, whether it has other hosts is not known'
            WHEN coalesce(u.voters, 0) - a.destination = 0 THEN 'nothing to compare: no other host of the cluster can take its VMs'
            WHEN a.kind IS NULL THEN 'the host gave no list of its NUMA nodes, or one with gaps'
            WHEN u.kind IS NULL AND u.silent > 0 THEN 'no majority: hosts without an answer that could change it: ' || u.silent
            WHEN u.kind IS NULL THEN 'no majority: the largest groups of hosts with the same nodes are equally large' END AS detail
  FROM answer AS a
  LEFT JOIN usual AS u ON u.cluster = a.cluster
