/*
title: The candidate's QEMU has the VM's machine type
subject: vm_host
depends: own
severity: critical
platforms: [kvm]
symptom: >
  "Emulator '/usr/bin/qemu-system-x86_64' does not support machine type 'pc-q35-9.2'", "unsupported configuration: unable to find any
  emulator", "Cannot check QEMU binary", "Maximum CPUs greater than specified machine type limit". Raw QEMU without KVM: "Unknown savevm
  section or instance 'kvmclock'".
fix: >
  Bring the candidate's QEMU to the version, and to the distribution, that the VM was started with: types such as pc-q35-rhel9.2.0 or
  ubuntu-q35 exist only there. A VM takes another type when it is shut off, given it (virsh edit), and started again.
refs: ["libvirt: Capabilities information, guest/arch/machine", "libvirt: Domain XML format, os/type", "QEMU documentation: Deprecated features"]
*/
-- A definition that is shut off may have a name such as q35, which stands for another machine type on another host.
-- Candidates with the same machines, and VMs with the same needs, are judged once. A VM's own host is cut out of the list of ids.
WITH machine AS MATERIALIZED (
	SELECT v.id, v.cluster, ',' || json_quote(v.host) AS own, m.mobility, d.type, d.arch, d.machine, d.emulator, d.vcpus
	  FROM vm AS v LEFT JOIN vm_mobility AS m ON m.vm = v.id LEFT JOIN vm_definition AS d ON d.vm = v.id),
     need AS MATERIALIZED (
	SELECT DISTINCT cluster, mobility, type, arch, machine, emulator, vcpus FROM machine),
     candidate AS MATERIALIZED (
	SELECT h.cluster, m.set_id AS machines, t.set_id AS types, group_concat(',' || json_quote(h.id), '') AS ids
	  FROM host AS h
	  LEFT JOIN libvirt_machine AS m ON m.host = h.id
	  LEFT JOIN libvirt_guest_type AS t ON t.host = h.id
	 WHERE h.destination
	 GROUP BY h.cluster, m.set_id, t.set_id),
     offer AS MATERIALIZED (
	SELECT set_id, arch, machine, max(canonical) AS canonical, max(max_cpus) AS max_cpus, max(deprecated) AS deprecated,
	       sum(canonical IS NULL OR max_cpus IS NULL OR deprecated IS NULL) AS holes
	  FROM libvirt_machine_set GROUP BY set_id, arch, machine),
     machines_told AS MATERIALIZED (
	SELECT set_id, sum(arch IS NULL OR machine IS NULL) AS holes FROM libvirt_machine_set GROUP BY set_id),
     types_told AS MATERIALIZED (
	SELECT set_id, sum(arch IS NULL OR type IS NULL OR emulator IS NULL) AS holes FROM libvirt_guest_type_set GROUP BY set_id),
     way AS MATERIALIZED (
	SELECT n.*, c.machines, c.types, c.ids,
	       max(s.arch = n.arch) AS has_arch, max(s.arch = n.arch AND s.type = n.type) AS has_type,
	       max(s.arch = n.arch AND s.type = n.type AND s.emulator = n.emulator) AS has_emulator,
	       max(CASE WHEN s.arch = n.arch THEN s.emulator END) AS other
	  FROM need AS n
	  JOIN candidate AS c ON c.cluster = n.cluster
	  LEFT JOIN libvirt_guest_type_set AS s ON s.set_id = c.types
	 GROUP BY n.cluster, n.mobility, n.type, n.arch, n.machine, n.emulator, n.vcpus, c.machines, c.types),
     judged AS MATERIALIZED (
	SELECT w.*, o.machine IS NOT NULL AS listed, o.canonical, o.max_cpus, o.deprecated,
	       CASE WHEN w.mobility IS NULL OR w.type IS NULL OR w.arch IS NULL OR w.machine IS NULL OR w.emulator IS NULL OR w.vcpus IS NULL
	            THEN 'vm'
	            WHEN w.machines IS NULL OR w.types IS NULL OR mt.holes IS NOT 0 OR tt.holes IS NOT 0 THEN 'host'
	            WHEN w.has_arch IS NOT 1 THEN 'arch'
	            WHEN w.has_type = 0 THEN 'type'
	            WHEN w.has_emulator = 0 THEN 'emulator'
	            WHEN o.machine IS NULL THEN 'machine'
	            WHEN o.holes > 0 THEN 'host'
	            WHEN o.max_cpus > 0 AND o.max_cpus < w.vcpus THEN 'cpus'
	            WHEN o.canonical <> 'none' AND w.mobility = 'live' THEN 'alias'
	            WHEN o.deprecated = 'yes' THEN 'deprecated'
	            WHEN o.deprecated = 'no' AND w.vcpus > 0 THEN 'fine' END AS what
	  FROM way AS w
	  LEFT JOIN machines_told AS mt ON mt.set_id = w.machines
	  LEFT JOIN types_told AS tt ON tt.set_id = w.types
	  LEFT JOIN offer AS o ON o.set_id = w.machines AND o.arch = w.arch AND o.machine = w.machine),
     word AS MATERIALIZED (
	SELECT cluster, mobility, type, arch, machine, emulator, vcpus, ids,
	       CASE WHEN what = 'fine' THEN 'pass' WHEN what = 'deprecated' THEN 'warn' WHEN what IN ('arch', 'type', 'machine', 'cpus') THEN 'fail'
	            ELSE 'unknown' END AS status,
	       CASE WHEN what = 'arch' THEN 'no QEMU for guests of ' || arch
	            WHEN what = 'type' THEN CASE type WHEN 'kvm' THEN 'KVM is not available there' ELSE 'no guests of type ' || type END
	            WHEN what = 'emulator' THEN 'QEMU is ' || other || ' there'
	            WHEN what = 'machine' THEN 'no such machine type'
	            WHEN what = 'cpus' THEN 'at most ' || max_cpus || ' virtual CPUs'
	            WHEN what = 'alias' THEN 'only another name there, of ' || canonical
	            WHEN what IN ('deprecated', 'fine')
	            THEN CASE canonical WHEN 'none' THEN 'there' ELSE 'there, where it is ' || canonical END
	                 || CASE deprecated WHEN 'yes' THEN ', deprecated' ELSE '' END END AS observed,
	       type || ' guests of ' || arch || ' with ' || machine || ', ' || vcpus || CASE vcpus WHEN 1 THEN ' virtual CPU' ELSE ' virtual CPUs' END || ', by ' || emulator AS expected,
	       CASE what WHEN 'vm' THEN 'the VM''s definition was not answered, or is incomplete'
	            WHEN 'host' THEN 'the candidate did not tell its machine types, or not all'
	            WHEN 'emulator' THEN 'another QEMU program than the VM''s: what that one can do was not asked'
	            WHEN 'alias' THEN 'a VM that runs has a machine type with a version'
	            WHEN 'deprecated' THEN 'a later QEMU will not have it' END AS detail
	  FROM judged),
     grouped AS MATERIALIZED (
	SELECT cluster, mobility, type, arch, machine, emulator, vcpus, status, observed, expected, detail, group_concat(ids, '') AS ids
	  FROM word GROUP BY cluster, mobility, type, arch, machine, emulator, vcpus, status, observed, expected, detail)
SELECT vm, '[' || substr(ids, 2) || ']' AS peer, status, machine AS object, observed, expected, detail
  FROM (SELECT m.id AS vm, replace(g.ids, coalesce(m.own, '?'), '') AS ids, g.status, m.machine, g.observed, g.expected, g.detail
          FROM machine AS m
          JOIN grouped AS g ON g.cluster = m.cluster AND g.mobility IS m.mobility AND g.type IS m.type AND g.arch IS m.arch
               AND g.machine IS m.machine AND g.emulator IS m.emulator AND g.vcpus IS m.vcpus)
 WHERE ids <> ''
