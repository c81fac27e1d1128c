/*
How many drives a VM has, by its definition.

vm  id
n   how many
*/
-- index: vm
-- arm: kvm
SELECT host || '/' || uuid AS vm, CASE disks WHEN '' THEN 0 ELSE 1 + length(disks) - length(replace(disks, ',', '')) END AS n
  FROM libvirt_domain WHERE uuid IS NOT NULL
