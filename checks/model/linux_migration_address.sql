/*
IP addresses of Linux hosts that migrations connect to: those in the migration network that the inventory names; without one, those of
migration_host in qemu.conf; without that, those that the host's own name has there. Loopback and link-local addresses are left out. A
host of which that is not known has no row.

host    id
by      network, setting or name: which of the three
ip      the shortest spelling of it; NULL: not known
family  4 or 6; NULL: not known
bits    of its network; NULL: no interface of the host has that address, or that is not known
device  the interface that has it; likewise
mtu     of that interface, bytes; likewise
*/
-- index: host
-- arm: kvm
WITH own AS MATERIALIZED (
	SELECT a.host, CASE a.family WHEN 'ipv4' THEN 4 WHEN 'ipv6' THEN 6 END AS family, a.prefix_len AS bits, l.name AS device, l.mtu,
	       ip_network(a.address, CASE a.family WHEN 'ipv4' THEN 32 WHEN 'ipv6' THEN 128 END) AS ip, a.address
	  FROM linux_address AS a LEFT JOIN linux_link AS l ON l.host = a.host AND l.ifindex = a.ifindex),
     found AS MATERIALIZED (
	SELECT k.host, CASE m.setting WHEN '' THEN 'name' ELSE 'setting' END AS "by", CASE WHEN a.address LIKE '%:%' THEN 6 ELSE 4 END AS family,
	       ip_network(a.address, CASE WHEN a.address LIKE '%:%' THEN 128 ELSE 32 END) AS ip
	  FROM kvm_listed AS k
	  JOIN libvirt_migration AS m ON m.host = k.host
	  JOIN libvirt_migration_address AS a ON a.host = k.host
	 WHERE k.migration_network = 'none' AND m.conf IN ('read', 'absent')),
     picked AS (
	SELECT o.host, 'network' AS "by", o.ip, o.family, o.bits, o.device, o.mtu
	  FROM kvm_listed AS k JOIN own AS o ON o.host = k.host
	 WHERE k.migration_network <> 'none' AND ip_in(o.address, k.migration_network) = 1
	UNION ALL
	SELECT f.host, f."by", f.ip, f.family, o.bits, o.device, o.mtu
	  FROM found AS f LEFT JOIN own AS o ON o.host = f.host AND o.ip = f.ip)
SELECT host, "by", substr(ip, 1, instr(ip, '/') - 1) AS ip, family, bits, device, mtu
  FROM picked
 WHERE ip IS NULL OR ip_usable(substr(ip, 1, instr(ip, '/') - 1)) IS NOT 0
