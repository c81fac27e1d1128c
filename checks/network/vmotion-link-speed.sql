/*
title: The links behind the host's vMotion adapters are up and fast enough
subject: host
depends: own
severity: critical
platforms: [vsphere]
params: {min_mbit: 1000, advised_mbit: 10000}
symptom: >
  With no link the migration is refused or times out (VMotionLinkDown). Below 1 Gbit/s full duplex vCenter warns
  (VMotionLinkCapacityLow) and busy VMs don't converge. With less than 10 Gbit/s a host migrates four VMs at a time instead of eight.
fix: >
  Look at cable, transceiver and switch port of the adapters named, and set speed and duplex to auto on both ends. Connect the
  vMotion port group to faster uplinks.
refs: ["vSphere API: VMotionLinkDown, VMotionLinkCapacityLow, PhysicalNic.linkSpeed",
  "VMware vSphere documentation: limits on simultaneous migrations"]
*/
-- Each adapter needs a link that is up: vMotion uses all of them. Uplinks with the same name are one. Half duplex counts as too slow.
-- A computed policy that names neither active nor standby uplinks may mean that none is used.
WITH uplink AS MATERIALIZED (
	SELECT host, device, switch, uplink, speed_mbit, full_duplex,
	       CASE WHEN speed_mbit > 0 AND full_duplex IS NULL THEN NULL
	            WHEN speed_mbit > 0 THEN CASE full_duplex WHEN 1 THEN speed_mbit ELSE min(speed_mbit, :min_mbit - 1) END
	            WHEN speed_mbit <= 0 THEN 0 END AS speed
	  FROM migration_uplink),
     nic AS MATERIALIZED (
	SELECT host, device, min(switch) AS switch, count(uplink) AS n, count(CASE WHEN uplink IS NOT NULL THEN speed END) AS known,
	       sum(CASE WHEN uplink IS NOT NULL THEN speed = 0 ELSE 0 END) AS down, max(speed) AS fastest,
	       min(CASE WHEN speed > 0 THEN speed END) AS slowest,
	       coalesce(device, 'an adapter that is not listed') || ' on ' || coalesce(min(switch), 'a switch that is not known') || ': '
	           || coalesce(group_concat(uplink || CASE WHEN speed_mbit <= 0 THEN ' down' WHEN speed_mbit IS NULL THEN ' not known'
	                                             ELSE ' ' || speed_mbit || ' Mbit/s' || CASE full_duplex WHEN 0 THEN ' half duplex' ELSE '' END
	                                             END, ', '), 'no uplink') AS text
	  FROM (SELECT * FROM uplink ORDER BY host, device, uplink) GROUP BY host, device),
     found AS MATERIALIZED (
	SELECT host, count(*) AS n, count(CASE WHEN device IS NOT NULL THEN switch END) AS placed,
	       sum(known < n) AS open, max(switch IS NOT NULL AND known = n AND (n = 0 OR down = n)) AS dead,
	       max(known = n AND fastest > 0 AND fastest < :min_mbit) AS slow, max(down > 0) AS thin,
	       max(slowest < max(:advised_mbit, :min_mbit)) AS modest, group_concat(text, '; ') AS text
	  FROM (SELECT * FROM nic ORDER BY host, device) GROUP BY host)
SELECT h.id AS host,
       CASE WHEN t.absent THEN 'na'
            WHEN f.dead OR f.slow THEN 'fail'
            WHEN f.placed = f.n AND f.open = 0 THEN CASE WHEN f.thin OR f.modest THEN 'warn' WHEN f.modest = 0 THEN 'pass' ELSE 'unknown' END
            ELSE 'unknown' END AS status,
       f.text AS observed,
       'a link of at least ' || :min_mbit || ' Mbit/s full duplex; all links up, with at least ' || max(:advised_mbit, :min_mbit)
           || ' Mbit/s' AS expected,
       CASE WHEN t.absent THEN 'no vMotion adapter: see vmotion-vmknic-present'
            WHEN f.n IS NULL THEN 'the host has no vMotion adapter, or did not say which'
            WHEN f.dead THEN 'no link is up behind an adapter'
            WHEN f.slow THEN 'all links behind an adapter are slower than ' || :min_mbit || ' Mbit/s'
            WHEN f.placed < f.n THEN 'not known which uplinks an adapter has: its switch is not known or opaque, or its port group names none of them'
            WHEN f.open > 0 THEN 'the speed of an uplink was not told'
            WHEN f.thin THEN 'a link is down' || CASE WHEN f.modest THEN ', and one is slow' ELSE '' END
            WHEN f.modest THEN 'a link is slow' END AS detail
  FROM host AS h LEFT JOIN found AS f ON f.host = h.id LEFT JOIN migration_told AS t ON t.host = h.id
