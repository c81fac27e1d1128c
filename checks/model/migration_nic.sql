/*
NICs that carry migration traffic. vSphere: VMkernel adapters selected for vMotion, and those on the TCP/IP stack vmotion; once
a host has one there, its other stacks are no longer used for vMotion. KVM: interfaces that have an address of linux_migration_address.

host           id
device         vmk1, eth1; NULL when the selection names an adapter, or KVM's setting or name an address, that the host doesn't list
ip             IPv4 address; 0.0.0.0: none
netmask        IPv4; of a Linux host the number of bits
ip6            IPv6 addresses with commas between, or none
mtu            bytes
netstack       TCP/IP stack; of a Linux host linux
gateway        IPv4 gateway of its own, instead of its stack's; none; of a Linux host NULL: its routes decide
gateway6       the same for IPv6
port_group     of a standard switch, by name; empty or NULL: on another kind of switch
dv_switch      UUID of the distributed switch; NULL: on another kind of switch
dv_port_group  key of the port group there; NULL: on another kind of switch
opaque         id of the network, when an external management plane gives it; NULL: on another kind of switch
*/
-- index: host
-- arm: vsphere
WITH carrier AS (
	SELECT s.host, c.device
	  FROM vsphere_nic_service AS s
	  LEFT JOIN vsphere_nic_candidate AS c ON c.host = s.host AND c.service = s.service AND c.key = s.vnic
	 WHERE s.service = 'vmotion'
	UNION
	SELECT host, device FROM vsphere_vmknic WHERE netstack = 'vmotion')
SELECT host, device, ip, netmask, ip6, mtu, netstack, gateway, gateway6, port_group, dv_switch, dv_port_group, opaque
  FROM (SELECT n.host, n.device, v.ip, v.netmask, v.ip6, v.mtu, v.netstack, v.gateway, v.gateway6, v.portgroup AS port_group,
               v.switch_uuid AS dv_switch, v.portgroup_key AS dv_port_group, v.opaque_network AS opaque,
               max(v.netstack = 'vmotion') OVER (PARTITION BY n.host) AS own_stack
          FROM carrier AS n LEFT JOIN vsphere_vmknic AS v ON v.host = n.host AND v.device = n.device)
 WHERE coalesce(own_stack, 0) = 0 OR netstack = 'vmotion' OR netstack IS NULL
-- arm: kvm
SELECT host, device, coalesce(min(CASE family WHEN 4 THEN ip END), CASE WHEN count(family) = count(*) THEN '0.0.0.0' END) AS ip,
       CAST(min(CASE family WHEN 4 THEN bits END) AS TEXT) AS netmask,
       coalesce(group_concat(CASE family WHEN 6 THEN ip END), CASE WHEN count(family) = count(*) THEN 'none' END) AS ip6, min(mtu) AS mtu,
       'linux' AS netstack, NULL AS gateway, NULL AS gateway6, NULL AS port_group, NULL AS dv_switch, NULL AS dv_port_group, NULL AS opaque
  FROM (SELECT * FROM linux_migration_address ORDER BY host, device, ip)
 GROUP BY host, device
