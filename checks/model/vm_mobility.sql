/*
How a VM would be moved off its host.

vm        id
mobility  live: it runs; cold: powered off, suspended or a template; agent: bound to its host or cluster, the platform
          recreates it elsewhere; NULL: not known
*/
-- index: vm
-- arm: vsphere
SELECT v.vm,
       CASE WHEN a.set_id IS NOT NULL OR m.extension_key = 'com.vmware.vim.eam' OR m.type = 'vcls-entity' THEN 'agent'
            WHEN m.extension_key IS NULL OR e.set_id IS NULL THEN NULL
            WHEN s.template = 1 OR s.power IN ('poweredOff', 'suspended') THEN 'cold'
            WHEN s.template = 0 AND s.power = 'poweredOn' THEN 'live' END AS mobility
  FROM vsphere_vm AS v
  LEFT JOIN vsphere_vm_state AS s ON s.vm = v.vm
  LEFT JOIN vsphere_vm_managed AS m ON m.vm = v.vm
  LEFT JOIN vsphere_vm_setting AS e ON e.vm = v.vm
  LEFT JOIN (SELECT DISTINCT set_id FROM vsphere_vm_setting_set WHERE lower(key) = 'hdcs.agent' AND lower(value) = 'true') AS a
         ON a.set_id = e.set_id
