/*
title: A live migration of the VM comes to an end
subject: vm_host
depends: own
severity: warning
platforms: [kvm]
params: {measure: 0, bandwidth_mib_s: 0, downtime_ms: 300, auto_converge: 0, postcopy: 0, slow_s: 600}
symptom: >
  virsh migrate runs for ever, at 99 %: "Memory bandwidth" and "Dirty rate" in domjobinfo stay as they are, and Iteration counts on. With
  --timeout-suspend the guest stands still until all is copied.
fix: >
  Migrate it with --auto-converge (the guest is slowed down), or --postcopy with --postcopy-after-precopy (it always ends, but a link that
  fails then takes the guest with it), while the guest is idle, over a faster link, or with a longer downtime (migrate-setmaxdowntime). A
  site that always does so says it with the parameters auto_converge and postcopy.
refs: ["002_1da27ed02e3c1a09.txt", "virsh(1), domdirtyrate-calc, migrate --auto-converge --postcopy", "QEMU documentation: Migration, auto-converge",
       "libvirt: virDomainMigrateSetMaxSpeed"]
*/
-- A page counts once in a measurement: where a longer one saw no more pages than a shorter one, they are all of the working set (rates are
-- whole MiB/s: to one more a second), and how fast it is written to is not known, only that it is fast. Which way is best is said, also
-- where the profile doesn't take it.
WITH speed AS MATERIALIZED (
	SELECT n.host, CASE WHEN count(s.speed_mbit) = count(*) THEN max(s.speed_mbit) END AS mbit
	  FROM migration_nic AS n LEFT JOIN linux_link_speed AS s ON s.host = n.host AND s.name = n.device GROUP BY n.host),
     guest AS MATERIALIZED (
	SELECT v.id AS vm, v.cluster, v.host, m.mobility, d.limit_mib_s,
	       coalesce(min(t.rss_kib, s.kib), s.kib) / 1024.0 AS memory, d.short_mib_s AS rate,
	       d.long_mib_s * d.long_s <= 1.25 * d.short_mib_s * d.short_s AS capped,
	       CASE WHEN d.long_mib_s * d.long_s < 0.8 * d.short_mib_s * d.long_s OR d.long_mib_s * d.long_s <= 1.25 * d.short_mib_s * d.short_s
	            THEN max(d.long_mib_s * d.long_s, d.short_mib_s * d.short_s) + d.long_s
	            WHEN d.long_mib_s IS NOT NULL THEN s.kib / 1024.0 END AS working_set
	  FROM vm AS v
	  JOIN libvirt_vm AS l ON l.host = v.host AND l.uuid = substr(v.id, length(v.host) + 2)
	  LEFT JOIN vm_mobility AS m ON m.vm = v.id
	  LEFT JOIN vm_memory AS s ON s.vm = v.id
	  LEFT JOIN libvirt_vm_state AS t ON t.host = l.host AND t.name = l.name
	  LEFT JOIN libvirt_dirty_rate AS d ON d.host = l.host AND d.uuid = l.uuid),
     route AS MATERIALIZED (
	SELECT g.*, json_group_array(h.id) AS peers,
	       CASE WHEN :bandwidth_mib_s > 0 THEN :bandwidth_mib_s * 1.0 ELSE min(a.mbit, b.mbit) * 0.9 * 1000000 / 8 / 1048576 END AS link
	  FROM guest AS g JOIN host AS h ON h.cluster = g.cluster AND h.destination AND h.id IS NOT g.host
	  LEFT JOIN speed AS a ON a.host = g.host LEFT JOIN speed AS b ON b.host = h.id
	 GROUP BY g.vm, CASE WHEN :bandwidth_mib_s > 0 THEN 0 ELSE min(a.mbit, b.mbit) END),
     met AS MATERIALIZED (
	SELECT r.*, min(r.link, CASE WHEN r.limit_mib_s < 1099511627776 THEN r.limit_mib_s ELSE r.link END) AS bandwidth,
	       CASE r.capped WHEN 1 THEN 1e9 WHEN 0 THEN r.rate END AS dirtied
	  FROM route AS r),
     ended AS MATERIALIZED (
	SELECT m.*, migration_seconds(memory, min(working_set, memory), dirtied, bandwidth, :downtime_ms, 0) AS precopy,
	       migration_seconds(memory, min(working_set, memory), dirtied, bandwidth, :downtime_ms, 99) AS throttled,
	       (memory + min(working_set, memory)) / bandwidth AS postcopied
	  FROM met AS m)
SELECT vm, peers AS peer,
       CASE WHEN mobility = 'cold' OR (mobility = 'live' AND :measure <> 1) THEN 'na'
            WHEN mobility IS NULL OR precopy IS NULL OR throttled IS NULL THEN 'unknown'
            WHEN precopy BETWEEN 0 AND :slow_s THEN 'pass'
            WHEN :postcopy = 1 OR (:auto_converge = 1 AND throttled BETWEEN 0 AND :slow_s) THEN 'warn'
            WHEN precopy >= 0 OR (:auto_converge = 1 AND throttled >= 0) THEN 'warn' ELSE 'fail' END AS status,
       CASE WHEN mobility = 'live' AND :measure = 1
            THEN CASE WHEN capped AND rate = 0 THEN 'writes next to nothing'
                      WHEN capped THEN 'writes within a second to all of the ' || CAST(working_set AS INTEGER) || ' MiB that it uses'
                      ELSE 'writes ' || rate || ' MiB/s' END
                 || CASE WHEN precopy >= 0 THEN ': precopy ends after ' || max(1, CAST(round(precopy) AS INTEGER)) || ' s'
                         WHEN throttled >= 0
                         THEN ': precopy never ends, with auto-converge after ' || max(1, CAST(round(throttled) AS INTEGER)) || ' s'
                         WHEN precopy < 0 THEN ': precopy never ends, not with auto-converge either; postcopy after '
                                               || max(1, CAST(round(postcopied) AS INTEGER)) || ' s' ELSE '' END END AS observed,
       CASE WHEN mobility = 'live' AND :measure = 1
            THEN 'at most ' || :slow_s || ' s over ' || CAST(round(bandwidth) AS INTEGER) || ' MiB/s, with a downtime of '
                 || :downtime_ms || ' ms' END AS expected,
       CASE WHEN mobility = 'cold' THEN 'moves cold: its memory is not copied'
            WHEN mobility IS NULL THEN 'not known whether it runs'
            WHEN :measure <> 1 THEN 'not measured: the profile does not have it so (parameter measure)'
            WHEN rate IS NULL OR working_set IS NULL THEN 'no measurement came to an end'
            WHEN memory IS NULL THEN 'not known how much memory it has'
            WHEN bandwidth IS NULL THEN 'not known how fast the link is: say so with the parameter bandwidth_mib_s' END AS detail
  FROM ended
