/*
title: The candidate's processors address as much memory as the VM was told
subject: vm_host
depends: own
severity: critical
platforms: [kvm]
symptom: >
  "The number of virtual CPU address bits cannot exceed the number supported by the host CPU" where it is defined; else a guest some of
  whose memory, or whose devices', lies where the destination's processor can't reach: it faults or stops after the migration.
fix: >
  Give the VM a width that all hosts have (cpu/maxphysaddr, mode emulate, or passthrough with a limit), or a processor model instead of
  host-passthrough. Memory encryption in the firmware takes address bits away: set it alike on all hosts.
refs: ["libvirt: Domain XML format, cpu/maxphysaddr", "QEMU: -cpu, host-phys-bits, phys-bits",
       "Linux kernel: arch/x86/kernel/cpu/proc.c, address sizes"]
*/
-- With host-passthrough and maximum the guest is told its host's width. A model without a width of its own tells 40 bits, whatever the
-- host has: where the candidate has less than that, and less than the VM's host, a warning. Emulated processors have what they say.
-- Candidates of one width, and VMs with the same needs, are judged once. A VM's own host is cut out of the list of ids.
WITH width AS MATERIALIZED (
	SELECT host, CASE WHEN count(physical_bits) = count(*) THEN min(physical_bits) END AS bits FROM linux_cpu GROUP BY host),
     machine AS MATERIALIZED (
	SELECT v.id AS vm, v.cluster, ',' || json_quote(v.host) AS own, m.mobility, w.bits AS here, d.type, d.arch,
	       CASE WHEN d.cpu_address = 'emulate' THEN 'told'
	            WHEN d.cpu_mode IN ('host-passthrough', 'maximum') OR d.cpu_address = 'passthrough' THEN 'host'
	            WHEN d.cpu_mode IN ('custom', 'host-model', 'none') AND d.cpu_address = 'none' THEN 'default' END AS way,
	       CASE WHEN d.cpu_address = 'emulate' THEN nullif(d.cpu_address_bits, 0)
	            WHEN d.cpu_mode IN ('host-passthrough', 'maximum') OR d.cpu_address = 'passthrough'
	            THEN min(w.bits, CASE d.cpu_address_limit WHEN 0 THEN w.bits ELSE d.cpu_address_limit END)
	            WHEN d.cpu_mode IN ('custom', 'host-model', 'none') AND d.cpu_address = 'none' THEN 40 END AS bits
	  FROM vm AS v
	  LEFT JOIN vm_mobility AS m ON m.vm = v.id
	  LEFT JOIN vm_definition AS d ON d.vm = v.id
	  LEFT JOIN width AS w ON w.host = v.host),
     want AS MATERIALIZED (SELECT DISTINCT cluster, mobility, here, type, arch, way, bits FROM machine),
     candidate AS MATERIALIZED (
	SELECT h.cluster, w.bits, group_concat(',' || json_quote(h.id), '') AS ids
	  FROM host AS h LEFT JOIN width AS w ON w.host = h.id WHERE h.destination GROUP BY h.cluster, w.bits),
     judged AS MATERIALIZED (
	SELECT w.*, c.ids, c.bits AS there,
	       CASE WHEN w.type = 'qemu' OR w.arch NOT IN ('x86_64', 'i686') OR (w.mobility = 'cold' AND w.way IN ('host', 'default')) THEN 'na'
	            WHEN w.type <> 'kvm' OR w.type IS NULL OR w.arch IS NULL OR w.mobility IS NULL THEN 'unknown'
	            WHEN c.bits >= w.bits THEN 'pass'
	            WHEN w.way = 'default' AND c.bits >= w.here THEN 'pass'
	            WHEN w.way = 'default' AND c.bits < w.bits AND w.here IS NOT NULL THEN 'warn'
	            WHEN w.way IN ('told', 'host') AND c.bits < w.bits THEN 'fail'
	            ELSE 'unknown' END AS status
	  FROM want AS w JOIN candidate AS c ON c.cluster = w.cluster)
SELECT m.vm, '[' || substr(replace(j.ids, coalesce(m.own, '?'), ''), 2) || ']' AS peer, j.status,
       CASE WHEN j.status <> 'na' THEN j.there || ' bits' END AS observed,
       CASE WHEN j.status <> 'na' THEN j.bits || CASE j.way WHEN 'host' THEN ' bits, as its host has' WHEN 'told' THEN ' bits, as it is defined'
                                                         ELSE ' bits, as QEMU tells guests by default' END END AS expected,
       CASE WHEN j.type = 'qemu' THEN 'emulated: it has the addresses that QEMU gives it'
            WHEN j.status = 'na' AND j.arch NOT IN ('x86_64', 'i686') THEN 'no x86 processor'
            WHEN j.status = 'na' THEN 'it is shut off, and takes the width of the host that it is started on'
            WHEN j.mobility IS NULL THEN 'not known whether it runs'
            WHEN j.way IS NULL OR j.type IS NULL OR j.arch IS NULL OR (j.way = 'told' AND j.bits IS NULL)
            THEN 'what processor it has was not answered'
            WHEN j.there IS NULL THEN 'the candidate did not tell how wide its addresses are'
            WHEN j.status = 'unknown' THEN 'its host did not tell how wide its addresses are'
            WHEN j.status = 'warn' THEN 'fewer than its host, and than it was told: memory at high addresses is out of reach' END AS detail
  FROM machine AS m
  JOIN judged AS j ON j.cluster = m.cluster AND j.mobility IS m.mobility AND j.here IS m.here AND j.type IS m.type AND j.arch IS m.arch
       AND j.way IS m.way AND j.bits IS m.bits
 WHERE replace(j.ids, coalesce(m.own, '?'), '') <> ''
