/*
Spine: every host with every other host of its cluster that could take its VMs. Hosts that are disconnected, don't respond or
are in maintenance mode are no peers.

cluster  id
target   id
host     id of the source
peer     id of the destination
*/
-- view
SELECT h.cluster, h.target, h.id AS host, p.id AS peer
  FROM host AS h JOIN host AS p ON p.cluster = h.cluster AND p.id <> h.id
 WHERE p.destination
