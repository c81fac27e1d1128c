/*
title: libvirt has a host UUID of its own on each of the two hosts
subject: pair
depends: own
severity: critical
platforms: [kvm]
symptom: >
  "Attempt to migrate guest to the same host": hosts from one image, or boards whose firmware has the same UUID.
fix: >
  Write a host_uuid of its own (uuidgen) into libvirtd.conf or virtqemud.conf of one of the two hosts and restart the daemon; or let
  host_uuid_source take the machine-id, where that is not the same, too.
refs: ["libvirt: libvirtd.conf, host_uuid, host_uuid_source", "libvirt: virsh capabilities, host/uuid"]
*/
-- Peers with the same UUID are one text of ids; the host's own is cut out of it.
WITH answer AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, h.destination, ',' || json_quote(h.id) AS own, v.uuid
	  FROM host AS h LEFT JOIN host_hypervisor AS v ON v.host = h.id),
     everyone AS MATERIALIZED (
	SELECT cluster, uuid, group_concat(own, '') AS ids FROM answer WHERE destination GROUP BY cluster, uuid),
     word AS MATERIALIZED (
	SELECT a.host, replace(e.ids, a.own, '') AS ids, a.uuid AS here, e.uuid AS there
	  FROM answer AS a JOIN everyone AS e ON e.cluster = a.cluster),
     judged AS MATERIALIZED (
	SELECT host, ids, CASE WHEN here = there THEN 'fail' WHEN here <> there THEN 'pass' ELSE 'unknown' END AS status, here, there
	  FROM word WHERE ids <> '')
SELECT host, '[' || substr(group_concat(ids, ''), 2) || ']' AS peer, status,
       CASE status WHEN 'fail' THEN 'both have ' || here WHEN 'pass' THEN here || ' here, another one there' END AS observed,
       'a UUID of its own' AS expected,
       CASE WHEN status <> 'unknown' THEN NULL WHEN here IS NULL THEN 'the host did not tell its UUID'
            ELSE 'the other host did not tell its UUID' END AS detail
  FROM judged
 GROUP BY host, status
