/*
Network interfaces that a Linux host's migrations pass: its migration NICs, and whatever carries these (ports of a bridge or bond, the
parent of a VLAN), but no guests' ports.

host    id
device  interface name
*/
-- index: host
-- arm: kvm
WITH RECURSIVE own AS (
	SELECT l.host, l.ifindex FROM migration_nic AS n JOIN linux_link AS l ON l.host = n.host AND l.name = n.device
	UNION
	SELECT o.host, below.ifindex
	  FROM own AS o
	  JOIN linux_link AS top ON top.host = o.host AND top.ifindex = o.ifindex
	  JOIN linux_link AS below ON below.host = o.host
	       AND ((below.master = top.ifindex AND (below.kind NOT IN ('tun', 'veth') OR top.kind = 'bond'))
	            OR (below.ifindex = top.link AND top.link_netns = 0 AND top.kind IN ('vlan', 'macvlan'))))
SELECT o.host, l.name AS device FROM own AS o JOIN linux_link AS l ON l.host = o.host AND l.ifindex = o.ifindex WHERE l.name IS NOT NULL
