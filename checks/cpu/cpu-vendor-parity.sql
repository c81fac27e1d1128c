/*
title: The processors of both hosts are from the same vendor
subject: pair
depends: own
severity: critical
platforms: [vsphere, kvm]
symptom: >
  No VM that runs moves between them: "The target host does not support the virtual machine's current hardware requirements", or the
  CPU is incompatible (CpuIncompatible). EVC doesn't help: its modes are one vendor's. KVM: "host CPU vendor does not match required
  CPU vendor", or, where the guest's processor names no vendor, a guest that crashes on system calls and timers.
fix: Keep Intel and AMD hosts in clusters of their own; between these, move VMs while they are powered off.
refs: ["VMware KB 1003212", "vSphere API: HostCpuPackage.vendor", "vSphere API: EVCMode.vendor",
       "libvirt: Domain XML format, CPU model and topology, vendor", "Linux kernel: arch/x86/kernel/cpu/proc.c, arch/arm64/kernel/cpuinfo.c"]
*/
-- Peers of one vendor are one text of ids; the host's own is cut out of it.
WITH answer AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, h.destination, ',' || json_quote(h.id) AS own, c.vendor
	  FROM host AS h LEFT JOIN host_cpu AS c ON c.host = h.id),
     side AS MATERIALIZED (
	SELECT cluster, vendor, count(*) AS n, group_concat(own, '') AS ids FROM answer WHERE destination GROUP BY cluster, vendor),
     total AS MATERIALIZED (
	SELECT cluster, sum(n) AS n, coalesce(sum(CASE WHEN vendor IS NULL THEN n END), 0) AS silent FROM side GROUP BY cluster),
     best AS MATERIALIZED (
	SELECT cluster, vendor, n, n - coalesce(lead(n) OVER w, 0) AS margin, row_number() OVER w AS rank
	  FROM side WHERE vendor IS NOT NULL
	WINDOW w AS (PARTITION BY cluster ORDER BY n DESC, vendor)),
     word AS MATERIALIZED (
	SELECT a.host, replace(s.ids, a.own, '') AS ids, a.vendor AS here, s.vendor AS there,
	       CASE WHEN b.margin > t.silent THEN b.vendor || ' on ' || b.n || ' of ' || t.n || ' hosts of the cluster that can take VMs'
	            ELSE 'no vendor has the majority of the cluster' END AS majority
	  FROM answer AS a
	  JOIN side AS s ON s.cluster = a.cluster
	  JOIN total AS t ON t.cluster = a.cluster
	  LEFT JOIN best AS b ON b.cluster = a.cluster AND b.rank = 1)
SELECT host, '[' || substr(ids, 2) || ']' AS peer,
       CASE WHEN here = there THEN 'pass' WHEN here <> there THEN 'fail' ELSE 'unknown' END AS status,
       coalesce(here, 'not known') || ' here, ' || coalesce(there, 'not known') || ' there' AS observed,
       'one vendor' AS expected,
       CASE WHEN here <> there THEN majority
            WHEN here IS NULL THEN 'the host named no vendor of its processors, or several'
            WHEN there IS NULL THEN 'the other host named no vendor of its processors, or several' END AS detail
  FROM word
 WHERE ids <> ''
