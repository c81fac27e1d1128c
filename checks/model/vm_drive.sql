/*
The drives of VMs. One whose row is missing shows in vm_storage.

vm        id
host      id of the host it is on
drive     as the VM calls it: vda ...
device    disk, lun, cdrom or floppy
kind      path: a file or block device of the host; network: the VM's process reaches it itself; empty: no medium; other: something
          that is the host's own
path      of the image on the host; NULL: it has none, or it isn't known
network   protocol, name and servers, in words; NULL: it is none
format    raw, qcow2 ...
cache     none, directsync, writeback, writethrough, unsafe or default
readonly  1: the VM can't write to it
shared    1: other VMs may use it at the same time
startup   of a medium that isn't there: mandatory, requisite or optional
*/
-- index: vm
-- arm: kvm
SELECT d.host || '/' || d.uuid AS vm, d.host, d.target AS drive, d.device,
       CASE WHEN d.type IN ('file', 'block') AND d.file = 'none' AND d.dev = 'none' THEN 'empty'
            WHEN d.type IN ('file', 'block', 'volume') THEN 'path' WHEN d.type = 'network' THEN 'network'
            WHEN d.type IS NOT NULL THEN 'other' END AS kind,
       CASE d.type WHEN 'file' THEN nullif(d.file, 'none') WHEN 'block' THEN nullif(d.dev, 'none')
                   WHEN 'volume' THEN nullif(p.path, 'none') || '/' || d.volume END AS path,
       CASE d.type WHEN 'network' THEN d.protocol || ' ' || d.name || CASE d.server WHEN 'none' THEN '' ELSE ' at ' || d.server END
       END AS network,
       d.format, d.cache, d.readonly <> 'none' AS readonly, d.shareable <> 'none' AS shared, d.startup
  FROM libvirt_disk AS d
  LEFT JOIN libvirt_pool AS p ON p.host = d.host AND p.name = d.pool
 WHERE d.uuid IS NOT NULL
