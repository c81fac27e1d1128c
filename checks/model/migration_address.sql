/*
IP addresses of migration NICs that another host could connect to. An address that is not known, or that makes no network with
its mask, has a row too: its network is NULL. A NIC without address has no row.

host     id
device   vmk1, eth1
family   4 or 6; NULL: not known
ip       the shortest spelling of it
network  10.1.0.0/24; NULL: not known
gateway  where it sends what is for other networks: its own gateway, else its stack's; none; NULL: not known, or a Linux host's routes decide
routed   1: that gateway is in the network, so that other networks are within reach; 0: it is not, or there is none; NULL: not known.
         Of a Linux host always 1: whether a route leads there a packet tells
by       whose gateway it is: the NIC's own (own), or that of the TCP/IP stack so named; linux: that of a Linux host's routes
*/
-- index: host, device
-- arm: vsphere
WITH nic AS MATERIALIZED (
	SELECT host, device, netstack, ip, netmask, ip6, gateway, gateway6,
	       device IS NOT NULL AND netstack IS NOT NULL AND count(*) OVER (PARTITION BY host, device) = 1 AS sure
	  FROM migration_nic WHERE netstack IS NOT 'linux'),
     stack AS MATERIALIZED (
	SELECT host, key, CASE count(*) WHEN 1 THEN min(gateway) END AS gateway, CASE count(*) WHEN 1 THEN min(gateway6) END AS gateway6
	  FROM vsphere_netstack GROUP BY host, key),
     listed AS MATERIALIZED (SELECT host, device, count(*) AS n FROM vsphere_vmknic_ip6 GROUP BY host, device),
     address AS MATERIALIZED (
	SELECT host, device, netstack, 4 AS family, ip, CASE WHEN sure THEN ip_network(ip, netmask) END AS network, gateway AS own
	  FROM nic WHERE ip IS NULL OR (ip NOT IN ('', '0.0.0.0') AND ip_usable(ip) IS NOT 0)
	UNION ALL
	SELECT n.host, n.device, n.netstack, 6, a.ip, CASE WHEN n.sure THEN ip_network(a.ip, a.prefix) END, n.gateway6
	  FROM nic AS n JOIN vsphere_vmknic_ip6 AS a ON a.host = n.host AND a.device = n.device
	 WHERE ip_usable(a.ip) IS NOT 0
	UNION ALL
	-- Told once as a list and once one by one: when the numbers differ, something is missing.
	SELECT n.host, n.device, n.netstack, NULL, NULL, NULL, NULL
	  FROM nic AS n LEFT JOIN listed AS l ON l.host = n.host AND l.device = n.device
	 WHERE n.ip6 IS NULL OR coalesce(l.n, 0) <> CASE WHEN n.ip6 IN ('', 'none') THEN 0
	                                                 ELSE 1 + length(n.ip6) - length(replace(n.ip6, ',', '')) END),
     route AS MATERIALIZED (
	SELECT a.host, a.device, a.family, a.network, CASE WHEN a.own IN ('none', '', '0.0.0.0', '::') THEN a.netstack ELSE 'own' END AS by,
	       CASE WHEN a.family = 4 THEN ip_network(a.ip, 32) ELSE ip_network(a.ip, 128) END AS ip,
	       CASE WHEN a.own NOT IN ('none', '', '0.0.0.0', '::') THEN a.own
	            WHEN a.own IS NULL THEN NULL
	            WHEN a.family = 4 THEN s.gateway ELSE s.gateway6 END AS gateway
	  FROM address AS a LEFT JOIN stack AS s ON s.host = a.host AND s.key = a.netstack)
-- A router's link-local IPv6 address is on a network of its own; which NIC leads there is clear where a stack has no other purpose.
SELECT host, device, family, substr(ip, 1, instr(ip, '/') - 1) AS ip, network,
       CASE WHEN gateway IN ('', '0.0.0.0', '::') THEN 'none' ELSE gateway END AS gateway,
       CASE WHEN gateway IN ('none', '', '0.0.0.0', '::') THEN 0
            WHEN ip_in(gateway, 'fe80::/10') = 1 AND family = 6 THEN CASE WHEN by IN ('own', 'vmotion') THEN 1 END
            WHEN ip_in(gateway, network) = 1 AND ip_usable(gateway) = 1
            THEN ip_network(gateway, CASE family WHEN 4 THEN 32 ELSE 128 END) <> ip
            ELSE ip_in(gateway, network) END AS routed, by
  FROM route
-- arm: kvm
SELECT host, device, family, ip, ip_network(ip, bits) AS network, NULL AS gateway, 1 AS routed, 'linux' AS "by" FROM linux_migration_address
