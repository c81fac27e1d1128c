/*
What VMs' drives hold: each drive's image, and the layers below it.

vm        id
drive     as the VM calls it: vda ...
layer     0: the drive's own image, 1: one below it
kind      path, network or other, as in vm_drive
path      on the host; NULL: it has none, or it isn't known
readonly  1: the VM doesn't write to it
startup   of a medium that isn't there: mandatory, requisite or optional
*/
-- index: vm
-- arm: kvm
-- Below a drive are the layers that libvirt names while the VM runs, else those that the image itself does.
SELECT vm, drive, 0 AS layer, kind, path, readonly, startup FROM vm_drive WHERE kind IS NOT 'empty'
UNION ALL
SELECT host || '/' || uuid, target, 1, CASE WHEN type IN ('file', 'block') THEN 'path' WHEN type = 'network' THEN 'network' ELSE 'other' END,
       CASE type WHEN 'file' THEN nullif(file, 'none') WHEN 'block' THEN nullif(dev, 'none') END, 1, 'mandatory'
  FROM libvirt_backing WHERE uuid IS NOT NULL AND type IS NOT 'none'
UNION ALL
SELECT d.vm, d.drive, 1, CASE WHEN i.file GLOB '/*' THEN 'path' WHEN i.file IS NOT NULL THEN 'network' END,
       CASE WHEN i.file GLOB '/*' THEN i.file END, 1, 'mandatory'
  FROM vm_drive AS d
  JOIN linux_image AS i ON i.host = d.host AND i.path = d.path AND i.file IS NOT i.path
 WHERE d.vm IN (SELECT host || '/' || uuid FROM libvirt_vm WHERE active = 0)
