/*
title: DRS empties a host that enters maintenance mode by itself
subject: cluster
depends: cluster
severity: warning
platforms: [vsphere]
symptom: >
  A host that is to enter maintenance mode waits at 2 % until somebody migrates its VMs by hand, or gives up after its timeout.
fix: >
  Set DRS to fully automated, at least for the time of the maintenance, and remove the overrides of the VMs named; or migrate them by
  hand before the host enters maintenance mode.
refs: ["vSphere API: ClusterDrsConfigInfo, ClusterDrsVmConfigInfo", "VMware vSphere Resource Management: DRS automation levels"]
*/
-- Overrides count unless the cluster says that they don't. VMs that another account sees are named by their id.
WITH over AS MATERIALIZED (
	SELECT l.compute, count(CASE WHEN NOT s.enabled OR s.behavior IN ('manual', 'partiallyAutomated') THEN 1 END) AS n,
	       sum(s.set_id IS NOT NULL AND (s.vm IS NULL OR s.enabled IS NULL OR s.behavior IS NULL
	           OR s.behavior NOT IN ('default', 'manual', 'partiallyAutomated', 'fullyAutomated'))) AS holes
	  FROM vsphere_drs_vm AS l LEFT JOIN vsphere_drs_vm_set AS s ON s.set_id = l.set_id
	 GROUP BY l.compute),
     named AS MATERIALIZED (
	SELECT compute, group_concat(name, ', ') AS text
	  FROM (SELECT l.compute, coalesce(v.name, s.vm) AS name, row_number() OVER (PARTITION BY l.compute ORDER BY v.name, s.vm) AS k
	          FROM vsphere_drs_vm AS l JOIN vsphere_drs_vm_set AS s ON s.set_id = l.set_id LEFT JOIN vm AS v ON v.id = s.vm
	         WHERE NOT s.enabled OR s.behavior IN ('manual', 'partiallyAutomated') ORDER BY l.compute, k)
	 WHERE k <= 12 GROUP BY compute)
SELECT c.id AS cluster,
       CASE WHEN c.kind = 'host' THEN 'na'
            WHEN d.enabled = 0 OR (d.enabled = 1 AND d.behavior IN ('manual', 'partiallyAutomated')) THEN 'fail'
            WHEN d.enabled = 1 AND d.behavior = 'fullyAutomated' AND d.overrides = 1 AND o.n > 0 THEN 'warn'
            WHEN d.enabled = 1 AND d.behavior = 'fullyAutomated'
                 AND ((o.n = 0 AND o.holes = 0 AND d.overrides IN (0, 1)) OR (d.overrides = 0 AND o.n >= 0)) THEN 'pass'
            ELSE 'unknown' END AS status,
       CASE WHEN d.overrides IS NOT 0 THEN n.text END AS object,
       CASE d.enabled WHEN 0 THEN 'DRS is off'
            WHEN 1 THEN 'DRS is ' || CASE d.behavior WHEN 'manual' THEN 'manual' WHEN 'partiallyAutomated' THEN 'partially automated'
                                          WHEN 'fullyAutomated' THEN 'fully automated' ELSE 'on, its automation not known' END
                 || CASE WHEN o.n > 0 AND d.overrides IS NOT 0 THEN ', but not for ' || o.n || ' VMs' ELSE '' END END AS observed,
       'fully automated for every VM' AS expected,
       CASE WHEN c.kind = 'host' THEN 'the host is in no cluster'
            WHEN d.enabled = 0 THEN 'nothing moves VMs off a host that enters maintenance mode'
            WHEN d.behavior IN ('manual', 'partiallyAutomated') THEN 'DRS only recommends where running VMs should go; somebody has to apply it'
            WHEN d.overrides = 1 AND o.n > 0 THEN 'VMs with a lower automation level of their own stay until somebody moves them' END AS detail
  FROM cluster AS c
  LEFT JOIN vsphere_drs AS d ON d.compute = c.id
  LEFT JOIN over AS o ON o.compute = c.id
  LEFT JOIN named AS n ON n.compute = c.id
