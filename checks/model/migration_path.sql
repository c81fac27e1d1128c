/*
Spine: every pair of host_pair by the migration NICs of both sides, each with each. A pair is here also when the NICs of a side
are not known: their columns are NULL then.

path      id: HOST>PEER, and the devices
target, cluster, host, peer   ids
src_device, src_ip, src_netmask, src_mtu, src_netstack   of the source's NIC, as in migration_nic
dst_device, dst_ip, dst_netmask, dst_mtu, dst_netstack   of the destination's
*/
-- view
SELECT p.host || '>' || p.peer || ' ' || coalesce(s.device, '?') || '>' || coalesce(d.device, '?') AS path,
       p.target, p.cluster, p.host, p.peer,
       s.device AS src_device, s.ip AS src_ip, s.netmask AS src_netmask, s.mtu AS src_mtu, s.netstack AS src_netstack,
       d.device AS dst_device, d.ip AS dst_ip, d.netmask AS dst_netmask, d.mtu AS dst_mtu, d.netstack AS dst_netstack
  FROM host_pair AS p
  LEFT JOIN migration_nic AS s ON s.host = p.host
  LEFT JOIN migration_nic AS d ON d.host = p.peer
