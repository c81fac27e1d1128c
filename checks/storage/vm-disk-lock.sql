/*
title: Disks are locked alike on both hosts
subject: pair
depends: own
severity: critical
platforms: [kvm]
symptom: >
  "Failed to connect socket to '/run/libvirt/virtlockd-sock'", and the migration ends before it has begun. Or the VM moves to a host that
  lets another VM write to its disks.
fix: >
  Start virtlockd (systemctl enable --now virtlockd.socket) or sanlock on the host, and set the same lock_manager in /etc/libvirt/qemu.conf
  on all hosts; libvirt reads it when it starts. Not known: qemu.conf is for root's eyes, let migready become root.
refs: ["libvirt: Virtual machine lock manager, virtlockd", "libvirt: qemu.conf, lock_manager"]
*/
-- libvirt 9.0 migrates between hosts with different lock managers: what is lost is that one of them keeps other VMs from the disk.
WITH side AS MATERIALIZED (
	SELECT h.id AS host, l.manager, l.down FROM host AS h LEFT JOIN libvirt_lock AS l ON l.host = h.id)
SELECT p.host, json_group_array(p.peer) AS peer,
       CASE WHEN b.down > 0 THEN 'fail'
            WHEN a.manager = b.manager AND b.down = 0 THEN 'pass'
            WHEN a.manager <> b.manager AND b.down = 0 THEN 'warn'
            ELSE 'unknown' END AS status,
       CASE WHEN b.down > 0 THEN b.manager || ' is set there, but its daemon does not listen'
            WHEN a.manager <> b.manager
            THEN CASE b.manager WHEN 'none' THEN 'no lock manager there' ELSE b.manager || ' there' END
                 || CASE a.manager WHEN 'none' THEN ', none here' ELSE ', ' || a.manager || ' here' END
            WHEN b.manager = 'none' THEN 'no lock manager, on either' ELSE b.manager END AS observed,
       'the same lock manager, with its daemon' AS expected,
       CASE WHEN a.manager IS NULL THEN 'not known for the host'
            WHEN b.manager IS NULL OR b.down IS NULL THEN 'not known for the other host' END AS detail
  FROM host_pair AS p JOIN side AS a ON a.host = p.host JOIN side AS b ON b.host = p.peer
 GROUP BY p.host, b.manager, b.down
