/*
title: Nothing about the VM itself keeps it from being moved
subject: vm
depends: own
severity: critical
platforms: [vsphere]
symptom: >
  Migrate is greyed out, the task ends with "The operation is not allowed in the current state" or "The method is disabled by ...",
  or entering maintenance mode waits for this VM.
fix: >
  Wait for the backup to end; where none runs and the operations stay disabled, have the backup product or VMware Support
  release them. Answer the pending question, end the installation of VMware Tools, clear the CPU or memory affinity. A VM that is
  inaccessible or orphaned first needs its storage back, or to be registered again.
refs: ["vSphere API: ManagedEntity.disabledMethod, VirtualMachine.RelocateVM_Task, MigrateVM_Task",
       "vSphere API: VirtualMachineRuntimeInfo.connectionState, question, consolidationNeeded, toolsInstallerMounted",
       "vSphere API: AffinityConfigured, ToolsInstallationInProgress, VirtualMachineFaultToleranceState", "VMware KB 1029926"]
*/
-- MigrateVM_Task is not for templates, and what it does RelocateVM_Task does too: cold, only the latter counts.
-- A VM that can't be reached says nothing of its settings, so whether it runs may not be known: it fails all the same.
WITH seen AS MATERIALIZED (
	SELECT v.id AS vm, m.mobility, s.connection, c.*
	  FROM vm AS v
	  LEFT JOIN vm_mobility AS m ON m.vm = v.id
	  LEFT JOIN vsphere_vm_state AS s ON s.vm = v.id
	  LEFT JOIN vsphere_vm_condition AS c ON c.vm = v.id),
     disabled AS MATERIALIZED (
	SELECT set_id, sum(method IS NULL) AS holes, max(method = 'RelocateVM_Task') AS relocate,
	       group_concat(method, ', ') AS methods
	  FROM (SELECT * FROM vsphere_vm_disabled_method_set ORDER BY set_id, method) GROUP BY set_id),
     aspect(vm, live, cold, why) AS (
	SELECT vm, 3, 3, connection || ': vCenter can''t manage it'
	  FROM seen WHERE connection IN ('disconnected', 'orphaned', 'inaccessible', 'invalid')
	UNION ALL
	SELECT vm, 2, 2, coalesce('connection ' || connection, 'connection not known')
	  FROM seen WHERE coalesce(connection NOT IN ('connected', 'disconnected', 'orphaned', 'inaccessible', 'invalid'), 1)
	UNION ALL
	SELECT l.vm, CASE WHEN d.methods IS NOT NULL THEN 3 ELSE 2 END,
	       CASE WHEN d.relocate = 1 THEN 3 WHEN d.holes > 0 THEN 2 ELSE 0 END,
	       coalesce('disabled: ' || d.methods || ', by a backup perhaps', 'not known which operations are disabled')
	  FROM vsphere_vm_disabled_method AS l JOIN disabled AS d ON d.set_id = l.set_id
	UNION ALL
	SELECT s.vm, 2, 2, 'not known which operations are disabled'
	  FROM seen AS s LEFT JOIN vsphere_vm_disabled_method AS l ON l.vm = s.vm WHERE l.set_id IS NULL
	UNION ALL
	SELECT vm, CASE WHEN question IS NULL THEN 2 ELSE 3 END, CASE WHEN question IS NULL THEN 2 ELSE 3 END,
	       CASE WHEN question IS NULL THEN 'not known whether it asks a question'
	            ELSE 'it waits for an answer: ' || coalesce(question_text, 'text not known') END
	  FROM seen WHERE question IS NOT 'none'
	UNION ALL
	SELECT vm, CASE tools_mounted WHEN 1 THEN 3 ELSE 2 END, 0,
	       CASE tools_mounted WHEN 1 THEN '' ELSE 'not known whether ' END || 'VMware Tools are being installed'
	  FROM seen WHERE tools_mounted IS NOT 0
	UNION ALL
	SELECT vm, CASE WHEN cpu_affinity IS NULL THEN 2 ELSE 3 END, 0,
	       CASE WHEN cpu_affinity IS NULL THEN 'not known whether it is pinned to processors'
	            ELSE 'pinned to processors ' || cpu_affinity END
	  FROM seen WHERE cpu_affinity IS NOT 'none'
	UNION ALL
	SELECT vm, CASE WHEN memory_affinity IS NULL THEN 2 ELSE 3 END, 0,
	       CASE WHEN memory_affinity IS NULL THEN 'not known whether its memory is pinned to NUMA nodes'
	            ELSE 'memory pinned to NUMA nodes ' || memory_affinity END
	  FROM seen WHERE memory_affinity IS NOT 'none'
	UNION ALL
	SELECT vm, CASE WHEN fault_tolerance IN ('running', 'needSecondary', 'enabled', 'disabled') THEN 1 ELSE 2 END,
	       CASE WHEN fault_tolerance IS NULL THEN 2 WHEN fault_tolerance = 'starting' THEN 0 ELSE 1 END,
	       'Fault Tolerance ' || CASE fault_tolerance WHEN 'starting' THEN 'is being synchronized'
	            ELSE coalesce(fault_tolerance || ': it moves by hand, without its storage, not to its other half''s host', 'not known') END
	  FROM seen WHERE fault_tolerance IS NOT 'notConfigured'
	UNION ALL
	SELECT vm, CASE consolidation_needed WHEN 1 THEN 1 ELSE 2 END, CASE consolidation_needed WHEN 1 THEN 1 ELSE 2 END,
	       CASE consolidation_needed WHEN 1 THEN 'its disks need consolidation: storage can''t be moved'
	            ELSE 'not known whether its disks need consolidation' END
	  FROM seen WHERE consolidation_needed IS NOT 0
	UNION ALL
	SELECT vm, CASE latency_sensitivity WHEN 'high' THEN 1 ELSE 2 END, 0,
	       CASE latency_sensitivity WHEN 'high' THEN 'latency sensitivity high: the destination must have processors to give it alone'
	            ELSE 'latency sensitivity ' || coalesce(latency_sensitivity, 'not known') END
	  FROM seen WHERE coalesce(latency_sensitivity NOT IN ('low', 'normal', 'medium', 'custom'), 1)),
     verdict AS MATERIALIZED (
	SELECT vm, max(live) AS live, max(cold) AS cold, group_concat(CASE WHEN live > 0 THEN why END, '; ') AS live_why,
	       group_concat(CASE WHEN cold > 0 THEN why END, '; ') AS cold_why
	  FROM (SELECT * FROM aspect ORDER BY vm, live DESC, why) GROUP BY vm)
