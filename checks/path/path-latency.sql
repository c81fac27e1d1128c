/*
title: Packets between migration adapters take no longer than migrations bear
subject: path
depends: own
severity: critical
platforms: [vsphere, kvm]
params: {max_ms: 150, warn_ms: 10, warn_jitter_ms: 20}
symptom: Migrations over a distance are refused, never catch up with a busy VM, or stun it for seconds when they switch over.
fix: >
  Look for a detour or a congested link between the two hosts. vMotion is supported up to 150 ms for the way there and back, with the
  licence for long distances; without it up to 10 ms. For KVM nobody gives a limit: the same is taken.
refs: ["VMware vSphere: vCenter Server and Host Management, Requirements for vMotion", "VMware KB 2106949"]
*/
-- Of the largest packets that get across. A path without any reply has no time: jumbo-frames-path tells of it.
WITH seen AS MATERIALIZED (
	SELECT p.path, p.host, p.peer, p.src_device, p.dst_device, m.duty, m.in_scope, m.dst_ip, s.absent OR d.absent AS absent, coalesce(s.lacks, d.lacks) AS lacks, r.rtt_min_us, r.rtt_avg_us,
	       r.rtt_max_us, r.jitter_us, r.failure, r.via, CASE WHEN m.duty = 'send' AND m.in_scope THEN r.state END AS state
	  FROM migration_path AS p
	  LEFT JOIN mesh_path AS m ON m.path = p.path
	  LEFT JOIN path_result AS r ON r.path = p.path
	  LEFT JOIN migration_told AS s ON s.host = p.host
	  LEFT JOIN migration_told AS d ON d.host = p.peer)
SELECT path, host, peer,
       CASE WHEN duty IN ('away', 'elsewhere', 'none', 'unsampled') OR absent OR state = 'unreachable' THEN 'na'
            WHEN state IS NULL OR rtt_avg_us IS NULL THEN 'unknown'
            WHEN rtt_avg_us > :max_ms * 1000 THEN 'fail'
            WHEN rtt_avg_us > :warn_ms * 1000 OR rtt_max_us > :max_ms * 1000 OR jitter_us > :warn_jitter_ms * 1000 THEN 'warn'
            WHEN rtt_avg_us <= :warn_ms * 1000 AND rtt_max_us <= :max_ms * 1000 AND jitter_us <= :warn_jitter_ms * 1000 THEN 'pass'
            ELSE 'unknown' END AS status,
       src_device || ' -> ' || coalesce(dst_ip, dst_device) AS object,
       CASE WHEN state IS NOT NULL AND rtt_avg_us IS NOT NULL
            THEN printf('%.3f ms there and back (%.3f to %.3f)', rtt_avg_us / 1e3, rtt_min_us / 1e3, rtt_max_us / 1e3)
                 || CASE WHEN jitter_us IS NOT NULL THEN printf(', varying by %.3f ms', jitter_us / 1e3) ELSE '' END END AS observed,
       'at most ' || :warn_ms || ' ms, varying by at most ' || :warn_jitter_ms || ' ms; more than ' || :max_ms || ' ms is not supported' AS expected,
       CASE WHEN duty = 'away' THEN 'the host is not connected, so that nothing migrates from it: see host-connected'
            WHEN absent THEN 'a side has ' || lacks
            WHEN duty IN ('elsewhere', 'none') THEN 'these two adapters have no way to each other'
            WHEN duty = 'unsampled' THEN 'not sampled: see jumbo-frames-path'
            WHEN duty IS NULL THEN 'not known which addresses the two adapters have, or in which networks'
            WHEN NOT in_scope THEN 'not tried: the run is about other hosts'
            WHEN state = 'unreachable' THEN 'no reply at all: see jumbo-frames-path'
            WHEN state IS NULL THEN coalesce('not known: ' || failure, 'not tried, or not to the end')
            WHEN rtt_avg_us IS NULL THEN 'the replies were not timed'
            WHEN rtt_avg_us <= :max_ms * 1000 AND rtt_max_us > :max_ms * 1000 THEN 'some packets take longer than ' || :max_ms || ' ms'
            WHEN jitter_us IS NULL THEN 'too few replies to tell how much the times vary' END AS detail,
       via
  FROM seen
