/*
The work list of the mesh: each path of migration_path, whether a packet should cross it, and with which addresses. A pair of
adapters has one family of addresses: IPv4 where they can reach each other by it.

Of a large cluster not every path is tried, but those of the pairs that mesh_pair doesn't spare, and one path each way between any
two groups of adapters that lead to the same physical switches, where LLDP or CDP tells (hint_leaf); those of which it isn't known
are a group, too.

path         id, as in migration_path
cluster, host, peer   ids
src_device, dst_device   vmk1; NULL: not known
family       4 or 6; NULL: not known
src_ip, dst_ip   the addresses; NULL: not known
src_network, dst_network   their networks; NULL: not known
netstack     TCP/IP stack of the source's adapter
mtu          of the source's adapter, bytes; NULL: not known
payload      bytes of ICMP data that fill it: 28 less, 48 with IPv6; or what mesh_setting says
likely       payload of the commonest smaller MTU, 1500
duty         away: the source is not connected, so that nothing migrates from it; send: a packet should get across; unsampled: that
             too, and it is not tried; elsewhere: these two adapters are not for each other, others of the two hosts are; none: no
             adapters of the two hosts have a way to each other; NULL: not known
src_leaf, dst_leaf   the groups that the adapters belong to, as in hint_leaf; NULL: not known, or all paths of the cluster are tried
in_scope, hosts, turn   as in mesh_pair
*/
-- index: path
WITH address AS MATERIALIZED (SELECT host, device, family, ip, network, routed FROM migration_address WHERE device IS NOT NULL),
     way AS MATERIALIZED (
	SELECT p.path, p.host, p.peer, p.src_device, s.family, s.ip AS src_ip, d.ip AS dst_ip, s.network AS src_network,
	       d.network AS dst_network,
	       CASE WHEN s.network = d.network THEN 3
	            WHEN s.network IS NULL OR d.network IS NULL THEN NULL
	            WHEN ip_in(d.ip, s.network) = 1 THEN 2
	            ELSE s.routed END AS level
	  FROM migration_path AS p
	  JOIN address AS s ON s.host = p.host AND s.device = p.src_device
	  JOIN address AS d ON d.host = p.peer AND d.device = p.dst_device AND d.family = s.family),
     best AS MATERIALIZED (
	SELECT *, row_number() OVER (PARTITION BY path ORDER BY coalesce(level, 0) = 0, family, level DESC, src_ip, dst_ip) AS rank,
	       max(level IS NULL) OVER (PARTITION BY path) AS unsure
	  FROM way),
     seen AS MATERIALIZED (
	SELECT *, max(coalesce(level, 0) >= 2) OVER (PARTITION BY host, peer, src_device) AS near,
	       max(coalesce(level, 0) >= 1) OVER (PARTITION BY host, peer) AS any_way
	  FROM best WHERE rank = 1),
     meant AS MATERIALIZED (
	SELECT p.path, p.cluster, p.host, p.peer, p.src_device, p.dst_device, w.family, w.src_ip, w.dst_ip, w.src_network, w.dst_network,
	       p.src_netstack AS netstack, p.src_mtu AS mtu,
	       CASE WHEN a.connection IN ('disconnected', 'notresponding') THEN 'away'
	            WHEN w.level >= 2 OR (w.level = 1 AND NOT w.near) THEN 'send'
	            WHEN w.level = 1 THEN 'elsewhere'
	            WHEN w.level = 0 AND NOT w.unsure AND w.any_way THEN 'elsewhere'
	            WHEN w.level = 0 AND NOT w.unsure THEN 'none' END AS duty,
	       x.in_scope, x.hosts, x.turn, x.spare
	  FROM migration_path AS p
	  LEFT JOIN seen AS w ON w.path = p.path
	  LEFT JOIN host_state AS a ON a.host = p.host
	  LEFT JOIN mesh_pair AS x ON x.host = p.host AND x.peer = p.peer),
     large AS MATERIALIZED (SELECT DISTINCT cluster FROM meant WHERE spare),
     grouped AS MATERIALIZED (
	SELECT m.path, s.leaf AS src_leaf, d.leaf AS dst_leaf,
	       row_number() OVER (PARTITION BY m.cluster, s.leaf, d.leaf ORDER BY m.spare, m.turn, m.path) AS rank
	  FROM large AS c JOIN meant AS m ON m.cluster = c.cluster
	  LEFT JOIN hint_leaf AS s ON s.host = m.host AND s.device = m.src_device
	  LEFT JOIN hint_leaf AS d ON d.host = m.peer AND d.device = m.dst_device
	 WHERE m.duty = 'send' AND m.in_scope)
SELECT p.path, p.cluster, p.host, p.peer, p.src_device, p.dst_device, p.family, p.src_ip, p.dst_ip, p.src_network, p.dst_network,
       p.netstack, p.mtu,
       CASE WHEN p.mtu BETWEEN 1280 AND 65535 AND p.family IN (4, 6)
            THEN CASE WHEN m.payload > 0 THEN m.payload ELSE p.mtu - CASE p.family WHEN 4 THEN 28 ELSE 48 END END END AS payload,
       1500 - CASE p.family WHEN 4 THEN 28 WHEN 6 THEN 48 END AS likely,
       CASE WHEN p.duty = 'send' AND p.spare AND g.rank IS NOT 1 THEN 'unsampled' ELSE p.duty END AS duty,
       g.src_leaf, g.dst_leaf, p.in_scope, p.hosts, p.turn
  FROM meant AS p
  JOIN mesh_setting AS m
  LEFT JOIN grouped AS g ON g.path = p.path
