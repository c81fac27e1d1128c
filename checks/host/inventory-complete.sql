/*
title: Every host and VM of the cluster is listed
# It never fails: what isn't shown can be neither good nor bad, so a list that is too short is unknown, and blocks.
subject: cluster
depends: cluster
severity: critical
platforms: [vsphere, kvm]
symptom: >
  Everything that was looked at is fine, and the migration fails on a host or a VM that the account was never shown.
fix: >
  Give the account the Read-only role on the inventory's root folder, with "Propagate to children", and look for a permission
  further down (a folder, a host, a VM) that takes it away again. An account that is meant for one cluster alone gets Read-only on
  the root folder without "Propagate to children", and with it on that cluster and on the folders of its VMs.
refs: ["vSphere API: ComputeResource.summary.numHosts", "vSphere API: ClusterUsageSummary.totalVmCount",
       "vSphere API: ManagedEntity.effectiveRole"]
*/
-- Whether the server counts templates isn't documented: both ways of counting are taken, and no other. A list that is longer
-- than the count proves as little as one that is shorter.
SELECT c.id AS cluster,
       CASE WHEN i.hosts_listed = i.hosts_counted AND i.vms_adrift = 0 AND i.root_readable
                 AND (i.vms_counted IN (i.vms_listed, i.vms_listed - i.templates)
                      OR (i.vms_counted = -1 AND c.kind = 'host')) THEN 'pass'
            ELSE 'unknown' END AS status,
       'hosts ' || i.hosts_listed || ', VMs ' || i.vms_listed
           || CASE WHEN i.templates > 0 THEN ' with ' || i.templates || ' templates' ELSE '' END AS observed,
       'hosts ' || i.hosts_counted || CASE WHEN i.vms_counted >= 0 THEN ', VMs ' || i.vms_counted ELSE '' END
           || ', as the server counts them'
           AS expected,
       CASE WHEN c.kind IS NULL THEN 'the account is shown hosts of this cluster, but not the cluster: there may be more of them'
            WHEN i.hosts_counted IS NULL THEN 'the server did not say how many hosts there are'
            WHEN i.hosts_listed < i.hosts_counted THEN 'hosts of this cluster are hidden from the account: nobody looked at them'
            WHEN i.hosts_listed > i.hosts_counted THEN 'more hosts are listed than the server counts: one of the two is wrong'
            WHEN i.vms_adrift > 0 THEN i.vms_adrift || ' VMs of this vCenter are on hosts that are not shown'
            WHEN i.vms_counted IS NULL OR (i.vms_counted = -1 AND c.kind <> 'host')
            THEN 'the server did not say how many VMs there are'
            WHEN i.vms_listed < i.vms_counted THEN 'VMs of this cluster are hidden from the account: nobody looked at them'
            WHEN i.vms_counted >= 0 AND i.vms_counted <> i.vms_listed AND i.vms_counted IS NOT i.vms_listed - i.templates
            THEN 'more VMs are listed than the server counts, with and without templates: what it counts is not known'
            WHEN i.root_readable IS NULL
            THEN 'the account''s roles on the inventory''s root are not known: whole clusters may be hidden'
            WHEN NOT i.root_readable
            THEN 'the account has no role that reads the inventory''s root: whole clusters may be hidden' END AS detail
  FROM cluster AS c
  LEFT JOIN cluster_inventory AS i ON i.cluster = c.id
