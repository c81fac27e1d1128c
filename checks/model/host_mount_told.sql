/*
Whether the datastores' lists of hosts can be believed about a host: its own list of datastores must not hold more.

host  id
told  1: every datastore that the host lists says how this host mounts it; 0: the host lists some that don't; NULL: the host
      lists none, or gave no answer
*/
-- index: host
-- arm: vsphere
WITH own AS MATERIALIZED (
	SELECT s.set_id, count(*) AS n, sum(m.set_id IS NULL) AS silent
	  FROM vsphere_host_datastore_set AS s LEFT JOIN vsphere_datastore_mount AS m ON m.datastore = s.datastore
	 GROUP BY s.set_id),
     lists AS MATERIALIZED (
	SELECT set_id, count(*) AS n FROM vsphere_datastore_mount GROUP BY set_id),
     named AS MATERIALIZED (
	SELECT s.host, sum(l.n) AS n FROM vsphere_datastore_mount_set AS s JOIN lists AS l ON l.set_id = s.set_id GROUP BY s.host)
SELECT l.host, own.silent = 0 AND coalesce(named.n, 0) >= own.n AS told
  FROM vsphere_host_datastore AS l
  LEFT JOIN own ON own.set_id = l.set_id
  LEFT JOIN named ON named.host = l.host
