/*
title: The host runs the ESXi build of the rest of its cluster, and no reboot is pending
subject: host
depends: own
severity: warning
platforms: [vsphere]
symptom: >
  Features and virtual hardware differ between hosts; a VM that was powered on on the newer one may not be able to go back, and a
  host with a pending reboot doesn't behave as it is configured.
fix: >
  Bring the hosts of the cluster to one ESXi build, one after the other. Reboot a host that waits for it, in maintenance mode.
refs: ["vSphere API: AboutInfo.version, build", "vSphere API: HostListSummary.rebootRequired", "000_8c43bc7e5d7d5098.txt"]
*/
-- Another major version fails, another build within it and a pending reboot warn. Hosts that can't take VMs are compared, but have
-- no vote. The majority is decided only when its lead is larger than the number of voters that gave no answer.
WITH answer AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, h.destination, b.version || ' build ' || b.build AS build,
	       CAST(b.version AS INTEGER) AS major, b.reboot_required AS reboot, k.kind IS NOT NULL AS shown
	  FROM host AS h LEFT JOIN vsphere_host_build AS b ON b.host = h.id LEFT JOIN cluster AS k ON k.id = h.cluster),
     voters AS MATERIALIZED (
	SELECT cluster, count(*) AS n, count(*) - count(build) AS silent FROM answer WHERE destination GROUP BY cluster),
     vote AS MATERIALIZED (
	SELECT cluster, build, min(major) AS major, count(*) AS n FROM answer WHERE destination AND build IS NOT NULL
	 GROUP BY cluster, build),
     best AS MATERIALIZED (
	SELECT cluster, build, major, n, n - coalesce(lead(n) OVER w, 0) AS margin, row_number() OVER w AS rank FROM vote
	WINDOW w AS (PARTITION BY cluster ORDER BY n DESC, build)),
     spread AS MATERIALIZED (
	SELECT cluster, max(major) > min(major) AS majors,
	       group_concat(CASE WHEN rank <= 4 THEN build || ' on ' || n END, ', ')
	           || CASE WHEN count(*) > 4 THEN ' and ' || (count(*) - 4) || ' more' ELSE '' END AS text
	  FROM (SELECT * FROM best ORDER BY cluster, rank) GROUP BY cluster),
     usual AS MATERIALIZED (
	SELECT v.cluster, v.n AS voters, v.silent, b.n, b.margin, s.majors, s.text,
	       CASE WHEN b.margin > v.silent THEN b.build END AS build, CASE WHEN b.margin > v.silent THEN b.major END AS major
	  FROM voters AS v LEFT JOIN best AS b ON b.cluster = v.cluster AND b.rank = 1 LEFT JOIN spread AS s ON s.cluster = v.cluster),
     judged AS MATERIALIZED (
	SELECT a.host, a.build, a.reboot, a.shown, u.build AS usual, u.n, u.voters, u.silent, u.text,
	       CASE WHEN coalesce(u.voters, 0) - a.destination = 0 THEN CASE WHEN a.shown AND a.build IS NOT NULL THEN 'alone' END
	            WHEN a.build = u.build THEN 'same'
	            WHEN a.major <> u.major THEN 'major'
	            WHEN a.build <> u.build THEN 'build'
	            WHEN a.build IS NOT NULL AND u.margin = 0 AND u.silent = 0 THEN CASE WHEN u.majors THEN 'major' ELSE 'build' END
	       END AS parity
	  FROM answer AS a LEFT JOIN usual AS u ON u.cluster = a.cluster)
SELECT host,
       CASE WHEN parity = 'major' THEN 'fail'
            WHEN parity = 'build' OR (reboot = 1 AND parity IS NOT NULL) THEN 'warn'
            WHEN parity = 'same' AND reboot = 0 THEN 'pass'
            WHEN parity = 'alone' AND reboot = 0 THEN 'na'
            ELSE 'unknown' END AS status,
       coalesce(build, 'version or build not known')
           || CASE reboot WHEN 1 THEN ', waits for a reboot' WHEN 0 THEN '' ELSE ', not known whether it waits for a reboot' END
           AS observed,
       CASE WHEN usual IS NOT NULL THEN usual || ', as ' || n || ' of ' || voters || ' hosts of the cluster'
            WHEN parity IN ('major', 'build') THEN 'one build in the cluster' END AS expected,
       CASE WHEN parity = 'alone' THEN 'nothing to compare: no other host of the cluster can take its VMs'
            WHEN parity = 'major' AND usual IS NOT NULL THEN 'another major version than the majority'
            WHEN parity = 'build' AND usual IS NOT NULL THEN 'another build than the majority'
            WHEN parity IN ('major', 'build') THEN 'no majority: ' || text
            WHEN NOT shown AND parity IS NULL THEN 'the account is not shown the cluster, whether it has other hosts is not known'
            WHEN build IS NULL THEN 'the host did not tell its version and build'
            WHEN parity IS NULL THEN 'no majority: hosts without an answer that could change it: ' || silent END AS detail
  FROM judged
