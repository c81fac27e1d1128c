/*
Hosts that said all that host_plug holds; without that, something missing there means nothing.

host      id
networks  1: as many of libvirt's networks as it counted; else 0
links     1: interfaces, each with name, number, kind and what it belongs to; else 0
*/
-- index: host
-- arm: kvm
SELECT h.host, coalesce(l.networks = n.named, 0) AS networks, coalesce(i.told, 0) AS links
  FROM kvm_listed AS h
  LEFT JOIN libvirt_network_listed AS l ON l.host = h.host
  LEFT JOIN (SELECT l2.host, count(n2.name) AS named FROM libvirt_network_listed AS l2 LEFT JOIN libvirt_network AS n2 ON n2.host = l2.host
              GROUP BY l2.host) AS n ON n.host = h.host
  LEFT JOIN (SELECT host, sum(name IS NULL OR ifindex IS NULL OR kind IS NULL OR master IS NULL) = 0 AS told FROM linux_link GROUP BY host) AS i
         ON i.host = h.host
