/*
Physical adapters that a migration NIC's traffic may take: the active and standby uplinks of its standard port group; all those of
its switch on a distributed one, whichever the port group there prefers. A NIC without any has one row whose uplink is NULL.

host         id
device       vmk1
switch       its name; NULL: not known which of its uplinks the NIC may take: it isn't known itself, or the port group names none
             of those that it has
uplink       vmnic0; a key when the host doesn't list it
speed_mbit   Mbit/s; 0: the link is down; NULL: not known
full_duplex  1: both ways at once
*/
-- index: host
-- arm: vsphere
WITH port AS MATERIALIZED (
	SELECT n.host, n.device, CASE WHEN n.dv_switch IS NOT NULL THEN d.uuid ELSE s.name END AS switch,
	       n.dv_switch IS NOT NULL AS distributed, coalesce(d.name, s.name) AS name,
	       CASE WHEN n.dv_switch IS NULL THEN ',' || p.active || ',' || p.standby || ',' END AS named,
	       n.dv_switch IS NULL AND coalesce(p.active IN ('none', '') AND p.standby IN ('none', ''), 1) AS unnamed
	  FROM migration_nic AS n
	  LEFT JOIN vsphere_proxy_switch AS d ON d.host = n.host AND d.uuid = n.dv_switch
	  LEFT JOIN vsphere_portgroup AS p ON p.host = n.host AND p.name = n.port_group AND n.dv_switch IS NULL
	  LEFT JOIN vsphere_vswitch AS s ON s.host = p.host AND s.name = p.switch),
     uplink AS MATERIALIZED (
	SELECT host, switch, 0 AS distributed, pnic FROM vsphere_vswitch_uplink
	UNION
	SELECT host, uuid, 1, pnic FROM vsphere_proxy_switch_uplink),
     pnic AS MATERIALIZED (
	SELECT host, key, min(device) AS device, CASE WHEN count(*) = count(speed_mbit) THEN min(speed_mbit) END AS speed_mbit,
	       min(full_duplex) AS full_duplex
	  FROM vsphere_pnic GROUP BY host, key)
SELECT p.host, p.device, CASE WHEN NOT p.unnamed OR u.pnic IS NULL THEN p.name END AS switch, coalesce(n.device, u.pnic) AS uplink,
       n.speed_mbit, n.full_duplex
  FROM port AS p
  LEFT JOIN (uplink AS u LEFT JOIN pnic AS n ON n.host = u.host AND n.key = u.pnic)
         ON u.host = p.host AND u.switch = p.switch AND u.distributed = p.distributed
        AND (p.named IS NULL OR p.unnamed OR n.device IS NULL OR instr(p.named, ',' || n.device || ',') > 0)
