/*
title: The VM spreads over no more NUMA nodes on any host that could take it than where it is
subject: vm
depends: cluster
severity: warning
platforms: [vsphere, kvm]
symptom: >
  The VM works after the move, but slower: part of its memory is remote to its virtual CPUs. Its virtual NUMA nodes stay those that it
  was powered on with.
fix: >
  Move the VM to a host with nodes at least as large, give it no more virtual CPUs and memory than the smallest host's node has, or
  power it off and on after the move, so that it sees the new host's nodes.
refs: ["vSphere API: HostNumaNode.cpuID, memoryRangeLength", "VMware vSphere Resource Management: Using NUMA Systems with ESXi",
       "004_0606a3d6c7447bd2.txt"]
*/
-- How many of a host's largest nodes the VM needs for its virtual CPUs, a core each (on KVM a processor), and for its memory. Judged
-- once for each size of VM and of node in a cluster.
WITH largest AS MATERIALIZED (
	SELECT n.host,
	       CASE WHEN count(n.cpus) = count(*) THEN max(n.cpus) END * CASE h.platform WHEN 'kvm' THEN c.threads ELSE c.cores END / c.threads
	           AS cores,
	       CASE WHEN count(n.memory_bytes) = count(*) THEN max(n.memory_bytes) END / 1048576 / 1024 * 1024 AS mib
	  FROM numa_node AS n JOIN host_cpu AS c ON c.host = n.host JOIN host AS h ON h.id = n.host
	 GROUP BY n.host),
     machine AS MATERIALIZED (
	SELECT v.id, v.cluster, k.kind IS NOT NULL AS shown, h.name AS host, h.destination, m.mobility, s.vcpus, s.memory_mib AS mib, l.cores AS node_cores,
	       l.mib AS node_mib, max((s.vcpus + l.cores - 1) / l.cores, (s.memory_mib + l.mib - 1) / l.mib) AS here
	  FROM vm AS v
	  LEFT JOIN vm_mobility AS m ON m.vm = v.id
	  LEFT JOIN vm_shape AS s ON s.vm = v.id
	  LEFT JOIN host AS h ON h.id = v.host
	  LEFT JOIN cluster AS k ON k.id = v.cluster
	  LEFT JOIN largest AS l ON l.host = v.host),
     candidate AS MATERIALIZED (
	SELECT h.cluster, l.cores, l.mib, count(*) AS n, group_concat(h.name, ', ') AS names
	  FROM host AS h LEFT JOIN largest AS l ON l.host = h.id
	 WHERE h.destination
	 GROUP BY h.cluster, l.cores, l.mib),
     total AS MATERIALIZED (SELECT cluster, sum(n) AS n FROM candidate GROUP BY cluster),
     there AS MATERIALIZED (
	SELECT m.cluster, m.vcpus, m.mib, m.here, c.cores, c.mib AS node_mib, c.n, c.names,
	       max((m.vcpus + c.cores - 1) / c.cores, (m.mib + c.mib - 1) / c.mib) AS nodes
	  FROM (SELECT DISTINCT cluster, vcpus, mib, here FROM machine WHERE mobility = 'live') AS m
	  JOIN candidate AS c ON c.cluster = m.cluster),
     verdict AS MATERIALIZED (
	SELECT cluster, vcpus, mib, here, sum(CASE WHEN nodes > here THEN n ELSE 0 END) AS worse,
	       sum(CASE WHEN nodes = 1 OR nodes <= here OR nodes > here THEN 0 ELSE n END) AS unclear, max(nodes) AS most,
	       group_concat(CASE WHEN nodes > here THEN 'needs ' || nodes || ' nodes of ' || cores || ' cores and ' || (node_mib / 1024)
	                                                || ' GiB on ' || names END, '; ') AS worse_text,
	       group_concat(CASE WHEN cores IS NULL OR node_mib IS NULL THEN names END, ', ') AS silent
	  FROM (SELECT * FROM there ORDER BY cluster, nodes DESC, names) GROUP BY cluster, vcpus, mib, here)
SELECT m.id AS vm,
       CASE WHEN m.mobility IN ('cold', 'agent') OR (m.mobility = 'live' AND m.shown AND t.n - m.destination = 0) THEN 'na'
            WHEN m.mobility = 'live' AND v.worse > 0 THEN 'fail'
            WHEN m.mobility = 'live' AND v.unclear = 0 AND m.vcpus IS NOT NULL AND m.mib IS NOT NULL AND t.n - m.destination > 0 THEN 'pass'
            ELSE 'unknown' END AS status,
       m.vcpus || ' vCPUs, ' || m.mib || ' MiB' AS object,
       CASE WHEN m.mobility IS NOT 'live' THEN NULL
            WHEN v.worse > 0 THEN v.worse_text
            WHEN v.unclear = 0 THEN CASE v.most WHEN 1 THEN 'fits one node' ELSE 'needs at most ' || v.most || ' nodes' END
                                    || ' on every host that could take it' END AS observed,
       CASE WHEN m.mobility = 'live'
            THEN CASE m.here WHEN 1 THEN 'one node' ELSE 'at most ' || m.here || ' nodes' END || ', as on ' || m.host END AS expected,
       CASE m.mobility
            WHEN 'cold' THEN 'moves cold: it sees the nodes of the host that it is started on'
            WHEN 'agent' THEN 'an agent VM: the platform puts it where it is needed'
            WHEN 'live'
            THEN CASE WHEN t.n - m.destination = 0 THEN 'no other host of the cluster can take it'
                      WHEN m.vcpus IS NULL OR m.mib IS NULL THEN 'the VM''s size is not known'
                      WHEN m.host IS NULL THEN 'the VM''s host is not known'
                      WHEN m.node_cores IS NULL OR m.node_mib IS NULL
                      THEN 'the VM''s host gave no list of its NUMA nodes, or one with gaps'
                      WHEN v.silent IS NOT NULL THEN 'no list of NUMA nodes, or one with gaps: ' || v.silent
                      WHEN v.worse > 0 THEN v.worse || ' of the ' || (t.n - m.destination) || ' hosts that could take it' END
            ELSE 'not known whether it runs, or is an agent VM' END AS detail
  FROM machine AS m
  LEFT JOIN total AS t ON t.cluster = m.cluster
  LEFT JOIN verdict AS v ON v.cluster = m.cluster AND v.vcpus IS m.vcpus AND v.mib IS m.mib AND v.here IS m.here