SELECT s.vm,
       CASE WHEN s.mobility = 'agent' THEN 'na'
            WHEN s.connection IN ('disconnected', 'orphaned', 'inaccessible', 'invalid') THEN 'fail'
            WHEN s.mobility IN ('live', 'cold')
            THEN CASE CASE s.mobility WHEN 'live' THEN coalesce(v.live, 0) ELSE coalesce(v.cold, 0) END
                      WHEN 0 THEN 'pass' WHEN 1 THEN 'warn' WHEN 3 THEN 'fail' ELSE 'unknown' END
            ELSE 'unknown' END AS status,
       CASE WHEN s.mobility = 'agent' THEN NULL
            WHEN s.mobility = 'cold' THEN coalesce(v.cold_why, 'nothing in the way of a cold migration')
            WHEN s.mobility = 'live' THEN coalesce(v.live_why, 'nothing in the way') ELSE v.live_why END AS observed,
       'connected, no operation disabled, no question pending, not pinned' AS expected,
       CASE s.mobility WHEN 'agent' THEN 'an agent VM: the platform puts it where it is needed'
            WHEN 'cold' THEN 'moves cold: it is not running' WHEN 'live' THEN NULL
            ELSE 'not known whether it runs, or is an agent VM' END AS detail
  FROM seen AS s LEFT JOIN verdict AS v ON v.vm = s.vm
