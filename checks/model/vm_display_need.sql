/*
What the displays of a VM take from its host. One that listens on all addresses or on the loopback interface, and whose port libvirt
chooses, takes nothing.

vm    id
host  id of the host that it is on
what  address: one of the host's; network: one of libvirt's, whose bridge has an address; port: TCP, for itself; NULL: not known
name  the address, as ip_network writes it, or a host's name; the network; the port; NULL: not known
*/
-- index: vm
-- arm: kvm
WITH display AS MATERIALIZED (
	SELECT host || '/' || uuid AS vm, host, type, listen_type, listen, listen_network, autoport, port, tls_port,
	       CASE WHEN listen LIKE '%:%' THEN ip_network(listen, 128) ELSE ip_network(listen, 32) END AS ip
	  FROM libvirt_graphics
	 WHERE type IS NULL OR type NOT IN ('sdl', 'dbus', 'egl-headless'))
SELECT vm, host, CASE WHEN type IS NOT NULL AND listen_type IN ('address', 'network') THEN listen_type END AS what,
       CASE listen_type WHEN 'address' THEN coalesce(ip, listen) WHEN 'network' THEN listen_network END AS name
  FROM display
 WHERE listen_type IS NULL OR type IS NULL
    OR (listen_type NOT IN ('none', 'socket', 'address') OR (listen_type = 'address' AND listen IS NOT 'none' AND ip IS NOT '0.0.0.0/32'
        AND ip IS NOT '::/128' AND ip IS NOT '::1/128' AND ip_in(listen, '127.0.0.0/8') IS NOT 1))
UNION
SELECT vm, host, CASE WHEN autoport IS NOT NULL AND port IS NOT NULL THEN 'port' END, port FROM display WHERE autoport IS NOT 'yes' AND port IS NOT -1
UNION
SELECT vm, host, CASE WHEN autoport IS NOT NULL AND tls_port IS NOT NULL THEN 'port' END, tls_port FROM display WHERE autoport IS NOT 'yes' AND tls_port IS NOT -1
