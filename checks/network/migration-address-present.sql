/*
title: Each host has an address of its own that migrations connect to
subject: host
depends: own
severity: critical
platforms: [kvm]
symptom: >
  The migration fails with "unable to connect to server" or "hostname on destination resolved to localhost", or it takes the management
  network.
fix: >
  Give each host an address in the migration network and name that network in the inventory (migration_network). Without one set migration_host
  in /etc/libvirt/qemu.conf on each host, or let each host's name lead to an address of its own rather than to 127.0.1.1.
refs: ["https://libvirt.org/migration.html", "qemu.conf: migration_host, migration_address"]
*/
-- The migration network is what somebody who migrates with --migrateuri says. Without it libvirt on the destination tells the source
-- migration_host, or the host's name; what that leads to is asked on the host itself, and the source may see it otherwise.
WITH picked AS MATERIALIZED (
	SELECT host, min("by") AS "by", count(*) AS n, count(device) AS sure, sum(ip IS NOT NULL AND bits IS NULL) AS strange,
	       group_concat(coalesce(device || ' ', '') || coalesce(ip, '?'), ', ') AS text
	  FROM (SELECT * FROM linux_migration_address ORDER BY host, device, ip) GROUP BY host),
     members AS MATERIALIZED (SELECT cluster, count(*) AS n FROM host GROUP BY cluster),
     seen AS MATERIALIZED (
	SELECT h.id AS host, c.n AS members, k.migration_network AS network, t.told, t.absent, p."by", p.n, p.sure, p.strange, p.text, m.conf,
	       m.setting, m.name, m.found, m.failure, coalesce(nullif(m.setting, ''), m.name) AS called
	  FROM host AS h
	  JOIN members AS c ON c.cluster = h.cluster
	  LEFT JOIN kvm_listed AS k ON k.host = h.id
	  LEFT JOIN migration_told AS t ON t.host = h.id
	  LEFT JOIN picked AS p ON p.host = h.id
	  LEFT JOIN libvirt_migration AS m ON m.host = h.id)
SELECT host,
       CASE WHEN members = 1 THEN 'na'
            WHEN absent = 1 THEN 'fail'
            WHEN sure = n THEN 'pass'
            WHEN told = 1 AND strange = n THEN 'fail'
            WHEN told = 1 AND strange + sure = n THEN 'warn'
            WHEN n IS NULL AND network = 'none' AND conf IN ('read', 'absent') AND setting = '' AND name LIKE 'localhost%' THEN 'fail'
            ELSE 'unknown' END AS status,
       CASE WHEN absent = 1 THEN 'no address in ' || network
            WHEN n IS NOT NULL THEN text || CASE "by" WHEN 'setting' THEN ' (migration_host: ' || setting || ')' WHEN 'name' THEN ' (its name: ' || name || ')' ELSE '' END
            WHEN found IS NOT NULL AND network = 'none' AND conf <> 'unreadable' THEN called || ' leads nowhere but to itself' END AS observed,
       CASE WHEN network <> 'none' THEN 'an address in ' || network ELSE 'an address that one of its interfaces has' END AS expected,
       CASE WHEN members = 1 THEN 'the host is the only one of its cluster: nothing migrates to it'
            WHEN strange > 0 THEN 'not on an interface of the host: the source would connect to somebody else'
            WHEN n IS NOT NULL OR absent = 1 THEN NULL
            WHEN network = 'none' AND conf = 'unreadable' THEN 'not known: qemu.conf is not readable, so that migration_host may be set. Name the migration_network in the inventory'
            WHEN network = 'none' AND name LIKE 'localhost%' AND setting = '' THEN 'libvirt refuses migrations to a host that calls itself so'
            WHEN network = 'none' AND found = 0 THEN called || ' has no address there: whether others find one is not known. Name the migration_network in the inventory'
            WHEN network = 'none' AND found > 0 THEN called || ' leads to the loopback interface there: where others find it is not known. Name the migration_network in the inventory'
            ELSE coalesce('not known: ' || failure, 'not known which addresses the host has') END AS detail
  FROM seen
