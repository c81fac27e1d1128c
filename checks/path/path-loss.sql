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
  jumbo-frames-path, and min_sent with it: to see one packet in a hundred takes about two hundred. More than 250 are not sent: five are
  sent a second, and an attempt has a minute.
refs: ["003_86cd344ffb4023b6.txt", "VMware KB 1003728"]
*/
-- Of the largest packets that get across, without the first of each attempt.
WITH seen AS MATERIALIZED (SELECT *, 100.0 * (sent - received) / nullif(sent, 0) AS loss_pct FROM path_crossing)
SELECT path, host, peer,
       CASE WHEN lacking IS NOT NULL THEN lacking
            WHEN loss_pct > :max_loss_pct THEN 'fail'
            WHEN sent >= :min_sent AND loss_pct <= :max_loss_pct THEN 'pass'
            ELSE 'unknown' END AS status,
       object,
       CASE WHEN lacking IS NULL THEN printf('%d of %d packets of %d bytes lost (%.1f %%)', sent - received, sent, mtu, loss_pct) END AS observed,
       'at most ' || :max_loss_pct || ' % of at least ' || :min_sent || ' packets' AS expected,
       CASE WHEN lacking IS NOT NULL THEN reason WHEN sent < :min_sent THEN 'too few packets to say' END AS detail,
       via
  FROM seen
