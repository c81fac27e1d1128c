/*
The work list of the mesh: each path of migration_path, whether a packet should cross it, and with which addresses. A pair of
adapters has one family of addresses: IPv4 where they can reach each other by it.

Of a cluster with more hosts than mesh_setting says not every pair is tried, but each host with those 1, 2, 4, 8 ... places further
on, and they with it, by all of their adapters: so each adapter and each uplink is used in both directions. Two small racks may have
no path between them tried. Of hosts that --host names every path to and from the others is tried.

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
in_scope     1: the run is about one of the two hosts, else 0
turn         how many places further on in the cluster the peer stands, so that equal turns have different peers
hosts        of the cluster
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
     place AS MATERIALIZED (
	SELECT id, row_number() OVER (PARTITION BY cluster ORDER BY id) AS i, count(*) OVER (PARTITION BY cluster) AS n,
	       NOT EXISTS (SELECT 1 FROM run_scope) OR id IN (SELECT host FROM run_scope) AS in_scope
	  FROM host),
     pair AS MATERIALIZED (
	SELECT s.id AS host, d.id AS peer, (d.i - s.i + s.n) % s.n AS turn, s.n, s.in_scope OR d.in_scope AS in_scope,
	       s.in_scope AND d.in_scope AS both
	  FROM host_pair AS p JOIN place AS s ON s.id = p.host JOIN place AS d ON d.id = p.peer)
SELECT p.path, p.cluster, p.host, p.peer, p.src_device, p.dst_device, w.family, w.src_ip, w.dst_ip, w.src_network, w.dst_network,
       p.src_netstack AS netstack, p.src_mtu AS mtu,
       CASE WHEN p.src_mtu BETWEEN 1280 AND 65535 AND w.family IN (4, 6)
            THEN CASE WHEN m.payload > 0 THEN m.payload ELSE p.src_mtu - CASE w.family WHEN 4 THEN 28 ELSE 48 END END END AS payload,
       1500 - CASE w.family WHEN 4 THEN 28 WHEN 6 THEN 48 END AS likely,
       CASE WHEN a.connection IN ('disconnected', 'notresponding') THEN 'away'
            WHEN w.level >= 2 OR (w.level = 1 AND NOT w.near)
            THEN CASE WHEN x.n <= m.sample_above OR NOT x.both OR (x.turn & (x.turn - 1)) = 0 OR ((x.n - x.turn) & (x.n - x.turn - 1)) = 0 THEN 'send'
                      ELSE 'unsampled' END
            WHEN w.level = 1 THEN 'elsewhere'
            WHEN w.level = 0 AND NOT w.unsure AND w.any_way THEN 'elsewhere'
            WHEN w.level = 0 AND NOT w.unsure THEN 'none' END AS duty,
       x.in_scope, x.turn, x.n AS hosts
  FROM migration_path AS p
  JOIN mesh_setting AS m
  LEFT JOIN seen AS w ON w.path = p.path
  LEFT JOIN host_state AS a ON a.host = p.host
  LEFT JOIN pair AS x ON x.host = p.host AND x.peer = p.peer
