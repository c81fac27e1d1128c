/*
title: No packets are lost between migration adapters
subject: path
depends: own
severity: warning
platforms: [vsphere, kvm]
params: {max_loss_pct: 0, min_sent: 3}
symptom: Migrations are slower than the link, and time out now and then under load.
fix: >
  Look for errors and discards on the ports between the two hosts. To measure smaller losses raise the parameter packets of
  jumbo-frames-path, and min_sent with it: to see one packet in a hundred takes about two hundred. More than 250 don't get done: five
  are sent a second, and an attempt has a minute.
refs: ["003_86cd344ffb4023b6.txt", "VMware KB 1003728"]
*/
-- Of the largest packets that get across, without the first of each attempt.
WITH seen AS MATERIALIZED (
	SELECT p.path, p.host, p.peer, p.src_device, p.dst_device, m.duty, m.in_scope, m.dst_ip, s.absent OR d.absent AS absent, coalesce(s.lacks, d.lacks) AS lacks, r.crossed_sent AS sent,
	       r.crossed_received AS received, r.observed_mtu, r.failure, r.via,
	       100.0 * (r.crossed_sent - r.crossed_received) / nullif(r.crossed_sent, 0) AS loss_pct,
	       CASE WHEN m.duty = 'send' AND m.in_scope THEN r.state END AS state
	  FROM migration_path AS p
	  LEFT JOIN mesh_path AS m ON m.path = p.path
	  LEFT JOIN path_result AS r ON r.path = p.path
	  LEFT JOIN migration_told AS s ON s.host = p.host
	  LEFT JOIN migration_told AS d ON d.host = p.peer)
SELECT path, host, peer,
       CASE WHEN duty IN ('away', 'elsewhere', 'none', 'unsampled') OR absent OR state = 'unreachable' THEN 'na'
            WHEN state IS NULL THEN 'unknown'
            WHEN loss_pct > :max_loss_pct THEN 'fail'
            WHEN sent >= :min_sent AND loss_pct <= :max_loss_pct THEN 'pass'
            ELSE 'unknown' END AS status,
       src_device || ' -> ' || coalesce(dst_ip, dst_device) AS object,
       CASE WHEN state <> 'unreachable' THEN printf('%d of %d packets of %d bytes lost (%.1f %%)', sent - received, sent, observed_mtu, loss_pct) END
           AS observed,
       'at most ' || :max_loss_pct || ' % of at least ' || :min_sent || ' packets' AS expected,
       CASE WHEN duty = 'away' THEN 'the host is not connected, so that nothing migrates from it: see host-connected'
            WHEN absent THEN 'a side has ' || lacks
            WHEN duty IN ('elsewhere', 'none') THEN 'these two adapters have no way to each other'
            WHEN duty = 'unsampled' THEN 'not sampled: see jumbo-frames-path'
            WHEN duty IS NULL THEN 'not known which addresses the two adapters have, or in which networks'
            WHEN NOT in_scope THEN 'not tried: the run is about other hosts'
            WHEN state = 'unreachable' THEN 'no reply at all: see jumbo-frames-path'
            WHEN state IS NULL THEN coalesce('not known: ' || failure, 'not tried, or not to the end')
            WHEN sent < :min_sent THEN 'too few packets to say' END AS detail,
       via
  FROM seen
