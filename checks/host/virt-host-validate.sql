/*
title: The host has what QEMU wants for its guests
subject: host
depends: own
severity: warning
platforms: [kvm]
symptom: >
  Guests don't start, start emulated, or have no network; devices can't be assigned; limits of CPU, memory and I/O have no effect.
fix: >
  Do what the detail says of each point: firmware settings, kernel modules (kvm, vhost_net, tun), the kernel's command line.
refs: ["virt-host-validate(1)", "Linux kernel documentation: Control Group v2, Virtual TUN/TAP, AMD SEV"]
*/
-- Devices that are assigned to guests, and secure ones, don't migrate: an IOMMU and SEV are looked at (view virt_host_point), and count for
-- nothing here. Else every host without them would be warned of.
WITH host_point AS MATERIALIZED (
	SELECT host, count(*) AS n, max(status = 'fail') AS fail, max(status = 'unknown') AS unknown, max(status = 'warn') AS warn,
	       group_concat(CASE WHEN status <> 'pass'
	                         THEN name || ': ' || CASE status WHEN 'unknown' THEN 'not known' ELSE coalesce(observed, 'missing') END END, '; ') AS observed,
	       group_concat(CASE WHEN status IN ('warn', 'fail') THEN name || ': ' || remedy END, '; ') AS remedy
	  FROM (SELECT * FROM virt_host_point WHERE name NOT IN ('IOMMU', 'IOMMU enabled', 'secure guests') ORDER BY host, rank, name) GROUP BY host)
SELECT h.id AS host,
       CASE WHEN p.fail THEN 'fail' WHEN p.unknown THEN 'unknown' WHEN p.warn THEN 'warn' WHEN p.n > 0 THEN 'pass' ELSE 'unknown' END AS status,
       coalesce(p.observed, p.n || ' points, all in order') AS observed, p.remedy AS detail
  FROM host AS h LEFT JOIN host_point AS p ON p.host = h.id
