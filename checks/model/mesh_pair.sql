/*
Pairs of host_pair as the mesh tries them. Of a cluster with more hosts than mesh_setting says not each pair is: each host is tried
with those 1, 2, 4, 8 ... places further on, and they with it, which uses each adapter both ways. Of hosts that --host names every pair
with the others is tried.

cluster, host, peer   ids
in_scope   1: the run is about one of the two hosts, else 0
hosts      of the cluster
turn       how many places further on in the cluster the peer stands, so that equal turns have different peers
spare      1: it is left out, unless something else picks it, else 0
*/
-- index: host, peer
WITH place AS MATERIALIZED (
	SELECT id, row_number() OVER (PARTITION BY cluster ORDER BY id) AS i, count(*) OVER (PARTITION BY cluster) AS n,
	       NOT EXISTS (SELECT 1 FROM run_scope) OR id IN (SELECT host FROM run_scope) AS in_scope
	  FROM host),
     pair AS (
	SELECT p.cluster, p.host, p.peer, s.in_scope OR d.in_scope AS in_scope, s.in_scope AND d.in_scope AS both, s.n AS hosts,
	       (d.i - s.i + s.n) % s.n AS turn
	  FROM host_pair AS p JOIN place AS s ON s.id = p.host JOIN place AS d ON d.id = p.peer)
SELECT cluster, host, peer, in_scope, hosts, turn,
       both AND hosts > m.sample_above AND (turn & (turn - 1)) <> 0 AND ((hosts - turn) & (hosts - turn - 1)) <> 0 AS spare
  FROM pair JOIN mesh_setting AS m
