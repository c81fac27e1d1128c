/*
title: The candidate host has all networks that the VM is connected to
subject: vm_host
depends: own
severity: critical
platforms: [vsphere]
symptom: >
  The migration is refused: "Currently connected network interface 'Network adapter 1' uses network 'VM Network', which is not
  accessible" (CannotAccessNetwork). A VM that is off moves, and starts there without its network.
fix: >
  Add the port group to the standard switch of the host under exactly the same name, letter by letter, or add the host to the
  distributed switch. An adapter whose network is gone is plugged into another one.
refs: ["vSphere API: CannotAccessNetwork, VirtualMachine.network, HostSystem.network",
  "VMware vSphere documentation: network configuration for vMotion, matching network labels"]
*/
-- A VM's list of networks is believed as long as it holds whatever its adapters are plugged into: what the account isn't shown, and a
-- port group that was deleted, are not in it. Networks of management planes outside (opaque) can't be compared so.
-- Networks of VMs and of hosts are few lists that many share: the lists are compared, then hosts and VMs attached. A standard port
-- group is known by its label, any other network by itself.
WITH offer AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, h.destination, n.set_id FROM host AS h LEFT JOIN vsphere_host_network AS n ON n.host = h.id
	 WHERE h.platform = 'vsphere'),
     need AS MATERIALIZED (
	SELECT v.id AS vm, v.cluster, v.host, n.set_id, m.mobility, a.set_id AS nics
	  FROM vm AS v LEFT JOIN vsphere_vm_network AS n ON n.vm = v.id LEFT JOIN vm_mobility AS m ON m.vm = v.id
	  LEFT JOIN vsphere_vm_nic AS a ON a.vm = v.id),
     held AS MATERIALIZED (
	SELECT set_id, 'VirtualEthernetCardNetworkBackingInfo' AS backing, network AS plug FROM vsphere_vm_network_set
	UNION ALL
	SELECT w.set_id, 'VirtualEthernetCardDistributedVirtualPortBackingInfo', d.key
	  FROM vsphere_vm_network_set AS w JOIN vsphere_dvportgroup AS d ON d.portgroup = w.network),
     loose AS MATERIALIZED (
	SELECT DISTINCT n.set_id, n.nics
	  FROM (SELECT DISTINCT set_id, nics FROM need WHERE set_id IS NOT NULL) AS n JOIN vsphere_vm_nic_set AS a ON a.set_id = n.nics
	  LEFT JOIN held AS h ON h.set_id = n.set_id AND h.backing = a.backing
	        AND h.plug = CASE a.backing WHEN 'VirtualEthernetCardNetworkBackingInfo' THEN a.network ELSE a.portgroup END
	 WHERE a.backing IS NOT 'VirtualEthernetCardOpaqueNetworkBackingInfo' AND h.set_id IS NULL),
     meeting AS MATERIALIZED (
	SELECT DISTINCT n.set_id AS wanted, o.set_id AS offered FROM (SELECT DISTINCT cluster, set_id FROM need) AS n
	  JOIN (SELECT DISTINCT cluster, set_id FROM offer WHERE destination) AS o ON o.cluster = n.cluster
	 WHERE n.set_id IS NOT NULL AND o.set_id IS NOT NULL),
     label AS MATERIALIZED (SELECT network, kind, name FROM vsphere_network),
     gap AS MATERIALIZED (
	SELECT m.wanted, m.offered, w.network, l.name, l.kind
	  FROM meeting AS m JOIN vsphere_vm_network_set AS w ON w.set_id = m.wanted
	  LEFT JOIN vsphere_host_network_set AS o ON o.set_id = m.offered AND o.network = w.network
	  LEFT JOIN label AS l ON l.network = w.network
	 WHERE o.network IS NULL),
     standard AS MATERIALIZED (
	SELECT DISTINCT o.set_id, l.name FROM vsphere_host_network_set AS o JOIN label AS l ON l.network = o.network
	 WHERE l.kind = 'Network' AND l.name <> ''),
     hole AS MATERIALIZED (
	SELECT o.set_id FROM vsphere_host_network_set AS o LEFT JOIN label AS l ON l.network = o.network
	 GROUP BY o.set_id HAVING count(*) > count(l.name) OR count(*) > count(l.kind)),
     missing AS MATERIALIZED (
	SELECT g.wanted, g.offered, count(*) AS n,
	       max(g.network IS NULL OR g.kind IS NULL OR (g.kind = 'Network' AND (g.name IS NULL OR x.set_id IS NOT NULL))) AS unsure,
	       group_concat('''' || coalesce(g.name, g.network, '?') || '''', ', ') AS names
	  FROM (SELECT * FROM gap ORDER BY wanted, offered, name, network) AS g
	  LEFT JOIN standard AS s ON s.set_id = g.offered AND s.name = g.name AND g.kind = 'Network'
	  LEFT JOIN hole AS x ON x.set_id = g.offered
	 WHERE s.set_id IS NULL
	 GROUP BY g.wanted, g.offered),
     member AS MATERIALIZED (
	SELECT host, cluster, set_id, row_number() OVER (PARTITION BY cluster, set_id ORDER BY host) - 1 AS place FROM offer WHERE destination),
     -- Candidates with the same networks are listed once; the host that a VM is on is taken out of its list.
     candidate AS MATERIALIZED (
	SELECT cluster, set_id, json_group_array(host) AS list, count(*) AS n
	  FROM (SELECT * FROM member ORDER BY cluster, set_id, place) GROUP BY cluster, set_id),
     origin AS MATERIALIZED (SELECT DISTINCT cluster, host, set_id FROM need WHERE cluster IS NOT NULL),
     judged AS MATERIALIZED (
	SELECT g.cluster, g.host, g.set_id,
	       CASE WHEN m.host IS NULL THEN c.list ELSE json_remove(c.list, '$[' || m.place || ']') END AS peers,
	       CASE WHEN g.set_id IS NULL OR c.set_id IS NULL THEN 'unknown'
	            WHEN x.n IS NULL THEN 'pass' WHEN x.unsure THEN 'unknown' ELSE 'fail' END AS status, x.names,
	       CASE WHEN g.set_id IS NULL THEN 'the networks of the VM are not known'
	            WHEN c.set_id IS NULL THEN 'the networks of the host are not known'
	            WHEN x.unsure THEN 'not known whether the host has it under another id: names are missing' END AS reason
	  FROM origin AS g JOIN candidate AS c ON c.cluster = g.cluster
	  LEFT JOIN member AS m ON m.host = g.host AND m.set_id IS c.set_id
	  LEFT JOIN missing AS x ON x.wanted = g.set_id AND x.offered = c.set_id
	 WHERE c.n > (m.host IS NOT NULL))
SELECT n.vm, j.peers AS peer,
       CASE WHEN n.mobility = 'agent' THEN 'na' WHEN n.mobility IS NULL THEN 'unknown'
            WHEN j.status = 'pass' AND (n.nics IS NULL OR l.nics IS NOT NULL) THEN 'unknown' ELSE j.status END AS status,
       CASE WHEN n.mobility IS NOT 'agent' AND j.status <> 'pass' THEN 'missing: ' || j.names END AS observed,
       'every network of the VM' AS expected,
       CASE WHEN n.mobility = 'agent' THEN 'an agent VM: the platform puts it where it is needed'
            WHEN n.mobility IS NULL THEN 'not known whether it is an agent VM'
            WHEN j.status = 'fail' AND n.mobility = 'cold' THEN 'it moves, but starts without this network'
            WHEN j.status = 'pass' AND n.nics IS NULL THEN 'the VM named no devices'
            WHEN j.status = 'pass' AND l.nics IS NOT NULL
            THEN 'an adapter of the VM is plugged into a network that its list doesn''t hold: deleted, or hidden from the account'
            ELSE j.reason END AS detail
  FROM need AS n
  JOIN judged AS j ON j.cluster = n.cluster AND j.host IS n.host AND j.set_id IS n.set_id
  LEFT JOIN loose AS l ON l.set_id = n.set_id AND l.nics = n.nics
