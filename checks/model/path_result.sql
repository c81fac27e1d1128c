/*
What came of each path of mesh_path: whether a frame of full size gets across, and what does. Full is what the source's adapter is
set to, unless mesh_setting gives another size. A size
counts as lost when all packets of two attempts were lost, or when the source itself refused to send it. Where the source named a
smaller MTU than its adapter's then, it is the path's: the source remembers it from a router, for ten minutes, or a route is set to it.

path            id
cluster, host, peer   ids
duty, in_scope   as in mesh_path
src_device, dst_device   vmk1, eth1
configured_mtu  of the source's adapter, bytes
tested_mtu      full size, headers included, bytes; NULL: not known
effective_mtu   what its virtual switch carries, bytes; NULL: not known. An opaque switch doesn't tell
observed_mtu    of the largest packet that got a reply, headers included, bytes; NULL: none did, or nothing is known
state           ok; unreachable: not even a small packet gets a reply; small: small ones do, full ones don't; local: the source
                refuses to send a full one; lossy: some full ones get across; NULL: not known
sent, received  packets of full size (unreachable: of any), without the first of each attempt
loss_pct        of those
crossed_sent, crossed_received   packets of the largest size that got across, without the first of each attempt
rtt_min_us, rtt_avg_us, rtt_max_us, jitter_us   of those; microseconds
told_mtu        what a router, or the source from what it remembers of one or from its routes, said is the most that the path carries,
                bytes; TCP makes do with that. NULL: nobody did
error           what a router, or else the source, said instead of a reply
failure         why an attempt has no answer; NULL: each has one
via             the way that the source was asked
*/
-- index: path
WITH work AS MATERIALIZED (SELECT path, cluster, host, peer, src_device, dst_device, family, mtu, payload, duty, in_scope FROM mesh_path),
     size AS MATERIALIZED (
	SELECT a.path, a.payload, max(a.replied) AS crossed, max(a.too_long) AS too_long,
	       min(a.replied IS 0) AND count(*) > 1 AS lost, sum(a.replied IS 0) AS misses, count(*) - count(a.sent) AS holes, count(*) - count(a.replied) AS open,
	       sum(a.sent) AS sent, sum(a.received) AS received,
	       min(a.rtt_min_us) AS rtt_min_us, CAST(round(sum(a.rtt_avg_us * a.received) * 1.0 / nullif(sum(CASE WHEN a.rtt_avg_us IS NOT NULL THEN a.received END), 0)) AS INTEGER) AS rtt_avg_us,
	       max(a.rtt_max_us) AS rtt_max_us, CAST(round(avg(a.jitter_us)) AS INTEGER) AS jitter_us, coalesce(max(CASE WHEN a.told THEN a.error END), max(nullif(a.error, 'none'))) AS error,
	       max(a.told) AS told, min(a.said_mtu) AS said_mtu, max(a.failure) AS failure, max(a.via) AS via
	  FROM path_attempt AS a GROUP BY a.path, a.payload),
     told AS MATERIALIZED (
	SELECT w.path, max(CASE WHEN s.crossed THEN s.payload END) AS crossed,
	       max(CASE WHEN s.payload < w.payload THEN s.lost END) AS small_lost, max(CASE WHEN s.payload < w.payload THEN s.too_long END) AS small_long,
	       sum(s.sent) AS sent, sum(s.received) AS received, max(s.open) AS open,
	       coalesce(max(CASE WHEN s.told THEN s.error END), max(s.error)) AS error,
	       max(s.told OR coalesce(s.too_long AND s.said_mtu < w.mtu, 0)) AS told,
	       min(CASE WHEN s.told OR (s.too_long AND s.said_mtu < w.mtu) THEN s.said_mtu END) AS told_mtu, max(s.failure) AS failure, max(s.via) AS via
	  FROM work AS w JOIN size AS s ON s.path = w.path GROUP BY w.path),
     switch AS MATERIALIZED (
	SELECT host, device, CASE WHEN count(*) = count(switch_mtu) THEN min(switch_mtu) END AS mtu FROM migration_switch GROUP BY host, device),
     judged AS MATERIALIZED (
	SELECT w.*, t.crossed, t.told_mtu, t.error, t.failure, t.via, f.crossed AS full, t.sent AS all_sent, t.received AS all_received, f.sent AS full_sent,
	       f.received AS full_received,
	       CASE WHEN f.crossed = 1 THEN CASE WHEN f.holes = 0 AND f.sent > 0 THEN CASE WHEN f.received = f.sent THEN 'ok' WHEN f.received < f.sent THEN 'lossy' END END
	            WHEN f.too_long = 1 AND t.told = 0 THEN 'local'
	            WHEN (f.lost = 1 OR f.too_long = 1) AND t.crossed < w.payload THEN 'small'
	            WHEN f.misses > 0 AND t.small_lost = 1 AND t.crossed IS NULL AND t.open = 0 AND coalesce(t.small_long, 0) = 0 THEN 'unreachable' END AS state
	  FROM work AS w
	  LEFT JOIN size AS f ON f.path = w.path AND f.payload = w.payload
	  LEFT JOIN told AS t ON t.path = w.path)
SELECT j.path, j.cluster, j.host, j.peer, j.duty, j.in_scope, j.src_device, j.dst_device, j.mtu AS configured_mtu,
       j.payload + CASE j.family WHEN 4 THEN 28 WHEN 6 THEN 48 END AS tested_mtu, s.mtu AS effective_mtu,
       j.crossed + CASE j.family WHEN 4 THEN 28 WHEN 6 THEN 48 END AS observed_mtu, j.state,
       CASE j.state WHEN 'unreachable' THEN j.all_sent ELSE j.full_sent END AS sent,
       CASE j.state WHEN 'unreachable' THEN j.all_received ELSE j.full_received END AS received,
       CASE j.state WHEN 'unreachable' THEN 100.0 WHEN 'small' THEN 100.0
                    ELSE 100.0 * (j.full_sent - j.full_received) / nullif(j.full_sent, 0) END AS loss_pct,
       t.sent AS crossed_sent, t.received AS crossed_received, t.rtt_min_us, t.rtt_avg_us, t.rtt_max_us, t.jitter_us, j.told_mtu, j.error, j.failure, j.via
  FROM judged AS j
  LEFT JOIN size AS t ON t.path = j.path AND t.payload = j.crossed
  LEFT JOIN switch AS s ON s.host = j.host AND s.device = j.src_device
