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
SELECT path, host, peer,
       CASE WHEN lacking IS NOT NULL THEN lacking
            WHEN rtt_avg_us > :max_ms * 1000 THEN 'fail'
            WHEN rtt_avg_us > :warn_ms * 1000 OR rtt_max_us > :max_ms * 1000 OR jitter_us > :warn_jitter_ms * 1000 THEN 'warn'
            WHEN rtt_avg_us <= :warn_ms * 1000 AND rtt_max_us <= :max_ms * 1000 AND jitter_us <= :warn_jitter_ms * 1000 THEN 'pass'
            ELSE 'unknown' END AS status,
       object,
       CASE WHEN lacking IS NULL AND rtt_avg_us IS NOT NULL
            THEN printf('%.3f ms there and back (%.3f to %.3f)', rtt_avg_us / 1e3, rtt_min_us / 1e3, rtt_max_us / 1e3)
                 || CASE WHEN jitter_us IS NOT NULL THEN printf(', varying by %.3f ms', jitter_us / 1e3) ELSE '' END END AS observed,
       'at most ' || :warn_ms || ' ms, varying by at most ' || :warn_jitter_ms || ' ms; more than ' || :max_ms || ' ms is not supported' AS expected,
       CASE WHEN lacking IS NOT NULL THEN reason
            WHEN rtt_avg_us IS NULL THEN 'the replies were not timed'
            WHEN rtt_avg_us <= :max_ms * 1000 AND rtt_max_us > :max_ms * 1000 THEN 'some packets take longer than ' || :max_ms || ' ms'
            WHEN jitter_us IS NULL THEN 'too few replies to tell how much the times vary' END AS detail,
       via
  FROM path_crossing
