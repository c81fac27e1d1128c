/*
Which list of cpu_set a host offers to its VMs: what EVC lets through where the host says so, else what the hypervisor has; of a Linux
host what its first processor has.

host    id
set_id  of cpu_set; no row, or NULL: the host gave no answer
*/
-- index: host
-- arm: vsphere
SELECT m.host, CASE WHEN s.set_id IS NOT NULL THEN 'masked ' || m.set_id ELSE 'plain ' || f.set_id END AS set_id
  FROM vsphere_host_masked_feature AS m
  LEFT JOIN (SELECT DISTINCT set_id FROM vsphere_host_masked_feature_set) AS s ON s.set_id = m.set_id
  LEFT JOIN vsphere_host_feature AS f ON f.host = m.host
 WHERE m.set_id IS NOT NULL
-- arm: kvm
SELECT host, 'linux ' || set_id AS set_id FROM linux_cpu_feature WHERE set_id IS NOT NULL
