/*
Spine: clusters, and hosts that are in none, each a cluster of one.

id        TARGET/REF; for a Linux host the host's own
target    id of its target
platform  vsphere or kvm
name      as people know it
kind      cluster, or host for a host that is in none
*/
-- index: id
-- arm: vsphere
SELECT compute AS id, substr(compute, 1, instr(compute, '/') - 1) AS target, 'vsphere' AS platform, name,
       CASE WHEN kind = 'ClusterComputeResource' THEN 'cluster' WHEN kind IS NOT NULL THEN 'host' END AS kind
  FROM vsphere_compute
-- arm: kvm
SELECT host AS id, substr(host, 1, instr(host, '/') - 1) AS target, 'kvm' AS platform, name, 'host' AS kind FROM linux_host
