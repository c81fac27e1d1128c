/*
title: The candidate has room for what the VM reserves
subject: vm_host
depends: own
severity: critical
platforms: [vsphere]
params: {system_cpu_pct: 10, system_memory_pct: 10}
symptom: >
  vMotion fails at once or after a while because the target host "does not meet the reservation requirements": "The host does not
  have sufficient memory resources to satisfy the reservation", or CPU resources.
fix: >
  Lower the VM's reservations (a passed-through device or high latency sensitivity reserves all of its memory), or make room: other
  VMs' reservations on the candidates, or those of other resource pools, may be larger than they need to be.
refs: ["001_82856f7890981a1d.txt", "vSphere API: InsufficientHostCpuCapacityFault, InsufficientHostMemoryCapacityFault",
       "vSphere API: ResourceAllocationInfo.reservation, VirtualMachineConfigInfoOverheadInfo.initialMemoryReservation",
       "vSphere API: ResourcePoolResourceUsage.unreservedForVm"]
*/
-- What is free on a host: its capacity less the reservations, and the memory overhead, of the VMs that run there. What ESXi keeps
-- for itself the API doesn't tell: where only that share (the parameters, a guess) would decide, it is unknown.
-- Inside a cluster the VM stays in its resource pool, which holds its reservation already: the pool needs no more room, but one
-- that has promised more than it has (negative) may refuse. An overhead that isn't told (-1) is left to that share too,
-- so that a VM which reserves no memory still needs a host that has some left.
-- Of a candidate counts what runs there, so one that doesn't answer, or has a VM that doesn't, is open by itself and no other
-- is: what its VMs hold of a pool that they share with others is in the pool's own figure.
WITH claim AS MATERIALIZED (
	SELECT v.id AS vm, v.host, v.cluster, s.power, a.pool, a.cpu_reservation_mhz AS cpu,
	       CASE a.locked WHEN 0 THEN a.memory_reservation_mib WHEN 1 THEN max(a.memory_reservation_mib, a.memory_mib) END
	           + CASE WHEN a.overhead_bytes > 0 THEN (a.overhead_bytes + 1048575) / 1048576 WHEN a.overhead_bytes IN (0, -1) THEN 0 END
	           AS memory
	  FROM vm AS v LEFT JOIN vsphere_vm_state AS s ON s.vm = v.id LEFT JOIN vsphere_vm_allocation AS a ON a.vm = v.id),
     held AS MATERIALIZED (
	SELECT host, sum(CASE WHEN power IS NOT NULL AND cpu > 0 THEN cpu END) AS cpu,
	       sum(CASE WHEN power IS NOT NULL AND memory > 0 THEN memory END) AS memory,
	       sum(power IS NULL OR cpu IS NULL OR cpu < 0 OR memory IS NULL OR memory < 0) AS holes
	  FROM claim WHERE power IS NULL OR power NOT IN ('poweredOff', 'suspended') GROUP BY host),
     room AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, c.core_mhz * c.cores - coalesce(x.cpu, 0) AS cpu,
	       c.memory_bytes / 1048576 - coalesce(x.memory, 0) AS memory, c.core_mhz * c.cores * :system_cpu_pct / 100 AS cpu_share,
	       c.memory_bytes / 1048576 * :system_memory_pct / 100 AS memory_share, coalesce(x.holes, 0) AS holes,
	       coalesce(x.holes, 0) > 0 OR c.core_mhz IS NULL OR c.cores IS NULL OR c.memory_bytes IS NULL AS open
	  FROM host AS h LEFT JOIN vsphere_host_capacity AS c ON c.host = h.id LEFT JOIN held AS x ON x.host = h.id
	 WHERE h.destination),
     least AS MATERIALIZED (
	SELECT cluster, min(cpu - cpu_share) FILTER (WHERE NOT open) AS cpu, min(memory - memory_share) FILTER (WHERE NOT open) AS memory,
	       max(open) AS open FROM room GROUP BY cluster),
     alike AS MATERIALIZED (
	SELECT cluster, open, group_concat(',' || json_quote(host), '') AS ids FROM room GROUP BY cluster, open),
     others AS MATERIALIZED (
	SELECT host, open, '[' || substr(ids, 2) || ']' AS hosts
	  FROM (SELECT h.id AS host, a.open, replace(a.ids, ',' || json_quote(h.id), '') AS ids
	          FROM host AS h JOIN alike AS a ON a.cluster = h.cluster)
	 WHERE ids <> ''),
     judged AS MATERIALIZED (
	SELECT c.*, m.mobility, p.name AS pool_name, l.open,
	       CASE WHEN p.cpu_unreserved_mhz >= 0 AND p.memory_unreserved_bytes >= 0 THEN 1
	            WHEN p.cpu_unreserved_mhz < 0 OR p.memory_unreserved_bytes < 0 THEN 0 END AS pool_holds,
	       coalesce((c.cpu = 0 OR c.cpu BETWEEN 0 AND l.cpu) AND c.memory BETWEEN 0 AND l.memory, 0) AS fits
	  FROM claim AS c
	  LEFT JOIN vm_mobility AS m ON m.vm = c.vm
	  LEFT JOIN vsphere_resource_pool AS p ON p.pool = c.pool
	  LEFT JOIN least AS l ON l.cluster = c.cluster),
     tight AS MATERIALIZED (
	SELECT DISTINCT cluster, host, cpu, memory, fits FROM judged
	 WHERE mobility = 'live' AND pool_holds = 1 AND cpu >= 0 AND memory >= 0 AND (open OR NOT fits)),
     met AS (
	SELECT t.host, t.cpu, t.memory, r.host AS peer, r.cpu AS cpu_room, r.memory AS memory_room, r.holes,
	       CASE WHEN t.cpu = 0 OR (t.cpu <= r.cpu - r.cpu_share AND r.holes = 0) THEN 0 WHEN t.cpu > r.cpu THEN 2 ELSE 1 END AS cpu_is,
	       CASE WHEN t.memory <= r.memory - r.memory_share AND r.holes = 0 THEN 0
	            WHEN t.memory > r.memory AND t.memory > 0 THEN 2 ELSE 1 END AS memory_is,
	       r.cpu IS NULL OR r.memory IS NULL AS untold
	  FROM tight AS t JOIN room AS r ON r.cluster = t.cluster AND r.host <> t.host AND (r.open OR NOT t.fits)),
     answer AS MATERIALIZED (
	SELECT host, cpu, memory, cpu_is, memory_is, holes > 0 AS gaps, untold, json_group_array(peer) AS peers,
	       max(cpu_room) AS cpu_room, max(memory_room) AS memory_room
	  FROM met GROUP BY host, cpu, memory, cpu_is, memory_is, holes > 0, untold)
