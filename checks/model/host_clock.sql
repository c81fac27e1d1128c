/*
How a host's clock is kept in step.

host          id
unsync        0: by a time service, 1: by none, or not after the next start of the host; NULL: not known
max_error_us  microseconds that the clock may be wrong by, as the host estimates; -1: its platform makes no estimate
reason        why unsync is 1, or not known; NULL where the platform gives none
*/
-- index: host
-- arm: vsphere
WITH wanted AS (
	SELECT host, servers, lower(enabled) AS enabled, lower(synchronized) AS synchronized, lower(protocol) AS protocol,
	       CASE lower(protocol) WHEN 'ntp' THEN 'ntpd' WHEN 'ptp' THEN 'ptpd' END AS daemon
	  FROM vsphere_host_time),
     seen AS (
	SELECT w.host, l.set_id IS NULL OR sum(s.set_id IS NOT NULL AND s.key IS NULL) > 0 AS holes, count(CASE WHEN lower(s.key) = w.daemon THEN 1 END) AS found,
	       min(CASE WHEN lower(s.key) = w.daemon THEN s.running END) AS running,
	       min(CASE WHEN lower(s.key) = w.daemon THEN lower(s.policy) END) AS policy
	  FROM wanted AS w
	  LEFT JOIN vsphere_host_service AS l ON l.host = w.host
	  LEFT JOIN vsphere_host_service_set AS s ON s.set_id = l.set_id
	 GROUP BY w.host),
     fault AS (
	SELECT w.host,
	       CASE WHEN NOT s.holes AND s.found = 0 AND w.daemon IS NOT NULL THEN '; the host has no ' || w.daemon
	            WHEN s.running = 0 THEN '; ' || w.daemon || ' does not run' ELSE '' END
	       || CASE WHEN s.policy = 'off' THEN '; ' || w.daemon || ' does not start with the host' ELSE '' END
	       || CASE WHEN w.protocol = 'ntp' AND w.servers IN ('none', '') THEN '; no NTP server is configured' ELSE '' END
	       || CASE WHEN w.enabled = 'false' THEN '; time services are disabled' ELSE '' END
	       || CASE WHEN w.synchronized = 'false' THEN '; not synchronized with a server' ELSE '' END AS text,
	       NOT s.holes AND s.running = 1 AND s.policy IN ('on', 'automatic') AND w.enabled IN ('true', 'untold')
	       AND w.synchronized IN ('true', 'untold')
	       AND (w.protocol = 'ptp' OR w.servers NOT IN ('none', '')) AS good
	  FROM wanted AS w JOIN seen AS s ON s.host = w.host)
SELECT host, CASE WHEN text <> '' THEN 1 WHEN good = 1 THEN 0 END AS unsync, -1 AS max_error_us,
       CASE WHEN text <> '' THEN substr(text, 3) WHEN good = 1 THEN NULL
            ELSE 'the host did not tell all of its time service''s state' END AS reason
  FROM fault
-- arm: kvm
SELECT host, unsync, max_error_us, NULL AS reason FROM linux_clock
