/*
The physical switch and port at the other end of each uplink, as it announces itself by LLDP, else by CDP. An uplink whose neighbor
isn't heard has no row.

host      id
uplink    vmnic0
protocol  lldp or cdp
id        of the switch, which no other one has: by LLDP its chassis id, by CDP its device id with the serial number
switch    its name; by LLDP without one its chassis id, by CDP its device id without the serial number
port      Ethernet1/7
mtu       of that port as it announces it, bytes; 0: it doesn't; NULL: not known
*/
-- index: host, uplink
-- arm: vsphere
WITH named AS MATERIALIZED (
	SELECT host, device, max(value) AS name FROM vsphere_network_hint_lldp WHERE lower(key) = 'system name' AND value <> '' GROUP BY host, device),
     cdp AS MATERIALIZED (
	SELECT host, device, cdp_port, cdp_mtu, lldp_chassis, lldp_port,
	       CASE WHEN cdp_switch NOT IN ('none', '') THEN cdp_switch WHEN cdp_name NOT IN ('none', '') THEN cdp_name END AS cdp_id,
	       CASE WHEN cdp_name NOT IN ('none', '') THEN cdp_name
	            WHEN instr(cdp_switch, '(') > 1 THEN rtrim(substr(cdp_switch, 1, instr(cdp_switch, '(') - 1))
	            WHEN cdp_switch NOT IN ('none', '') THEN cdp_switch END AS cdp_switch
	  FROM vsphere_network_hint)
SELECT c.host, c.device AS uplink, CASE WHEN c.lldp_chassis <> 'none' THEN 'lldp' ELSE 'cdp' END AS protocol,
       CASE WHEN c.lldp_chassis <> 'none' THEN c.lldp_chassis ELSE c.cdp_id END AS id,
       CASE WHEN c.lldp_chassis <> 'none' THEN coalesce(n.name, c.cdp_switch, c.lldp_chassis) ELSE c.cdp_switch END AS switch,
       CASE WHEN c.lldp_chassis <> 'none' THEN c.lldp_port ELSE c.cdp_port END AS port, c.cdp_mtu AS mtu
  FROM cdp AS c LEFT JOIN named AS n ON n.host = c.host AND n.device = c.device
 WHERE c.lldp_chassis <> 'none' OR c.cdp_switch IS NOT NULL
