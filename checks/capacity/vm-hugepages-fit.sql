/*
title: The candidate has free huge pages for the VM's memory
subject: vm_host
depends: own
severity: critical
platforms: [kvm]
symptom: >
  "unable to map backing store for guest RAM: Cannot allocate memory"; "hugetlbfs filesystem is not mounted or disabled by administrator
  config"; "Unable to find any usable hugetlbfs mount for 1048576 KiB".
fix: >
  Reserve more pages of that size on the candidate (vm.nr_hugepages, or hugepages= on the kernel's command line), early, while memory is not in
  pieces. Mount a hugetlbfs for that size, then restart libvirt, which looks for it when it starts.
refs: ["Linux kernel documentation: HugeTLB Pages", "libvirt: Domain XML format, memoryBacking/hugepages", "libvirt: qemu.conf, hugetlbfs_mount"]
*/
-- Pages that are reserved are free, but promised. Those that the kernel would make on demand may not be had when they are wanted.
-- A VM that is bound to NUMA nodes takes them from there.
WITH need AS MATERIALIZED (
	SELECT v.id AS vm, v.cluster, v.host, m.mobility, s.kib, s.page_kib, s.in_file, s.nodes
	  FROM vm AS v LEFT JOIN vm_mobility AS m ON m.vm = v.id LEFT JOIN vm_memory AS s ON s.vm = v.id),
     size AS MATERIALIZED (
	SELECT DISTINCT cluster, host, kib, page_kib, in_file, nodes FROM need WHERE mobility = 'live' AND page_kib <> 0 AND kib IS NOT NULL),
     mount AS MATERIALIZED (
	SELECT host,
	       max(CASE WHEN fstype = 'hugetlbfs' THEN 1 WHEN fstype IS NULL THEN NULL ELSE 0 END) AS is_mounted,
	       sum(fstype IS NULL OR super IS NULL) AS holes,
	       ',' || group_concat(CASE WHEN fstype = 'hugetlbfs' THEN super END) || ',' AS options
	  FROM linux_mount GROUP BY host),
     part AS MATERIALIZED (
	SELECT n.nodes, CAST(p.value AS INTEGER) AS low,
	       CASE WHEN instr(p.value, '-') > 0 THEN CAST(substr(p.value, instr(p.value, '-') + 1) AS INTEGER) ELSE CAST(p.value AS INTEGER) END AS high
	  FROM (SELECT DISTINCT nodes FROM size WHERE nodes <> 'none') AS n
	  JOIN json_each('[' || replace(json_quote(n.nodes), ',', '","') || ']') AS p),
     met AS MATERIALIZED (
	SELECT s.*, h.id AS peer, d.size_kib AS standard, CASE s.page_kib WHEN -1 THEN nullif(d.size_kib, 0) ELSE s.page_kib END AS page
	  FROM size AS s JOIN host AS h ON h.cluster = s.cluster AND h.destination AND h.id <> s.host
	  LEFT JOIN linux_hugepage_default AS d ON d.host = h.id),
     counted AS MATERIALIZED (
	SELECT m.*, (m.kib + m.page - 1) / m.page AS pages, p.free - p.reserved AS free, p.overcommit - p.surplus AS more,
	       p.host IS NOT NULL AS has_size, f.is_mounted, f.holes,
	       CASE WHEN m.in_file = 0 THEN 1
	            WHEN f.options LIKE '%,pagesize=' || CASE WHEN m.page >= 1024 THEN (m.page / 1024) || 'M' ELSE m.page || 'K' END || ',%'
	                 OR (m.page % 1048576 = 0 AND f.options LIKE '%,pagesize=' || (m.page / 1048576) || 'G,%') THEN 1
	            WHEN f.is_mounted AND f.options NOT LIKE '%pagesize=%' AND m.page = m.standard THEN 1
	            WHEN f.holes = 0 THEN 0 END AS mounted,
	       CASE WHEN m.nodes <> 'none'
	            THEN (SELECT sum(x.free) FROM linux_hugepage AS x
	                   WHERE x.host = m.peer AND x.size_kib = m.page AND x.node >= 0
	                     AND EXISTS (SELECT 1 FROM part AS n WHERE n.nodes = m.nodes AND x.node BETWEEN n.low AND n.high)) END AS there
	  FROM met AS m
	  LEFT JOIN linux_hugepage AS p ON p.host = m.peer AND p.size_kib = m.page AND p.node = -1
	  LEFT JOIN mount AS f ON f.host = m.peer),
     judged AS MATERIALIZED (
	SELECT host, kib, page_kib, in_file, nodes, peer, pages, page, free, there,
	       CASE WHEN standard IS NULL THEN 'unknown'
	            WHEN page IS NULL OR NOT has_size THEN 'fail'
	            WHEN mounted = 0 THEN 'fail'
	            WHEN there < pages THEN 'fail'
	            WHEN free >= pages AND (nodes = 'none' OR there >= pages) AND mounted = 1 THEN 'pass'
	            WHEN free + more >= pages AND (nodes = 'none' OR there >= pages) AND mounted = 1 THEN 'warn'
	            WHEN free + more < pages THEN 'fail' ELSE 'unknown' END AS status,
	       CASE WHEN standard IS NULL THEN NULL
	            WHEN page IS NULL OR NOT has_size THEN 'no such pages there'
	            WHEN mounted = 0 THEN 'no hugetlbfs for them is mounted there'
	            WHEN there < pages AND nodes <> 'none' THEN 'too few free on NUMA node ' || nodes || ' there'
	            WHEN free < pages AND free + more >= pages THEN 'too few free there, but the kernel may make them'
	            WHEN free < pages THEN 'too few free there' END AS what
	  FROM counted),
     answer AS MATERIALIZED (
	SELECT host, kib, page_kib, in_file, nodes, status, what, pages, page, json_group_array(peer) AS peers,
	       max(CASE nodes WHEN 'none' THEN free ELSE there END) AS most
	  FROM judged GROUP BY host, kib, page_kib, in_file, nodes, status, what, pages, page),
     others AS MATERIALIZED (
	SELECT n.cluster, n.host, json_group_array(h.id) AS peers
	  FROM (SELECT DISTINCT cluster, host FROM need) AS n JOIN host AS h ON h.cluster = n.cluster AND h.destination AND h.id IS NOT n.host
	 GROUP BY n.cluster, n.host)
