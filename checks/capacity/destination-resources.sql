/*
title: The candidate has memory and processors for the VM
subject: vm_host
depends: own
severity: critical
platforms: [kvm]
params: {overhead_pct: 5, overhead_mib: 256}
symptom: >
  "Cannot allocate memory", on the destination only, or a migration that succeeds and is followed by swapping, or by the kernel killing the
  largest process, which is a guest. With fewer processors than virtual CPUs QEMU warns, and the guest's clock and locks suffer.
fix: >
  Move other VMs off the candidate first, or take another one. What the page cache holds counts as available already; memory that huge pages
  hold does not.
refs: ["proc_meminfo(5), MemAvailable", "Linux kernel documentation: Overcommit Accounting", "libvirt: qemuProcessLaunch"]
*/
-- Each VM by itself: that all of a host's VMs find room at once is not said. What huge pages hold is for vm-hugepages-fit; QEMU's own share is
-- reckoned with a part of the guest's memory and a constant.
WITH need AS MATERIALIZED (
	SELECT v.id AS vm, v.cluster, v.host, m.mobility, s.vcpus, s.page_kib IS NOT NULL AS told,
	       CASE s.page_kib WHEN 0 THEN s.kib ELSE 0 END + s.kib * :overhead_pct / 100 + :overhead_mib * 1024 AS kib
	  FROM vm AS v LEFT JOIN vm_mobility AS m ON m.vm = v.id LEFT JOIN vm_memory AS s ON s.vm = v.id),
     size AS MATERIALIZED (
	SELECT DISTINCT cluster, host, vcpus, kib FROM need WHERE mobility = 'live' AND told AND kib IS NOT NULL AND vcpus IS NOT NULL),
     room AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, m.available_kib AS kib, l.cpus
	  FROM host AS h LEFT JOIN linux_memory AS m ON m.host = h.id LEFT JOIN linux_host AS l ON l.host = h.id
	 WHERE h.destination),
     met AS MATERIALIZED (
	SELECT s.host, s.vcpus, s.kib, r.host AS peer, r.kib AS free, r.cpus,
	       CASE WHEN r.kib < s.kib THEN 'fail' WHEN r.kib >= s.kib AND r.cpus >= s.vcpus THEN 'pass'
	            WHEN r.kib >= s.kib AND r.cpus < s.vcpus THEN 'warn' ELSE 'unknown' END AS status
	  FROM size AS s JOIN room AS r ON r.cluster = s.cluster AND r.host <> s.host),
     answer AS MATERIALIZED (
	SELECT host, vcpus, kib, status, json_group_array(peer) AS peers, max(free) / 1024 AS most, max(cpus) AS cpus,
	       sum(free IS NULL) AS no_memory
	  FROM met GROUP BY host, vcpus, kib, status, free IS NULL),
     others AS MATERIALIZED (
	SELECT n.cluster, n.host, json_group_array(h.id) AS peers
	  FROM (SELECT DISTINCT cluster, host FROM need) AS n JOIN host AS h ON h.cluster = n.cluster AND h.destination AND h.id IS NOT n.host
	 GROUP BY n.cluster, n.host)
SELECT n.vm, a.peers AS peer, a.status,
       'needs ' || ((n.kib + 1023) / 1024) || ' MiB, ' || n.vcpus || CASE n.vcpus WHEN 1 THEN ' CPU' ELSE ' CPUs' END AS observed,
       CASE a.status WHEN 'fail' THEN 'at most ' || a.most || ' MiB are available'
            WHEN 'warn' THEN 'at most ' || a.cpus || ' CPUs are there' END AS expected,
       CASE WHEN a.status = 'unknown'
            THEN CASE WHEN a.no_memory > 0 THEN 'not known how much memory is available there'
                      ELSE 'not known how many CPUs are there' END END AS detail
  FROM need AS n JOIN answer AS a ON a.host = n.host AND a.vcpus = n.vcpus AND a.kib = n.kib
 WHERE n.mobility = 'live' AND n.told
UNION ALL
SELECT n.vm, o.peers, CASE n.mobility WHEN 'cold' THEN 'na' ELSE 'unknown' END, NULL, NULL,
       CASE WHEN n.mobility = 'cold' THEN 'moves cold: it needs nothing while it does not run'
            WHEN n.mobility IS NULL THEN 'not known whether it runs' ELSE 'not known how much memory it needs, and of which kind' END
  FROM need AS n JOIN others AS o ON o.cluster = n.cluster AND o.host IS n.host
 WHERE (n.mobility = 'live' AND n.told AND n.kib IS NOT NULL AND n.vcpus IS NOT NULL) IS NOT 1
