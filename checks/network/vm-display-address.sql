/*
title: The candidate host has the address and the port that the VM's display listens on
subject: vm_host
depends: own
severity: critical
platforms: [kvm]
symptom: >
  The migration ends before it begins: "Failed to bind socket: Cannot assign requested address", "no IP address found for interface", or
  "Failed to reserve port".
fix: >
  Let displays listen on 0.0.0.0 or 127.0.0.1, or on a libvirt network whose bridge has an address on each host, and let libvirt choose
  their ports (autoport). A running VM keeps what it was started with.
refs: ["libvirt: domain XML format, graphics"]
*/
WITH made AS MATERIALIZED (
	SELECT d.host || '/' || d.uuid AS vm,
	       CASE d.graphics WHEN '' THEN 0 ELSE 1 + length(d.graphics) - length(replace(d.graphics, ',', '')) END = coalesce(g.n, 0) AS told
	  FROM libvirt_domain AS d
	  LEFT JOIN (SELECT host, uuid, count(*) AS n FROM libvirt_graphics GROUP BY host, uuid) AS g ON g.host = d.host AND g.uuid = d.uuid),
     form AS MATERIALIZED (
	SELECT v.id AS vm, v.host, v.cluster, m.mobility, d.told, coalesce(n.needs, '[]') AS needs
	  FROM vm AS v
	  LEFT JOIN vm_mobility AS m ON m.vm = v.id
	  LEFT JOIN made AS d ON d.vm = v.id
	  LEFT JOIN (SELECT vm, json_group_array(json_array(what, name)) AS needs FROM (SELECT * FROM vm_display_need ORDER BY vm, what, name) GROUP BY vm) AS n
	         ON n.vm = v.id),
     shape AS MATERIALIZED (SELECT DISTINCT cluster, host, needs FROM form),
     network AS MATERIALIZED (SELECT host, name, active, link FROM host_plug WHERE what = 'network'),
     address AS MATERIALIZED (
	SELECT DISTINCT a.host, l.name AS device, CASE a.family WHEN 'ipv6' THEN ip_network(a.address, 128) ELSE ip_network(a.address, 32) END AS ip
	  FROM linux_address AS a LEFT JOIN linux_link AS l ON l.host = a.host AND l.ifindex = a.ifindex),
     addresses AS MATERIALIZED (SELECT host, count(ip) = count(*) AND count(device) = count(*) AS told FROM address GROUP BY host),
     ports AS MATERIALIZED (
	SELECT l.host, l.vms = count(v.uuid) AND count(v.uuid) = count(v.active) AS told
	  FROM libvirt_listed AS l LEFT JOIN libvirt_vm AS v ON v.host = l.host GROUP BY l.host),
     met AS MATERIALIZED (
	SELECT s.cluster, s.host, s.needs, h.id AS peer, j.value IS NOT NULL AS needed, j.value ->> 0 AS what, j.value ->> 1 AS name, t.networks, t.links,
	       n.host IS NOT NULL AS there, n.active, n.link, e.told AS addresses, r.told AS ports, q.vm AS taken, u.host IS NOT NULL AS unsure,
	       i.host IS NOT NULL OR d.host IS NOT NULL AS has
	  FROM shape AS s
	  JOIN host AS h ON h.cluster = s.cluster AND h.destination AND h.id IS NOT s.host
	  LEFT JOIN json_each(s.needs) AS j
	  LEFT JOIN host_plug_told AS t ON t.host = h.id
	  LEFT JOIN network AS n ON n.host = h.id AND n.name = j.value ->> 1 AND j.value ->> 0 = 'network'
	  LEFT JOIN addresses AS e ON e.host = h.id
	  LEFT JOIN (SELECT DISTINCT host, ip FROM address) AS i ON i.host = h.id AND i.ip = j.value ->> 1 AND j.value ->> 0 = 'address'
	  LEFT JOIN (SELECT DISTINCT host, device FROM address) AS d ON d.host = h.id AND d.device = n.link
	  LEFT JOIN ports AS r ON r.host = h.id
	  LEFT JOIN host_display_port AS q ON q.host = h.id AND q.port = j.value ->> 1 AND j.value ->> 0 = 'port'
	  LEFT JOIN host_display_port AS u ON u.host = h.id AND u.port IS NULL),
     judged AS MATERIALIZED (
	SELECT *,
	       CASE WHEN NOT needed THEN 'pass'
	            WHEN what IS NULL OR name IS NULL THEN 'unknown'
	            WHEN what = 'address' AND instr(name, '/') = 0 THEN 'unknown'
	            WHEN what = 'port' THEN CASE WHEN taken IS NOT NULL THEN 'fail' WHEN ports = 1 AND NOT unsure THEN 'pass' ELSE 'unknown' END
	            WHEN what = 'network' AND NOT there THEN CASE networks WHEN 1 THEN 'fail' ELSE 'unknown' END
	            WHEN what = 'network' AND active = 0 THEN 'fail'
	            WHEN what = 'network' AND (active IS NULL OR link IS NULL) THEN 'unknown'
	            WHEN has = 1 THEN 'pass'
	            WHEN addresses = 1 THEN 'fail'
	            ELSE 'unknown' END AS status
	  FROM met),
     worst AS MATERIALIZED (
	SELECT cluster, host, needs, peer, max(status = 'fail' AND what <> 'port') AS failed, max(status = 'fail' AND what = 'port') AS taken,
	       max(status = 'unknown') AS unsure,
	       group_concat(
	       CASE WHEN status = 'pass' THEN NULL
	            WHEN what IS NULL OR name IS NULL THEN 'not known where a display listens'
	            WHEN what = 'port' THEN CASE status WHEN 'fail' THEN 'port ' || name || ' is taken there by ' || taken ELSE 'not known whether port ' || name || ' is free there' END
	            WHEN what = 'address' AND status = 'fail' THEN 'no address ' || substr(name, 1, instr(name, '/') - 1) || ' there'
	            WHEN what = 'address' AND instr(name, '/') = 0 THEN 'not known which address ' || name || ' is there'
	            WHEN what = 'address' THEN 'not known which addresses it has'
	            WHEN status = 'unknown' THEN 'not known whether network ' || name || ' has an address there'
	            WHEN NOT there THEN 'no network ' || name
	            WHEN active = 0 THEN 'network ' || name || ' is not started'
	            ELSE 'network ' || name || ' has no address there' END, '; ') AS text
	  FROM judged GROUP BY cluster, host, needs, peer),
     answer AS MATERIALIZED (
	SELECT cluster, host, needs, CASE WHEN failed THEN 'fail' WHEN taken THEN 'taken' WHEN unsure THEN 'unknown' ELSE 'pass' END AS status, text,
	       json_group_array(peer) AS peers
	  FROM worst GROUP BY cluster, host, needs, 4, text)
SELECT f.vm, a.peers AS peer,
       CASE WHEN f.mobility IS NULL THEN 'unknown'
            WHEN a.status = 'fail' THEN 'fail'
            WHEN a.status = 'taken' THEN CASE f.mobility WHEN 'cold' THEN 'warn' ELSE 'fail' END
            WHEN f.told = 1 THEN a.status ELSE 'unknown' END AS status,
       a.text AS observed, 'each display''s address is the candidate''s, too, and its port free there' AS expected,
       CASE WHEN f.mobility IS NULL THEN 'not known whether it runs'
            WHEN f.told IS NOT 1 AND a.status NOT IN ('fail', 'taken') THEN 'not known what displays the VM has'
            WHEN f.mobility = 'cold' AND a.status IN ('fail', 'taken') THEN 'it is shut off: it moves, but does not start there' END AS detail
  FROM form AS f
  JOIN answer AS a ON a.cluster = f.cluster AND a.host IS f.host AND a.needs = f.needs
