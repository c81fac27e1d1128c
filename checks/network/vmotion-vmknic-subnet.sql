/*
title: The hosts' vMotion adapters reach each other, in one network or through gateways
subject: pair
depends: own
severity: critical
platforms: [vsphere]
symptom: >
  The migration hangs at 14 to 20 % and times out: "vMotion migration failed: the ESX hosts failed to connect over the VMotion
  network".
fix: >
  Put the vMotion adapters of all hosts into one network, with the same netmask. Where they have to be in different ones, put them
  on the TCP/IP stack vmotion and give that a gateway in the adapter's network, or override the gateway of the adapter. Static
  routes are not looked at.
refs: ["vSphere API: HostVirtualNicSpec.ip, ipRouteSpec; HostNetStackInstance.ipRouteConfig", "VMware KB 2007467", "001_82856f7890981a1d.txt",
  "VMware vSphere documentation: place vMotion traffic on the vMotion TCP/IP stack"]
*/
-- Hosts whose adapters are in the same networks with the same gateways are of one kind, and kinds are judged, each with each. An
-- address matters by itself only where two networks of the cluster overlap (the netmasks differ), or where it is there twice.
-- level: 0 no way, 1 a way that is odd, 2 a way through gateways made for it, 3 one network; NULL: not known.
WITH nic AS MATERIALIZED (
	SELECT h.cluster, h.id AS host, n.device, a.host IS NULL AS bare, a.family, a.ip, a.network, a.gateway, a.routed, a.by,
	       CASE WHEN a.ip IS NOT NULL THEN count(*) OVER (PARTITION BY h.cluster, a.ip) END AS holders
	  FROM host AS h JOIN migration_nic AS n ON n.host = h.id
	  LEFT JOIN migration_address AS a ON a.host = n.host AND a.device IS n.device),
     known AS MATERIALIZED (SELECT cluster, json_group_array(DISTINCT network) AS list FROM nic WHERE network IS NOT NULL GROUP BY cluster),
     nested AS MATERIALIZED (
	SELECT DISTINCT k.cluster, a.value AS network FROM known AS k, json_each(k.list) AS a, json_each(k.list) AS b
	 WHERE a.value <> b.value AND (ip_in(substr(b.value, 1, instr(b.value, '/') - 1), a.value) = 1
	                               OR ip_in(substr(a.value, 1, instr(a.value, '/') - 1), b.value) = 1)),
     placed AS MATERIALIZED (
	SELECT n.*, CASE WHEN o.network IS NOT NULL OR n.holders > 1 OR n.network IS NULL THEN n.ip END AS own
	  FROM nic AS n LEFT JOIN nested AS o ON o.cluster = n.cluster AND o.network = n.network),
     listed AS MATERIALIZED (
	SELECT *, group_concat(quote(device) || quote(network) || quote(own) || quote(gateway) || quote(routed) || quote(by)) OVER (
	           PARTITION BY host ORDER BY device, network, own ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS list
	  FROM placed),
     member AS MATERIALIZED (SELECT *, min(host) OVER (PARTITION BY cluster, list) AS kind FROM listed),
     described AS MATERIALIZED (
	SELECT host, count(*) AS n, max(network IS NULL AND NOT bare) AS gaps, list,
	       group_concat(coalesce(device, 'an adapter that is not listed')
	           || CASE WHEN bare THEN ' without address'
	                   WHEN network IS NULL THEN ' ' || coalesce(ip, '') || ' in a network that is not known'
	                   ELSE ' in ' || network || coalesce(' as ' || own, '')
	                        || CASE WHEN gateway = 'none' THEN ' without gateway' WHEN routed = 1 THEN ' by gateway ' || gateway
	                                WHEN routed = 0 THEN ', gateway ' || gateway || ' is not in it'
	                                ELSE ', gateway not known' END END, ', ') AS text
	  FROM (SELECT * FROM listed ORDER BY host, device, network, own) GROUP BY host),
     side AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, h.destination, coalesce(d.n, 0) AS n, coalesce(d.gaps, 0) AS gaps, t.told,
	       coalesce(d.text, CASE t.told WHEN 1 THEN 'no vMotion adapter' ELSE 'vMotion adapters not known' END) AS text,
	       min(h.id) OVER (PARTITION BY h.cluster, d.list, CASE WHEN d.list IS NULL THEN t.told END) AS kind
	  FROM host AS h LEFT JOIN described AS d ON d.host = h.id LEFT JOIN migration_told AS t ON t.host = h.id),
     link AS MATERIALIZED (
	SELECT a.host AS kind, b.host AS other, a.device,
	       CASE WHEN a.bare OR b.bare OR a.family <> b.family OR a.own = b.own THEN 0
	            WHEN a.network = b.network THEN 3
	            WHEN a.network IS NULL OR b.network IS NULL THEN NULL
	            WHEN ip_in(b.ip, a.network) OR ip_in(a.ip, b.network)
	            THEN CASE WHEN (ip_in(b.ip, a.network) OR a.routed) AND (ip_in(a.ip, b.network) OR b.routed) THEN 1
	                      WHEN (ip_in(b.ip, a.network) OR a.routed IS NOT 0) AND (ip_in(a.ip, b.network) OR b.routed IS NOT 0) THEN NULL
	                      ELSE 0 END
	            WHEN a.routed = 0 OR b.routed = 0 THEN 0
	            WHEN a.routed AND b.routed THEN CASE WHEN a.by IN ('own', 'vmotion') AND b.by IN ('own', 'vmotion') THEN 2 ELSE 1 END
	       END AS level,
	       CASE WHEN a.own = b.own THEN 'both have the address ' || a.own
	            WHEN ip_in(b.ip, a.network) OR ip_in(a.ip, b.network) THEN 'netmasks differ'
	            WHEN a.routed AND b.routed THEN 'by the gateway of another TCP/IP stack than vmotion' END AS note
	  FROM member AS a JOIN member AS b ON b.cluster = a.cluster AND b.host = b.kind
	 WHERE a.host = a.kind),
     reach AS MATERIALIZED (
	SELECT kind, other, device, max(level) AS best, max(level IS NULL) AS unsure,
	       max(CASE WHEN level = 1 THEN note END) AS oddity, max(CASE WHEN level = 0 THEN note END) AS obstacle
	  FROM link GROUP BY kind, other, device),
     way AS MATERIALIZED (
	SELECT kind, other, max(best) AS best, max(unsure AND coalesce(best, 0) = 0) AS unsure,
	       group_concat(CASE WHEN best = 0 AND NOT unsure THEN device END, ', ') AS astray,
	       max(CASE WHEN best = 1 THEN oddity END) AS oddity, max(obstacle) AS obstacle
	  FROM reach GROUP BY kind, other),
     verdict AS MATERIALIZED (
	SELECT s.host AS kind, d.host AS other, s.text AS here, d.text AS there,
	       CASE WHEN (s.n = 0 AND s.told = 1) OR (d.n = 0 AND d.told = 1) THEN 'fail'
	            WHEN s.n = 0 OR d.n = 0 OR s.gaps OR d.gaps OR w.unsure IS NOT 0 OR v.unsure IS NOT 0 THEN 'unknown'
	            WHEN w.best = 0 THEN 'fail'
	            WHEN w.astray IS NOT NULL OR v.astray IS NOT NULL OR w.oddity IS NOT NULL OR v.oddity IS NOT NULL THEN 'warn'
	            WHEN w.best > 1 THEN 'pass'
	            ELSE 'unknown' END AS status,
	       CASE WHEN w.best = 0 THEN w.obstacle
	            WHEN w.best > 0 THEN nullif(rtrim(coalesce('reaches no adapter there: ' || w.astray || '; ', '')
	                                              || coalesce('not reached from here: ' || v.astray || '; ', '')
	                                              || coalesce(coalesce(w.oddity, v.oddity), ''), '; '), '') END AS reason
	  FROM side AS s JOIN side AS d ON d.cluster = s.cluster AND d.host = d.kind
	  LEFT JOIN way AS w ON w.kind = s.host AND w.other = d.host
	  LEFT JOIN way AS v ON v.kind = d.host AND v.other = s.host
	 WHERE s.host = s.kind),
     usual AS MATERIALIZED (
	SELECT cluster, 'commonest in the cluster: ' || network || ', on ' || n AS text,
	       row_number() OVER (PARTITION BY cluster ORDER BY n DESC, network) AS rank
	  FROM (SELECT cluster, network, count(DISTINCT host) AS n FROM nic WHERE network IS NOT NULL GROUP BY cluster, network)),
     place AS MATERIALIZED (
	SELECT host, cluster, kind, row_number() OVER (PARTITION BY kind ORDER BY host) - 1 AS place FROM side WHERE destination),
     -- Peers of a kind are listed once, and each host takes itself out of the list of its own kind.
     peers AS MATERIALIZED (
	SELECT cluster, kind, json_group_array(host) AS list, count(*) AS n
	  FROM (SELECT * FROM place ORDER BY kind, place) GROUP BY cluster, kind)
SELECT s.host, CASE WHEN m.host IS NULL THEN d.list ELSE json_remove(d.list, '$[' || m.place || ']') END AS peer, v.status,
       v.here || '; there ' || v.there AS observed, 'one network, or a gateway in each' AS expected,
       CASE v.status WHEN 'pass' THEN NULL WHEN 'fail' THEN coalesce(v.reason || '; ', '') || coalesce(u.text, '')
                     ELSE v.reason END AS detail
  FROM side AS s
  JOIN peers AS d ON d.cluster = s.cluster
  LEFT JOIN place AS m ON m.host = s.host AND m.kind = d.kind
  JOIN verdict AS v ON v.kind = s.kind AND v.other = d.kind
  LEFT JOIN usual AS u ON u.cluster = s.cluster AND u.rank = 1
 WHERE d.n > (m.host IS NOT NULL)
