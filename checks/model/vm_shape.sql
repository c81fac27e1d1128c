/*
How large a VM is.

vm          id
vcpus       virtual CPUs, at most
memory_mib  MiB, at most
*/
-- index: vm
-- arm: vsphere
SELECT vm, vcpus, memory_mib FROM vsphere_vm_shape
-- arm: kvm
SELECT host || '/' || uuid AS vm, vcpus, memory_kib / 1024 AS memory_mib FROM libvirt_domain WHERE uuid IS NOT NULL
