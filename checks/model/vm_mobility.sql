/*
How a VM would be moved off its host.

vm        id
mobility  live: it runs; cold: powered off, suspended or a template; agent: bound to its host or cluster, the platform
          recreates it elsewhere; NULL: not known
*/
-- index: vm
-- arm: vsphere
-- Who may edit a VM may write HDCS.agent into its settings, but only an extension can make itself its manager: a VM that claims,
-- or may claim, to be an agent without a manager is neither one nor the other.
SELECT v.vm,
       CASE WHEN m.extension_key = 'com.vmware.vim.eam' OR m.type = 'vcls-entity' THEN 'agent'
            WHEN a.set_id IS NOT NULL OR m.extension_key IS NULL OR e.set_id IS NULL THEN NULL
            WHEN t.template = 1 OR s.power IN ('poweredOff', 'suspended') THEN 'cold'
            WHEN t.template = 0 AND s.power = 'poweredOn' THEN 'live' END AS mobility
  FROM vsphere_vm AS v
  LEFT JOIN vsphere_vm_state AS s ON s.vm = v.vm
  LEFT JOIN vsphere_vm_template AS t ON t.vm = v.vm
  LEFT JOIN vsphere_vm_managed AS m ON m.vm = v.vm
  LEFT JOIN vsphere_vm_setting AS e ON e.vm = v.vm
  LEFT JOIN (SELECT DISTINCT set_id FROM vsphere_vm_setting_set
              WHERE key IS NULL OR (lower(trim(key, char(9, 10, 13, 32))) = 'hdcs.agent'
                                    AND coalesce(lower(trim(value, char(9, 10, 13, 32))) = 'true', 1))) AS a
         ON a.set_id = e.set_id
-- arm: kvm
-- Of a VM that is paused the memory is copied as of one that runs.
SELECT host || '/' || uuid AS vm, CASE active WHEN 1 THEN 'live' WHEN 0 THEN 'cold' END AS mobility
  FROM libvirt_vm WHERE uuid IS NOT NULL
