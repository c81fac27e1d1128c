/*
title: The host is connected and powered on, and another one of its cluster can take its VMs
subject: host
depends: own
severity: critical
platforms: [vsphere, kvm]
symptom: >
  Migrations from and to the host are refused, VMs on it can't be managed at all, or there is no host that could take them.
fix: >
  Reconnect the host, or power it on. A host that is out of service on purpose is left out of the run with --exclude; where no
  other host remains, VMs have nowhere to go until one is back.
refs: ["vSphere API: HostRuntimeInfo.connectionState, powerState, inMaintenanceMode, standbyMode"]
*/
-- A host in maintenance mode or on standby is up; that it takes no VMs is what host-maintenance-state says.
-- A cluster of one host is no matter: nobody expects to migrate within it. Excluded hosts count as hosts, not as destinations.
WITH room AS MATERIALIZED (
	SELECT l.cluster, count(*) AS hosts, sum(h.id IS NOT NULL AND l.destination) AS possible,
	       sum(h.id IS NOT NULL AND l.destination AND s.connection = 'connected' AND s.maintenance = 0) AS sure
	  FROM host_listed AS l LEFT JOIN host AS h ON h.id = l.id LEFT JOIN host_state AS s ON s.host = l.id
	 GROUP BY l.cluster),
     judged AS MATERIALIZED (
	SELECT h.id AS host, s.connection, s.maintenance, s.power, s.standby,
	       CASE WHEN r.hosts = 1 AND c.kind IS NOT NULL THEN 1
	            WHEN r.possible - h.destination = 0 AND c.kind IS NOT NULL THEN 0
	            WHEN r.sure - (h.destination AND s.connection = 'connected' AND s.maintenance = 0) > 0 THEN 1 END AS way_out
	  FROM host AS h LEFT JOIN host_state AS s ON s.host = h.id
	  LEFT JOIN room AS r ON r.cluster = h.cluster LEFT JOIN cluster AS c ON c.id = h.cluster)
SELECT s.host,
       CASE WHEN s.way_out = 0 OR s.connection IN ('disconnected', 'notresponding') OR s.power = 'poweredoff' THEN 'fail'
            WHEN s.way_out IS NULL THEN 'unknown'
            WHEN s.connection = 'connected' AND s.maintenance IN (0, 1) AND s.power = 'standby' THEN 'na'
            WHEN s.connection = 'connected' AND s.maintenance IN (0, 1) AND s.power = 'poweredon'
                 AND s.standby IN ('none', 'in', 'entering', 'exiting') THEN 'pass'
            ELSE 'unknown' END AS status,
       CASE s.connection WHEN 'notresponding' THEN 'not responding' ELSE coalesce(s.connection, 'connection not known') END
           || CASE s.power WHEN 'poweredoff' THEN ', powered off' WHEN 'standby' THEN ', on standby' WHEN 'poweredon' THEN ''
                   ELSE ', power state not known' END
           || CASE s.maintenance WHEN 1 THEN ', in maintenance mode' WHEN 0 THEN ''
                   ELSE ', not known whether in maintenance mode' END
           || CASE s.standby WHEN 'entering' THEN ', entering standby' WHEN 'exiting' THEN ', leaving standby' WHEN 'in'
                   THEN CASE s.power WHEN 'standby' THEN '' ELSE ', on standby' END WHEN 'none' THEN ''
                   ELSE ', standby mode not known' END AS observed,
       'connected, powered on, another host in service' AS expected,
       CASE WHEN s.way_out = 0 THEN 'no other host of the cluster can take its VMs'
            WHEN s.power = 'standby' THEN 'put on standby: host-maintenance-state tells of it'
            WHEN s.way_out IS NULL THEN 'not known whether another host of the cluster can take its VMs' END AS detail
  FROM judged AS s
