/*
title: The host has a VMkernel adapter for vMotion with an address
subject: host
depends: own
severity: critical
platforms: [vsphere]
symptom: >
  The migration is refused at once: "The vMotion interface is not configured" (VMotionNotConfigured), or it times out while it
  connects.
fix: >
  Select vMotion on a VMkernel adapter, or add one on the TCP/IP stack vmotion, and give it an address that the other hosts of
  the cluster reach.
refs: ["001_82856f7890981a1d.txt", "vSphere API: VMotionNotConfigured", "vSphere API: HostVirtualNicManagerInfo.netConfig"]
*/
-- A host that names no service at all, not even management, gave no answer about them.
WITH nic AS MATERIALIZED (
	SELECT host, device, ip, ip6,
	       CASE WHEN netstack IS NOT NULL
	            THEN ip_usable(ip) OR CASE ip6 WHEN 'none' THEN 0 ELSE ip_usable(ip6) END END AS usable
	  FROM migration_nic),
     found AS MATERIALIZED (
	SELECT host, count(*) AS n, count(usable) AS known, sum(usable) AS usable,
	       group_concat(coalesce(device, 'an adapter that is not listed') || ' '
	                    || CASE WHEN ip NOT IN ('', '0.0.0.0') THEN ip WHEN ip6 NOT IN ('', 'none') THEN replace(ip6, ',', ' ')
	                            WHEN usable = 0 THEN '(no address)' ELSE '(address not known)' END, ', ') AS text
	  FROM (SELECT * FROM nic ORDER BY host, device) GROUP BY host),
     service AS MATERIALIZED (
	SELECT host, min(service IS NOT NULL) AS named
	  FROM (SELECT host, service FROM vsphere_nic_service UNION ALL SELECT host, service FROM vsphere_nic_candidate) GROUP BY host),
     others AS MATERIALIZED (
	SELECT host, group_concat(device || CASE WHEN ip NOT IN ('', '0.0.0.0') THEN ' ' || ip ELSE '' END, ', ') AS text
	  FROM (SELECT host, device, ip FROM vsphere_vmknic ORDER BY host, device) GROUP BY host)
SELECT h.id AS host,
       CASE WHEN f.usable > 0 THEN 'pass'
            WHEN s.named = 1 AND (f.n IS NULL OR f.known = f.n) THEN 'fail'
            ELSE 'unknown' END AS status,
       CASE WHEN f.n IS NULL AND s.named = 1 THEN 'no VMkernel adapter is selected for vMotion' ELSE f.text END AS observed,
       'an adapter for vMotion with an address other than link-local' AS expected,
       CASE WHEN s.named IS NULL AND f.usable IS NOT 1 THEN 'the host did not say which adapters carry which services'
            WHEN f.n IS NULL THEN coalesce('the host has ' || o.text, 'the host has no VMkernel adapter at all') END AS detail
  FROM host AS h
  LEFT JOIN found AS f ON f.host = h.id
  LEFT JOIN service AS s ON s.host = h.id
  LEFT JOIN others AS o ON o.host = h.id
