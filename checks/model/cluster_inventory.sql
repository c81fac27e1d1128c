/*
How much of a cluster was listed, against the server's own count of it.

cluster        id
hosts_listed   hosts that the account sees in it, whether or not --exclude takes them out
hosts_counted  hosts in it as the server counts them; NULL: no answer
vms_listed     VMs that the account sees on those hosts
templates      how many of these are templates; NULL: not known of all
vms_counted    VMs in it as the server counts them; -1: the server keeps no such count; NULL: no answer
vms_adrift     VMs of the same target that are on no host which the account sees: any cluster may be theirs
root_readable  1: a role on the inventory's root reads it, 0: none does, NULL: roles not known
*/
-- index: cluster
-- arm: vsphere
WITH hosts AS MATERIALIZED (SELECT cluster, count(*) AS n FROM host_listed GROUP BY cluster),
     vms AS MATERIALIZED (
	SELECT h.cluster, substr(v.vm, 1, instr(v.vm, '/') - 1) AS target, count(*) AS n,
	       CASE WHEN count(t.template) = count(*) THEN sum(t.template) END AS templates
	  FROM vsphere_vm AS v
	  LEFT JOIN host_listed AS h ON h.id = v.host
	  LEFT JOIN vsphere_vm_template AS t ON t.vm = v.vm
	 GROUP BY 1, 2),
     rights AS MATERIALIZED (
	SELECT substr(root, 1, instr(root, '/') - 1) AS target, max(role NOT IN (-3, -4, -5)) AS readable
	  FROM vsphere_root GROUP BY 1)
SELECT c.id AS cluster, coalesce(hosts.n, 0) AS hosts_listed, s.num_hosts AS hosts_counted, coalesce(vms.n, 0) AS vms_listed,
       CASE WHEN vms.cluster IS NULL THEN 0 ELSE vms.templates END AS templates, s.total_vms AS vms_counted,
       coalesce(adrift.n, 0) AS vms_adrift, rights.readable AS root_readable
  FROM cluster AS c
  LEFT JOIN vsphere_compute AS s ON s.compute = c.id
  LEFT JOIN hosts ON hosts.cluster = c.id
  LEFT JOIN vms ON vms.cluster = c.id
  LEFT JOIN vms AS adrift ON adrift.cluster IS NULL AND adrift.target = c.target
  LEFT JOIN rights ON rights.target = c.target
 WHERE c.platform = 'vsphere'
-- arm: kvm
-- The inventory says which hosts there are. Of their VMs the count is that of QEMU processes, which a libvirt that is asked under
-- another URI or another user doesn't show: a host with more of them than VMs that run has VMs that nobody looked at.
SELECT h.cluster, count(*) AS hosts_listed, count(*) AS hosts_counted, coalesce(sum(v.n), 0) AS vms_listed, 0 AS templates,
       CASE WHEN count(q.processes) = count(*) AND count(l.vms) = count(*) AND sum(l.vms = coalesce(v.told, 0)) = count(*)
            THEN sum(l.vms) + sum(max(q.processes - coalesce(v.active, 0), 0)) END AS vms_counted,
       0 AS vms_adrift, 1 AS root_readable
  FROM host_listed AS h
  LEFT JOIN libvirt_listed AS l ON l.host = h.id
  LEFT JOIN (SELECT host, count(uuid) AS n, sum(active) AS active, sum(uuid IS NOT NULL AND active IS NOT NULL) AS told
               FROM libvirt_vm GROUP BY host) AS v ON v.host = h.id
  LEFT JOIN linux_qemu AS q ON q.host = h.id
 WHERE h.platform = 'kvm' AND h.id NOT IN (SELECT host FROM run_excluded)
 GROUP BY h.cluster