SELECT n.vm, a.peers AS peer, a.status, a.what AS observed,
       a.pages || ' pages of ' || CASE WHEN a.page % 1048576 = 0 THEN (a.page / 1048576) || ' GiB'
                                       WHEN a.page % 1024 = 0 THEN (a.page / 1024) || ' MiB' ELSE a.page || ' KiB' END
           || CASE WHEN a.what LIKE 'too few%' THEN '; at most ' || a.most || ' are free' ELSE '' END AS expected,
       CASE a.status WHEN 'unknown' THEN 'the candidate did not tell all of its huge pages and mounts' END AS detail
  FROM need AS n
  JOIN answer AS a ON a.host = n.host AND a.kib = n.kib AND a.page_kib = n.page_kib AND a.in_file IS n.in_file AND a.nodes IS n.nodes
 WHERE n.mobility = 'live'
UNION ALL
SELECT n.vm, o.peers, CASE WHEN n.mobility = 'cold' OR n.page_kib = 0 THEN 'na' ELSE 'unknown' END, NULL, NULL,
       CASE WHEN n.mobility = 'cold' THEN 'moves cold: it needs none while it does not run'
            WHEN n.page_kib = 0 THEN 'its memory is not made of huge pages'
            WHEN n.mobility IS NULL THEN 'not known whether it runs' ELSE 'not known of which pages its memory is, or they have several sizes' END
  FROM need AS n JOIN others AS o ON o.cluster = n.cluster AND o.host IS n.host
 WHERE (n.mobility = 'live' AND n.page_kib <> 0 AND n.kib IS NOT NULL) IS NOT 1
