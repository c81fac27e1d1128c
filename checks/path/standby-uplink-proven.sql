/*
title: The uplinks that vMotion would fall back on lead where packets were seen to pass
subject: host
depends: cluster
severity: info
platforms: [vsphere]
symptom: >
  Everything works until a cable or a switch fails; then migrations stall over the uplink that takes over, which nobody ever tried.
fix: >
  Fail over on purpose (set the uplink active for a while, or pull the other's cable), and run the check again. Announce LLDP or CDP on
  the physical switches, so that it can be told where an uplink leads.
refs: ["vSphere API: HostNicTeamingPolicy.nicOrder, VMwareUplinkPortOrderPolicy, HostNetworkSystem.QueryNetworkHint"]
*/
-- A standby uplink carries nothing while an active one is up, and of several active ones a port uses one. So a packet proves an uplink
-- only when it is the one active; of any other, where it leads counts: a switch that is crossed by packets of some host for certain.
WITH alive AS MATERIALIZED (
	SELECT host, device, min(up) AS sure FROM (
		SELECT host, src_device AS device, 1 AS up FROM path_result WHERE state = 'ok'
		UNION ALL SELECT peer, dst_device, 1 FROM path_result WHERE state = 'ok') GROUP BY host, device),
     team AS MATERIALIZED (
	SELECT t.host, t.device, t.uplink, t.role, t.up, n.switch, n.port, n.mtu, v.mtu AS nic_mtu, h.cluster, a.sure AS alive,
	       sum(t.role = 'active' AND t.up) OVER w AS active, sum(t.role IS NULL OR t.up IS NULL) OVER w AS open
	  FROM migration_team AS t
	  JOIN host AS h ON h.id = t.host
	  LEFT JOIN migration_nic AS v ON v.host = t.host AND v.device = t.device
	  LEFT JOIN uplink_neighbor AS n ON n.host = t.host AND n.uplink = t.uplink
	  LEFT JOIN alive AS a ON a.host = t.host AND a.device = t.device
	 WHERE t.role IS NOT 'unused'
	WINDOW w AS (PARTITION BY t.host, t.device)),
     crossed AS MATERIALIZED (
	SELECT DISTINCT cluster, switch FROM (
		SELECT cluster, host, device, min(switch) AS switch FROM team WHERE role = 'active' AND up AND alive AND open = 0
		 GROUP BY cluster, host, device HAVING count(*) = count(switch) AND count(DISTINCT switch) = 1)),
     judged AS MATERIALIZED (
	SELECT t.*, c.switch IS NOT NULL AS leads,
	       CASE WHEN t.role IS NULL OR t.up IS NULL THEN 'unknown'
	            WHEN t.role = 'active' AND t.up AND t.active = 1 AND t.open = 0 THEN CASE WHEN t.alive THEN 'pass' ELSE 'unknown' END
	            WHEN NOT t.up THEN 'warn'
	            WHEN t.mtu > 0 AND t.mtu < t.nic_mtu THEN 'warn'
	            WHEN t.switch IS NULL OR t.mtu IS NULL THEN 'unknown'
	            WHEN c.switch IS NOT NULL THEN 'pass'
	            ELSE 'warn' END AS status
	  FROM team AS t LEFT JOIN crossed AS c ON c.cluster = t.cluster AND c.switch = t.switch),
     told AS MATERIALIZED (
	SELECT host, device, uplink, status,
	       uplink || ' is ' || CASE WHEN role IS NULL THEN 'in a team whose policy is not known' WHEN NOT up THEN role || ' and down'
	                                WHEN role = 'active' AND active > 1 THEN 'one of ' || active || ' active' ELSE role END
	           || coalesce(' on ' || switch || coalesce(' port ' || port, ''), '') AS text,
	       CASE WHEN status = 'pass' THEN NULL
	            WHEN role IS NULL THEN device || ': not known which uplinks are active'
	            WHEN up IS NULL THEN uplink || ': not known whether its link is up'
	            WHEN NOT up THEN uplink || ': its link is down'
	            WHEN role = 'active' AND active = 1 THEN device || ': no packet is known to have crossed ' || uplink
	            WHEN mtu > 0 AND mtu < nic_mtu THEN uplink || ' is ' || role || ', and its switch port announces an MTU of ' || mtu
	                 || ', less than ' || device || ' has (' || nic_mtu || ')'
	            WHEN role = 'standby' THEN uplink || ' is standby: no packet of this run crossed it'
	                 || coalesce(', nor any for certain its switch ' || switch, ', and where it leads is not known')
	            ELSE 'not known which of ' || active || ' active uplinks the packets of ' || device || ' took'
	                 || coalesce('; none for certain crossed switch ' || switch || ' of ' || uplink, ', and where ' || uplink || ' leads is not known')
	            END AS reason
	  FROM judged),
     whole AS MATERIALIZED (
	SELECT host, count(DISTINCT device) AS n, sum(status = 'warn') AS warn, sum(status = 'unknown') AS unknown,
	       group_concat(text, ', ') AS text, group_concat(reason, '; ') AS reason
	  FROM (SELECT * FROM told ORDER BY host, device, uplink) GROUP BY host),
     nics AS MATERIALIZED (SELECT host, count(DISTINCT device) AS n, count(*) - count(device) AS holes FROM migration_nic GROUP BY host)
SELECT h.id AS host,
       CASE WHEN t.absent OR c.connection IN ('disconnected', 'notresponding') THEN 'na'
            WHEN w.warn > 0 THEN 'warn'
            WHEN w.unknown = 0 AND w.n = n.n AND n.holes = 0 THEN 'pass'
            ELSE 'unknown' END AS status,
       w.text AS observed,
       'each uplink that may carry vMotion was used, or leads to a physical switch that was' AS expected,
       CASE WHEN c.connection IN ('disconnected', 'notresponding') THEN 'the host is not connected: see host-connected'
            WHEN t.absent THEN 'no vMotion adapter: see vmotion-vmknic-present'
            ELSE coalesce(w.reason, CASE WHEN w.n = n.n AND n.holes = 0 THEN NULL ELSE 'not known which uplinks an adapter has' END) END AS detail
  FROM host AS h
  LEFT JOIN whole AS w ON w.host = h.id
  LEFT JOIN nics AS n ON n.host = h.id
  LEFT JOIN migration_told AS t ON t.host = h.id
  LEFT JOIN host_state AS c ON c.host = h.id
