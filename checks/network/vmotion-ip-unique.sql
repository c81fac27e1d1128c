/*
title: The vMotion adapters' addresses are those of no other VMkernel adapter of the two hosts
subject: pair
depends: own
severity: critical
platforms: [vsphere]
symptom: >
  The migration times out while it connects, or the memory of the VM is sent to a host that doesn't expect it; now and then it
  works, depending on whose answer the switches learnt last.
fix: Give each vMotion adapter an address of its own.
refs: ["vSphere API: HostVirtualNicSpec.ip", "RFC 5227, IPv4 address conflict detection"]
*/
-- A vMotion adapter is compared with the vMotion adapters of the other host, and with its other adapters on the same TCP/IP stack.
-- A host that doesn't answer may have anybody's address: that is open between it and each other host, which --exclude
-- settles. Whoever shares an address with a third host is no way for VMs to take: vm-has-destination sees to that.
WITH address AS MATERIALIZED (
	SELECT a.host, a.device, coalesce(a.device, 'an adapter without a name') AS label, a.netstack, a.ip, a.carries, h.cluster,
	       coalesce(h.name, h.id) AS name, row_number() OVER () AS id
	  FROM host AS h JOIN vmkernel_address AS a ON a.host = h.id),
     shared AS MATERIALIZED (
	SELECT a.host, b.host AS other, min(a.label) AS device,
	       group_concat(DISTINCT a.label || ' ' || a.ip || ', as ' || CASE b.host WHEN a.host THEN '' ELSE b.name || ' ' END || b.label)
	           AS text
	  FROM address AS a JOIN address AS b ON b.cluster = a.cluster AND b.ip = a.ip AND b.id <> a.id
	 WHERE a.ip <> '' AND (a.carries OR b.carries) AND ((a.carries AND b.carries) OR a.netstack = b.netstack)
	 GROUP BY a.host, b.host),
     told AS MATERIALIZED (
	SELECT host, sum(ip IS NULL OR netstack IS NULL OR device IS NULL) AS gaps,
	       group_concat(CASE WHEN carries AND ip <> '' THEN device || ' ' || ip END, ', ') AS text
	  FROM address GROUP BY host),
     carrier AS MATERIALIZED (SELECT host, count(*) - count(device) AS unlisted FROM migration_nic GROUP BY host),
     side AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, h.destination, coalesce(h.name, h.id) AS name, t.text, s.text AS twice,
	       coalesce(t.gaps = 0 AND c.unlisted = 0 AND t.text <> '', 0) AS sure,
	       CASE WHEN t.gaps = 0 THEN NULL ELSE 'addresses not known' END AS gap,
	       coalesce(m.absent AND t.gaps = 0, 0) AS absent,
	       CASE WHEN m.absent THEN 'no vMotion adapter: see vmotion-vmknic-present'
	            WHEN c.host IS NULL THEN 'no vMotion adapter, or not told which'
	            WHEN c.unlisted > 0 THEN 'an adapter that is selected for vMotion is not listed'
	            WHEN t.text IS NULL THEN 'vMotion adapters without address' END AS bare
	  FROM host AS h
	  LEFT JOIN told AS t ON t.host = h.id
	  LEFT JOIN carrier AS c ON c.host = h.id
	  LEFT JOIN shared AS s ON s.host = h.id AND s.other = h.id
	  LEFT JOIN migration_told AS m ON m.host = h.id),
     -- Peers that look alike are listed once; a host takes itself, and those with which it shares an address, out of the list.
     peers AS MATERIALIZED (
	SELECT cluster, sure, absent, twice, gap, bare, group_concat(',' || json_quote(host), '') AS ids
	  FROM side WHERE destination GROUP BY cluster, sure, absent, twice, gap, bare),
     met AS (
	SELECT s.host, replace(p.ids, ',' || json_quote(s.host), '') AS ids, NULL AS device, NULL AS text, s.text AS here, s.twice,
	       p.twice AS there_twice, s.sure AND p.sure AS sure,
	       (s.absent OR p.absent) AND s.gap IS NULL AND p.gap IS NULL AS absent, coalesce(s.gap, s.bare) AS reason, coalesce(p.gap, p.bare) AS there_reason
	  FROM side AS s JOIN peers AS p ON p.cluster = s.cluster
	 WHERE s.host NOT IN (SELECT host FROM shared WHERE other <> host)
	UNION ALL
	SELECT s.host, group_concat(',' || json_quote(d.host), ''), x.device, x.text, s.text, s.twice,
	       d.twice, s.sure AND d.sure, (s.absent OR d.absent) AND s.gap IS NULL AND d.gap IS NULL, coalesce(s.gap, s.bare), coalesce(d.gap, d.bare)
	  FROM side AS s JOIN side AS d ON d.cluster = s.cluster AND d.host <> s.host AND d.destination
	  LEFT JOIN shared AS x ON x.host = s.host AND x.other = d.host
	 WHERE s.host IN (SELECT host FROM shared WHERE other <> host)
	 GROUP BY s.host, x.device, x.text, d.twice, d.sure, d.absent, d.gap, d.bare)
SELECT host, '[' || substr(ids, 2) || ']' AS peer,
       CASE WHEN coalesce(text, twice, there_twice) IS NOT NULL THEN 'fail' WHEN sure THEN 'pass'
            WHEN absent THEN 'na' ELSE 'unknown' END AS status,
       device AS object,
       coalesce(nullif(substr(coalesce('; ' || text, '') || coalesce('; ' || twice, '') || coalesce('; there ' || there_twice, ''), 3), ''),
                here) AS observed,
       'addresses that no other adapter has' AS expected,
       nullif(substr(coalesce('; ' || reason, '') || coalesce('; there ' || there_reason, ''), 3), '') AS detail
  FROM met WHERE ids <> ''
