/*
title: The candidate host has what the VM's network adapters are plugged into
subject: vm_host
depends: own
severity: critical
platforms: [kvm]
symptom: >
  The migration is refused ("no network with matching name", "network is not active", "Cannot get interface MTU", "Unable to get index for
  interface"), or it succeeds, and the guest is cut off or ends in another network.
fix: >
  Give the candidate the same bridge, interface or libvirt network under the same name, and start it (virsh net-start, virsh net-autostart).
  Guests that move need a bridge that each host connects to the same segment: libvirt's nat, open, routed and isolated networks end at
  their host.
refs: ["libvirt: domain XML format, network interfaces", "libvirt: network XML format, connectivity and portgroups"]
*/
-- What libvirt refuses fails; so does what it lets through without a word while the guest loses its network: a port group that is
-- missing (and its VLAN with it), a network of another kind, a bridge that is down. VMs of one host that are plugged into the same are
-- judged once.
WITH made AS MATERIALIZED (
	SELECT d.host || '/' || d.uuid AS vm,
	       CASE d.interfaces WHEN '' THEN 0 ELSE 1 + length(d.interfaces) - length(replace(d.interfaces, ',', '')) END = coalesce(i.n, 0) AS told
	  FROM libvirt_domain AS d
	  LEFT JOIN (SELECT host, uuid, count(*) AS n FROM libvirt_interface GROUP BY host, uuid) AS i ON i.host = d.host AND i.uuid = d.uuid),
     plug AS MATERIALIZED (SELECT DISTINCT vm, what, name, bridge, portgroup, mtu FROM vm_plug ORDER BY vm, what, name, bridge, portgroup, mtu),
     form AS MATERIALIZED (
	SELECT v.id AS vm, v.host, v.cluster, m.mobility, d.told, coalesce(p.plugs, '[]') AS plugs
	  FROM vm AS v
	  LEFT JOIN vm_mobility AS m ON m.vm = v.id
	  LEFT JOIN made AS d ON d.vm = v.id
	  LEFT JOIN (SELECT vm, json_group_array(json_array(what, name, bridge, portgroup, mtu)) AS plugs FROM plug GROUP BY vm) AS p ON p.vm = v.id),
     shape AS MATERIALIZED (SELECT DISTINCT cluster, host, plugs FROM form),
     need AS MATERIALIZED (
	SELECT DISTINCT s.cluster, s.host, j.value AS plug, j.value ->> 0 AS what, j.value ->> 1 AS name, j.value ->> 2 AS bridge, j.value ->> 3 AS portgroup,
	       j.value ->> 4 AS mtu
	  FROM shape AS s JOIN json_each(s.plugs) AS j),
     met AS MATERIALIZED (
	SELECT n.cluster, n.host, n.plug, n.what, n.name, n.bridge, n.portgroup, n.mtu, h.id AS peer, t.networks, t.links, c.host IS NOT NULL AS there,
	       c.active, c.forward, c.missing, cg.host IS NOT NULL AS grouped, cg.vlan, sg.host IS NOT NULL AS own_grouped, sg.vlan AS own_vlan, c.link, c.kind, c.up, c.mtu AS carried, c.ports, c.live,
	       s.forward AS own_forward, s.up AS own_up, s.live AS own_live
	  FROM need AS n
	  JOIN host AS h ON h.cluster = n.cluster AND h.destination AND h.id IS NOT n.host
	  LEFT JOIN host_plug_told AS t ON t.host = h.id
	  LEFT JOIN host_plug AS c ON c.host = h.id AND c.what = n.what AND c.name = n.name
	  LEFT JOIN host_plug AS s ON s.host = n.host AND s.what = n.what AND s.name = n.name
	  LEFT JOIN host_portgroup AS cg ON n.what = 'network' AND cg.host = h.id AND cg.network = n.name AND cg.name = n.portgroup
	  LEFT JOIN host_portgroup AS sg ON n.what = 'network' AND sg.host = n.host AND sg.network = n.name AND sg.name = n.portgroup),
     judged AS MATERIALIZED (
	SELECT *,
	       CASE WHEN what = 'alone' THEN 'warn'
	            WHEN what NOT IN ('network', 'link') OR what IS NULL OR name IS NULL THEN 'unknown'
	            WHEN NOT there THEN CASE WHEN CASE what WHEN 'network' THEN networks ELSE links END = 1 THEN 'fail' ELSE 'unknown' END
	            WHEN active = 0 OR (what = 'network' AND (forward <> own_forward OR vlan <> own_vlan)) OR (missing <> 'none' AND links = 1) THEN 'fail'
	            WHEN what = 'network' AND own_grouped AND NOT grouped AND portgroup <> 'none' AND networks = 1 THEN 'fail'
	            WHEN active IS NULL OR missing IS NOT 'none' OR (what = 'network' AND (forward IS NULL OR own_forward IS NULL OR vlan IS NULL OR own_vlan IS NULL))
	            THEN 'unknown'
	            WHEN forward IN ('nat', 'route', 'open', 'isolated') THEN 'warn'
	            WHEN what = 'link' AND bridge = 0 THEN 'pass'
	            WHEN what = 'network' AND forward <> 'bridge' THEN CASE WHEN links = 1 AND forward IN ('private', 'vepa', 'passthrough') THEN 'pass' ELSE 'unknown' END
	            WHEN what = 'network' AND link = 'none' THEN CASE links WHEN 1 THEN 'pass' ELSE 'unknown' END
	            WHEN kind IS NULL THEN CASE WHEN link IS NOT NULL AND links = 1 THEN 'fail' ELSE 'unknown' END
	            WHEN kind NOT IN ('bridge', 'openvswitch', 'tun') OR (up = 0 AND own_up = 1) THEN 'fail'
	            WHEN up = 0 OR (live = 0 AND own_live > 0) OR (mtu > 0 AND carried < mtu) THEN 'warn'
	            WHEN links = 1 AND kind IN ('bridge', 'openvswitch') AND up = 1 AND (live > 0 OR own_live = 0) AND (mtu = 0 OR ports = 0 OR carried >= mtu) THEN 'pass'
	            ELSE 'unknown' END AS status
	  FROM met),
     said AS MATERIALIZED (
	SELECT cluster, host, plug, peer, status,
	       CASE WHEN status = 'pass' THEN NULL
	            WHEN what = 'alone' THEN CASE name WHEN 'user' THEN 'an adapter of type user: its connections end' ELSE 'an adapter of type ' || name || ': whatever plugs it in has to do so again' END
	            WHEN what IS NULL OR name IS NULL THEN 'not known what an adapter is plugged into'
	            WHEN what = 'other' THEN 'an adapter of type ' || name || ' is not judged'
	            WHEN NOT there AND status = 'fail' THEN CASE WHEN what = 'network' THEN 'no network ' WHEN bridge THEN 'no bridge ' ELSE 'no interface ' END || name
	            WHEN NOT there THEN 'not known whether there is ' || name
	            WHEN active = 0 THEN 'network ' || name || ' is not started'
	            WHEN forward <> own_forward THEN 'network ' || name || ' is of another kind there: ' || forward || ' instead of ' || own_forward
	            WHEN what = 'network' AND vlan <> own_vlan THEN 'network ' || name || ' is in another VLAN there: ' || vlan || ' instead of ' || own_vlan
	            WHEN what = 'network' AND NOT grouped AND status = 'fail' THEN 'network ' || name || ' has no port group ' || portgroup || ' there'
	            WHEN missing <> 'none' THEN 'network ' || name || ' needs ' || missing
	            WHEN forward IN ('nat', 'route', 'open', 'isolated') AND status = 'warn'
	            THEN 'network ' || name || ' (' || forward || ') is another segment on each host'
	            WHEN status = 'fail' AND kind IS NULL THEN 'network ' || name || ' needs bridge ' || link
	            WHEN status = 'fail' AND kind NOT IN ('bridge', 'openvswitch', 'tun')
	            THEN link || ' is no bridge there' || CASE kind WHEN '' THEN '' ELSE ', but ' || kind END
	            WHEN up = 0 THEN 'bridge ' || link || ' is down'
	            WHEN live = 0 AND own_live > 0 THEN 'no port of bridge ' || link || ' to the outside has a carrier'
	            WHEN status = 'warn' THEN 'bridge ' || link || ' has a port of MTU ' || carried || ', the adapter is set to ' || mtu
	            ELSE 'not known enough of ' || name || ' there' END AS text
	  FROM judged),
     worst AS MATERIALIZED (
	SELECT cluster, host, plugs, peer,
	       CASE max(CASE status WHEN 'fail' THEN 4 WHEN 'unknown' THEN 3 WHEN 'warn' THEN 2 ELSE 1 END)
	            WHEN 4 THEN 'fail' WHEN 3 THEN 'unknown' WHEN 2 THEN 'warn' ELSE 'pass' END AS status, group_concat(text, '; ') AS text
	  FROM (SELECT s.cluster, s.host, s.plugs, h.id AS peer, CASE WHEN p.value IS NULL THEN 'pass' ELSE coalesce(j.status, 'unknown') END AS status, j.text
	          FROM shape AS s
	          JOIN host AS h ON h.cluster = s.cluster AND h.destination AND h.id IS NOT s.host
	          LEFT JOIN json_each(s.plugs) AS p
	          LEFT JOIN said AS j ON j.cluster = s.cluster AND j.host = s.host AND j.plug = p.value AND j.peer = h.id
	         ORDER BY j.text)
	 GROUP BY cluster, host, plugs, peer),
     answer AS MATERIALIZED (
	SELECT cluster, host, plugs, status, text, json_group_array(peer) AS peers FROM worst GROUP BY cluster, host, plugs, status, text)
SELECT f.vm, a.peers AS peer,
       CASE WHEN f.mobility IS NULL THEN 'unknown' WHEN f.told = 1 OR a.status = 'fail' THEN a.status ELSE 'unknown' END AS status,
       a.text AS observed,
       'whatever the VM''s adapters are plugged into here, connected to the same there' AS expected,
       CASE WHEN f.mobility IS NULL THEN 'not known whether it runs'
            WHEN f.told IS NOT 1 AND a.status <> 'fail' THEN 'not known what adapters the VM has'
            WHEN f.mobility = 'cold' AND a.status = 'fail' THEN 'it is shut off: it moves, but does not start there' END AS detail
  FROM form AS f
  JOIN answer AS a ON a.cluster = f.cluster AND a.host IS f.host AND a.plugs = f.plugs
