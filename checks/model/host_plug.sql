/*
What VMs can be plugged into on a host: each interface, and each of libvirt's networks with the bridge that it stands for.

host        id
what        network or link
name        of it
active      1: started; of a link always; NULL: not known
forward     of a network: nat, route, open, bridge, isolated ... as in libvirt_network; link; NULL: not known
missing     devices that the network puts guests on and that the host lacks, with commas between; none; NULL: not known
link        the interface: the bridge of a network, or the link itself; none: guests are not bridged; NULL: not known
kind        of that interface, as in linux_link; NULL: the host doesn't list it
up          1: set up by the administrator; NULL: not known
own_mtu     of that interface, bytes; NULL: not known
mtu         the smallest of its ports that are no guests, bytes; NULL: it has none, or one that is not known
ports       how many of those it has
live        how many of them have a carrier; NULL: not known
*/
-- index: host, what, name
-- arm: kvm
WITH outside AS MATERIALIZED (
	SELECT host, master, CASE count(*) WHEN count(mtu) THEN min(mtu) END AS mtu, count(*) AS ports,
	       CASE WHEN sum(up IS NULL OR (up = 1 AND carrier IS NULL)) = 0 THEN sum(up = 1 AND carrier = 1) END AS live
	  FROM linux_link WHERE master > 0 AND kind NOT IN ('tun', 'veth') GROUP BY host, master),
     link AS MATERIALIZED (
	SELECT l.host, l.name, l.kind, l.up, l.mtu AS own_mtu, o.mtu, coalesce(o.ports, 0) AS ports, CASE WHEN o.host IS NULL THEN 0 ELSE o.live END AS live
	  FROM linux_link AS l LEFT JOIN outside AS o ON o.host = l.host AND o.master = l.ifindex
	 WHERE l.name IS NOT NULL AND l.ifindex IS NOT NULL),
     pool AS MATERIALIZED (
	SELECT n.host, n.name, group_concat(CASE WHEN l.name IS NULL THEN d.value END, ', ') AS missing
	  FROM libvirt_network AS n JOIN json_each('["' || replace(n.devices, ',', '","') || '"]') AS d
	  LEFT JOIN link AS l ON l.host = n.host AND l.name = d.value
	 WHERE n.devices <> 'none' GROUP BY n.host, n.name)
SELECT host, 'link' AS what, name, 1 AS active, 'link' AS forward, 'none' AS missing, name AS link, kind, up, own_mtu, mtu, ports, live
  FROM link
UNION ALL
SELECT n.host, 'network', n.name, n.active, n.forward,
       CASE n.devices WHEN 'none' THEN 'none' ELSE CASE WHEN n.devices IS NOT NULL THEN coalesce(p.missing, 'none') END END, n.bridge, l.kind, l.up, l.own_mtu, l.mtu, l.ports, l.live
  FROM libvirt_network AS n
  LEFT JOIN link AS l ON l.host = n.host AND l.name = n.bridge
  LEFT JOIN pool AS p ON p.host = n.host AND p.name = n.name
 WHERE n.name IS NOT NULL
