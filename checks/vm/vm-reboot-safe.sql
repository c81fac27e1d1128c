/*
title: The VM will start again on the candidate, as it runs now
subject: vm_host
depends: own
severity: warning
platforms: [kvm]
symptom: >
  The migration is fine, and weeks later the VM doesn't start any more after it was shut down, starts with other disks or on another
  network, isn't there at all, or doesn't come up with its host.
fix: >
  Shut the VM down and start it where it is, while somebody looks, or take back what was changed in its definition (virsh dumpxml against
  virsh dumpxml --inactive). Migrate with --persistent, which takes the definition along, and set virsh autostart again on the other host.
refs: ["libvirt: virsh dumpxml --inactive, migrate --persistent, autostart", "002_1da27ed02e3c1a09.txt"]
*/
-- Whether what it runs with is there is for the other checks of the VM; this one is about what its next start takes.
-- Candidates with the same machine types, and VMs with the same next start, are judged once. A VM's own host is cut out of the ids.
WITH now AS MATERIALIZED (
	SELECT host || '/' || uuid AS vm, type, machine, emulator, loader, disk_files, disk_devs, networks
	  FROM libvirt_domain WHERE uuid IS NOT NULL),
     later AS MATERIALIZED (SELECT host || '/' || uuid AS vm, * FROM libvirt_next WHERE uuid IS NOT NULL),
     told AS MATERIALIZED (SELECT host || '/' || uuid AS vm, persistent, autostart FROM libvirt_condition WHERE uuid IS NOT NULL),
     machine AS MATERIALIZED (
	SELECT v.id AS vm, v.cluster, ',' || json_quote(v.host) AS own, m.mobility, c.persistent, c.autostart, n.arch, n.type, n.machine,
	       n.emulator,
	       CASE WHEN c.persistent = 1 AND n.uuid IS NOT NULL
	            THEN ltrim(CASE WHEN n.machine = d.machine THEN '' WHEN n.machine <> d.machine THEN '; machine type ' || n.machine || ', now ' || d.machine END
	                       || CASE WHEN n.type = d.type THEN '' WHEN n.type <> d.type THEN '; type ' || n.type || ', now ' || d.type END
	                       || CASE WHEN n.emulator = d.emulator THEN '' WHEN n.emulator <> d.emulator THEN '; another QEMU program: ' || n.emulator END
	                       || CASE WHEN n.loader = d.loader THEN '' WHEN n.loader <> d.loader THEN '; firmware ' || n.loader || ', now ' || d.loader END
	                       || CASE WHEN n.disk_files = d.disk_files AND n.disk_devs = d.disk_devs THEN ''
	                               WHEN n.disk_files <> d.disk_files OR n.disk_devs <> d.disk_devs THEN '; other disks' END
	                       || CASE WHEN n.networks = d.networks THEN '' WHEN n.networks <> d.networks THEN '; other networks' END, '; ')
	            END AS changes
	  FROM vm AS v
	  LEFT JOIN vm_mobility AS m ON m.vm = v.id
	  LEFT JOIN now AS d ON d.vm = v.id
	  LEFT JOIN later AS n ON n.vm = v.id
	  LEFT JOIN told AS c ON c.vm = v.id),
     need AS MATERIALIZED (SELECT DISTINCT cluster, arch, type, machine FROM machine),
     candidate AS MATERIALIZED (
	SELECT h.cluster, m.set_id AS machines, t.set_id AS types, group_concat(',' || json_quote(h.id), '') AS ids
	  FROM host AS h
	  LEFT JOIN libvirt_machine AS m ON m.host = h.id
	  LEFT JOIN libvirt_guest_type AS t ON t.host = h.id
	 WHERE h.destination
	 GROUP BY h.cluster, m.set_id, t.set_id),
     machines AS MATERIALIZED (
	SELECT set_id, CASE WHEN count(arch) = count(*) AND count(machine) = count(*) THEN count(*) END AS n FROM libvirt_machine_set GROUP BY set_id),
     types AS MATERIALIZED (
	SELECT set_id, CASE WHEN count(arch) = count(*) AND count(type) = count(*) THEN count(*) END AS n FROM libvirt_guest_type_set GROUP BY set_id),
     offer AS MATERIALIZED (
	SELECT n.cluster, n.arch, n.type, n.machine, c.ids,
	       CASE WHEN a.machine IS NOT NULL AND b.type IS NOT NULL THEN 1 WHEN w.n > 0 AND t.n > 0 AND n.machine IS NOT NULL THEN 0 END AS there
	  FROM need AS n
	  JOIN candidate AS c ON c.cluster = n.cluster
	  LEFT JOIN machines AS w ON w.set_id = c.machines
	  LEFT JOIN types AS t ON t.set_id = c.types
	  LEFT JOIN (SELECT DISTINCT set_id, arch, machine FROM libvirt_machine_set) AS a
	         ON a.set_id = c.machines AND a.arch = n.arch AND a.machine = n.machine
	  LEFT JOIN (SELECT DISTINCT set_id, arch, type FROM libvirt_guest_type_set) AS b
	         ON b.set_id = c.types AND b.arch = n.arch AND b.type = n.type),
     grouped AS MATERIALIZED (
	SELECT cluster, arch, type, machine, there, group_concat(ids, '') AS ids FROM offer GROUP BY cluster, arch, type, machine, there)
SELECT m.vm, '[' || substr(replace(g.ids, coalesce(m.own, '?'), ''), 2) || ']' AS peer,
       CASE WHEN m.mobility = 'cold' THEN 'na'
            WHEN m.mobility IS NULL THEN 'unknown'
            WHEN m.persistent = 0 THEN 'warn'
            WHEN m.persistent = 1 AND g.there = 0 THEN 'fail'
            WHEN m.changes <> '' OR m.autostart = 1 THEN 'warn'
            WHEN m.persistent = 1 AND m.autostart = 0 AND m.changes = '' AND g.there = 1 THEN 'pass'
            ELSE 'unknown' END AS status,
       CASE WHEN m.mobility IS NOT 'live' THEN NULL
            WHEN m.persistent = 0 THEN 'it has no definition: when it stops, it is gone'
            ELSE nullif(ltrim(CASE WHEN g.there = 0 THEN '; its next start takes ' || m.type || ' with ' || m.machine || ', which is not there' ELSE '' END
                              || CASE WHEN m.changes <> '' THEN '; its next start takes ' || m.changes ELSE '' END
                              || CASE WHEN m.autostart = 1 THEN '; it starts with its host: autostart is not taken along' ELSE '' END, '; '), '') END
           AS observed,
       CASE WHEN m.mobility IS NOT 'cold' THEN 'a definition that is what it runs with, of a machine type that is there' END AS expected,
       CASE WHEN m.mobility = 'cold' THEN 'it is not running: whether it can be started there the other checks say'
            WHEN m.mobility IS NULL THEN 'not known whether it runs'
            WHEN m.persistent IS NULL THEN 'not known whether it has a definition'
            WHEN m.persistent = 1 AND m.changes IS NULL THEN 'what its next start takes was not answered, or not all of it'
            WHEN m.persistent = 1 AND g.there IS NULL THEN 'the candidate did not tell its machine types'
            WHEN m.persistent = 1 AND m.autostart IS NULL THEN 'not known whether it starts with its host' END AS detail
  FROM machine AS m
  JOIN grouped AS g ON g.cluster = m.cluster AND g.arch IS m.arch AND g.type IS m.type AND g.machine IS m.machine
 WHERE replace(g.ids, coalesce(m.own, '?'), '') <> ''
