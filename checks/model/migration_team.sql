/*
What part each uplink has in a migration NIC's team, by the policy of its port group. A single port of a distributed switch may have a
policy of its own, which is not seen.

host    id
device  vmk1
uplink  vmnic0
role    active, standby or unused; NULL: not known
up      1: its link is up, 0: it is down; NULL: not known
*/
-- index: host, device
-- arm: vsphere
WITH dv AS MATERIALIZED (
	SELECT p.host, p.uuid, p.device, CASE count(*) WHEN 1 THEN min(u.name) END AS name
	  FROM vsphere_dv_pnic AS p LEFT JOIN vsphere_dv_uplink AS u ON u.host = p.host AND u.uuid = p.uuid AND u.port = p.port
	 GROUP BY p.host, p.uuid, p.device),
     nic AS MATERIALIZED (
	SELECT n.host, n.device, n.dv_switch, n.dv_switch IS NOT NULL AS distributed,
	       CASE WHEN n.dv_switch IS NULL THEN p.active ELSE t.active END AS active,
	       CASE WHEN n.dv_switch IS NULL THEN p.standby ELSE t.standby END AS standby
	  FROM migration_nic AS n
	  LEFT JOIN vsphere_portgroup AS p ON p.host = n.host AND p.name = n.port_group AND n.dv_switch IS NULL
	  LEFT JOIN vsphere_dvportgroup_team AS t ON t.key = n.dv_port_group AND n.dv_switch IS NOT NULL
	        AND substr(t.portgroup, 1, instr(t.portgroup, '/') - 1) = substr(n.host, 1, instr(n.host, '/') - 1)
	 WHERE n.device IS NOT NULL),
     named AS MATERIALIZED (
	SELECT n.host, n.device, u.uplink, u.speed_mbit > 0 AS up, n.active, n.standby,
	       CASE WHEN n.distributed THEN d.name ELSE u.uplink END AS name
	  FROM nic AS n JOIN migration_uplink AS u ON u.host = n.host AND u.device = n.device
	  LEFT JOIN dv AS d ON d.host = n.host AND d.uuid = n.dv_switch AND d.device = u.uplink AND n.distributed
	 WHERE u.uplink IS NOT NULL)
SELECT host, device, uplink,
       CASE WHEN active IS NULL OR standby IS NULL OR name IS NULL OR (active IN ('none', '') AND standby IN ('none', '')) THEN NULL
            WHEN instr(',' || active || ',', ',' || name || ',') > 0 THEN 'active'
            WHEN instr(',' || standby || ',', ',' || name || ',') > 0 THEN 'standby'
            ELSE 'unused' END AS role, up
  FROM named
