/*
IP addresses of all VMkernel adapters, whatever they carry, without link-local IPv6 ones. A host all of whose addresses are known has
no row with a NULL; one without any row didn't answer, for every host has an adapter.

host      id
device    vmk1; NULL: not known
netstack  TCP/IP stack; NULL: not known
ip        the shortest spelling of it; empty: the adapter has no IPv4 address; NULL: not known, or not all that it has were told
carries   1: selected for migration traffic, 0: not
*/
-- index: host
-- arm: vsphere
WITH listed AS MATERIALIZED (SELECT host, device, count(*) AS n FROM vsphere_vmknic_ip6 GROUP BY host, device),
     carrier AS MATERIALIZED (SELECT DISTINCT host, device FROM migration_nic),
     address AS (
	SELECT host, device, netstack, CASE WHEN ip IN ('', '0.0.0.0') THEN '/' ELSE ip_network(ip, 32) END AS ip FROM vsphere_vmknic
	UNION ALL
	SELECT a.host, a.device, n.netstack, ip_network(a.ip, 128)
	  FROM vsphere_vmknic_ip6 AS a LEFT JOIN vsphere_vmknic AS n ON n.host = a.host AND n.device = a.device
	 WHERE ip_in(a.ip, 'fe80::/10') IS NOT 1
	UNION ALL
	-- Told once as a list and once one by one: when the numbers differ, something is missing.
	SELECT n.host, n.device, n.netstack, NULL
	  FROM vsphere_vmknic AS n LEFT JOIN listed AS l ON l.host = n.host AND l.device = n.device
	 WHERE n.ip6 IS NULL OR coalesce(l.n, 0) <> CASE WHEN n.ip6 IN ('', 'none') THEN 0
	                                                 ELSE 1 + length(n.ip6) - length(replace(n.ip6, ',', '')) END)
SELECT a.host, a.device, a.netstack, substr(a.ip, 1, instr(a.ip, '/') - 1) AS ip, c.host IS NOT NULL AS carries
  FROM address AS a LEFT JOIN carrier AS c ON c.host = a.host AND c.device = a.device
