/*
title: The host may write to every datastore that others of its cluster may write to
subject: host
depends: own
severity: critical
platforms: [vsphere]
symptom: >
  A VM that arrives can't open its disks for writing: the migration fails at its end, or the VM can't be powered on here.
fix: >
  Mount the datastore read-write on this host; on an NFS server let its export give the host the same rights as the others.
refs: ["vSphere API: HostMountInfo.accessMode", "VMware vSphere Storage: NFS datastore guidelines"]
*/
-- A datastore that is read-only for all of the cluster is a library of images, which is no matter. Datastores with the same list
-- of hosts are judged once.
WITH store AS MATERIALIZED (
	SELECT m.set_id, coalesce(d.name, m.datastore) AS name, row_number() OVER (PARTITION BY m.set_id ORDER BY d.name) AS k,
	       count(*) OVER (PARTITION BY m.set_id) AS n
	  FROM datastore_mount_set AS m LEFT JOIN datastore AS d ON d.id = m.datastore),
     list AS MATERIALIZED (
	SELECT set_id, group_concat(name, ', ') || CASE WHEN n > 8 THEN ' and ' || (n - 8) || ' more' ELSE '' END AS names
	  FROM (SELECT * FROM store WHERE k <= 8 ORDER BY set_id, k) GROUP BY set_id),
     mount AS MATERIALIZED (
	SELECT h.cluster, h.id AS host, x.set_id, x.mode, l.names
	  FROM list AS l JOIN mount_set AS x ON x.set_id = l.set_id JOIN host AS h ON h.id = x.host
	 WHERE x.mounted IS NOT 0),
     vote AS MATERIALIZED (
	SELECT m.cluster, m.set_id, count(*) AS n, coalesce(sum(m.mode = 'readwrite'), 0) AS writers,
	       count(*) - count(m.mode) + (c.kind IS NULL) AS silent
	  FROM mount AS m LEFT JOIN cluster AS c ON c.id = m.cluster GROUP BY m.cluster, m.set_id),
     judged AS MATERIALIZED (
	SELECT m.host, count(*) AS n, sum(m.mode = 'readwrite') AS good, sum(m.mode = 'readonly' AND v.writers > 0) AS odd,
	       sum(m.mode = 'readonly' AND v.writers = 0 AND v.silent > 0 OR m.mode IS NULL) AS unsure,
	       group_concat(CASE WHEN m.mode = 'readonly'
	                         THEN m.names || ': read-only' || CASE WHEN v.writers > 0 THEN ', read-write on ' || v.writers || ' of '
	                                                                    || v.n || ' hosts of the cluster'
	                                                               ELSE ' on every host' END END, '; ') AS text,
	       group_concat(CASE WHEN m.mode IS NULL THEN m.names END, ', ') AS holes
	  FROM (SELECT * FROM mount ORDER BY host, names) AS m JOIN vote AS v ON v.cluster = m.cluster AND v.set_id = m.set_id
	 GROUP BY m.host)
SELECT h.id AS host,
       CASE WHEN j.odd > 0 THEN 'fail'
            WHEN j.odd = 0 AND j.unsure = 0 AND t.told = 1 THEN 'pass'
            ELSE 'unknown' END AS status,
       CASE WHEN j.good = j.n THEN 'read-write' ELSE j.text END AS observed,
       'read-write where other hosts of the cluster have it so' AS expected,
       CASE WHEN j.holes IS NOT NULL THEN 'access mode not known of ' || j.holes
            WHEN j.unsure > 0 THEN 'access mode on other hosts not known'
            WHEN t.told IS NULL THEN 'the host lists no datastore'
            WHEN t.told = 0 THEN 'the host lists datastores that don''t say which hosts mount them' END AS detail
  FROM host AS h
  LEFT JOIN judged AS j ON j.host = h.id
  LEFT JOIN host_mount_told AS t ON t.host = h.id
