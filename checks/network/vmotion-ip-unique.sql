/*
title: No other VMkernel adapter has the address of the host's vMotion adapters
subject: host
depends: cluster
severity: critical
platforms: [vsphere]
symptom: >
  The migration times out while it connects, or the memory of the VM is sent to a host that doesn't expect it; now and then it
  works, depending on whose answer the switches learnt last.
fix: Give each vMotion adapter an address of its own.
refs: ["vSphere API: HostVirtualNicSpec.ip", "RFC 5227, IPv4 address conflict detection"]
*/
-- Compared with the vMotion adapters of all hosts, and with other adapters on the same TCP/IP stack. In another cluster it may be
-- meant: networks that never meet. A host without any VMkernel adapter doesn't exist: it gave no answer, and neither did one with
-- an adapter whose address is not known: it is looked for in all of the server, so that a silent host of another cluster counts too.
WITH nic AS MATERIALIZED (
	SELECT host, device, ip, ip6, netstack FROM vsphere_vmknic),
     address AS MATERIALIZED (
	SELECT host, device, netstack, ip_network(ip, 32) AS ip FROM nic WHERE ip NOT IN ('', '0.0.0.0')
	UNION ALL
	SELECT a.host, a.device, n.netstack, ip_network(a.ip, 128)
	  FROM vsphere_vmknic_ip6 AS a LEFT JOIN nic AS n ON n.host = a.host AND n.device = a.device
	 WHERE ip_in(a.ip, 'fe80::/10') IS NOT 1),
     listed AS MATERIALIZED (SELECT host, device, count(*) AS n FROM vsphere_vmknic_ip6 GROUP BY host, device),
     gap AS MATERIALIZED (
	SELECT host FROM address WHERE ip IS NULL OR netstack IS NULL
	UNION
	SELECT n.host FROM nic AS n LEFT JOIN listed AS l ON l.host = n.host AND l.device = n.device
	 WHERE n.ip IS NULL OR n.ip6 IS NULL OR n.device IS NULL
	    OR coalesce(l.n, 0) <> CASE WHEN n.ip6 IN ('', 'none') THEN 0 ELSE 1 + length(n.ip6) - length(replace(n.ip6, ',', '')) END
	UNION
	SELECT h.id FROM host AS h LEFT JOIN nic AS n ON n.host = h.id WHERE n.host IS NULL AND h.platform = 'vsphere'),
     silent AS MATERIALIZED (
	SELECT h.target, count(*) AS n, min(h.name) AS name FROM gap AS g JOIN host AS h ON h.id = g.host GROUP BY h.target),
     carrier AS MATERIALIZED (SELECT DISTINCT host, device FROM migration_nic),
     used AS MATERIALIZED (
	SELECT substr(a.host, 1, instr(a.host, '/') - 1) AS target, a.host, a.device, a.netstack, a.ip, c.host IS NOT NULL AS migrates,
	       row_number() OVER (PARTITION BY a.host, a.device, a.ip) AS k, h.cluster, h.name
	  FROM address AS a LEFT JOIN carrier AS c ON c.host = a.host AND c.device = a.device
	  LEFT JOIN host AS h ON h.id = a.host
	 WHERE a.ip IS NOT NULL),
     clash AS MATERIALIZED (
	SELECT a.host, max(b.cluster IS a.cluster OR b.host = a.host) AS near, min(a.device) AS device,
	       group_concat(DISTINCT a.device || ' ' || substr(a.ip, 1, instr(a.ip, '/') - 1)
	                             || ', as ' || CASE b.host WHEN a.host THEN '' ELSE coalesce(b.name, b.host) || ' ' END || b.device) AS text
	  FROM (SELECT * FROM used WHERE migrates) AS a
	  JOIN used AS b ON b.target = a.target AND b.ip = a.ip AND (b.host <> a.host OR b.device <> a.device OR b.k <> a.k)
	                AND (b.migrates OR b.netstack = a.netstack)
	 GROUP BY a.host),
     own AS MATERIALIZED (
	SELECT n.host, count(*) AS n, count(n.device) AS known, group_concat(text, ', ') AS text
	  FROM carrier AS n
	  LEFT JOIN (SELECT host, device, group_concat(device || ' ' || substr(ip, 1, instr(ip, '/') - 1), ', ') AS text
	               FROM used GROUP BY host, device) AS u ON u.host = n.host AND u.device = n.device
	 GROUP BY n.host)
SELECT h.id AS host,
       CASE WHEN c.near THEN 'fail'
            WHEN s.n > 0 OR o.n IS NULL OR o.known < o.n OR o.text IS NULL THEN 'unknown'
            WHEN c.near = 0 THEN 'warn'
            WHEN c.host IS NULL THEN 'pass'
            ELSE 'unknown' END AS status,
       c.device AS object, coalesce(c.text, o.text) AS observed, 'addresses that no other adapter has' AS expected,
       CASE WHEN c.near THEN NULL
            WHEN o.n IS NULL THEN 'the host has no vMotion adapter, or did not say which'
            WHEN s.n > 0 THEN 'addresses not known of ' || s.name || CASE WHEN s.n > 1 THEN ' and ' || (s.n - 1) || ' other hosts' ELSE '' END
            WHEN o.known < o.n THEN 'an adapter that is selected for vMotion is not listed'
            WHEN o.text IS NULL THEN 'its vMotion adapters have no address'
            WHEN c.near = 0 THEN 'in another cluster: harmless only while the two networks never meet' END AS detail
  FROM host AS h
  LEFT JOIN clash AS c ON c.host = h.id
  LEFT JOIN own AS o ON o.host = h.id
  LEFT JOIN silent AS s ON s.target = h.target
