/*
title: No VMkernel adapter of another cluster has the address of the host's vMotion adapters
subject: host
depends: cluster
severity: warning
platforms: [vsphere]
symptom: >
  Migrations time out now and then while they connect, depending on whose answer the switches learnt last.
fix: >
  Give each vMotion adapter an address of its own, or make sure that the two clusters' vMotion networks never meet; then waive the
  finding.
refs: ["vSphere API: HostVirtualNicSpec.ip", "RFC 5227, IPv4 address conflict detection"]
*/
-- It may be meant: networks that never meet. A host that doesn't answer may have anybody's address, wherever it is.
WITH address AS MATERIALIZED (
	SELECT a.host, a.device, a.netstack, a.ip, a.carries, h.target, h.cluster, coalesce(h.name, h.id) AS name
	  FROM host AS h JOIN vmkernel_address AS a ON a.host = h.id),
     shared AS MATERIALIZED (
	SELECT a.host, min(a.device) AS device, group_concat(DISTINCT a.device || ' ' || a.ip || ', as ' || b.name || ' ' || b.device) AS text
	  FROM address AS a JOIN address AS b ON b.target = a.target AND b.ip = a.ip AND b.cluster <> a.cluster
	 WHERE a.ip <> '' AND a.carries AND (b.carries OR a.netstack = b.netstack)
	 GROUP BY a.host),
     told AS MATERIALIZED (
	SELECT host, sum(ip IS NULL OR netstack IS NULL OR device IS NULL) AS gaps,
	       group_concat(CASE WHEN carries AND ip <> '' THEN device || ' ' || ip END, ', ') AS text
	  FROM address GROUP BY host),
     silent AS MATERIALIZED (
	SELECT h.target, count(*) AS n, min(h.name) AS name
	  FROM host AS h LEFT JOIN told AS t ON t.host = h.id WHERE h.platform = 'vsphere' AND t.gaps IS NOT 0 GROUP BY h.target)
SELECT h.id AS host,
       CASE WHEN s.host IS NOT NULL THEN 'fail' WHEN q.n IS NULL AND t.text <> '' THEN 'pass'
            WHEN m.absent THEN 'na' ELSE 'unknown' END AS status,
       s.device AS object, coalesce(s.text, t.text) AS observed, 'addresses that no other adapter has' AS expected,
       CASE WHEN s.host IS NOT NULL THEN 'harmless only while the two networks never meet'
            WHEN m.absent THEN 'no vMotion adapter: see vmotion-vmknic-present'
            WHEN q.n > 0 THEN 'addresses not known of ' || q.name || CASE WHEN q.n > 1 THEN ' and ' || (q.n - 1) || ' other hosts' ELSE '' END
            WHEN t.text IS NULL THEN 'no vMotion adapter with an address known' END AS detail
  FROM host AS h
  LEFT JOIN shared AS s ON s.host = h.id
  LEFT JOIN told AS t ON t.host = h.id
  LEFT JOIN migration_told AS m ON m.host = h.id
  LEFT JOIN silent AS q ON q.target = h.target
