/*
title: The hosts' vMotion adapters have the same MTU, and their switches carry it
subject: pair
depends: own
severity: critical
platforms: [vsphere]
symptom: >
  The migration stalls and times out: small packets pass, so that it connects, and the large ones that follow are dropped.
  vCenter warns that "the source and destination hosts have different vMotion vNIC MTU configurations".
fix: >
  Set one MTU on the vMotion adapters of all hosts, and at least that on their virtual switches, and on the physical ones, which
  this check doesn't see.
refs: ["Broadcom KB 432825", "vSphere API: HostVirtualNicSpec.mtu, HostVirtualSwitch.mtu, HostProxySwitch.mtu"]
*/
-- An MTU below 1280 bytes is no VMkernel adapter's: taken as not known. Hosts whose adapters look alike are judged once.
WITH nic AS MATERIALIZED (
	SELECT host, device, CASE WHEN mtu BETWEEN 1280 AND 65535 THEN mtu END AS mtu, kind, switch, switch_mtu, configured_mtu,
	       coalesce(device, 'an adapter that is not listed') || ' ' || coalesce(mtu, '?') || ' on '
	           || CASE WHEN kind = 'opaque' THEN 'an opaque network' ELSE coalesce(switch, 'a switch that is not known') END || ' '
	           || coalesce(switch_mtu, '?')
	           || CASE WHEN configured_mtu <> switch_mtu THEN ' (configured: ' || configured_mtu || ')' ELSE '' END AS text
	  FROM migration_switch),
     size AS MATERIALIZED (
	SELECT host, group_concat(mtu, ' and ') AS text, count(*) AS n
	  FROM (SELECT DISTINCT host, mtu FROM nic WHERE mtu IS NOT NULL ORDER BY host, mtu) GROUP BY host),
     described AS MATERIALIZED (
	SELECT host, count(*) AS n, count(mtu) AS known, count(CASE WHEN device IS NOT NULL AND switch_mtu > 0 THEN mtu END) AS carried,
	       group_concat(text, ', ') AS text, group_concat(CASE WHEN mtu > switch_mtu THEN device END, ', ') AS larger
	  FROM (SELECT * FROM nic ORDER BY host, device, text) GROUP BY host),
     side AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, h.name, h.destination, coalesce(d.n, 0) AS n, d.known, d.carried, d.larger,
	       coalesce(d.text, CASE WHEN t.absent THEN 'no vMotion adapter' ELSE 'no vMotion adapter known' END) AS text, z.n AS sizes,
	       CASE WHEN d.known = d.n THEN z.text END AS size, t.absent, min(h.id) OVER (PARTITION BY h.cluster, d.text, t.absent) AS kind
	  FROM host AS h LEFT JOIN described AS d ON d.host = h.id LEFT JOIN size AS z ON z.host = h.id
	  LEFT JOIN migration_told AS t ON t.host = h.id),
     voters AS MATERIALIZED (
	SELECT cluster, count(*) AS n, count(*) - count(size) - coalesce(sum(absent), 0) AS silent FROM side GROUP BY cluster),
     best AS MATERIALIZED (
	SELECT cluster, size, n, n - coalesce(lead(n) OVER w, 0) AS margin, row_number() OVER w AS rank
	  FROM (SELECT cluster, size, count(*) AS n FROM side WHERE size IS NOT NULL GROUP BY cluster, size)
	WINDOW w AS (PARTITION BY cluster ORDER BY n DESC, size)),
     usual AS MATERIALIZED (
	SELECT b.cluster, b.size, b.n, v.n AS voters FROM best AS b JOIN voters AS v ON v.cluster = b.cluster
	 WHERE b.rank = 1 AND b.margin > v.silent),
     verdict AS MATERIALIZED (
	SELECT s.host AS kind, d.host AS other, s.text AS here, d.text AS there,
	       CASE WHEN s.larger IS NOT NULL OR d.larger IS NOT NULL OR s.size <> d.size THEN 'fail'
	            WHEN s.n > 0 AND d.n > 0 AND s.carried = s.n AND d.carried = d.n AND s.size = d.size
	            THEN CASE WHEN s.sizes = 1 AND d.sizes = 1 THEN 'pass' ELSE 'warn' END
	            WHEN s.absent OR d.absent THEN 'na'
	            ELSE 'unknown' END AS status,
	       coalesce(s.larger || ' here: larger than the switch carries; ', '')
	           || coalesce(d.larger || ' there: larger than the switch carries; ', '')
	           || CASE WHEN s.size <> d.size THEN 'adapters ' || s.size || ', there ' || d.size || '; ' ELSE '' END
	           || CASE WHEN s.sizes > 1 THEN 'adapters of different MTU on one host; ' ELSE '' END
	           || CASE WHEN s.absent OR d.absent THEN 'a side has no vMotion adapter: see vmotion-vmknic-present; ' ELSE '' END
	           || CASE WHEN (s.carried < s.n OR d.carried < d.n) AND coalesce(s.absent OR d.absent, 0) = 0 THEN 'not known of all adapters and their switches; ' ELSE '' END AS reason,
	       CASE WHEN s.size <> d.size THEN s.size END AS size, d.size AS other_size
	  FROM side AS s JOIN side AS d ON d.cluster = s.cluster AND d.host = d.kind
	 WHERE s.host = s.kind),
     member AS MATERIALIZED (
	SELECT host, cluster, kind, row_number() OVER (PARTITION BY kind ORDER BY host) - 1 AS place FROM side WHERE destination),
     -- Peers of a kind are listed once, and each host takes itself out of the list of its own kind.
     peers AS MATERIALIZED (
	SELECT cluster, kind, json_group_array(host) AS list, count(*) AS n
	  FROM (SELECT * FROM member ORDER BY kind, place) GROUP BY cluster, kind)
SELECT s.host, CASE WHEN m.host IS NULL THEN d.list ELSE json_remove(d.list, '$[' || m.place || ']') END AS peer, v.status, v.here || '; there ' || v.there AS observed,
       'one MTU, and no switch with a smaller one' AS expected,
       nullif(rtrim(v.reason || CASE WHEN v.size <> u.size OR v.other_size <> v.size AND v.other_size <> u.size
            THEN CASE WHEN v.size <> u.size THEN s.name ELSE 'the other' END || ' is odd: ' || u.n || ' of ' || u.voters
                 || ' hosts of the cluster have ' || u.size ELSE '' END, '; '), '') AS detail
  FROM side AS s
  JOIN peers AS d ON d.cluster = s.cluster
  LEFT JOIN member AS m ON m.host = s.host AND m.kind = d.kind
  JOIN verdict AS v ON v.kind = s.kind AND v.other = d.kind
  LEFT JOIN usual AS u ON u.cluster = s.cluster
 WHERE d.n > (m.host IS NOT NULL)
