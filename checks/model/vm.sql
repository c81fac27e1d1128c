/*
Spine: virtual machines. Those on hosts that --exclude takes out are not here, and a VM that two targets list is here once, with
the host that stays (see `host`). On KVM a definition that a migrated VM left behind is none: one that is shut off while the same
UUID runs on another host of the cluster.

id        TARGET/REF; on KVM its host's id, '/' and its UUID
target    id of its target
platform  vsphere or kvm
name      as people know it
host      id of the host it runs or is registered on; NULL when the account may not see that host
cluster   id of that host's cluster; NULL without host
*/
-- index: id
-- index: cluster
-- arm: vsphere
SELECT v.vm AS id, substr(v.vm, 1, instr(v.vm, '/') - 1) AS target, 'vsphere' AS platform, v.name, v.host, h.cluster
  FROM vsphere_vm AS v
  LEFT JOIN host AS h ON h.id = v.host
  LEFT JOIN host_listed AS l ON l.id = v.host
 WHERE h.id IS NOT NULL OR l.id IS NULL
-- arm: kvm
SELECT v.host || '/' || v.uuid AS id, substr(v.host, 1, instr(v.host, '/') - 1) AS target, 'kvm' AS platform, v.name, v.host,
       h.cluster
  FROM libvirt_vm AS v JOIN host AS h ON h.id = v.host
  LEFT JOIN (SELECT DISTINCT p.cluster, r.uuid FROM libvirt_vm AS r JOIN host AS p ON p.id = r.host WHERE r.active = 1) AS o
         ON o.cluster = h.cluster AND o.uuid = v.uuid AND v.active = 0
 WHERE v.uuid IS NOT NULL AND o.uuid IS NULL
