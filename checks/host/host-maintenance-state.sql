/*
title: The host is in service, not in maintenance, standby or quarantine mode
subject: host
depends: own
severity: warning
platforms: [vsphere, kvm]
symptom: >
  The host takes no VMs: DRS and manual migrations pass it by or are refused. From a host in quarantine DRS moves VMs away.
fix: >
  End the maintenance or standby mode when the work on it is done; repair what the hardware's health provider reports of a host in
  quarantine. A host that is out of service on purpose is left out of the run with --exclude.
refs: ["vSphere API: HostRuntimeInfo.inMaintenanceMode, standbyMode, inQuarantineMode", "vSphere API: HostConfigInfo.lockdownMode"]
*/
-- inMaintenanceMode is documented to be false while a host is still entering that mode: this can't be seen here.
SELECT h.id AS host,
       CASE WHEN s.maintenance = 1 OR r.quarantine = 1 OR s.power = 'standby' OR s.standby IN ('in', 'entering', 'exiting')
            THEN 'fail'
            WHEN s.maintenance = 0 AND r.quarantine = 0 AND s.standby = 'none' AND s.power IN ('poweredon', 'poweredoff', 'unknown')
            THEN 'pass'
            ELSE 'unknown' END AS status,
       CASE s.maintenance WHEN 1 THEN 'in maintenance mode' WHEN 0 THEN 'not in maintenance mode'
            ELSE 'not known whether in maintenance mode' END
           || CASE WHEN s.standby = 'entering' THEN ', entering standby' WHEN s.standby = 'exiting' THEN ', leaving standby'
                   WHEN s.standby = 'in' OR s.power = 'standby' THEN ', on standby'
                   WHEN s.standby = 'none' THEN '' ELSE ', standby mode not known' END
           || CASE r.quarantine WHEN 1 THEN ', in quarantine mode' WHEN 0 THEN '' ELSE ', not known whether in quarantine mode' END
           AS observed,
       'not in maintenance, standby or quarantine mode' AS expected,
       CASE WHEN s.maintenance = 1 THEN 'it takes no VMs until maintenance mode ends'
            WHEN s.power = 'standby' OR s.standby IN ('in', 'entering', 'exiting')
            THEN 'it takes no VMs until it has been brought out of standby'
            WHEN r.quarantine = 1 THEN 'Proactive HA found its hardware degraded: DRS avoids it'
            WHEN r.lockdown IN ('lockdownnormal', 'lockdownstrict')
            THEN CASE r.lockdown WHEN 'lockdownnormal' THEN 'normal' ELSE 'strict' END
                 || ' lockdown mode: it is managed through vCenter only' END AS detail
  FROM host AS h
  LEFT JOIN host_state AS s ON s.host = h.id
  LEFT JOIN host_restriction AS r ON r.host = h.id
