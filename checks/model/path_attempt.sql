/*
Every attempt at pinging along a path, whoever sent it. The first packet of each wakes the way up (address resolution, the switches'
tables) and is left out of what is counted and timed here.

path       id
host, peer   ids
payload    bytes of ICMP data
attempt    from 1
replied    1: a reply came, also to the first packet; 0: none; NULL: not known, as when none was counted and yet some are listed
too_long   1: the source itself refuses to send that much in one frame, else 0
sent, received   packets, without the first; NULL: not known, as when the replies are not all listed
rtt_min_us, rtt_avg_us, rtt_max_us   microseconds; NULL: no reply, or not known
jitter_us  mean difference of one reply's time to the next, microseconds; NULL: fewer than two replies in a row
error      what the source said instead of sending, or none; NULL: not known
failure    why there is no answer; NULL: there is one
via        the way that the source was asked
*/
-- index: path
WITH reply AS MATERIALIZED (
	SELECT path, payload, attempt, seq, rtt_us, dup,
	       abs(rtt_us - lag(CASE WHEN seq > 0 THEN rtt_us END) OVER (PARTITION BY path, payload, attempt, dup ORDER BY seq)) AS step
	  FROM path_ping_reply),
     counted AS MATERIALIZED (
	SELECT path, payload, attempt, count(DISTINCT CASE WHEN dup = 0 THEN seq END) AS replies,
	       count(DISTINCT CASE WHEN dup = 0 AND seq > 0 THEN seq END) AS n, sum(seq IS NULL OR dup IS NULL) AS holes,
	       min(CASE WHEN dup = 0 AND seq > 0 THEN rtt_us END) AS rtt_min_us, avg(CASE WHEN dup = 0 AND seq > 0 THEN rtt_us END) AS rtt_avg_us,
	       max(CASE WHEN dup = 0 AND seq > 0 THEN rtt_us END) AS rtt_max_us, avg(CASE WHEN dup = 0 AND seq > 0 THEN step END) AS jitter_us
	  FROM reply GROUP BY path, payload, attempt)
SELECT a.path, a.host, a.peer, a.payload, a.attempt,
       CASE WHEN a.received > 0 THEN 1
            WHEN a.received = 0 AND c.replies IS NULL AND (a.sent > 0 OR a.error <> 'none') THEN 0 END AS replied,
       coalesce(a.error LIKE '%message too long%', 0) AS too_long, CASE WHEN a.received = coalesce(c.replies, 0) THEN max(a.sent - 1, 0) END AS sent,
       CASE WHEN a.received = coalesce(c.replies, 0) THEN coalesce(c.n, 0) END AS received,
       c.rtt_min_us, CAST(round(c.rtt_avg_us) AS INTEGER) AS rtt_avg_us, c.rtt_max_us, CAST(round(c.jitter_us) AS INTEGER) AS jitter_us,
       a.error, a.failure, a.via
  FROM path_ping AS a
  LEFT JOIN counted AS c ON c.path = a.path AND c.payload = a.payload AND c.attempt = a.attempt
