/*
title: The candidate runs VMs of the VM's hardware version
subject: vm_host
depends: own
severity: critical
platforms: [vsphere]
symptom: >
  "The virtual machine version is not supported by the destination host": the VM can't move to hosts that are older than its
  virtual hardware.
fix: >
  Bring the older hosts to the ESXi version of the others. A VM's hardware version can't be lowered: keep VMs of mixed clusters at
  what the oldest host runs.
refs: ["VMware KB 315655: hardware versions and the ESXi releases that run them", "VMware KB 1003746",
       "vSphere API: VirtualHardwareVersionNotSupported, VirtualMachineConfigInfo.version"]
*/
-- The highest version of each release. An update that is newer than the last one known of its line runs at least what that one
-- runs; of another line nothing is said. ESXi 6.7 Update 2 reports 6.7.0 like those before it: builds tell them apart.
WITH release(line, step, since_build, hw) AS (VALUES
	('5.0', 0, 0, 8), ('5.1', 0, 0, 9), ('5.5', 0, 0, 10), ('6.0', 0, 0, 11), ('6.5', 0, 0, 13), ('6.7', 0, 0, 14),
	('6.7', 0, 13006603, 15), ('7.0', 0, 0, 17), ('7.0', 1, 0, 18), ('7.0', 2, 0, 19), ('7.0', 3, 0, 19), ('8.0', 0, 0, 20),
	('8.0', 1, 0, 20), ('8.0', 2, 0, 21), ('8.0', 3, 0, 21), ('9.0', 0, 0, 22)),
     product AS MATERIALIZED (
	SELECT DISTINCT version, CASE WHEN build <> '' AND build NOT GLOB '*[^0-9]*' THEN CAST(build AS INTEGER) END AS build,
	       substr(version, 1, 3) AS line,
	       CASE WHEN version GLOB '[0-9].[0-9].[0-9]' THEN CAST(substr(version, 5) AS INTEGER) END AS step, build AS told
	  FROM vsphere_host_build),
     known AS MATERIALIZED (
	SELECT p.version, p.told, r.hw, r.step = p.step AS exact,
	       row_number() OVER (PARTITION BY p.version, p.told ORDER BY r.step DESC, r.since_build DESC) AS rank
	  FROM product AS p JOIN release AS r ON r.line = p.line AND r.step <= p.step AND (r.since_build = 0 OR r.since_build <= p.build)
	 WHERE p.build IS NOT NULL),
     offer AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, b.version, k.hw, k.exact, dense_rank() OVER (ORDER BY b.version, k.hw, k.exact) AS kind
	  FROM host AS h
	  LEFT JOIN vsphere_host_build AS b ON b.host = h.id
	  LEFT JOIN known AS k ON k.version = b.version AND k.told = b.build AND k.rank = 1
	 WHERE h.destination),
     alike AS MATERIALIZED (
	SELECT cluster, kind, version, hw, exact, json_group_array(host) AS hosts FROM offer GROUP BY cluster, kind),
     others AS MATERIALIZED (   -- those alike without the host itself, where its own VMs are
	SELECT o.host, json_group_array(p.host) FILTER (WHERE p.host <> o.host) AS hosts, count(*) - 1 AS n, o.kind
	  FROM offer AS o JOIN offer AS p ON p.cluster = o.cluster AND p.kind = o.kind GROUP BY o.host),
     need AS MATERIALIZED (
	SELECT v.id AS vm, v.host, v.cluster, m.mobility, e.version,
	       CASE WHEN e.version GLOB 'vmx-[0-9][0-9]' OR e.version GLOB 'vmx-[0-9]' OR e.version GLOB 'vmx-[0-9][0-9][0-9]'
	            THEN CAST(substr(e.version, 5) AS INTEGER) END AS hw
	  FROM vm AS v LEFT JOIN vm_mobility AS m ON m.vm = v.id LEFT JOIN vsphere_vm_version AS e ON e.vm = v.id)
SELECT n.vm, CASE WHEN o.kind = a.kind THEN o.hosts ELSE a.hosts END AS peer,
       CASE WHEN n.mobility = 'agent' THEN 'na'
            WHEN n.mobility IS NULL THEN 'unknown'
            WHEN n.hw BETWEEN 4 AND a.hw THEN 'pass'
            WHEN n.hw > a.hw AND a.exact THEN 'fail'
            ELSE 'unknown' END AS status,
       n.version AS observed,
       CASE WHEN a.hw IS NOT NULL
            THEN 'up to vmx-' || a.hw || CASE WHEN a.exact THEN '' ELSE ' or more' END || ' on ESXi ' || a.version END AS expected,
       CASE WHEN n.mobility = 'agent' THEN 'an agent VM: the platform puts it where it is needed'
            WHEN n.mobility IS NULL THEN 'not known whether it runs, or is an agent VM'
            WHEN n.version IS NULL THEN 'the VM named no hardware version'
            WHEN n.hw IS NULL OR n.hw < 4 THEN 'not known which hosts run this version'
            WHEN a.version IS NULL THEN 'the host named no ESXi version'
            WHEN a.hw IS NULL THEN 'not known what ESXi ' || a.version || ' runs'
            WHEN n.hw > a.hw AND NOT a.exact THEN 'not known whether ESXi ' || a.version || ' runs it' END AS detail
  FROM need AS n
  JOIN alike AS a ON a.cluster = n.cluster
  LEFT JOIN others AS o ON o.host = n.host
 WHERE o.kind IS NOT a.kind OR o.n > 0
