/*
title: The hosts carry vMotion on the same kind of TCP/IP stack
subject: pair
depends: own
severity: warning
platforms: [vsphere]
symptom: >
  A host whose adapter is on the TCP/IP stack vmotion no longer uses those on the default stack: gateways, routes and services are
  others than on its peers, and migrations between the two kinds fail or warn where they worked before.
fix: Put the vMotion adapters of all hosts of the cluster on the same TCP/IP stack, the one named vmotion if there are gateways.
refs: ["Broadcom KB 432825", "vSphere API: HostVirtualNicSpec.netStackInstanceKey",
  "VMware vSphere documentation: place vMotion traffic on the vMotion TCP/IP stack"]
*/
WITH stack AS MATERIALIZED (
	SELECT host, group_concat(netstack, ' and ') AS text, count(*) AS n
	  FROM (SELECT DISTINCT host, netstack FROM migration_nic WHERE netstack <> '' ORDER BY host, netstack) GROUP BY host),
     nic AS MATERIALIZED (
	SELECT host, count(*) AS n, count(CASE WHEN device IS NOT NULL THEN nullif(netstack, '') END) AS known,
	       group_concat(coalesce(device, 'an adapter that is not listed') || ' on ' || coalesce(netstack, 'a stack that is not known'), ', ')
	           AS text
	  FROM (SELECT host, device, netstack FROM migration_nic ORDER BY host, device) GROUP BY host),
     side AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, h.name, h.destination, CASE WHEN n.known = n.n THEN s.text END AS stack,
	       coalesce(n.text, CASE WHEN t.absent THEN 'no vMotion adapter' ELSE 'no vMotion adapter known' END) AS text, s.n AS stacks,
	       t.absent, min(h.id) OVER (PARTITION BY h.cluster, n.text, t.absent) AS kind
	  FROM host AS h LEFT JOIN nic AS n ON n.host = h.id LEFT JOIN stack AS s ON s.host = h.id
	  LEFT JOIN migration_told AS t ON t.host = h.id),
     voters AS MATERIALIZED (SELECT cluster, count(*) AS n, count(*) - count(stack) - coalesce(sum(absent), 0) AS silent FROM side GROUP BY cluster),
     best AS MATERIALIZED (
	SELECT cluster, stack, n, n - coalesce(lead(n) OVER w, 0) AS margin, row_number() OVER w AS rank
	  FROM (SELECT cluster, stack, count(*) AS n FROM side WHERE stack IS NOT NULL GROUP BY cluster, stack)
	WINDOW w AS (PARTITION BY cluster ORDER BY n DESC, stack)),
     usual AS MATERIALIZED (
	SELECT b.cluster, b.stack, b.n, v.n AS voters FROM best AS b JOIN voters AS v ON v.cluster = b.cluster
	 WHERE b.rank = 1 AND b.margin > v.silent),
     member AS MATERIALIZED (
	SELECT host, cluster, kind, row_number() OVER (PARTITION BY kind ORDER BY host) - 1 AS place FROM side WHERE destination),
     -- Peers of a kind are listed once, and each host takes itself out of the list of its own kind.
     peers AS MATERIALIZED (
	SELECT cluster, kind, json_group_array(host) AS list, count(*) AS n
	  FROM (SELECT * FROM member ORDER BY kind, place) GROUP BY cluster, kind)
SELECT s.host, CASE WHEN m.host IS NULL THEN d.list ELSE json_remove(d.list, '$[' || m.place || ']') END AS peer,
       CASE WHEN s.stack <> p.stack THEN 'fail'
            WHEN s.stack = p.stack AND s.stacks = 1 THEN 'pass'
            WHEN s.stack = p.stack THEN 'warn'
            WHEN s.absent OR p.absent THEN 'na'
            ELSE 'unknown' END AS status,
       s.text || '; there ' || p.text AS observed, 'one TCP/IP stack on both' AS expected,
       CASE WHEN s.stack <> p.stack AND s.stack <> u.stack
            THEN s.name || ' is odd: ' || u.n || ' of ' || u.voters || ' hosts of the cluster use ' || u.stack
            WHEN s.stack <> p.stack AND p.stack <> u.stack
            THEN 'the other is odd: ' || u.n || ' of ' || u.voters || ' hosts of the cluster use ' || u.stack
            WHEN s.stack = p.stack AND s.stacks > 1 THEN 'adapters on different stacks'
            WHEN s.absent OR p.absent THEN 'a side has no vMotion adapter: see vmotion-vmknic-present' END AS detail
  FROM side AS s
  JOIN peers AS d ON d.cluster = s.cluster
  LEFT JOIN member AS m ON m.host = s.host AND m.kind = d.kind
  JOIN side AS p ON p.host = d.kind
  LEFT JOIN usual AS u ON u.cluster = s.cluster
 WHERE d.n > (m.host IS NOT NULL)
