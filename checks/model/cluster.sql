/*
Spine: clusters, and hosts that are in none, each a cluster of one. A cluster that the account isn't shown is here as soon as one of
its hosts is; a host that doesn't tell its cluster is a cluster of its own.

id        TARGET/REF; the hosts of a `kvm:` target are TARGET/*, the machine that migready runs on is its own
target    id of its target
platform  vsphere or kvm
name      as people know it: of a `kvm:` target the target's; the id of a cluster that isn't shown
kind      cluster, or host for a host that is in none; NULL: not known, for a cluster that isn't shown
*/
-- index: id
-- arm: vsphere
SELECT compute AS id, substr(compute, 1, instr(compute, '/') - 1) AS target, 'vsphere' AS platform, name,
       CASE WHEN kind = 'ClusterComputeResource' THEN 'cluster' WHEN kind = 'ComputeResource' THEN 'host' END AS kind
  FROM vsphere_compute
UNION ALL
SELECT h.id, substr(h.id, 1, instr(h.id, '/') - 1), 'vsphere', h.id, NULL
  FROM (SELECT DISTINCT coalesce(compute, host) AS id FROM vsphere_host) AS h
  LEFT JOIN vsphere_compute AS c ON c.compute = h.id
 WHERE c.compute IS NULL
-- arm: kvm
SELECT k.cluster AS id, substr(k.host, 1, instr(k.host, '/') - 1) AS target, 'kvm' AS platform,
       CASE k.cluster WHEN k.host THEN coalesce(l.name, k.name) ELSE substr(k.host, 1, instr(k.host, '/') - 1) END AS name,
       CASE k.cluster WHEN k.host THEN 'host' ELSE 'cluster' END AS kind
  FROM kvm_listed AS k LEFT JOIN linux_host AS l ON l.host = k.host
 GROUP BY k.cluster
