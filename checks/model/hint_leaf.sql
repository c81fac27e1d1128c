/*
Which group of hosts a migration NIC belongs to, by the physical switches that its active uplinks lead to: a hint of what to try, for
mesh_path. A NIC of which that isn't known has no row.

host    id
device  vmk1
leaf    the switches' ids, as in uplink_neighbor, with blanks between
*/
-- index: host, device
-- arm: vsphere
WITH active AS MATERIALIZED (
	SELECT t.host, t.device, n.id
	  FROM migration_team AS t LEFT JOIN uplink_neighbor AS n ON n.host = t.host AND n.uplink = t.uplink
	 WHERE (t.role = 'active' OR t.role IS NULL) AND t.up IS NOT 0),
     leaf AS (
	SELECT host, device, group_concat(id, ' ') AS leaf, count(*) = count(id) AS known
	  FROM (SELECT DISTINCT host, device, id FROM active ORDER BY host, device, id) GROUP BY host, device)
SELECT host, device, leaf FROM leaf WHERE known
