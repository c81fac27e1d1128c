/*
Hosts that said which of their adapters carry which services; without that, having no migration NIC means nothing.

host  id
told  1: each of its services has a name; 0: not each. No row: the host named no service at all, not even management
*/
-- index: host
-- arm: vsphere
SELECT host, min(service IS NOT NULL) AS told
  FROM (SELECT host, service FROM vsphere_nic_service UNION ALL SELECT host, service FROM vsphere_nic_candidate) GROUP BY host
