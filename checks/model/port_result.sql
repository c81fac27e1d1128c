/*
What came of each connection of port_path: whether it was made, and if nobody could try, whether both hosts' own firewalls would let it
through, as they are configured. QEMU's port is within reach also where the host itself refuses: nobody listens there before a migration comes.

id, service, cluster, host, peer, port   as in port_path
duty       likewise
state      open: connected, or (QEMU's) refused by the host itself; refused: the other side, or a firewall, said no; silent: nobody answered; unreachable: the source knows no
           way there; allowed: not tried, and no firewall of the two hosts is in the way; shut: not tried, and one is; NULL: not known
why        why it was not tried
said       what the source said
error      why there is no answer
obstacle   the hosts' own firewalls that are in the way; NULL: none is, or that is not known
*/
-- index: id
-- index: service, host, peer
-- arm: vsphere
WITH attempt AS MATERIALIZED (
	SELECT id, count(*) AS n, min(status) AS status, count(*) - count(status) AS holes, min(said) AS said, max(error) AS error
	  FROM esxi_port WHERE via = 'ssh' GROUP BY id),
     mute AS MATERIALIZED (SELECT DISTINCT host FROM esxi_port WHERE via = 'vsphere'),
     sender AS MATERIALIZED (
	SELECT p.id, max(ip_in(p.dst_ip, n.network)) AS allowed, count(*) - count(ip_in(p.dst_ip, n.network)) AS holes
	  FROM host_firewall_network AS n CROSS JOIN port_path AS p ON p.host = n.host AND p.service = n.service GROUP BY p.id),
     taker AS MATERIALIZED (
	SELECT p.id, max(ip_in(p.src_ip, n.network)) AS allowed, count(*) - count(ip_in(p.src_ip, n.network)) AS holes
	  FROM host_firewall_network AS n CROSS JOIN port_path AS p ON p.peer = n.host AND p.service = n.service GROUP BY p.id),
     wall AS MATERIALIZED (SELECT *, count(*) OVER (PARTITION BY host, service) AS n FROM host_firewall),
     met AS MATERIALIZED (
	SELECT p.*, s.enabled AS send_on, s.out_blocked, d.enabled AS take_on, d.in_blocked, h.name AS host_name, o.name AS peer_name,
	       CASE WHEN s.anybody = 1 THEN 1 WHEN s.anybody = 0 THEN CASE WHEN x.allowed = 1 THEN 1 WHEN coalesce(x.holes, 0) = 0 THEN 0 END END AS sends,
	       CASE WHEN d.anybody = 1 THEN 1 WHEN d.anybody = 0 THEN CASE WHEN y.allowed = 1 THEN 1 WHEN coalesce(y.holes, 0) = 0 THEN 0 END END AS takes
	  FROM port_path AS p
	  JOIN host AS h ON h.id = p.host
	  JOIN host AS o ON o.id = p.peer
	  LEFT JOIN wall AS s ON s.host = p.host AND s.service = p.service AND s.n = 1
	  LEFT JOIN wall AS d ON d.host = p.peer AND d.service = p.service AND d.n = 1
	  LEFT JOIN sender AS x ON x.id = p.id
	  LEFT JOIN taker AS y ON y.id = p.id),
     passed AS (
	SELECT *, CASE WHEN out_blocked = 0 OR (send_on = 1 AND sends = 1) THEN 1 WHEN out_blocked = 1 AND (send_on = 0 OR sends = 0) THEN 0 END AS leaves,
	       CASE WHEN in_blocked = 0 OR (take_on = 1 AND takes = 1) THEN 1 WHEN in_blocked = 1 AND (take_on = 0 OR takes = 0) THEN 0 END AS enters,
	       CASE service WHEN 'vmotion' THEN 'vMotion' ELSE 'NFC' END AS ruleset
	  FROM met)
SELECT p.id, p.service, p.cluster, p.host, p.peer, p.dst_ip, p.port, p.duty,
       CASE WHEN a.n IS NOT NULL
            THEN CASE WHEN a.holes > 0 THEN NULL WHEN a.status = 0 THEN 'open' WHEN a.said LIKE '%refused%' THEN 'refused'
                      WHEN a.said LIKE '%timed out%' THEN 'silent'
                      WHEN a.said LIKE '%no route%' OR a.said LIKE '%unreachable%' OR a.said LIKE '%host is down%' THEN 'unreachable' END
            WHEN p.reach = 0 OR (p.reach = 1 AND m.host IS NOT NULL)
            THEN CASE WHEN p.leaves = 0 OR p.enters = 0 THEN 'shut' WHEN p.leaves = 1 AND p.enters = 1 THEN 'allowed' END END AS state,
       CASE WHEN a.n IS NULL THEN CASE WHEN p.reach = 1 AND m.host IS NOT NULL THEN 'the host can''t be asked over SSH' ELSE p.why END END AS why,
       trim(a.said, char(9, 10, 13, 32)) AS said, a.error,
       nullif(rtrim(CASE WHEN p.leaves = 0 THEN 'the firewall of ' || p.host_name || ' lets nothing out to '
                              || CASE WHEN p.send_on = 0 THEN 'TCP ' || p.port || ': ruleset ' || p.ruleset || ' is off'
                                      ELSE p.dst_ip || ': ruleset ' || p.ruleset || ' allows other addresses only' END || '; ' ELSE '' END
                 || CASE WHEN p.enters = 0 THEN 'the firewall of ' || p.peer_name || ' lets nothing in '
                              || CASE WHEN p.take_on = 0 THEN 'to TCP ' || p.port || ': ruleset ' || p.ruleset || ' is off'
                                      ELSE 'from ' || p.src_ip || ': ruleset ' || p.ruleset || ' allows other addresses only' END ELSE '' END, '; '), '')
       AS obstacle
  FROM passed AS p
  LEFT JOIN attempt AS a ON a.id = p.id
  LEFT JOIN mute AS m ON m.host = p.host
 WHERE p.service <> 'migration'
-- arm: kvm
SELECT p.id, p.service, p.cluster, p.host, p.peer, p.dst_ip, p.port, p.duty,
       CASE a.state WHEN 'open' THEN 'open' WHEN 'refused' THEN 'open' WHEN 'rejected' THEN 'refused' WHEN 'silent' THEN 'silent'
                    WHEN 'unreachable' THEN 'unreachable' END AS state,
       p.why, trim(a.said, char(9, 10, 13, 32)) AS said, a.error, NULL AS obstacle
  FROM port_path AS p
  LEFT JOIN (SELECT id, CASE count(*) WHEN count(state) THEN CASE count(DISTINCT state) WHEN 1 THEN min(state) END END AS state, min(said) AS said,
                    max(error) AS error
               FROM kvm_port GROUP BY id) AS a ON a.id = p.id
 WHERE p.service = 'migration'
