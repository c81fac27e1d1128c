/*
Whether a host is up and in service.

host         id
connection   to its manager: connected, disconnected or notresponding
maintenance  1: in maintenance mode
power        poweredon, poweredoff, standby or unknown
standby      none, in, entering or exiting
*/
-- index: host
-- arm: vsphere
SELECT h.host, lower(h.connection) AS connection, h.maintenance, lower(s.power) AS power, lower(s.standby) AS standby
  FROM vsphere_host AS h LEFT JOIN vsphere_host_state AS s ON s.host = h.host
-- arm: kvm
-- A Linux host that answers is up; nobody puts it into maintenance mode. One that doesn't answer may still run its VMs.
SELECT k.host, a.connection, CASE WHEN a.host IS NOT NULL THEN 0 END AS maintenance,
       CASE WHEN a.host IS NOT NULL THEN 'poweredon' END AS power, CASE WHEN a.host IS NOT NULL THEN 'none' END AS standby
  FROM kvm_listed AS k
  LEFT JOIN (SELECT host, 'connected' AS connection FROM linux_host WHERE kernel IS NOT NULL) AS a ON a.host = k.host
