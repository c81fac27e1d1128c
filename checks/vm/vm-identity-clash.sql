/*
title: No other VM on the candidate has the VM's name or UUID
subject: vm_host
depends: own
severity: critical
platforms: [kvm]
symptom: >
  "operation failed: domain 'web' already exists with uuid ...", "domain 'web' is already active", "domain 'old' is already defined with
  uuid ...".
fix: >
  Rename one of two VMs of one name while it is shut off (virsh domrename), or migrate with --dname. Of a VM that runs on two hosts at
  once stop one before its disks are written by both; a copy of a VM needs a UUID of its own.
refs: ["libvirt: virsh migrate, --dname", "libvirt: virDomainMigrate3"]
*/
-- The same UUID under the same name, shut off, is what an earlier migration left behind: it is taken over.
-- Where nothing clashes, all candidates that told their VMs share a row; a VM's own host is cut out of the list of ids.
WITH listed AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, h.destination, v.uuid, v.name, v.active
	  FROM host AS h LEFT JOIN libvirt_vm AS v ON v.host = h.id),
     told AS MATERIALIZED (
	SELECT s.host, s.cluster, s.destination, l.vms = s.n AS complete
	  FROM (SELECT host, cluster, destination, sum(uuid IS NOT NULL AND name IS NOT NULL AND active IS NOT NULL) AS n
	          FROM listed GROUP BY host) AS s
	  LEFT JOIN libvirt_listed AS l ON l.host = s.host),
     machine AS MATERIALIZED (
	SELECT v.id, v.host, v.cluster, v.name, substr(v.id, length(v.host) + 2) AS uuid, t.complete
	  FROM vm AS v LEFT JOIN told AS t ON t.host = v.host),
     clash AS MATERIALIZED (
	SELECT m.id AS vm, o.host AS peer,
	       CASE WHEN o.uuid = m.uuid AND o.active = 1 THEN 'the same VM runs there, too'
	            WHEN o.uuid = m.uuid THEN 'its UUID is that of ' || o.name || ' there'
	            ELSE 'another VM of that name there: ' || o.uuid END AS text
	  FROM machine AS m JOIN listed AS o ON o.cluster = m.cluster AND o.uuid = m.uuid AND o.host <> m.host
	 WHERE o.active = 1 OR o.name <> m.name
	UNION
	SELECT m.id, o.host, 'another VM of that name there: ' || o.uuid
	  FROM machine AS m JOIN listed AS o ON o.cluster = m.cluster AND o.name = m.name AND o.host <> m.host AND o.uuid <> m.uuid),
     side AS MATERIALIZED (
	SELECT cluster, complete, group_concat(',' || json_quote(host), '') AS ids FROM told WHERE destination GROUP BY cluster, complete),
     quiet AS MATERIALIZED (SELECT * FROM machine WHERE id NOT IN (SELECT vm FROM clash)),
     pair AS MATERIALIZED (
	SELECT id AS vm, replace(ids, ',' || json_quote(host), '') AS ids, name, q.complete AS here, s.complete AS there, NULL AS text
	  FROM quiet AS q JOIN side AS s ON s.cluster = q.cluster
	UNION ALL
	SELECT m.id, ',' || json_quote(t.host), m.name, m.complete, t.complete, group_concat(c.text, '; ')
	  FROM machine AS m JOIN told AS t ON t.cluster = m.cluster AND t.destination AND t.host <> m.host
	  LEFT JOIN clash AS c ON c.vm = m.id AND c.peer = t.host
	 WHERE m.id IN (SELECT vm FROM clash)
	 GROUP BY m.id, t.host)
SELECT vm, '[' || substr(ids, 2) || ']' AS peer,
       CASE WHEN text IS NOT NULL THEN 'fail' WHEN name IS NOT NULL AND here = 1 AND there = 1 THEN 'pass' ELSE 'unknown' END AS status,
       name AS object,
       coalesce(text, CASE WHEN there = 1 AND here = 1 THEN 'neither its name nor its UUID there' END) AS observed,
       'a name and a UUID of its own' AS expected,
       CASE WHEN text IS NOT NULL THEN NULL
            WHEN name IS NULL OR here IS NOT 1 THEN 'its host did not list all of its VMs'
            WHEN there IS NOT 1 THEN 'the candidate did not list all of its VMs' END AS detail
  FROM pair
 WHERE ids <> ''
