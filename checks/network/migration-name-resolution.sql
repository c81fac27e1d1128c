/*
title: The source finds the destination by what libvirt there calls itself
subject: pair
depends: own
severity: critical
platforms: [kvm]
params: {migrate_uri: 0}
symptom: >
  "hostname on destination resolved to localhost, but migration requires an FQDN", "Unable to resolve address 'kvm02' service '49152'",
  "unable to connect to server at 'kvm02:49152'"; or guests that move over the management network.
fix: >
  Set migration_host in the destination's /etc/libvirt/qemu.conf to its address in the migration network, and restart the daemon; or give each
  host a name that all others know. Where whoever migrates always names the address (virsh migrate --migrateuri), set migrate_uri to 1 in
  the profile.
refs: ["https://libvirt.org/migration.html", "qemu.conf: migration_host", "libvirt: virsh migrate, --migrateuri"]
*/
-- Without --migrateuri the destination tells the source where to connect: migration_host, or what the host is called. What the source
-- makes of that is asked on the source, and held against the addresses that the destination has.
-- Peers with the same answer share a row.
WITH called AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, k.migration_network AS network, m.conf, m.setting, coalesce(nullif(m.setting, ''), m.called) AS name
	  FROM host AS h
	  LEFT JOIN kvm_listed AS k ON k.host = h.id
	  LEFT JOIN libvirt_migration AS m ON m.host = h.id
	 WHERE h.destination),
     own AS MATERIALIZED (SELECT host, address FROM linux_address),
     listed AS MATERIALIZED (SELECT host, count(address) = count(*) AS whole FROM own GROUP BY host),
     found AS MATERIALIZED (
	SELECT l.host, c.host AS peer, count(*) AS n, count(l.address) AS known, sum(l.address = 'none') AS absent, count(o.address) AS own,
	       sum(o.address IS NOT NULL AND (c.network = 'none' OR ip_in(l.address, c.network) = 1)) AS there,
	       group_concat(l.address, ', ') AS text
	  FROM (SELECT * FROM linux_peer_name ORDER BY host, name, address) AS l
	  JOIN called AS c ON c.name = l.name AND c.host <> l.host
	  LEFT JOIN own AS o ON o.host = c.host AND o.address = l.address
	 GROUP BY l.host, c.host),
     judged AS MATERIALIZED (
	SELECT h.id AS host, c.host AS peer, c.name, c.conf, c.setting, c.network, f.text, f.n,
	       CASE WHEN :migrate_uri = 1 THEN 'na'
	            WHEN c.conf IS NULL OR c.setting IS NULL OR c.name IS NULL OR c.network IS NULL THEN 'unknown'
	            WHEN c.setting = '' AND c.name LIKE 'localhost%' THEN 'fail'
	            WHEN f.absent = f.n THEN 'fail'
	            WHEN l.whole = 1 AND f.known = f.n AND f.own = 0 THEN 'fail'
	            WHEN l.whole = 1 AND f.known = f.n AND f.there = f.n THEN 'pass'
	            WHEN l.whole = 1 AND f.known = f.n AND f.own > 0 THEN 'warn'
	            ELSE 'unknown' END AS status
	  FROM host AS h
	  JOIN called AS c ON c.cluster = h.cluster AND c.host <> h.id
	  LEFT JOIN found AS f ON f.host = h.id AND f.peer = c.host
	  LEFT JOIN listed AS l ON l.host = c.host),
     worded AS (
	SELECT host, peer, CASE WHEN conf = 'unreadable' AND status = 'fail' THEN 'unknown'
	                        WHEN conf = 'unreadable' AND status = 'pass' THEN CASE network WHEN 'none' THEN 'unknown' ELSE 'warn' END
	                        ELSE status END AS status,
	       CASE WHEN status = 'na' OR name IS NULL THEN NULL
	            WHEN setting = '' AND name LIKE 'localhost%' THEN 'it calls itself ' || name
	            WHEN status = 'pass' THEN NULL
	            WHEN text = 'none' THEN name || ' is not known here'
	            ELSE name || ' leads to ' || text || ' here' END AS observed,
	       CASE WHEN status = 'na' THEN 'who migrates names the address, says the profile'
	            WHEN conf IS NULL THEN 'the destination did not tell what it is called'
	            WHEN conf = 'unreadable' THEN 'qemu.conf can''t be read there: migration_host may be set to something else'
	            WHEN status = 'unknown' AND n IS NULL THEN 'the source did not look it up'
	            WHEN status = 'unknown' THEN 'not known which addresses the destination has, or what it is called'
	            WHEN setting = '' AND name LIKE 'localhost%' THEN 'libvirt refuses migrations to a host that calls itself so'
	            WHEN status = 'fail' AND text <> 'none' THEN 'the destination has no such address'
	            WHEN status = 'warn' THEN 'not, or not only, an address of the destination'
	                 || CASE network WHEN 'none' THEN '' ELSE ' in ' || network || ': unless --migrateuri is given, guests go another way' END END AS detail
	  FROM judged)
SELECT host, json_group_array(peer) AS peer, status, observed, 'an address that the destination has' AS expected, detail
  FROM worded GROUP BY host, status, observed, detail
