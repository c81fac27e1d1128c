/*
Which VLANs libvirt's networks put guests into.

host     id
network  its name
name     of the port group; none: of adapters that name none
vlan     ids, with commas between; none; NULL: not known, as when the network has port groups that were not told
*/
-- index: host, network, name
-- arm: kvm
WITH own AS MATERIALIZED (
	SELECT n.host, n.name, n.vlan,
	       CASE n.portgroups WHEN '' THEN 0 ELSE 1 + length(n.portgroups) - length(replace(n.portgroups, ',', '')) END = sum(p.name IS NOT NULL AND p."default" IS NOT NULL) AS told,
	       max(CASE WHEN p."default" = 'yes' THEN p.name END) AS preset
	  FROM libvirt_network AS n LEFT JOIN libvirt_portgroup AS p ON p.host = n.host AND p.network = n.name
	 WHERE n.name IS NOT NULL GROUP BY n.host, n.name),
     grouped AS MATERIALIZED (
	SELECT p.host, p.network, p.name, CASE p.vlan WHEN 'none' THEN o.vlan ELSE p.vlan END AS vlan
	  FROM libvirt_portgroup AS p JOIN own AS o ON o.host = p.host AND o.name = p.network)
SELECT host, network, name, vlan FROM grouped WHERE name IS NOT NULL
UNION ALL
SELECT o.host, o.name, 'none', CASE WHEN o.told = 1 THEN CASE WHEN o.preset IS NULL THEN o.vlan ELSE g.vlan END END
  FROM own AS o LEFT JOIN grouped AS g ON g.host = o.host AND g.network = o.name AND g.name = o.preset
