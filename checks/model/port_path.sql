/*
The TCP connections between hosts of a cluster that migrations need: vMotion's or QEMU's along each path of mesh_path, and that of file
copies (NFC) between the addresses of nfc_path. QEMU takes in each migration on the lowest port that is free of a range; whoever connects
to a port while a migration is about to come breaks that migration, so the range's last port is the one to try.

id           path of migration_path, or HOST>PEER nfc
service      vmotion, nfc or migration (QEMU's)
cluster, host, peer   ids
src_ip, dst_ip   the addresses; empty: the host has no IPv4 address for it (nfc); NULL: not known
port         on the peer; NULL: not known
duty         as in mesh_path and nfc_path
reach        1: the host's shell can try it, 0: it can't, or need not; NULL: not known
why          why it is 0
in_scope     1: the run is about one of the two hosts, else 0
turn         as in mesh_path
*/
-- index: id
-- index: host, service
-- index: peer, service
-- arm: vsphere
WITH way AS (
	SELECT path AS id, 'vmotion' AS service, cluster, host, peer, src_ip, dst_ip, 8000 AS port, duty, netstack, in_scope, turn FROM mesh_path
	UNION ALL
	SELECT host || '>' || peer || ' nfc', 'nfc', cluster, host, peer, src_ip, dst_ip, 902, duty, netstack, in_scope, turn FROM nfc_path)
SELECT w.id, service, w.cluster, host, peer, src_ip, dst_ip, port, duty,
       CASE WHEN src_ip IS NULL OR dst_ip IS NULL OR netstack IS NULL THEN NULL
            WHEN duty IN ('unsampled', 'away') OR netstack <> 'defaultTcpipStack' OR '' IN (src_ip, dst_ip) THEN 0
            WHEN duty = 'send' THEN 1 END AS reach,
       CASE WHEN duty = 'away' THEN 'the host is not connected'
            WHEN duty = 'unsampled' THEN 'of a cluster of this size not each pair is tried'
            WHEN netstack <> 'defaultTcpipStack' THEN 'the host''s shell has no way into the TCP/IP stack ' || netstack
            WHEN '' IN (src_ip, dst_ip) THEN 'one of the two has no IPv4 address for it' END AS why,
       in_scope, turn
  FROM way AS w JOIN host AS h ON h.id = w.host AND h.platform = 'vsphere'
-- arm: kvm
WITH wanted AS MATERIALIZED (
	SELECT max(CAST(value AS INTEGER)) AS port FROM run_param WHERE check_id = 'migration-port-open' AND name = 'port')
SELECT m.path AS id, 'migration' AS service, m.cluster, m.host, m.peer, m.src_ip, m.dst_ip, p.port, m.duty,
       CASE WHEN m.duty = 'send' THEN CASE WHEN m.dst_ip IS NOT NULL AND p.port IS NOT NULL THEN 1 END WHEN m.duty IS NOT NULL THEN 0 END AS reach,
       CASE WHEN m.duty = 'unsampled' THEN 'of a cluster of this size not each pair is tried'
            WHEN p.port IS NULL THEN 'qemu.conf of the destination is not readable, so that migration_port_max is not known' END AS why,
       m.in_scope, m.turn
  FROM mesh_path AS m
  JOIN host AS h ON h.id = m.host AND h.platform = 'kvm'
  LEFT JOIN (SELECT l.host, CASE WHEN w.port > 0 THEN w.port
                                 WHEN l.conf = 'absent' OR (l.conf = 'read' AND l.port_max = '') THEN 49215
                                 WHEN l.conf = 'read' THEN CAST(l.port_max AS INTEGER) END AS port
               FROM libvirt_migration AS l JOIN wanted AS w) AS p ON p.host = m.peer
