/*
title: Both hosts run the same version of libvirt
subject: pair
depends: own
severity: warning
platforms: [kvm]
symptom: >
  The destination refuses the guest's definition: "unsupported configuration", "XML error", or features of the migration that one side
  doesn't know.
fix: Bring the hosts to one version of libvirt, the destination first.
refs: ["libvirt: Guest migration", "libvirt: virsh version --daemon"]
*/
-- A newer libvirt knows what older ones write; the other way round it may not.
WITH answer AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, h.destination, ',' || json_quote(h.id) AS own, v.libvirt, v.libvirt_order AS n
	  FROM host AS h LEFT JOIN host_hypervisor AS v ON v.host = h.id),
     side AS MATERIALIZED (
	SELECT cluster, libvirt, n, group_concat(own, '') AS ids FROM answer WHERE destination GROUP BY cluster, libvirt, n),
     word AS MATERIALIZED (
	SELECT a.host, replace(s.ids, a.own, '') AS ids, a.libvirt AS here, a.n AS from_n, s.libvirt AS there, s.n AS to_n
	  FROM answer AS a JOIN side AS s ON s.cluster = a.cluster)
SELECT host, '[' || substr(ids, 2) || ']' AS peer,
       CASE WHEN to_n = from_n THEN 'pass'
            WHEN to_n > from_n THEN 'warn'
            WHEN to_n < from_n THEN 'fail'
            ELSE 'unknown' END AS status,
       'libvirt ' || coalesce(here, 'of a version that is not known') || ' here, ' || coalesce(there, 'not known') || ' there' AS observed,
       'the same on both' AS expected,
       CASE WHEN to_n > from_n THEN 'newer there: the way back leads to an older one'
            WHEN to_n < from_n THEN 'older there: it may not know what the guest is defined with'
            WHEN from_n IS NULL THEN 'the host did not tell its version'
            WHEN to_n IS NULL THEN 'the other host did not tell its version' END AS detail
  FROM word
 WHERE ids <> ''
