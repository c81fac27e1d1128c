/*
title: What VMs are plugged into carries on the other host packets as large as here
subject: pair
depends: own
severity: warning
platforms: [kvm]
symptom: >
  The migration succeeds, and afterwards the guest answers a ping, while its storage, its backups or its cluster hang: it goes on sending
  packets of a size that the bridge there drops without a word.
fix: >
  Give the bridge and each of its ports the same MTU on both hosts, where the network is configured (and the switch ports behind them), so
  that it survives a restart.
refs: ["ip-link(8), mtu", "libvirt: domain XML format, MTU configuration"]
*/
-- A bridge carries what the smallest of its ports to the outside does, and no more than itself. Guests' own taps follow it. What the
-- other host lacks altogether is for vm-network-parity.
WITH made AS MATERIALIZED (
	SELECT d.host, d.uuid,
	       CASE d.interfaces WHEN '' THEN 0 ELSE 1 + length(d.interfaces) - length(replace(d.interfaces, ',', '')) END = count(i.uuid) AS told
	  FROM libvirt_domain AS d LEFT JOIN libvirt_interface AS i ON i.host = d.host AND i.uuid = d.uuid GROUP BY d.host, d.uuid),
     vms AS MATERIALIZED (
	SELECT l.host, l.vms = count(v.uuid) AND sum(v.uuid IS NOT NULL AND m.told IS NOT 1) = 0 AS told
	  FROM libvirt_listed AS l
	  LEFT JOIN libvirt_vm AS v ON v.host = l.host
	  LEFT JOIN made AS m ON m.host = v.host AND m.uuid = v.uuid
	 GROUP BY l.host),
     plug AS MATERIALIZED (
	SELECT DISTINCT host, what, name FROM vm_plug WHERE what IS NULL OR what IN ('network', 'link')),
     carried AS MATERIALIZED (
	SELECT host, what, name, link, CASE ports WHEN 0 THEN own_mtu ELSE min(own_mtu, mtu) END AS mtu FROM host_plug),
     compared AS MATERIALIZED (
	SELECT p.host, p.peer, max(a.mtu > b.mtu) AS smaller, max(a.mtu < b.mtu) AS larger, count(b.host) AS shared, count(a.mtu <> b.mtu) AS known,
	       count(n.host) - count(CASE WHEN n.what IS NOT NULL AND n.name IS NOT NULL THEN 1 END) AS unknown,
	       group_concat(CASE WHEN a.mtu <> b.mtu THEN n.name || ' ' || a.mtu || ' here, ' || b.mtu || ' there' END, '; ') AS text
	  FROM host_pair AS p
	  LEFT JOIN (SELECT * FROM plug ORDER BY name) AS n ON n.host = p.host
	  LEFT JOIN carried AS a ON a.host = p.host AND a.what = n.what AND a.name = n.name AND a.link IS NOT 'none'
	  LEFT JOIN carried AS b ON b.host = p.peer AND b.what = n.what AND b.name = n.name AND a.host IS NOT NULL AND b.link IS NOT 'none'
	 GROUP BY p.host, p.peer),
     judged AS MATERIALIZED (
	SELECT c.host, c.peer, c.text, c.shared,
	       CASE WHEN c.smaller = 1 THEN 'fail'
	            WHEN coalesce(v.told, 0) = 0 OR c.unknown > 0 OR c.known < c.shared OR coalesce(s.networks AND s.links AND d.networks AND d.links, 0) = 0
	            THEN 'unknown'
	            WHEN c.larger = 1 THEN 'warn'
	            WHEN c.shared > 0 AND c.known = c.shared AND c.larger = 0 THEN 'pass'
	            WHEN c.shared = 0 THEN 'na' ELSE 'unknown' END AS status
	  FROM compared AS c
	  LEFT JOIN vms AS v ON v.host = c.host
	  LEFT JOIN host_plug_told AS s ON s.host = c.host
	  LEFT JOIN host_plug_told AS d ON d.host = c.peer)
SELECT host, json_group_array(peer) AS peer, status, text AS observed, 'the same MTU on both hosts' AS expected,
       CASE WHEN status = 'na' THEN 'no VM of the host is plugged into anything that the other one has, too'
            WHEN status = 'unknown' THEN 'not known what all VMs are plugged into, or what both hosts carry'
            WHEN status = 'warn' THEN 'it carries more there: a guest that is set up there and comes here would lose its large packets' END AS detail
  FROM judged GROUP BY host, status, text
