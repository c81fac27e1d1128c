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
WITH nic AS MATERIALIZED (
	SELECT host, device, ip, ip6,
	       CASE WHEN netstack IS NOT NULL
	            THEN (ip NOT LIKE '0.%' AND ip NOT LIKE '169.254.%' AND ip GLOB '[0-9]*')
	                 OR ',' || lower(ip6) GLOB '*,[0-9a-e]*' OR ',' || lower(ip6) GLOB '*,f[cd]*' END AS usable
	  FROM migration_nic),
     found AS MATERIALIZED (
	SELECT host, count(*) AS n, count(usable) AS known, sum(usable) AS usable,
	       group_concat(coalesce(device, 'an adapter that is not listed') || ' '
	                    || CASE WHEN usable IS NULL THEN '(address not known)'
	                            WHEN ip NOT LIKE '0.%' THEN ip WHEN ip6 <> 'none' THEN replace(ip6, ',', ' ')
	                            ELSE '(no address)' END, ', ') AS text
	  FROM (SELECT * FROM nic ORDER BY host, device) GROUP BY host),
     others AS MATERIALIZED (
	SELECT host, group_concat(device || CASE WHEN ip NOT LIKE '0.%' THEN ' ' || ip ELSE '' END, ', ') AS text
	  FROM (SELECT host, device, ip FROM vsphere_vmknic ORDER BY host, device) GROUP BY host)
SELECT h.id AS host,
       CASE WHEN f.usable > 0 THEN 'pass'
            WHEN f.n IS NULL OR f.known = f.n THEN 'fail'
            ELSE 'unknown' END AS status,
       CASE WHEN f.n IS NULL THEN 'no VMkernel adapter is selected for vMotion' ELSE f.text END AS observed,
       'an adapter for vMotion with an address other than link-local' AS expected,
       CASE WHEN f.n IS NULL THEN coalesce('the host has ' || o.text, 'the host has no VMkernel adapter at all') END AS detail
  FROM host AS h
  LEFT JOIN found AS f ON f.host = h.id
  LEFT JOIN others AS o ON o.host = h.id
