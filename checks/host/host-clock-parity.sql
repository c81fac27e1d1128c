/*
title: The clocks of both hosts agree, and both count with the processor's own counter or neither does
subject: pair
depends: own
severity: warning
platforms: [kvm]
params: {warn_ms: 100, max_ms: 1000}
symptom: >
  The guest's clock jumps when it moves, forwards or back: timers fire at once or late, databases and clusters take themselves for broken.
  On a host that doesn't count with the tsc reading the time costs much more.
fix: >
  Let a time service on both hosts follow the same servers (chronyc sources). Where only one of the two counts with the tsc, its kernel log
  says why it gave it up ("clocksource: ... unstable").
refs: ["KVM: the paravirtual clock (kvm-clock), Documentation/virt/kvm/x86/timekeeping.rst", "chronyc(1), tracking"]
*/
-- Each clock was read between our question and the answer, so that two of them differ by at least, and by at most, so much.
WITH clock AS MATERIALIZED (
	SELECT c.host, c.wall_ms - c.answered_ms AS low, c.wall_ms - c.asked_ms AS high, s.name = 'tsc' AS tsc, s.name AS source
	  FROM linux_clock AS c LEFT JOIN linux_clocksource AS s ON s.host = c.host
	 WHERE c.answered_ms >= c.asked_ms),
     apart AS MATERIALIZED (
	SELECT p.host, p.peer, max(a.low - b.high, b.low - a.high, 0) AS least, max(a.high - b.low, b.high - a.low) AS most, a.tsc <> b.tsc AS uneven,
	       a.source, b.source AS other
	  FROM host_pair AS p LEFT JOIN clock AS a ON a.host = p.host LEFT JOIN clock AS b ON b.host = p.peer),
     judged AS MATERIALIZED (
	SELECT host, peer,
	       CASE WHEN least > :max_ms THEN 'fail'
	            WHEN least > :warn_ms OR (uneven = 1 AND most <= :max_ms) THEN 'warn'
	            WHEN most <= :max_ms AND uneven = 0 THEN 'pass'
	            ELSE 'unknown' END AS status,
	       CASE WHEN least > :warn_ms THEN printf('%.3f s apart, or more', least / 1000.0) WHEN most <= :max_ms THEN printf('at most %.3f s apart', :max_ms / 1000.0) END AS gap,
	       CASE WHEN uneven THEN 'one counts with ' || source || ', the other with ' || other END AS sources,
	       CASE WHEN most > :max_ms AND least <= :warn_ms THEN 'the answers took too long to tell' END AS detail
	  FROM apart)
SELECT host, json_group_array(peer) AS peer, status, coalesce(gap || '; ' || sources, gap, sources) AS observed,
       printf('at most %.3f s apart, counting with the same kind of hardware', :warn_ms / 1000.0) AS expected, detail
  FROM judged GROUP BY host, status, observed, detail
