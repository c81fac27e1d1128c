/*
title: The VM runs undisturbed, and its guest agent answers
subject: vm
depends: own
severity: warning
platforms: [kvm]
symptom: >
  A guest that crashed, or that an I/O error has paused, waits for somebody, and a migration carries its trouble to the next host, or is
  refused ("cannot migrate domain with I/O error"). Without its agent nobody can freeze its file systems or set its clock after the move.
fix: >
  Look at the guest (virsh domstate --reason, virsh console), resume or reset it. A domain that is paused by a migration which nobody runs any
  more is left over: destroy it on the host where the guest doesn't run. Start qemu-guest-agent in the guest.
refs: ["libvirt: virDomainState, virDomainPausedReason", "libvirt: Domain XML format, channel org.qemu.guest_agent.0"]
*/
WITH rule(state, status, why) AS (VALUES
	('paused (I/O error)', 'fail', 'paused: its storage failed'), ('paused (watchdog)', 'fail', 'paused by its watchdog'),
	('paused (crashed)', 'fail', 'paused since it crashed'), ('paused (panicked)', 'fail', 'paused since it crashed'),
	('paused (migrating)', 'fail', 'paused by a migration, which is under way or was left over'),
	('paused (starting up)', 'fail', 'paused while it starts: an incoming migration, or what was left of one'),
	('paused (post-copy failed)', 'fail', 'paused since a post-copy migration lost its source'),
	('paused (user)', 'warn', 'paused by somebody: it moves paused'), ('pmsuspended', 'warn', 'suspended by the guest itself')),
     agent AS MATERIALIZED (
	SELECT host || '/' || uuid AS vm, max(state = 'connected') AS connected, max(state IS NULL) AS holes
	  FROM libvirt_channel WHERE name = 'org.qemu.guest_agent.0' GROUP BY host, uuid),
     channels AS MATERIALIZED (
	SELECT d.host || '/' || d.uuid AS vm,
	       CASE d.channels WHEN '' THEN 0 ELSE 1 + length(d.channels) - length(replace(d.channels, ',', '')) END = count(c.name) AS told
	  FROM libvirt_domain AS d LEFT JOIN libvirt_channel AS c ON c.host = d.host AND c.uuid = d.uuid
	 WHERE d.uuid IS NOT NULL GROUP BY d.host, d.uuid),
     seen AS MATERIALIZED (
	SELECT v.id AS vm, m.mobility, s.state, k.told, a.connected, a.holes,
	       CASE WHEN s.state IS NULL OR s.state = '' THEN NULL
	            WHEN s.state LIKE 'running%' OR s.state LIKE 'idle%' THEN 'pass'
	            WHEN s.state LIKE 'crashed%' THEN 'fail'
	            WHEN r.state IS NOT NULL THEN r.status
	            WHEN s.state LIKE 'pmsuspended%' OR s.state LIKE 'paused%' OR s.state LIKE 'in shutdown%' THEN 'warn' END AS status,
	       coalesce(r.why, s.state) AS why
	  FROM vm AS v
	  LEFT JOIN vm_mobility AS m ON m.vm = v.id
	  LEFT JOIN libvirt_condition AS s ON s.host = v.host AND s.uuid = substr(v.id, length(v.host) + 2)
	  LEFT JOIN rule AS r ON r.state = s.state
	  LEFT JOIN channels AS k ON k.vm = v.id
	  LEFT JOIN agent AS a ON a.vm = v.id)
SELECT vm,
       CASE WHEN mobility = 'cold' THEN 'na'
            WHEN mobility = 'live' AND status = 'fail' THEN 'fail'
            WHEN mobility IS NULL OR status IS NULL OR told IS NOT 1 OR holes = 1 THEN 'unknown'
            WHEN status = 'warn' OR connected = 0 THEN 'warn'
            WHEN status = 'pass' AND coalesce(connected, 1) = 1 THEN 'pass' ELSE 'unknown' END AS status,
       CASE WHEN mobility = 'live'
            THEN why || CASE WHEN connected = 0 THEN ', its guest agent does not answer' WHEN connected = 1 THEN ', its guest agent answers'
                             WHEN told THEN ', no guest agent' ELSE '' END END AS observed,
       'running' AS expected,
       CASE WHEN mobility = 'cold' THEN 'it does not run'
            WHEN mobility IS NULL THEN 'not known whether it runs'
            WHEN status IS NULL THEN CASE WHEN state IS NULL THEN 'its state was not told' ELSE 'what that state means is not known' END
            WHEN told IS NOT 1 OR holes = 1 THEN 'not all of its channels are known' END AS detail
  FROM seen
