/*
title: The other host offers every CPU feature that the VM requires
subject: vm_host
depends: own
severity: critical
platforms: [vsphere]
symptom: >
  The migration is refused: "The target host does not support the virtual machine's current hardware requirements"
  (FeatureRequirementsNotMet).
fix: >
  Turn on EVC for the cluster at the level of its oldest host, and power the VM off and on: it keeps until then what it found when it
  was started. A feature that the processor has but EVC hides takes a higher EVC mode; one that the processor should have, the same
  firmware, microcode and ESXi version as on the VM's host.
refs: ["vSphere API: VirtualMachineRuntimeInfo.featureRequirement, HostConfigInfo.maskedFeatureCapability, featureCapability",
       "vSphere API: FeatureRequirementsNotMet", "VMware KB 1003212"]
*/
-- Requirements bind a VM that runs or is suspended; one that is off takes new ones when it is powered on. A feature that the
-- host doesn't list counts as 0. Each pair of a list of requirements and a list of features is judged once.
-- Candidates with the same word about a list of requirements are one text of ids; a VM's own host is cut out of it.
WITH machine AS MATERIALIZED (
	SELECT v.id, v.cluster, ',' || json_quote(v.host) AS own, m.mobility, s.power, q.set_id AS rs,
	       m.mobility = 'live' OR (m.mobility = 'cold' AND s.power = 'suspended') AS bound
	  FROM vm AS v
	  LEFT JOIN vm_mobility AS m ON m.vm = v.id
	  LEFT JOIN vsphere_vm_state AS s ON s.vm = v.id
	  LEFT JOIN vsphere_vm_requirement AS q ON q.vm = v.id),
     candidate AS MATERIALIZED (
	SELECT h.cluster, c.set_id AS cs, group_concat(',' || json_quote(h.id), '') AS ids
	  FROM host AS h LEFT JOIN host_cpu_set AS c ON c.host = h.id
	 WHERE h.destination
	 GROUP BY h.cluster, c.set_id),
     offer AS MATERIALIZED (
	SELECT set_id AS cs, sum(feature IS NULL) AS holes FROM cpu_set GROUP BY set_id),
     meeting AS MATERIALIZED (
	SELECT DISTINCT m.rs, c.cs
	  FROM (SELECT DISTINCT cluster, rs FROM machine WHERE bound AND rs IS NOT NULL) AS m
	  JOIN candidate AS c ON c.cluster = m.cluster JOIN offer AS o ON o.cs = c.cs),
     answer AS MATERIALIZED (
	SELECT n.rs, n.cs, lower(r.feature) AS feature, r.required, f.value, o.holes,
	       CASE WHEN f.set_id IS NOT NULL THEN feature_meets(r.required, f.value)
	            WHEN o.holes = 0 AND r.feature IS NOT NULL THEN feature_meets(r.required, '0') END AS met
	  FROM meeting AS n
	  JOIN offer AS o ON o.cs = n.cs
	  CROSS JOIN vsphere_vm_requirement_set AS r ON r.set_id = n.rs
	  LEFT JOIN cpu_set AS f ON f.set_id = n.cs AND f.feature = lower(r.feature)),
     verdict AS MATERIALIZED (
	SELECT rs, cs, count(*) AS n, count(met) AS known, sum(met = 0) AS lacks,
	       group_concat(CASE WHEN met = 0
	                         THEN feature || CASE WHEN required LIKE '%Min:1' THEN ''
	                                              ELSE ' (' || coalesce(value, '0') || ', required ' || required || ')' END END, ', ')
	           AS lacking,
	       group_concat(CASE WHEN met IS NULL
	                         THEN coalesce(feature, 'a feature without a name') || ' (' || coalesce(value, 'nothing') || ', required '
	                              || coalesce(required, 'nothing') || ')' END, ', ') AS unclear
	  FROM (SELECT * FROM answer ORDER BY rs, cs, feature) GROUP BY rs, cs),
     word AS MATERIALIZED (
	SELECT DISTINCT m.cluster, m.rs, c.cs, c.ids,
	       CASE WHEN v.lacks > 0 THEN 'fail' WHEN v.n > 0 AND v.known = v.n THEN 'pass' ELSE 'unknown' END AS status,
	       CASE WHEN v.lacks > 0 THEN 'lacks ' || v.lacking WHEN v.known = v.n THEN 'offers all of it' END AS observed,
	       v.n AS n,
	       CASE WHEN m.rs IS NULL THEN 'what the VM requires was not answered'
	            WHEN c.cs IS NULL OR o.cs IS NULL THEN 'the other host named no CPU features'
	            WHEN v.n IS NULL THEN 'the VM names no requirements though it is not off: virtual hardware older than version 9 has none'
	            WHEN v.known < v.n THEN 'can''t be compared: ' || v.unclear END AS detail
	  FROM (SELECT DISTINCT cluster, rs FROM machine WHERE bound) AS m
	  JOIN candidate AS c ON c.cluster = m.cluster
	  LEFT JOIN offer AS o ON o.cs = c.cs
	  LEFT JOIN verdict AS v ON v.rs = m.rs AND v.cs = c.cs),
     grouped AS MATERIALIZED (
	SELECT cluster, rs, status, observed, n, detail, group_concat(ids, '') AS ids
	  FROM word GROUP BY cluster, rs, status, observed, n, detail),
     everyone AS MATERIALIZED (
	SELECT cluster, group_concat(ids, '') AS ids FROM candidate GROUP BY cluster)
SELECT vm, '[' || substr(ids, 2) || ']' AS peer, status, observed, expected, detail
  FROM (SELECT m.id AS vm, replace(g.ids, coalesce(m.own, '?'), '') AS ids, g.status, g.observed,
               'the ' || g.n || ' features that the VM requires' AS expected, g.detail
          FROM machine AS m JOIN grouped AS g ON g.cluster = m.cluster AND g.rs IS m.rs
         WHERE m.bound
        UNION ALL
        SELECT m.id, replace(e.ids, coalesce(m.own, '?'), ''),
               CASE WHEN m.mobility IN ('cold', 'agent') THEN 'na' ELSE 'unknown' END, NULL, NULL,
               CASE m.mobility WHEN 'cold' THEN 'moves cold: it is not running'
                    WHEN 'agent' THEN 'an agent VM: the platform puts it where it is needed'
                    ELSE 'not known whether it runs, or is an agent VM' END
          FROM machine AS m JOIN everyone AS e ON e.cluster = m.cluster
         WHERE coalesce(m.bound, 0) = 0)
 WHERE ids <> ''
