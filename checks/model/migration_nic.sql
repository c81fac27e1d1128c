/*
NICs that carry migration traffic. vSphere: VMkernel adapters selected for vMotion, and those on the TCP/IP stack vmotion; once
a host has one there, its other stacks are no longer used for vMotion.

host      id
device    vmk1; NULL when the selection names an adapter that the host doesn't list
ip        IPv4 address; 0.0.0.0: none
netmask   IPv4
ip6       IPv6 addresses with commas between, or none
mtu       bytes
netstack  TCP/IP stack
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
SELECT host, device, ip, netmask, ip6, mtu, netstack
  FROM (SELECT n.host, n.device, v.ip, v.netmask, v.ip6, v.mtu, v.netstack,
               max(v.netstack = 'vmotion') OVER (PARTITION BY n.host) AS own_stack
          FROM carrier AS n LEFT JOIN vsphere_vmknic AS v ON v.host = n.host AND v.device = n.device)
 WHERE coalesce(own_stack, 0) = 0 OR netstack = 'vmotion' OR netstack IS NULL
