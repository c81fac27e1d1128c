/*
# It never fails: what isn't shown can be neither good nor bad, so a list that is too short is unknown, and blocks.
title: Every host and VM of the cluster is listed
subject: cluster
depends: cluster
severity: critical
platforms: [vsphere, kvm]
symptom: >
  Everything that was looked at is fine, and the migration fails on a host or a VM that the account was never shown.
fix: >
  Give the account the Read-only role on the inventory's root folder, with "Propagate to children", and look for a permission
  further down (a folder, a host, a VM) that takes it away again.
refs: ["vSphere API: ComputeResource.summary.numHosts", "vSphere API: ClusterUsageSummary.totalVmCount",
       "vSphere API: ManagedEntity.effectiveRole"]
*/
SELECT c.id AS cluster,
       CASE WHEN i.hosts_listed >= i.hosts_counted AND i.vms_counted >= 0 AND i.vms_listed >= i.vms_counted THEN 'pass'
            WHEN i.hosts_listed >= i.hosts_counted AND i.vms_counted = -1 AND i.root_readable THEN 'pass'
            ELSE 'unknown' END AS status,
       'hosts ' || i.hosts_listed || ', VMs ' || i.vms_listed AS observed,
       'hosts ' || i.hosts_counted || CASE WHEN i.vms_counted >= 0 THEN ', VMs ' || i.vms_counted ELSE '' END
           || ', as the server counts them'
           AS expected,
       CASE WHEN i.hosts_listed < i.hosts_counted THEN 'hosts of this cluster are hidden from the account: nobody looked at them'
            WHEN i.vms_listed < i.vms_counted THEN 'VMs of this cluster are hidden from the account: nobody looked at them'
            WHEN i.hosts_counted IS NULL THEN 'the server did not say how many hosts there are'
            WHEN i.vms_counted IS NULL THEN 'the server did not say how many VMs there are'
            WHEN i.vms_counted = -1 AND i.root_readable IS NULL
            THEN 'the server keeps no count of VMs, and the account''s roles on the root folder are not known'
            WHEN i.vms_counted = -1 AND NOT i.root_readable
            THEN 'the server keeps no count of VMs, and the account has no role that reads the root folder' END AS detail
  FROM cluster AS c
  LEFT JOIN cluster_inventory AS i ON i.cluster = c.id
