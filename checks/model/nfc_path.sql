/*
Between which addresses hosts of a cluster copy files to each other (NFC): the adapters for provisioning or, on hosts without such,
those for management. Pairs as in host_pair.

cluster, host, peer   ids
src_device   vmk0; NULL: not known
netstack     its TCP/IP stack
src_ip, dst_ip   IPv4 addresses; empty: that host has none there; NULL: not known
payload      bytes of ICMP data that fill the source adapter's MTU, but no more than one of 1500
packets      to send, with the first, which wakes the way up: one more than nfc-path-loss says, within 1 to 250
duty         send; away: the source is not connected; unsampled: not tried, see mesh_pair. Where the switches are is not looked at
in_scope, turn, hosts  as in mesh_pair
*/
-- index: host, peer
-- arm: vsphere
WITH nic AS MATERIALIZED (
	SELECT s.host, v.device, v.netstack, v.mtu, CASE WHEN v.ip IN ('', '0.0.0.0') THEN '' ELSE ip_network(v.ip, 32) END AS ip,
	       row_number() OVER (PARTITION BY s.host ORDER BY s.service = 'management', v.ip IN ('', '0.0.0.0'), v.device) AS rank,
	       sum(v.ip IS NULL OR v.netstack IS NULL OR v.device IS NULL) OVER (PARTITION BY s.host) AS holes
	  FROM vsphere_nic_service AS s
	  LEFT JOIN vsphere_nic_candidate AS c ON c.host = s.host AND c.service = s.service AND c.key = s.vnic
	  LEFT JOIN vsphere_vmknic AS v ON v.host = s.host AND v.device = c.device
	 WHERE s.service IN ('vSphereProvisioning', 'management') OR s.service IS NULL),
     copier AS MATERIALIZED (
	SELECT host, device, netstack, mtu, rtrim(substr(ip, 1, instr(ip || '/', '/')), '/') AS ip FROM nic WHERE rank = 1 AND holes = 0),
     setting AS MATERIALIZED (
	SELECT 1 + min(max(coalesce(max(CAST(value AS INTEGER)), 5), 1), 250) AS packets FROM run_param WHERE check_id = 'nfc-path-loss' AND name = 'packets')
SELECT p.cluster, p.host, p.peer, s.device AS src_device, s.netstack, s.ip AS src_ip, d.ip AS dst_ip,
       CASE WHEN s.mtu BETWEEN 1280 AND 65535 THEN min(s.mtu, 1500) - 28 END AS payload, t.packets,
       CASE WHEN a.connection IN ('disconnected', 'notresponding') THEN 'away'
            WHEN p.spare THEN 'unsampled' ELSE 'send' END AS duty,
       p.in_scope, p.turn, p.hosts
  FROM mesh_pair AS p JOIN setting AS t
  LEFT JOIN host_state AS a ON a.host = p.host
  LEFT JOIN copier AS s ON s.host = p.host
  LEFT JOIN copier AS d ON d.host = p.peer
