/*
The physical switch that a migration NIC's packets go to: that of all its active uplinks, as they announce themselves. A NIC whose
active uplinks lead to several has their names in a row; one of which that isn't known has no row.

host    id
device  vmk1
leaf    leaf1, or leaf1/leaf2
port    Ethernet1/7, or the ports with commas between
*/
-- index: host, device
-- arm: vsphere
WITH active AS MATERIALIZED (
	SELECT t.host, t.device, t.uplink, n.switch, n.port
	  FROM migration_team AS t LEFT JOIN uplink_neighbor AS n ON n.host = t.host AND n.uplink = t.uplink
	 WHERE t.role = 'active' OR t.role IS NULL),
     whole AS MATERIALIZED (
	SELECT host, device, group_concat(port, ', ') AS port, count(*) = count(switch) AS known
	  FROM (SELECT * FROM active ORDER BY host, device, uplink) GROUP BY host, device),
     leaf AS MATERIALIZED (
	SELECT host, device, group_concat(switch, '/') AS leaf
	  FROM (SELECT DISTINCT host, device, switch FROM active ORDER BY host, device, switch) GROUP BY host, device)
SELECT w.host, w.device, l.leaf, coalesce(w.port, '') AS port
  FROM whole AS w JOIN leaf AS l ON l.host = w.host AND l.device = w.device WHERE w.known
