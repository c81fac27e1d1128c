/*
title: The other host has the host's storage pools, active, in the same place and of the same source
subject: pair
depends: own
severity: warning
platforms: [kvm]
symptom: >
  "Storage pool not found: no storage pool with matching name"; with --copy-storage-all "no storage pool with matching target path", and
  volumes that a VM uses by pool and name are others, or none, on the destination.
fix: >
  Define the pool on the other host as on this one (virsh pool-dumpxml here, pool-define there), and start it: virsh pool-start,
  pool-autostart.
refs: ["libvirt: Storage pool and volume XML format", "libvirt: qemuMigrationDstPrecreateDisk"]
*/
-- Pools that aren't active are used by nobody. What a pool of folders holds is the VMs' matter: vm-disk-shared.
WITH told AS MATERIALIZED (
	SELECT l.host, l.pools = count(p.uuid) AND l.pools = count(p.name) AND l.active IS NOT NULL AS complete
	  FROM libvirt_pools AS l LEFT JOIN libvirt_pool AS p ON p.host = l.host WHERE l.pools IS NOT NULL GROUP BY l.host),
     pool AS MATERIALIZED (
	SELECT p.host, p.name, instr(l.active, p.uuid) > 0 AS active, p.type, p.path,
	       p.type || CASE p.path WHEN 'none' THEN '' ELSE ' in ' || p.path END
	       || CASE p.server WHEN 'none' THEN '' ELSE ' of ' || replace(p.server, ',', ', ') END
	       || CASE p.folder WHEN 'none' THEN '' ELSE ' from ' || p.folder END
	       || CASE p.device WHEN 'none' THEN '' ELSE ' on ' || replace(p.device, ',', ', ') END
	       || CASE p.source WHEN 'none' THEN '' ELSE ' named ' || p.source END AS text
	  FROM libvirt_pool AS p JOIN libvirt_pools AS l ON l.host = p.host WHERE p.name IS NOT NULL),
     gap AS MATERIALIZED (
	SELECT p.host, p.peer,
	       max(CASE WHEN b.name IS NULL OR b.active = 0 OR b.text <> a.text THEN 1 END) AS bad,
	       max(a.active IS NULL OR (b.name IS NOT NULL AND (b.active IS NULL OR b.text IS NULL OR a.text IS NULL))) AS holes,
	       group_concat(CASE WHEN b.name IS NULL THEN a.name || ': none there' WHEN b.active = 0 THEN a.name || ': not active there'
	                         WHEN b.text <> a.text THEN a.name || ': ' || b.text || ' there, ' || a.text || ' here' END, '; ') AS observed
	  FROM host_pair AS p
	  JOIN (SELECT * FROM pool ORDER BY host, name) AS a ON a.host = p.host AND a.active IS NOT 0
	  LEFT JOIN pool AS b ON b.host = p.peer AND b.name = a.name
	 GROUP BY p.host, p.peer)
SELECT host, json_group_array(peer) AS peer, status, observed, 'every active pool of the host' AS expected, detail
  FROM (SELECT p.host, p.peer,
               CASE WHEN a.complete IS NOT 1 OR b.complete IS NOT 1 OR g.holes = 1 THEN 'unknown' WHEN g.bad THEN 'fail' ELSE 'pass' END AS status,
               g.observed,
               CASE WHEN a.complete IS NOT 1 THEN 'the host did not list all of its pools'
                    WHEN b.complete IS NOT 1 THEN 'the other host did not list all of its pools'
                    WHEN g.holes THEN 'not all is known of the pools' END AS detail
          FROM host_pair AS p
          LEFT JOIN told AS a ON a.host = p.host
          LEFT JOIN told AS b ON b.host = p.peer
          LEFT JOIN gap AS g ON g.host = p.host AND g.peer = p.peer)
 GROUP BY host, status, observed, detail
