/*
The matrices that path_culprit explains: paths whose packets should get across, of clusters where some don't, by symptom. What another
symptom hides says nothing of this one: whether a full-size packet would get across a path that carries none at all is not known. Nor
does a packet prove anything that is smaller than the least that got lost.

cluster   id
symptom   unreachable, small, local or lossy, as in path_result
path      id, as in migration_path
host, peer   ids
src_device, dst_device   vmk1
good      1: the path doesn't have the symptom, 0: it does; NULL: not known
amount    what gets across in bytes, headers included (small), or the loss in percent (lossy); NULL: not known
*/
WITH cell AS MATERIALIZED (
	SELECT r.path, r.cluster, r.host, r.peer, r.src_device, r.dst_device, r.state, r.tested_mtu, r.observed_mtu, r.loss_pct
	  FROM path_result AS r WHERE r.duty = 'send' AND r.in_scope),
     symptom AS MATERIALIZED (
	SELECT cluster, state AS name, min(tested_mtu) AS least FROM cell
	 WHERE state IN ('unreachable', 'small', 'local', 'lossy') GROUP BY cluster, state)
SELECT c.cluster, s.name AS symptom, c.path, c.host, c.peer, c.src_device, c.dst_device,
       CASE WHEN c.state = s.name THEN 0
            WHEN s.name = 'unreachable' THEN CASE WHEN c.observed_mtu > 0 THEN 1 END
            WHEN s.name = 'small' THEN CASE WHEN c.state IN ('ok', 'lossy') AND c.tested_mtu >= s.least THEN 1 END
            WHEN s.name = 'local' THEN CASE WHEN c.state IN ('ok', 'lossy', 'small') THEN 1 END
            WHEN s.name = 'lossy' THEN CASE WHEN c.state = 'ok' AND c.tested_mtu >= s.least THEN 1 END END AS good,
       CASE s.name WHEN 'small' THEN c.observed_mtu WHEN 'lossy' THEN c.loss_pct END AS amount
  FROM symptom AS s JOIN cell AS c ON c.cluster = s.cluster
