/*
Every attempt at pinging along a path, whoever sent it. The first packet of each wakes the way up (address resolution, the switches'
tables) and is left out of what is counted and timed here. Replies from another address than the one that was asked, or from nobody
knows whom, are no answer.

path       id
host, peer   ids
payload    bytes of ICMP data
attempt    from 1
replied    1: a reply came, also to the first packet; 0: none; NULL: not known, as when none was counted and yet some are listed
too_long   1: the source itself refuses to send that much in one frame, else 0
told       1: a router said that it is too much for its next link, else 0
said_mtu   the MTU that it, or the source, named then, bytes; NULL: none
sent, received   packets, without the first; NULL: not known, as when the replies are not all listed
rtt_min_us, rtt_avg_us, rtt_max_us   microseconds; NULL: no reply, or not known
jitter_us  mean difference of one reply's time to the next, microseconds; NULL: fewer than two replies in a row
error      what the source, or a router, said instead of a reply, or none; NULL: not known
failure    why there is no answer; NULL: there is one
via        the way that the source was asked
*/
-- index: path
WITH reply AS MATERIALIZED (
	SELECT path, payload, attempt, seq, from_ip, rtt_us, dup,
	       abs(rtt_us - lag(CASE WHEN seq > 0 THEN rtt_us END) OVER (PARTITION BY path, payload, attempt, dup ORDER BY seq)) AS step
	  FROM path_ping_reply),
     counted AS MATERIALIZED (
	SELECT path, payload, attempt, count(DISTINCT CASE WHEN dup = 0 THEN seq END) AS replies,
	       count(DISTINCT CASE WHEN dup = 0 AND seq > 0 THEN seq END) AS n,
	       min(from_ip) AS first_ip, max(from_ip) AS last_ip, count(*) = count(from_ip) AS named,
	       min(CASE WHEN dup = 0 AND seq > 0 THEN rtt_us END) AS rtt_min_us, avg(CASE WHEN dup = 0 AND seq > 0 THEN rtt_us END) AS rtt_avg_us,
	       max(CASE WHEN dup = 0 AND seq > 0 THEN rtt_us END) AS rtt_max_us, avg(CASE WHEN dup = 0 AND seq > 0 THEN step END) AS jitter_us
	  FROM reply GROUP BY path, payload, attempt),
     told AS MATERIALIZED (
	SELECT a.*, c.replies, c.n, c.rtt_min_us, c.rtt_avg_us, c.rtt_max_us, c.jitter_us,
	       c.named AND ip_same(c.first_ip, a.dst_ip) = 1 AND ip_same(c.last_ip, a.dst_ip) = 1 AS meant,
	       CASE WHEN ip_same(c.first_ip, a.dst_ip) = 0 THEN c.first_ip WHEN ip_same(c.last_ip, a.dst_ip) = 0 THEN c.last_ip END AS stranger
	  FROM path_ping AS a
	  LEFT JOIN counted AS c ON c.path = a.path AND c.payload = a.payload AND c.attempt = a.attempt)
SELECT path, host, peer, payload, attempt,
       CASE WHEN received > 0 AND meant THEN 1
            WHEN received = 0 AND replies IS NULL AND (sent > 0 OR error <> 'none') THEN 0 END AS replied,
       coalesce(error LIKE '%message too long%', 0) AS too_long,
       coalesce(error LIKE '%frag%needed%' OR error LIKE '%packet too big%', 0) AS told,
       CASE WHEN error LIKE '%mtu%' THEN nullif(CAST(ltrim(substr(error, instr(lower(error), 'mtu') + 3), ' =') AS INTEGER), 0) END AS said_mtu,
       CASE WHEN received = coalesce(replies, 0) AND (replies IS NULL OR meant) THEN max(sent - 1, 0) END AS sent,
       CASE WHEN received = coalesce(replies, 0) AND (replies IS NULL OR meant) THEN coalesce(n, 0) END AS received,
       rtt_min_us, CAST(round(rtt_avg_us) AS INTEGER) AS rtt_avg_us, rtt_max_us, CAST(round(jitter_us) AS INTEGER) AS jitter_us,
       error, coalesce(failure, 'a reply came from ' || stranger || ' instead of ' || dst_ip,
                       CASE WHEN replies IS NOT NULL AND meant IS NOT 1 THEN 'the replies don''t tell who sent them' END) AS failure, via
  FROM told
