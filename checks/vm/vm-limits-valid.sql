/*
title: Limits leave the VM the CPU that it reserves, and the memory that it reserves and is configured with
subject: vm
depends: own
severity: critical
platforms: [vsphere]
symptom: >
  vMotion fails because the target host "does not meet the reservation requirements"; or the VM swaps although its host has memory
  to spare, and copying its memory doesn't come to an end.
fix: >
  Remove the limit (Edit Settings, "Unlimited"), or raise it to at least the reservation and the configured memory. Templates and
  clones pass old limits on.
refs: ["001_82856f7890981a1d.txt", "vSphere API: ResourceAllocationInfo.limit, reservation",
       "vSphere API: VirtualMachine.resourceConfig, VirtualMachineConfigInfo.cpuAllocation, memoryAllocation"]
*/
-- A limit below the reservation can't be honoured: fail. One below the configured memory works with a drawback: warn. The limit in
-- effect and the configured one may differ until the VM is powered on again; both are judged.
WITH held AS MATERIALIZED (
	SELECT e.vm, e.locked, e.memory_mib, e.cpu_reservation_mhz AS cpu, e.cpu_limit_mhz AS cpu_limit,
	       e.memory_reservation_mib AS memory, e.memory_limit_mib AS memory_limit, c.cpu_reservation_mhz AS set_cpu,
	       c.cpu_limit_mhz AS set_cpu_limit, c.memory_reservation_mib AS set_memory, c.memory_limit_mib AS set_memory_limit
	  FROM vsphere_vm_allocation AS e LEFT JOIN vsphere_vm_configured_allocation AS c ON c.vm = e.vm),
     odd AS MATERIALIZED (
	SELECT * FROM held WHERE NOT coalesce(cpu_limit = -1 AND set_cpu_limit = -1 AND memory_limit = -1 AND set_memory_limit = -1
	                                      AND cpu = set_cpu AND memory = set_memory, 0)),
     bound(vm, what, lim, floor, why, rank) AS (
	SELECT vm, 'CPU limit in effect ', cpu_limit, cpu, ' MHz, reserved ', 3 FROM odd
	UNION ALL
	SELECT vm, 'CPU limit configured ', set_cpu_limit, set_cpu, ' MHz, reserved ', 3 FROM odd
	UNION ALL
	SELECT vm, 'memory limit in effect ', memory_limit, memory, ' MiB, reserved ', 3 FROM odd
	UNION ALL
	SELECT vm, 'memory limit configured ', set_memory_limit, set_memory, ' MiB, reserved ', 3 FROM odd
	UNION ALL
	SELECT vm, 'memory limit in effect ', memory_limit, memory_mib, ' MiB, the VM has ',
	       CASE locked WHEN 0 THEN 1 WHEN 1 THEN 3 ELSE 2 END
	  FROM odd
	UNION ALL
	SELECT vm, 'memory limit configured ', set_memory_limit, memory_mib, ' MiB, the VM has ',
	       CASE locked WHEN 0 THEN 1 WHEN 1 THEN 3 ELSE 2 END
	  FROM odd),
     aspect AS (
	SELECT vm, rank, what || lim || why || floor AS text FROM bound WHERE lim >= 0 AND lim < floor
	UNION ALL
	SELECT vm, 2, what || CASE WHEN lim IS NULL THEN 'not known' ELSE lim || why || 'not known' END
	  FROM bound WHERE lim IS NULL OR (floor IS NULL AND lim <> -1)
	UNION ALL
	SELECT vm, 2, what || lim || ': no limit that is known' FROM bound WHERE lim < -1 OR lim = 0
	UNION ALL
	SELECT vm, 1, 'CPU reservation ' || cpu || ' MHz in effect, ' || set_cpu || ' configured' FROM odd WHERE cpu <> set_cpu
	UNION ALL
	SELECT vm, 1, 'memory reservation ' || memory || ' MiB in effect, ' || set_memory || ' configured'
	  FROM odd WHERE memory <> set_memory
	UNION ALL
	SELECT vm, 1, 'CPU limit ' || cpu_limit || ' MHz in effect, ' || set_cpu_limit || ' configured'
	  FROM odd WHERE cpu_limit <> set_cpu_limit
	UNION ALL
	SELECT vm, 1, 'memory limit ' || memory_limit || ' MiB in effect, ' || set_memory_limit || ' configured'
	  FROM odd WHERE memory_limit <> set_memory_limit
	UNION ALL
	SELECT vm, 2, 'not all reservations are known' FROM odd
	 WHERE cpu IS NULL OR memory IS NULL OR set_cpu IS NULL OR set_memory IS NULL),
     verdict AS MATERIALIZED (
	SELECT vm, max(rank) AS rank, group_concat(text, '; ') AS text
	  FROM (SELECT DISTINCT vm, rank, text FROM aspect ORDER BY vm, rank DESC, text) GROUP BY vm)
SELECT v.id AS vm,
       CASE WHEN m.mobility IN ('cold', 'agent') THEN 'na'
            WHEN m.mobility = 'live' AND h.vm IS NOT NULL
            THEN CASE coalesce(j.rank, 0) WHEN 0 THEN 'pass' WHEN 1 THEN 'warn' WHEN 3 THEN 'fail' ELSE 'unknown' END
            ELSE 'unknown' END AS status,
       CASE WHEN m.mobility = 'live'
            THEN coalesce(j.text, CASE WHEN h.cpu_limit = -1 AND h.memory_limit = -1 THEN 'no limits'
                                       WHEN h.vm IS NOT NULL THEN 'limits that leave it enough' END) END AS observed,
       'no limit below the reservation or the configured memory' AS expected,
       CASE m.mobility WHEN 'agent' THEN 'an agent VM: the platform puts it where it is needed'
            WHEN 'cold' THEN 'moves cold: it is not running' WHEN 'live' THEN NULL
            ELSE 'not known whether it runs, or is an agent VM' END AS detail
  FROM vm AS v
  LEFT JOIN vm_mobility AS m ON m.vm = v.id
  LEFT JOIN held AS h ON h.vm = v.id
  LEFT JOIN verdict AS j ON j.vm = v.id
