/*
title: The port for file copies answers on every other host of the cluster
subject: pair
depends: own
severity: warning
platforms: [vsphere]
symptom: >
  Live migrations of VMs on shared storage work, but what copies files from host to host fails: migrations that change datastore or
  host without shared storage, cold migrations, clones. "Failed to connect to host", or the task stops at some per cent.
fix: >
  Let TCP 902 through between the adapters for management (or those for provisioning), in the firewalls on the way and in both hosts' own
  (ruleset NFC).
refs: ["vSphere API: HostFirewallRuleset, HostFirewallDefaultPolicy", "VMware KB 340170", "003_86cd344ffb4023b6.txt"]
*/
-- A warning: a VM on storage that both hosts share needs no copy, neither live nor cold, and one without has no destination here at all.
WITH judged AS MATERIALIZED (
	SELECT p.host, p.peer,
	       CASE WHEN state IN ('open', 'allowed') THEN 'pass' WHEN state IN ('refused', 'silent', 'unreachable', 'shut') THEN 'fail' ELSE 'unknown' END AS status,
	       CASE state WHEN 'open' THEN 'TCP 902 answers' WHEN 'refused' THEN 'TCP 902 refuses' WHEN 'silent' THEN 'TCP 902 does not answer'
	                  WHEN 'unreachable' THEN 'not reachable: ' || said WHEN 'allowed' THEN 'configured, not tried' WHEN 'shut' THEN 'blocked by configuration'
	                  ELSE nullif(said, '') END AS observed,
	       CASE WHEN state = 'refused' THEN 'nothing listens there, or a firewall rejects it' || coalesce('; ' || obstacle, '')
	            WHEN state = 'silent' THEN coalesce(obstacle, 'a firewall on the way drops it: neither of the two hosts'' own is known to')
	            WHEN state = 'allowed' THEN 'both hosts'' own firewalls let it through; one in between would not be seen. Not tried: ' || why
	            WHEN state = 'shut' THEN obstacle || '. Not tried: ' || why
	            WHEN state IS NULL THEN coalesce(error, 'it was not tried; the firewalls'' settings are not known: ' || why, 'not tried to an end') END AS detail
	  FROM host_pair AS p LEFT JOIN port_result AS r ON r.service = 'nfc' AND r.host = p.host AND r.peer = p.peer)
SELECT host, json_group_array(peer) AS peer, status, observed, 'TCP 902 answers' AS expected, detail
  FROM judged GROUP BY host, status, observed, detail
