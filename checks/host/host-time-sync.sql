/*
title: The host's clock is kept in step by a time service
subject: host
depends: own
severity: warning
platforms: [vsphere, kvm]
params: {max_error_us: 1000000}
symptom: >
  The guest's clock jumps when it moves, certificates are refused, and log lines of the two hosts can't be put in order.
fix: >
  Run a time service (NTP on ESXi; chrony or systemd-timesyncd on Linux) that starts with the host, and check that it reaches
  its servers.
refs: ["adjtimex(2)", "chronyc(1), tracking", "vSphere API: HostDateTimeInfo, HostService",
       "VMware KB 1003736"]
*/
SELECT h.id AS host,
       CASE WHEN c.unsync = 0 AND c.max_error_us <= :max_error_us THEN 'pass'
            WHEN c.unsync = 1 OR c.max_error_us > :max_error_us THEN 'fail'
            ELSE 'unknown' END AS status,
       CASE c.unsync WHEN 0 THEN 'in step' WHEN 1 THEN 'not in step with any time service' END
           || CASE WHEN c.max_error_us >= 0 THEN printf(', may be wrong by up to %.3f s', c.max_error_us / 1e6) ELSE '' END
           AS observed,
       printf('in step, wrong by at most %.3f s', :max_error_us / 1e6) AS expected,
       c.reason AS detail
  FROM host AS h
  LEFT JOIN host_clock AS c ON c.host = h.id
