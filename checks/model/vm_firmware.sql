/*
Files of firmware that a VM of libvirt's is started with.

vm    id
kind  loader: its firmware; template: what new variables of it are copied from; rom: a boot ROM that its definition names; own: one
      that QEMU looks for by itself
file  path; of kind own a name
*/
-- arm: kvm
-- The names are those of QEMU's sources: pc machines since 2.0 boot bios-256k.bin; network adapters and displays have a ROM by model.
WITH nic(model, file) AS (VALUES
	('virtio', 'efi-virtio.rom'), ('virtio-transitional', 'efi-virtio.rom'), ('virtio-non-transitional', 'efi-virtio.rom'),
	('e1000', 'efi-e1000.rom'), ('e1000e', 'efi-e1000e.rom'), ('rtl8139', 'efi-rtl8139.rom'), ('ne2k_pci', 'efi-ne2k_pci.rom'),
	('pcnet', 'efi-pcnet.rom'), ('vmxnet3', 'efi-vmxnet3.rom')),
     display(model, file) AS (VALUES
	('vga', 'vgabios-stdvga.bin'), ('qxl', 'vgabios-qxl.bin'), ('virtio', 'vgabios-virtio.bin'), ('cirrus', 'vgabios-cirrus.bin'),
	('vmvga', 'vgabios-vmware.bin'), ('bochs', 'vgabios-bochs-display.bin'), ('ramfb', 'vgabios-ramfb.bin')),
     pc AS (SELECT host, uuid, loader, videos FROM libvirt_domain WHERE arch IN ('x86_64', 'i686') AND (machine GLOB 'pc*' OR machine = 'q35'))
SELECT host || '/' || uuid AS vm, 'loader' AS kind, loader AS file FROM libvirt_domain WHERE uuid IS NOT NULL AND loader <> 'none'
UNION ALL
SELECT host || '/' || uuid, 'template', nvram_template FROM libvirt_domain WHERE uuid IS NOT NULL AND nvram_template <> 'none'
UNION
SELECT host || '/' || uuid, 'rom', rom FROM libvirt_interface WHERE uuid IS NOT NULL AND rom <> 'none'
UNION ALL
SELECT host || '/' || uuid, 'own', 'bios-256k.bin' FROM pc WHERE loader = 'none'
UNION
SELECT i.host || '/' || i.uuid, 'own', n.file
  FROM libvirt_interface AS i JOIN nic AS n ON n.model = i.model JOIN pc AS p ON p.host = i.host AND p.uuid = i.uuid WHERE i.rom = 'none'
UNION
SELECT p.host || '/' || p.uuid, 'own', d.file FROM pc AS p JOIN display AS d ON ',' || p.videos || ',' LIKE '%,' || d.model || ',%'
