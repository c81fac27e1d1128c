/*
The VLAN of each migration NIC: that of its port group. What a single port of a distributed switch overrides is not seen.

host        id
device      vmk1
port_group  its name; NULL: not known
vlan        0: none, 1 to 4094; NULL: not one VLAN, or not known
kind        vlan, trunk, private or opaque (of an external management plane); NULL: not known
*/
-- index: host, device
-- arm: vsphere
SELECT n.host, n.device, coalesce(d.name, p.name, n.opaque) AS port_group,
       CASE WHEN n.dv_switch IS NOT NULL THEN CASE WHEN d.vlan BETWEEN 0 AND 4094 AND d.vlan_kind LIKE '%VlanIdSpec' THEN d.vlan END
            WHEN p.vlan BETWEEN 0 AND 4094 THEN p.vlan END AS vlan,
       CASE WHEN n.dv_switch IS NOT NULL
            THEN CASE WHEN d.vlan_kind LIKE '%VlanIdSpec' THEN 'vlan' WHEN d.vlan_kind LIKE '%TrunkVlanSpec' THEN 'trunk'
                      WHEN d.vlan_kind LIKE '%PvlanSpec' THEN 'private' END
            WHEN p.vlan = 4095 THEN 'trunk' WHEN p.vlan BETWEEN 0 AND 4094 THEN 'vlan'
            WHEN coalesce(n.port_group, '') = '' AND n.opaque IS NOT NULL THEN 'opaque' END AS kind
  FROM migration_nic AS n
  LEFT JOIN vsphere_dvportgroup AS d ON d.key = n.dv_port_group AND n.dv_switch IS NOT NULL
        AND substr(d.portgroup, 1, instr(d.portgroup, '/') - 1) = substr(n.host, 1, instr(n.host, '/') - 1)
  LEFT JOIN vsphere_portgroup AS p ON p.host = n.host AND p.name = n.port_group AND n.dv_switch IS NULL
