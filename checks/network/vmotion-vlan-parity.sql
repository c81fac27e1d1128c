/*
title: vMotion adapters in one network are in one VLAN
subject: pair
depends: own
severity: critical
platforms: [vsphere]
symptom: >
  The addresses look right, yet the hosts don't reach each other: the migration times out while it connects.
fix: >
  Give the port groups of the vMotion adapters the same VLAN on all hosts. Where one is tagged and the other is not, only the native
  VLAN of the physical switch could make them meet.
refs: ["vSphere API: HostPortGroupSpec.vlanId, VMwareDVSPortSetting.vlan", "VMware KB 1003806"]
*/
-- Adapters in different networks reach each other by gateways, whatever their VLANs. A trunk (4095, or a range), a private VLAN and
-- a network that an external management plane gives can't be compared by number. Hosts that look alike are judged once.
WITH nic AS MATERIALIZED (
	SELECT DISTINCT h.cluster, h.id AS host, n.device, a.host IS NULL AS bare, a.network, v.vlan, v.kind,
	       coalesce(n.device, 'an adapter that is not listed') || ' on ' || coalesce('''' || v.port_group || '''', 'a port group that is not known')
	           || CASE WHEN v.vlan = 0 THEN ' without VLAN' WHEN v.vlan > 0 THEN ' with VLAN ' || v.vlan
	                   WHEN v.kind = 'trunk' THEN ', a trunk' WHEN v.kind = 'private' THEN ' with a private VLAN'
	                   WHEN v.kind = 'opaque' THEN ', an opaque network' ELSE ' with a VLAN that is not known' END AS text
	  FROM host AS h JOIN migration_nic AS n ON n.host = h.id
	  LEFT JOIN migration_address AS a ON a.host = n.host AND a.device IS n.device
	  LEFT JOIN migration_vlan AS v ON v.host = n.host AND v.device = n.device),
     described AS MATERIALIZED (
	SELECT host, count(*) AS n, max(NOT bare AND (network IS NULL OR vlan IS NULL)) AS gaps, max(NOT bare AND network IS NULL) AS blind,
	       max(NOT bare AND kind IN ('trunk', 'private', 'opaque')) AS foreigner, max(NOT bare) AS placed,
	       group_concat(DISTINCT text) AS text, group_concat(text || quote(network)) AS list
	  FROM (SELECT * FROM nic ORDER BY host, device, network, text) GROUP BY host),
     side AS MATERIALIZED (
	SELECT h.id AS host, h.cluster, h.destination, coalesce(d.placed, 0) AS placed, d.gaps, d.blind, d.foreigner,
	       coalesce(d.text, CASE WHEN t.absent THEN 'no vMotion adapter' ELSE 'no vMotion adapter known' END) AS text,
	       t.absent, min(h.id) OVER (PARTITION BY h.cluster, d.list, t.absent) AS kind
	  FROM host AS h LEFT JOIN described AS d ON d.host = h.id LEFT JOIN migration_told AS t ON t.host = h.id),
     meeting AS MATERIALIZED (
	SELECT s.host AS kind, d.host AS other, a.network, max(a.vlan = b.vlan) AS same, max(a.vlan <> b.vlan) AS different,
	       count(*) - count(a.vlan = b.vlan) AS open, group_concat(DISTINCT a.vlan) AS here, group_concat(DISTINCT b.vlan) AS there
	  FROM side AS s JOIN nic AS a ON a.host = s.host
	  JOIN side AS d ON d.cluster = s.cluster AND d.host = d.kind JOIN nic AS b ON b.host = d.host
	 WHERE s.host = s.kind
	   AND (a.network = b.network OR ip_in(substr(a.network, 1, instr(a.network, '/') - 1), b.network) = 1
	        OR ip_in(substr(b.network, 1, instr(b.network, '/') - 1), a.network) = 1)
	 GROUP BY s.host, d.host, a.network),
     met AS MATERIALIZED (
	SELECT kind, other, count(*) AS n, min(coalesce(same, 0)) AS same, max(coalesce(different, 0)) AS different, sum(open) AS open,
	       group_concat(CASE WHEN different THEN network || ': VLAN ' || here || ', there ' || there END, '; ') AS text
	  FROM meeting GROUP BY kind, other),
     verdict AS MATERIALIZED (
	SELECT s.host AS kind, d.host AS other, s.text AS here, d.text AS there, m.text AS difference,
	       CASE WHEN s.absent OR d.absent THEN 'na'
	            WHEN s.placed = 0 OR d.placed = 0 OR s.blind OR d.blind THEN 'unknown'
	            WHEN m.kind IS NULL THEN 'na'
	            WHEN m.different AND NOT m.same AND m.open = 0 THEN 'fail'
	            WHEN m.open > 0 THEN 'unknown'
	            WHEN m.different THEN 'warn'
	            WHEN m.same THEN 'pass'
	            ELSE 'unknown' END AS status,
	       CASE WHEN s.absent OR d.absent THEN 'a side has no vMotion adapter: see vmotion-vmknic-present'
	            WHEN s.placed = 0 OR d.placed = 0 THEN 'a side has no vMotion adapter with an address'
	            WHEN s.blind OR d.blind THEN 'not known which network each adapter is in'
	            WHEN m.kind IS NULL THEN 'no network in common: they reach each other by gateways, if at all'
	            WHEN m.open > 0 AND (s.foreigner OR d.foreigner)
	            THEN 'a trunk, a private VLAN or an opaque network can''t be compared with a VLAN' END AS reason
	  FROM side AS s JOIN side AS d ON d.cluster = s.cluster AND d.host = d.kind
	  LEFT JOIN met AS m ON m.kind = s.host AND m.other = d.host
	 WHERE s.host = s.kind),
     usual AS MATERIALIZED (
	SELECT cluster, 'commonest in the cluster: VLAN ' || vlan || ', on ' || n AS text,
	       row_number() OVER (PARTITION BY cluster ORDER BY n DESC, vlan) AS rank
	  FROM (SELECT cluster, vlan, count(DISTINCT host) AS n FROM nic WHERE vlan IS NOT NULL GROUP BY cluster, vlan)),
     member AS MATERIALIZED (
	SELECT host, cluster, kind, row_number() OVER (PARTITION BY kind ORDER BY host) - 1 AS place FROM side WHERE destination),
     -- Peers of a kind are listed once, and each host takes itself out of the list of its own kind.
     peers AS MATERIALIZED (
	SELECT cluster, kind, json_group_array(host) AS list, count(*) AS n
	  FROM (SELECT * FROM member ORDER BY kind, place) GROUP BY cluster, kind)
SELECT s.host, CASE WHEN m.host IS NULL THEN d.list ELSE json_remove(d.list, '$[' || m.place || ']') END AS peer, v.status, v.here || '; there ' || v.there AS observed,
       'one VLAN in each network' AS expected,
       coalesce(v.difference || coalesce('; ' || u.text, ''), v.reason) AS detail
  FROM side AS s
  JOIN peers AS d ON d.cluster = s.cluster
  LEFT JOIN member AS m ON m.host = s.host AND m.kind = d.kind
  JOIN verdict AS v ON v.kind = s.kind AND v.other = d.kind
  LEFT JOIN usual AS u ON u.cluster = s.cluster AND u.rank = 1
 WHERE d.n > (m.host IS NOT NULL)
