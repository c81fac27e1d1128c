/*
title: The host is connected and powered on
subject: host
depends: own
severity: critical
platforms: [vsphere, kvm]
symptom: >
  Migrations from and to the host are refused, and VMs on it can't be managed at all.
fix: >
  Reconnect the host, or power it on. A host that is out of service on purpose is left out of the run with --exclude.
refs: ["vSphere API: HostRuntimeInfo.connectionState, powerState, inMaintenanceMode, standbyMode"]
*/
-- A host in maintenance mode or on standby is up; that it takes no VMs is what host-maintenance-state says. Whether the VMs of this
-- one have another host to go to is for vm-has-destination: it says nothing against this host as a destination.
SELECT h.id AS host,
       CASE WHEN s.connection IN ('disconnected', 'notresponding') OR s.power = 'poweredoff' THEN 'fail'
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
       'connected, powered on' AS expected,
       CASE WHEN s.power = 'standby' THEN 'put on standby: host-maintenance-state tells of it' END AS detail
  FROM host AS h
  LEFT JOIN host_state AS s ON s.host = h.id
