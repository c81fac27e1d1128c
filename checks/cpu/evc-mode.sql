/*
title: EVC is on, every host runs in the cluster's mode, and no VM needs a higher one
subject: host
depends: cluster
severity: warning
platforms: [vsphere]
symptom: >
  VMs that were started on newer hosts can't move to older ones (EVCAdmissionFailed, FeatureRequirementsNotMet), and a host of another
  generation can't be added while they run.
fix: >
  Set the cluster's EVC mode to the newest that all its hosts support. A host in another mode: take it out of the cluster and add it
  again, empty. A VM that needs a higher mode: power it off and on.
refs: ["VMware KB 1003212", "vSphere API: ClusterComputeResourceSummary.currentEVCModeKey, HostListSummary.currentEVCModeKey, maxEVCModeKey",
       "vSphere API: VirtualMachineRuntimeInfo.minRequiredEVCModeKey", "vSphere API: Capability.supportedEVCMode, EVCMode.vendorTier"]
*/
-- Configured is the cluster's mode, effective the host's. What a host offers is its mode, or without EVC the newest that it could
-- have. Modes compare by vendor and tier; a mode is never above itself, also where the server doesn't list its modes. VMs on a host
-- that isn't shown may be any cluster's, and those whose power is not known may need nothing: they make nothing fail.
WITH tier AS MATERIALIZED (
	SELECT substr(instance, 1, instr(instance, '/') - 1) AS target, mode, min(lower(vendor)) AS vendor, min(tier) AS tier
	  FROM vsphere_evc_mode GROUP BY 1, 2),
     answer AS MATERIALIZED (
	SELECT h.id AS host, h.target, h.cluster, k.kind, w.mode AS wanted, e.mode AS current, e.max_mode,
	       CASE e.mode WHEN 'none' THEN e.max_mode ELSE e.mode END AS offer
	  FROM host AS h
	  LEFT JOIN cluster AS k ON k.id = h.cluster
	  LEFT JOIN vsphere_compute_evc AS w ON w.compute = h.cluster
	  LEFT JOIN vsphere_host_evc AS e ON e.host = h.id),
     need AS MATERIALIZED (
	SELECT v.target, v.cluster, e.min_mode AS mode, count(*) AS n, min(v.name) AS name,
	       v.cluster IS NOT NULL AND s.power IS NOT NULL AS sure
	  FROM vm AS v
	  LEFT JOIN vsphere_vm_state AS s ON s.vm = v.id
	  LEFT JOIN vsphere_vm_evc AS e ON e.vm = v.id
	 WHERE s.power IS NOT 'poweredOff' AND e.min_mode IS NOT 'none'
	 GROUP BY v.target, v.cluster, e.min_mode, 6),
     match AS MATERIALIZED (
	SELECT o.cluster, o.offer, n.mode, n.n, n.name,
	       CASE WHEN n.mode = o.offer THEN 1
	            WHEN a.vendor <> b.vendor AND n.sure THEN 0
	            WHEN a.vendor = b.vendor AND (n.sure OR a.tier <= b.tier) THEN a.tier <= b.tier END AS fits
	  FROM (SELECT DISTINCT target, cluster, offer FROM answer) AS o
	  JOIN need AS n ON n.target = o.target AND coalesce(n.cluster, o.cluster) = o.cluster
	  LEFT JOIN tier AS a ON a.target = o.target AND a.mode = n.mode
	  LEFT JOIN tier AS b ON b.target = o.target AND b.mode = o.offer),
     vms AS MATERIALIZED (
	SELECT cluster, offer, sum(fits = 0) AS above, sum(fits IS NULL) AS unclear,
	       group_concat(CASE WHEN fits = 0 THEN who || mode || ', such as ' || name END, '; ') AS above_text,
	       group_concat(CASE WHEN fits IS NULL THEN who || coalesce(mode, 'a mode that was not told') || ', such as ' || name END, '; ')
	           AS unclear_text
	  FROM (SELECT *, n || CASE n WHEN 1 THEN ' VM needs ' ELSE ' VMs need ' END AS who FROM match ORDER BY cluster, offer, mode)
	 GROUP BY cluster, offer)
SELECT a.host,
       CASE WHEN a.kind = 'host' THEN 'na'
            WHEN a.current <> a.wanted OR v.above > 0 THEN 'fail'
            WHEN a.kind = 'cluster' AND a.current = a.wanted AND coalesce(v.unclear, 0) = 0
            THEN CASE a.wanted WHEN 'none' THEN 'warn' ELSE 'pass' END
            ELSE 'unknown' END AS status,
       CASE WHEN a.current = 'none' THEN 'runs outside EVC, could run in ' || nullif(a.max_mode, 'none')
            ELSE 'runs in ' || a.current END AS observed,
       CASE WHEN a.wanted = 'none' THEN 'an EVC mode' ELSE a.wanted || ', the cluster''s mode' END AS expected,
       CASE WHEN a.kind = 'host' THEN 'in no cluster: EVC is a cluster''s'
            WHEN a.wanted IS NULL THEN 'the cluster''s mode is not known'
            WHEN a.current IS NULL THEN 'the host''s mode is not known'
            ELSE nullif(ltrim(CASE WHEN a.current <> a.wanted THEN '; not in the mode that the cluster is set to'
                                   WHEN a.wanted = 'none' THEN '; EVC is off for the cluster' ELSE '' END
                              || coalesce('; above what this host offers: ' || v.above_text, '')
                              || coalesce('; can''t be compared with what this host offers: ' || v.unclear_text, ''), '; '), '')
       END AS detail
  FROM answer AS a
  LEFT JOIN vms AS v ON v.cluster = a.cluster AND v.offer IS a.offer