SELECT j.vm, o.hosts AS peer,
       CASE WHEN j.mobility IN ('cold', 'agent') THEN 'na'
            WHEN j.mobility = 'live' AND j.fits AND j.pool_holds = 1 THEN 'pass'
            ELSE 'unknown' END AS status,
       CASE WHEN j.mobility = 'live' THEN 'needs ' || j.cpu || ' MHz, ' || j.memory || ' MiB' END AS observed,
       NULL AS expected,
       CASE WHEN j.mobility = 'agent' THEN 'an agent VM: the platform puts it where it is needed'
            WHEN j.mobility = 'cold' THEN 'moves cold: it reserves nothing while it is not running'
            WHEN j.mobility IS NULL THEN 'not known whether it runs, or is an agent VM'
            WHEN j.cpu IS NULL OR j.memory IS NULL THEN 'not known what it reserves'
            WHEN j.cpu < 0 OR j.memory < 0 THEN 'a negative reservation'
            WHEN j.pool_holds = 0 THEN 'resource pool ' || coalesce(j.pool_name, j.pool) || ' has promised more than it has'
            WHEN j.pool_holds IS NULL THEN 'not known what its resource pool has left' END AS detail
  FROM judged AS j JOIN others AS o ON o.host = j.host
 WHERE NOT coalesce(j.mobility = 'live' AND j.pool_holds = 1 AND j.cpu >= 0 AND j.memory >= 0 AND (o.open OR NOT j.fits), 0)
UNION ALL
SELECT j.vm, a.peers,
       CASE WHEN a.cpu_is = 2 OR a.memory_is = 2 THEN 'fail' WHEN a.cpu_is = 0 AND a.memory_is = 0 THEN 'pass' ELSE 'unknown' END,
       'needs ' || j.cpu || ' MHz, ' || j.memory || ' MiB',
       CASE WHEN a.cpu_is + a.memory_is > 0
            THEN 'at most ' || coalesce(a.cpu_room || ' MHz, ', '') || coalesce(a.memory_room || ' MiB', 'memory not known')
                 || ' are free'
       END,
       CASE WHEN a.cpu_is = 2 OR a.memory_is = 2
            THEN 'too little ' || CASE WHEN a.memory_is < 2 THEN 'CPU' WHEN a.cpu_is < 2 THEN 'memory' ELSE 'CPU and memory' END
            WHEN a.cpu_is + a.memory_is > 0 AND a.untold THEN 'the host''s capacity is not known'
            WHEN a.cpu_is + a.memory_is > 0 AND a.gaps THEN 'not known what other VMs reserve there'
            WHEN a.cpu_is + a.memory_is > 0 THEN 'close: what ESXi keeps for itself decides' END
  FROM judged AS j
  JOIN answer AS a ON a.host = j.host AND a.cpu = j.cpu AND a.memory = j.memory
 WHERE j.mobility = 'live' AND j.pool_holds = 1
