/*
title: Every path between vMotion adapters is tried
subject: cluster
depends: cluster
severity: info
platforms: [vsphere]
symptom: A migration fails between two hosts whose path nobody tried, while all that were tried work.
fix: >
  Name the hosts that are to be emptied with --host: then all of their paths are tried. Or raise the parameter sample_above of
  jumbo-frames-path, which takes more pings. Announce LLDP or CDP on the physical switches, so that it can be told where an adapter leads.
refs: ["vSphere API: HostNetworkSystem.QueryNetworkHint, PhysicalNicCdpInfo, LinkLayerDiscoveryProtocolInfo"]
*/
-- Two hosts whose adapters lead to the same switches have the same way to all others, as far as it isn't their own; that is why a path from
-- group to group proves the trunks.
WITH way AS MATERIALIZED (
	SELECT cluster, host, src_device AS device, duty, src_leaf, dst_leaf FROM mesh_path
	 WHERE in_scope AND coalesce(duty, 'send') IN ('send', 'unsampled')),
     paths AS MATERIALIZED (
	SELECT cluster, count(duty) AS n, sum(duty = 'send') AS tried, sum(duty IS NULL) AS unsure,
	       count(DISTINCT src_leaf) AS groups FROM way GROUP BY cluster),
     adapter AS MATERIALIZED (
	SELECT cluster, host, device, max(src_leaf) AS leaf FROM way WHERE duty IS NOT NULL GROUP BY cluster, host, device),
     lost AS MATERIALIZED (
	SELECT a.cluster, count(*) AS n, min(h.name || ' ' || a.device) AS first
	  FROM adapter AS a JOIN host AS h ON h.id = a.host WHERE a.leaf IS NULL GROUP BY a.cluster),
     members AS MATERIALIZED (SELECT cluster, count(*) AS n FROM host GROUP BY cluster)
SELECT c.id AS cluster,
       CASE WHEN p.tried < p.n THEN 'warn'
            WHEN p.tried = p.n AND p.unsure = 0 THEN 'pass'
            WHEN m.n = 1 THEN 'na'
            ELSE 'unknown' END AS status,
       p.tried || ' of ' || p.n || ' paths are tried'
           || CASE WHEN p.unsure > 0 THEN '; of ' || p.unsure || ' more it is not known whether they should' ELSE '' END AS observed,
       'each path is tried' AS expected,
       CASE WHEN p.tried < p.n
            THEN 'of more than ' || s.sample_above || ' hosts (' || m.n || ') each is tried with those 1, 2, 4, 8 ... places further on, both ways'
                 || CASE WHEN l.n > 0 THEN '; where ' || l.n || ' adapters lead (' || l.first || CASE WHEN l.n > 1 THEN ' ...' ELSE '' END
                         || ') is told neither by LLDP nor by CDP, so that two groups of hosts may have no path between them tried'
                         || CASE WHEN p.groups > 1 THEN '; the other adapters lead to ' || p.groups || ' groups of switches, with a path tried from each to each' ELSE '' END
                         ELSE '; and a path from each of the ' || p.groups || ' groups of switches that adapters lead to, to each' END
            WHEN m.n = 1 THEN 'the host is the only one of its cluster'
            WHEN p.unsure > 0 THEN 'not known which addresses all adapters have, or in which networks'
            WHEN p.n IS NULL THEN 'there is no path along which to send a packet' END AS detail
  FROM cluster AS c JOIN mesh_setting AS s
  LEFT JOIN paths AS p ON p.cluster = c.id
  LEFT JOIN lost AS l ON l.cluster = c.id
  LEFT JOIN members AS m ON m.cluster = c.id
