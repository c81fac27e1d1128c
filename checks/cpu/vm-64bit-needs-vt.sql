/*
title: The other host has hardware virtualization for the VM, and 64-bit mode for a 64-bit guest
subject: vm_host
depends: own
severity: critical
platforms: [vsphere]
symptom: >
  The migration of a 64-bit VM fails at 90 %: "A general system error occurred: failed to resume on destination"; a 64-bit guest that
  is started there says that its CPU is not 64-bit.
fix: Enable Intel VT-x or AMD-V in the firmware of the host that is named, and switch it off and on.
refs: ["001_82856f7890981a1d.txt", "VMware KB 1003945", "vSphere API: VirtualMachineConfigInfo.guestId"]
*/
-- Whether a host's hardware virtualization is known to work is the finding of cpu-virtualization-enabled about it. A 32-bit guest is
-- spared the question of 64-bit mode, not that of hardware virtualization: current ESXi runs no VM without. A guest whose identifier
-- says neither counts as 64-bit.
WITH machine AS MATERIALIZED (
	SELECT v.id, v.cluster, ',' || json_quote(v.host) AS own, m.mobility, g.guest_id,
	       g.guest_id LIKE '%64%' OR lower(g.guest_id) GLOB 'vmkernel*' OR lower(g.guest_id) GLOB 'crx*'
	           OR lower(g.guest_id) IN ('windowshypervguest', 'genericlinuxguest') AS wide,
	       m.mobility = 'live' OR (m.mobility = 'cold' AND s.power = 'suspended') AS bound
	  FROM vm AS v
	  LEFT JOIN vm_mobility AS m ON m.vm = v.id
	  LEFT JOIN vsphere_vm_state AS s ON s.vm = v.id
	  LEFT JOIN vsphere_vm_guest AS g ON g.vm = v.id),
     mode AS MATERIALIZED (
	SELECT set_id, CASE WHEN max(feature = 'cpuid.lm' AND value <> '0') THEN 1
	                    WHEN sum(feature IS NULL OR value IS NULL) = 0 THEN 0 END AS lm
	  FROM cpu_set GROUP BY set_id),
     candidate AS MATERIALIZED (
	SELECT h.cluster, f.status AS vt, m.lm, f.observed, f.detail, group_concat(',' || json_quote(h.id), '') AS ids
	  FROM host AS h
	  LEFT JOIN finding_cpu_virtualization_enabled AS f ON f.host = h.id
	  LEFT JOIN host_cpu_set AS c ON c.host = h.id
	  LEFT JOIN mode AS m ON m.set_id = c.set_id
	 WHERE h.destination
	 GROUP BY h.cluster, f.status, m.lm, CASE WHEN f.status = 'pass' THEN NULL ELSE f.observed || f.detail END),
     word AS MATERIALIZED (
	SELECT cluster, wide, ids,
	       CASE WHEN vt = 'fail' OR (lm = 0 AND wide) THEN 'fail'
	            WHEN vt = 'pass' AND (lm = 1 OR wide = 0) THEN 'pass'
	            ELSE 'unknown' END AS status,
	       CASE vt WHEN 'pass' THEN 'hardware virtualization at work' ELSE observed END
	           || CASE WHEN wide = 0 THEN '' WHEN lm = 0 THEN ', no 64-bit mode' WHEN lm = 1 THEN ', 64-bit mode' ELSE '' END AS observed,
	       CASE WHEN vt IS NOT 'pass' THEN coalesce(detail, 'whether hardware virtualization works there is not known')
	            WHEN lm IS NULL AND wide IS NOT 0 THEN 'the other host named no CPU features'
	            WHEN lm = 0 AND wide IS NULL THEN 'not known whether the guest is 64-bit' END AS detail
	  FROM candidate JOIN (SELECT 1 AS wide UNION ALL SELECT 0 UNION ALL SELECT NULL)),
     grouped AS MATERIALIZED (
	SELECT cluster, wide, status, observed, detail, group_concat(ids, '') AS ids
	  FROM word GROUP BY cluster, wide, status, observed, detail),
     everyone AS MATERIALIZED (
	SELECT cluster, group_concat(ids, '') AS ids FROM candidate GROUP BY cluster)
SELECT vm, '[' || substr(ids, 2) || ']' AS peer, status, guest_id AS object, observed,
       expected, detail
  FROM (SELECT m.id AS vm, replace(g.ids, coalesce(m.own, '?'), '') AS ids, g.status, m.guest_id, g.observed,
               'hardware virtualization at work' || CASE WHEN m.wide IS NOT 0 THEN ', 64-bit mode' ELSE '' END AS expected, g.detail
          FROM machine AS m JOIN grouped AS g ON g.cluster = m.cluster AND g.wide IS m.wide
         WHERE m.bound
        UNION ALL
        SELECT m.id, replace(e.ids, coalesce(m.own, '?'), ''),
               CASE WHEN m.mobility IN ('cold', 'agent') THEN 'na' ELSE 'unknown' END, m.guest_id, NULL, NULL,
               CASE m.mobility WHEN 'cold' THEN 'moves cold: it is not running'
                    WHEN 'agent' THEN 'an agent VM: the platform puts it where it is needed'
                    ELSE 'not known whether it runs, or is an agent VM' END
          FROM machine AS m JOIN everyone AS e ON e.cluster = m.cluster
         WHERE coalesce(m.bound, 0) = 0)
 WHERE ids <> ''
