/*
title: The destination's QEMU is not older than the source's
subject: pair
depends: own
severity: critical
platforms: [kvm]
symptom: >
  The migration ends on the destination with "Unknown savevm section", "error while loading state" or "unsupported version", and on the
  source with "Unable to write to socket: Broken pipe" only. A guest that has arrived may lack what the newer QEMU gave it.
fix: >
  Bring the destination to the QEMU version of the source, or migrate in the other direction only: update the hosts one by one, each
  after its VMs have left for hosts that are updated already, or not yet need to be.
refs: ["QEMU documentation: Migration, Backwards compatibility", "libvirt: virsh version --daemon"]
*/
-- QEMU promises that a machine type can go to a later version, and nothing about an earlier one. Within one line (7.2.x) the state that
-- is sent doesn't change on purpose: a warning.
-- Peers with the same version are one text of ids; the host's own is cut out of it.
WITH answer AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, h.destination, ',' || json_quote(h.id) AS own, v.qemu, v.qemu_order AS n
	  FROM host AS h LEFT JOIN host_hypervisor AS v ON v.host = h.id),
     side AS MATERIALIZED (
	SELECT cluster, qemu, n, group_concat(own, '') AS ids FROM answer WHERE destination GROUP BY cluster, qemu, n),
     word AS MATERIALIZED (
	SELECT a.host, replace(s.ids, a.own, '') AS ids, a.qemu AS here, a.n AS from_n, s.qemu AS there, s.n AS to_n
	  FROM answer AS a JOIN side AS s ON s.cluster = a.cluster)
SELECT host, '[' || substr(ids, 2) || ']' AS peer,
       CASE WHEN to_n >= from_n THEN 'pass'
            WHEN to_n / 1000 = from_n / 1000 THEN 'warn'
            WHEN to_n < from_n THEN 'fail'
            ELSE 'unknown' END AS status,
       'QEMU ' || coalesce(here, 'of a version that is not known') || ' here, ' || coalesce(there, 'not known') || ' there' AS observed,
       here || ' or newer' AS expected,
       CASE WHEN to_n < from_n AND to_n / 1000 = from_n / 1000 THEN 'an older release of the same line'
            WHEN from_n IS NULL THEN 'the host did not tell its version'
            WHEN to_n IS NULL THEN 'the other host did not tell its version' END AS detail
  FROM word
 WHERE ids <> ''
