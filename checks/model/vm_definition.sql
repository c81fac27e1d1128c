/*
What a VM of libvirt's is made of; of one that runs, what it runs with. The columns are those of the fact table libvirt_domain.

vm                 id
type               kvm, or qemu: emulated
arch               x86_64 ...
machine            its machine type
emulator           path of the QEMU program
vcpus              at most
cpu_mode           custom, host-model, host-passthrough, maximum, or none
cpu_check          full, partial, or none
cpu_model          EPYC ..., or none
cpu_vendor         Intel, AMD ..., or none
cpu_policies       what becomes of each of cpu_features: require, disable, force, optional, forbid, with commas between
cpu_features       with commas between
cpu_migratable     on, off, or none
cpu_address        passthrough, emulate, or none
cpu_address_bits   with emulate
cpu_address_limit  with passthrough, 0: none
loader             path of the firmware, or none
nvram_template     path, or none
memory_kib         at most, KiB
*/
-- index: vm
-- arm: kvm
SELECT host || '/' || uuid AS vm, type, arch, machine, emulator, vcpus, cpu_mode, cpu_check, cpu_model, cpu_vendor,
       cpu_requirements AS cpu_policies, cpu_features, cpu_migratable, cpu_address, cpu_address_bits, cpu_address_limit, loader,
       nvram_template, memory_kib
  FROM libvirt_domain WHERE uuid IS NOT NULL
