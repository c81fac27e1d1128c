/*
How much of a cluster was listed, against the server's own count of it.

cluster        id
hosts_listed   hosts that the account sees in it, whether or not --exclude takes them out
hosts_counted  hosts in it as the server counts them; NULL: no answer
vms_listed     VMs that the account sees on those hosts
vms_counted    VMs in it as the server counts them; -1: the server keeps no such count; NULL: no answer
root_readable  1: a role on the inventory's root reads it, 0: none does, NULL: roles not known
*/
-- index: cluster
-- arm: vsphere
WITH hosts AS MATERIALIZED (SELECT compute, count(*) AS n FROM vsphere_host GROUP BY compute),
     vms AS MATERIALIZED (
	SELECT h.compute, count(*) AS n FROM vsphere_vm AS v JOIN vsphere_host AS h ON h.host = v.host GROUP BY h.compute),
     rights AS MATERIALIZED (
	SELECT substr(root, 1, instr(root, '/') - 1) AS target, max(role NOT IN (-3, -4, -5)) AS readable
	  FROM vsphere_root GROUP BY 1)
SELECT c.compute AS cluster, coalesce(hosts.n, 0) AS hosts_listed, c.num_hosts AS hosts_counted,
       coalesce(vms.n, 0) AS vms_listed, c.total_vms AS vms_counted, rights.readable AS root_readable
  FROM vsphere_compute AS c
  LEFT JOIN hosts ON hosts.compute = c.compute
  LEFT JOIN vms ON vms.compute = c.compute
  LEFT JOIN rights ON rights.target = substr(c.compute, 1, instr(c.compute, '/') - 1)
-- arm: kvm
SELECT host AS cluster, 1 AS hosts_listed, 1 AS hosts_counted, 0 AS vms_listed, 0 AS vms_counted, 1 AS root_readable
  FROM linux_host
