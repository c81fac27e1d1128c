/*
title: The host is connected, powered on and in service
subject: host
depends: own
severity: critical
platforms: [vsphere, kvm]
symptom: Migrations from and to the host are refused, or VMs on it can't be managed at all
fix: >
  Reconnect the host, or end its maintenance or standby mode. A host that is out of service on purpose is left out of the
  run with --exclude.
refs: ["vSphere API: HostRuntimeInfo.connectionState, powerState, inMaintenanceMode, standbyMode"]
*/
SELECT h.id AS host,
       CASE WHEN s.connection IN ('disconnected', 'notresponding') OR s.power = 'poweredoff' THEN 'fail'
            WHEN s.connection = 'connected' AND (s.maintenance = 1 OR s.power = 'standby'
                                                 OR s.standby IN ('in', 'entering', 'exiting')) THEN 'warn'
            WHEN s.connection = 'connected' AND s.power = 'poweredon' AND s.maintenance = 0 AND s.standby = 'none' THEN 'pass'
            ELSE 'unknown' END AS status,
       CASE s.connection WHEN 'notresponding' THEN 'not responding' ELSE coalesce(s.connection, 'connection not known') END
           || CASE s.power WHEN 'poweredoff' THEN ', powered off' WHEN 'standby' THEN ', on standby' WHEN 'poweredon' THEN ''
                   ELSE ', power state not known' END
           || CASE s.maintenance WHEN 1 THEN ', in maintenance mode' WHEN 0 THEN ''
                   ELSE ', not known whether in maintenance mode' END
           || CASE s.standby WHEN 'entering' THEN ', entering standby' WHEN 'exiting' THEN ', leaving standby' WHEN 'in'
                   THEN CASE s.power WHEN 'standby' THEN '' ELSE ', on standby' END WHEN 'none' THEN ''
                   ELSE ', standby mode not known' END AS observed,
       'connected, powered on, not in maintenance mode' AS expected,
       CASE WHEN s.maintenance = 1 THEN 'it takes no VMs until maintenance mode ends'
            WHEN s.power = 'standby' OR s.standby IN ('in', 'entering', 'exiting')
            THEN 'it takes no VMs until it has been brought out of standby' END AS detail
  FROM host AS h
  LEFT JOIN host_state AS s ON s.host = h.id
