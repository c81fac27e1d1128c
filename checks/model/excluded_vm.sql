/*
VMs on hosts that --exclude takes out: they are no subjects, and what they didn't answer concerns nobody.

id  TARGET/REF
*/
-- view
-- arm: vsphere
SELECT v.vm AS id FROM vsphere_vm AS v JOIN run_excluded AS x ON x.host = v.host
-- arm: kvm
SELECT v.host || '/' || v.uuid AS id FROM libvirt_vm AS v JOIN run_excluded AS x ON x.host = v.host WHERE v.uuid IS NOT NULL
