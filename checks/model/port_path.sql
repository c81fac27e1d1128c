/*
The TCP connections between hosts of a cluster that migrations need: vMotion's along each path of mesh_path, and that of file copies
(NFC) between the addresses of nfc_path.

id           path of migration_path, or HOST>PEER nfc
service      vmotion or nfc
cluster, host, peer   ids
src_ip, dst_ip   the addresses; empty: the host has no IPv4 address for it (nfc); NULL: not known
port         on the peer
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
SELECT id, service, cluster, host, peer, src_ip, dst_ip, port, duty,
       CASE WHEN src_ip IS NULL OR dst_ip IS NULL OR netstack IS NULL THEN NULL
            WHEN duty IN ('unsampled', 'away') OR netstack <> 'defaultTcpipStack' OR '' IN (src_ip, dst_ip) THEN 0
            WHEN duty = 'send' THEN 1 END AS reach,
       CASE WHEN duty = 'away' THEN 'the host is not connected'
            WHEN duty = 'unsampled' THEN 'of a cluster of this size not each pair is tried'
            WHEN netstack <> 'defaultTcpipStack' THEN 'the host''s shell has no way into the TCP/IP stack ' || netstack
            WHEN '' IN (src_ip, dst_ip) THEN 'one of the two has no IPv4 address for it' END AS why,
       in_scope, turn
  FROM way
