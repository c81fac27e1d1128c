/*
What a host's own firewall does with the services that migrations need.

host         id
service      vmotion or nfc
enabled      1: its ruleset for the service is on, 0: off; NULL: not known
anybody      1: that ruleset is for whatever address the other side has, 0: for those of host_firewall_network; NULL: not known
in_blocked   1: what no ruleset lets in is kept out, 0: it is let in; NULL: not known
out_blocked  likewise, what the host sends
*/
-- index: host, service
-- arm: vsphere
SELECT f.host, CASE f.key WHEN 'vMotion' THEN 'vmotion' WHEN 'NFC' THEN 'nfc' END AS service, f.enabled, f.all_ip AS anybody,
       p.in_blocked, p.out_blocked
  FROM vsphere_firewall AS f LEFT JOIN vsphere_firewall_policy AS p ON p.host = f.host
