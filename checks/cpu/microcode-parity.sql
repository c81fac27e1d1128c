/*
title: Processors of one kind run the same microcode on both hosts
subject: pair
depends: own
severity: warning
platforms: [kvm]
symptom: >
  A guest with the host's processor (host-passthrough) misses at the destination what the microcode brought, such as the controls that
  mitigate speculative execution; "guest CPU doesn't match specification: missing features: spec-ctrl, ssbd".
fix: Update the package with the microcode (intel-microcode, amd64-microcode, microcode_ctl) or the firmware, and reboot the host.
refs: ["Linux kernel documentation: The Linux Microcode Loader", "Linux kernel: arch/x86/kernel/cpu/proc.c, microcode"]
*/
-- Hexadecimal numbers of one length sort as they count.
WITH processor AS MATERIALIZED (
	SELECT host, lower(vendor) || ' ' || family || '/' || model || '/' || stepping AS kind,
	       substr('0000000000000000' || lower(replace(microcode, '0x', '')), -16) AS n, lower(microcode) AS microcode
	  FROM linux_cpu),
     has AS MATERIALIZED (
	SELECT host, CASE WHEN count(kind) = count(*) AND min(kind) = max(kind) THEN min(kind) END AS kind,
	       CASE WHEN count(n) = count(*) THEN min(n) END AS low, CASE WHEN count(n) = count(*) THEN max(n) END AS high,
	       min(microcode) AS microcode
	  FROM processor GROUP BY host),
     answer AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, h.destination, ',' || json_quote(h.id) AS own, p.kind, p.low, p.high, p.microcode
	  FROM host AS h LEFT JOIN has AS p ON p.host = h.id),
     side AS MATERIALIZED (
	SELECT cluster, kind, low, high, min(microcode) AS microcode, group_concat(own, '') AS ids
	  FROM answer WHERE destination GROUP BY cluster, kind, low, high),
     word AS MATERIALIZED (
	SELECT a.host, replace(s.ids, a.own, '') AS ids, a.kind AS kind_here, s.kind AS kind_there, a.low AS low_here, a.high AS high_here,
	       s.low AS low_there, s.high AS high_there, a.microcode AS here, s.microcode AS there
	  FROM answer AS a JOIN side AS s ON s.cluster = a.cluster)
SELECT host, '[' || substr(ids, 2) || ']' AS peer,
       CASE WHEN kind_here <> kind_there THEN 'na'
            WHEN kind_here IS NULL OR kind_there IS NULL THEN 'unknown'
            WHEN low_here = high_here AND low_there = high_there AND low_here = low_there THEN 'pass'
            WHEN low_there < high_here THEN 'fail'
            WHEN low_there >= high_here THEN 'warn'
            ELSE 'unknown' END AS status,
       'microcode ' || coalesce(here || CASE WHEN low_here <> high_here THEN ' and others' ELSE '' END, 'not known') || ' here, '
           || coalesce(there || CASE WHEN low_there <> high_there THEN ' and others' ELSE '' END, 'not known') || ' there' AS observed,
       'the same on both' AS expected,
       CASE WHEN kind_here <> kind_there THEN 'not the same processors: ' || kind_here || ' here, ' || kind_there || ' there'
            WHEN kind_here IS NULL THEN 'the host named no processors, or several kinds'
            WHEN kind_there IS NULL THEN 'the other host named no processors, or several kinds'
            WHEN low_here IS NULL THEN 'the host''s processors name no microcode'
            WHEN low_there IS NULL THEN 'the other host''s processors name no microcode'
            WHEN low_there < high_here THEN 'older there'
            WHEN low_there > low_here THEN 'newer there' END AS detail
  FROM word
 WHERE ids <> ''
