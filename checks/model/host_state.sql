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
SELECT host, 'connected' AS connection, 0 AS maintenance, 'poweredon' AS power, 'none' AS standby FROM linux_host
