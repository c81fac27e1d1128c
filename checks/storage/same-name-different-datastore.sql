/*
title: No two shared datastores of the cluster go by the same name
subject: cluster
depends: own
severity: warning
platforms: [vsphere]
symptom: >
  Hosts that seem to mount the same datastore don't: a VM lands on the wrong one, or its files are not found after it moved. vCenter
  appends " (1)" to the second one that is mounted under a name.
fix: >
  When both should be one datastore, unmount it where its address differs and mount it again exactly as on the other hosts. When
  they are two, rename one so that nobody takes it for the other.
refs: ["vSphere API: DatastoreSummary.url", "vSphere API: Datastore.host"]
*/
-- Names are the same apart from case and a number in brackets. Datastores that only one host can have are left out: hosts name
-- their local disks alike.
WITH store AS MATERIALIZED (
	SELECT m.datastore AS id, d.name, s.shared, nullif(rtrim(b.url, '/'), '') AS url, m.set_id,
	       lower(CASE WHEN d.name GLOB '* ([0-9])' THEN substr(d.name, 1, length(d.name) - 4)
	                  WHEN d.name GLOB '* ([0-9][0-9])' THEN substr(d.name, 1, length(d.name) - 5) ELSE d.name END) AS key
	  FROM datastore_mount_set AS m
	  LEFT JOIN datastore AS d ON d.id = m.datastore
	  LEFT JOIN datastore_sharing AS s ON s.datastore = m.datastore
	  LEFT JOIN vsphere_datastore AS b ON b.datastore = m.datastore
	 WHERE s.shared IS NOT 0),
     used AS MATERIALIZED (
	SELECT h.cluster, x.set_id, count(DISTINCT h.id) AS hosts, group_concat(h.name, ', ') AS names
	  FROM mount_set AS x JOIN (SELECT * FROM host ORDER BY name) AS h ON h.id = x.host
	 WHERE x.mounted IS NOT 0 GROUP BY h.cluster, x.set_id),
     place AS MATERIALIZED (
	SELECT u.cluster, s.key, s.id, s.name, s.shared, s.url,
	       CASE WHEN u.hosts > 3 THEN u.hosts || ' hosts' ELSE u.names END AS hosts
	  FROM store AS s JOIN used AS u ON u.set_id = s.set_id),
     twin AS MATERIALIZED (
	SELECT cluster, key, count(DISTINCT url) > 1 AND min(shared) = 1 AND count(shared) = count(*) AS sure,
	       count(DISTINCT url) > 1 OR count(url) < count(*) AS odd,
	       group_concat('"' || name || '" is ' || coalesce(url, 'an unknown address') || ' on ' || hosts, ', ') AS text
	  FROM (SELECT * FROM place ORDER BY cluster, key, name, url) WHERE key IS NOT NULL
	 GROUP BY cluster, key HAVING count(*) > 1),
     clash AS MATERIALIZED (
	SELECT cluster, max(sure) AS sure, group_concat(CASE WHEN sure THEN text END, '; ') AS text,
	       group_concat(CASE WHEN sure THEN NULL ELSE text END, '; ') AS unsure
	  FROM (SELECT * FROM twin WHERE odd ORDER BY cluster, key) GROUP BY cluster),
     nameless AS MATERIALIZED (
	SELECT cluster, count(*) AS n FROM place WHERE key IS NULL GROUP BY cluster),
     told AS MATERIALIZED (
	SELECT h.cluster, count(*) AS n, coalesce(sum(t.told), 0) AS told
	  FROM host AS h LEFT JOIN host_mount_told AS t ON t.host = h.id GROUP BY h.cluster)
SELECT c.id AS cluster,
       CASE WHEN w.sure = 1 THEN 'fail'
            WHEN w.cluster IS NULL AND n.cluster IS NULL AND t.told = t.n AND c.kind IS NOT NULL THEN 'pass'
            ELSE 'unknown' END AS status,
       w.text AS observed, 'one address for each name' AS expected,
       CASE WHEN w.unsure IS NOT NULL THEN 'not known whether these are one: ' || w.unsure
            WHEN n.n > 0 THEN 'datastores without a name: ' || n.n
            WHEN coalesce(t.n, 0) = 0 THEN 'no host of the cluster is known'
            WHEN c.kind IS NULL THEN 'the account is not shown the cluster'
            WHEN t.told < t.n THEN 'hosts whose datastores are not known: ' || (t.n - t.told) END AS detail
  FROM cluster AS c
  LEFT JOIN clash AS w ON w.cluster = c.id
  LEFT JOIN nameless AS n ON n.cluster = c.id
  LEFT JOIN told AS t ON t.cluster = c.id
