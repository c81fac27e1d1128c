/*
The virtual switch that each migration NIC is connected to.

host            id
device          vmk1
mtu             of the NIC, bytes
kind            standard, distributed or opaque (of an external management plane); NULL: not known
switch          its name; NULL: not known
switch_mtu      in effect, bytes; NULL: not known. An opaque switch doesn't tell
configured_mtu  as it was configured, bytes; NULL: not known, or not told apart
*/
-- index: host
-- arm: vsphere
SELECT n.host, n.device, n.mtu,
       CASE WHEN n.dv_switch IS NOT NULL THEN 'distributed' WHEN n.port_group <> '' THEN 'standard'
            WHEN n.opaque IS NOT NULL THEN 'opaque' END AS kind,
       coalesce(d.name, s.name, n.opaque) AS switch, CASE WHEN n.dv_switch IS NOT NULL THEN d.mtu ELSE s.mtu END AS switch_mtu,
       CASE WHEN n.dv_switch IS NULL THEN s.mtu_configured END AS configured_mtu
  FROM migration_nic AS n
  LEFT JOIN vsphere_proxy_switch AS d ON d.host = n.host AND d.uuid = n.dv_switch
  LEFT JOIN vsphere_portgroup AS p ON p.host = n.host AND p.name = n.port_group AND n.dv_switch IS NULL
  LEFT JOIN vsphere_vswitch AS s ON s.host = p.host AND s.name = p.switch
