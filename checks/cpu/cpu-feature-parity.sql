/*
title: The host offers VMs the same CPU features as the rest of its cluster
subject: host
depends: own
severity: warning
platforms: [vsphere, kvm]
params: {ignore: "cpuid.family,cpuid.model,cpuid.stepping"}
symptom: >
  A VM that was powered on here can't move there: "The target host does not support the virtual machine's current hardware
  requirements" (FeatureRequirementsNotMet); after a stretch on the richer host it can't come back. KVM: "guest CPU doesn't match specification:
  missing features", and a guest with host-passthrough moves all the same, to crash when it uses what is missing.
fix: >
  Turn on EVC for the cluster at the level of its oldest host. Where hosts are of one model, bring firmware, microcode and ESXi
  to the same version, and compare the CPU settings in the firmware. KVM: give VMs a processor model that all hosts have, as
  virsh hypervisor-cpu-baseline tells; other kernels may name other features of the same processor.
refs: ["VMware KB 1003212", "vSphere API: HostConfigInfo.maskedFeatureCapability, featureCapability",
       "Linux kernel: arch/x86/kernel/cpu/proc.c, flags", "libvirt: virsh hypervisor-cpu-baseline"]
*/
-- Features with the value 0 count as absent. A Linux host's are its first processor's, in the kernel's spelling. Hosts that can't take VMs are compared, but have no vote. The majority is decided
-- only when its lead is larger than the number of voters that gave no answer, so that they can't change it.
WITH offer AS MATERIALIZED (
	SELECT set_id, feature, value FROM cpu_set
	 WHERE value <> '0' AND instr(',' || lower(:ignore) || ',', ',' || feature || ',') = 0),
     spelled AS MATERIALIZED (
	SELECT set_id, group_concat(feature || '=' || value, ' ') AS text
	  FROM (SELECT * FROM offer ORDER BY set_id, feature) GROUP BY set_id),
     same AS MATERIALIZED (
	SELECT set_id, min(set_id) OVER (PARTITION BY text) AS kind FROM spelled
	 WHERE set_id NOT IN (SELECT set_id FROM cpu_set WHERE feature IS NULL OR value IS NULL)),
     answer AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, h.destination, s.kind, k.kind IS NOT NULL AS shown
	  FROM host AS h LEFT JOIN host_cpu_set AS c ON c.host = h.id LEFT JOIN same AS s ON s.set_id = c.set_id
	  LEFT JOIN cluster AS k ON k.id = h.cluster),
     voters AS MATERIALIZED (
	SELECT cluster, count(*) AS n, count(*) - count(kind) AS silent FROM answer WHERE destination GROUP BY cluster),
     vote AS MATERIALIZED (
	SELECT cluster, kind, count(*) AS n FROM answer WHERE destination AND kind IS NOT NULL GROUP BY cluster, kind),
     best AS MATERIALIZED (
	SELECT cluster, kind, n, n - coalesce(lead(n) OVER w, 0) AS margin, row_number() OVER w AS rank FROM vote
	WINDOW w AS (PARTITION BY cluster ORDER BY n DESC, kind)),
     usual AS MATERIALIZED (
	SELECT v.cluster, v.n AS voters, v.silent, b.n, b.margin, CASE WHEN b.margin > v.silent THEN b.kind END AS kind
	  FROM voters AS v LEFT JOIN best AS b ON b.cluster = v.cluster AND b.rank = 1),
     odd AS MATERIALIZED (
	SELECT DISTINCT a.kind, u.kind AS usual FROM answer AS a JOIN usual AS u ON u.cluster = a.cluster AND u.kind <> a.kind),
     difference AS MATERIALIZED (
	SELECT o.kind, o.usual, 'lacks' AS way, u.feature
	  FROM odd AS o JOIN offer AS u ON u.set_id = o.usual LEFT JOIN offer AS f ON f.set_id = o.kind AND f.feature = u.feature
	 WHERE CAST(u.value AS INTEGER) > coalesce(CAST(f.value AS INTEGER), 0)
	UNION ALL
	SELECT o.kind, o.usual, 'has in excess', f.feature
	  FROM odd AS o JOIN offer AS f ON f.set_id = o.kind LEFT JOIN offer AS u ON u.set_id = o.usual AND u.feature = f.feature
	 WHERE CAST(f.value AS INTEGER) > coalesce(CAST(u.value AS INTEGER), 0)),
     numbered AS MATERIALIZED (
	SELECT kind, usual, way, feature, row_number() OVER w AS k, count(*) OVER (PARTITION BY kind, usual, way) AS n FROM difference
	WINDOW w AS (PARTITION BY kind, usual, way ORDER BY feature)),
     listed AS MATERIALIZED (
	SELECT kind, usual, way,
	       way || ' ' || group_concat(feature, ', ') || CASE WHEN n > 12 THEN ' and ' || (n - 12) || ' more' ELSE '' END AS text
	  FROM (SELECT * FROM numbered WHERE k <= 12 ORDER BY kind, usual, way DESC, k) GROUP BY kind, usual, way),
     told AS MATERIALIZED (
	SELECT kind, usual, group_concat(text, '; ') AS text FROM (SELECT * FROM listed ORDER BY kind, usual, way DESC) GROUP BY kind, usual)
SELECT a.host,
       CASE WHEN a.shown AND coalesce(u.voters, 0) - a.destination = 0 THEN 'na'
            WHEN coalesce(u.voters, 0) - a.destination = 0 THEN 'unknown'
            WHEN a.kind = u.kind THEN 'pass'
            WHEN a.kind <> u.kind THEN 'fail'
            WHEN a.kind IS NOT NULL AND u.margin = 0 AND u.silent = 0 THEN 'fail'
            ELSE 'unknown' END AS status,
       CASE WHEN a.kind = u.kind THEN 'as the majority'
            WHEN a.kind <> u.kind THEN coalesce(t.text, 'values that can''t be compared')
            WHEN a.kind IS NOT NULL AND u.margin = 0 AND u.silent = 0 THEN 'no majority' END AS observed,
       CASE WHEN u.kind IS NOT NULL THEN 'the same as ' || u.n || ' of ' || u.voters || ' hosts of the cluster' END AS expected,
       CASE WHEN NOT a.shown AND coalesce(u.voters, 0) - a.destination = 0
            THEN 'nothing to compare: the account is not shown the cluster, whether it has other hosts is not known'
            WHEN coalesce(u.voters, 0) - a.destination = 0 THEN 'nothing to compare: no other host of the cluster can take its VMs'
            WHEN a.kind IS NULL THEN 'the host named no CPU features'
            WHEN u.kind IS NULL AND u.silent > 0 THEN 'no majority: hosts without an answer that could change it: ' || u.silent
            WHEN u.kind IS NULL THEN 'the largest groups of hosts with the same features are equally large' END AS detail
  FROM answer AS a
  LEFT JOIN usual AS u ON u.cluster = a.cluster
  LEFT JOIN told AS t ON t.kind = a.kind AND t.usual = u.kind
