/*
What is known of the packets that get across each path of migration_path, for checks that judge how they do.

path, host, peer   ids
object    what the path is called: vmk1 -> 10.1.0.2
lacking   na: there are none to judge; unknown: not known whether there are; NULL: some got across
reason    why, in words; NULL: some got across
mtu       of the largest packet that did, headers included, bytes
sent, received   packets of that size, without the first of each attempt
rtt_min_us, rtt_avg_us, rtt_max_us, jitter_us   of those; microseconds
via       the way that the source was asked
*/
-- index: path
WITH seen AS MATERIALIZED (
	SELECT p.path, p.host, p.peer, p.src_device || ' -> ' || coalesce(m.dst_ip, p.dst_device) AS object, m.duty, m.in_scope,
	       s.absent OR d.absent AS absent, coalesce(s.lacks, d.lacks) AS lacks, CASE WHEN m.duty = 'send' AND m.in_scope THEN r.state END AS state,
	       r.observed_mtu AS mtu, r.crossed_sent AS sent, r.crossed_received AS received, r.rtt_min_us, r.rtt_avg_us, r.rtt_max_us, r.jitter_us,
	       r.failure, r.via
	  FROM migration_path AS p
	  LEFT JOIN mesh_path AS m ON m.path = p.path
	  LEFT JOIN path_result AS r ON r.path = p.path
	  LEFT JOIN migration_told AS s ON s.host = p.host
	  LEFT JOIN migration_told AS d ON d.host = p.peer)
SELECT path, host, peer, object,
       CASE WHEN duty IN ('away', 'elsewhere', 'none', 'unsampled') OR absent OR state = 'unreachable' THEN 'na'
            WHEN state IS NULL THEN 'unknown' END AS lacking,
       CASE WHEN duty = 'away' THEN 'the host is not connected, so that nothing migrates from it: see host-connected'
            WHEN absent THEN 'a side has ' || lacks
            WHEN duty IN ('elsewhere', 'none') THEN 'these two adapters have no way to each other'
            WHEN duty = 'unsampled' THEN 'not sampled: see path-sample'
            WHEN duty IS NULL THEN 'not known which addresses the two adapters have, or in which networks'
            WHEN NOT in_scope THEN 'not tried: the run is about other hosts'
            WHEN state = 'unreachable' THEN 'no reply at all: see jumbo-frames-path'
            WHEN state IS NULL THEN coalesce('not known: ' || failure, 'not tried, or not to the end') END AS reason,
       mtu, sent, received, rtt_min_us, rtt_avg_us, rtt_max_us, jitter_us, via
  FROM seen
