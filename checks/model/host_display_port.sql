/*
TCP ports that displays of VMs on a host have.

host  id
port  NULL: a running VM there has displays whose ports are not all known
vm    name of the VM, the first of several
*/
-- index: host, port
-- arm: kvm
WITH made AS MATERIALIZED (
	SELECT d.host, d.uuid,
	       CASE d.graphics WHEN '' THEN 0 ELSE 1 + length(d.graphics) - length(replace(d.graphics, ',', '')) END = count(g.uuid) AS told
	  FROM libvirt_domain AS d LEFT JOIN libvirt_graphics AS g ON g.host = d.host AND g.uuid = d.uuid
	 GROUP BY d.host, d.uuid)
SELECT v.host, p.value AS port, coalesce(min(v.name), 'a VM') AS vm
  FROM libvirt_vm AS v
  LEFT JOIN made AS m ON m.host = v.host AND m.uuid = v.uuid
  LEFT JOIN libvirt_graphics AS g ON g.host = v.host AND g.uuid = v.uuid
  JOIN json_each(CASE WHEN m.told = 1 AND v.active = 1 THEN CASE WHEN g.uuid IS NULL THEN '[]' ELSE json_array(g.port, g.tls_port) END ELSE '[null]' END) AS p
 WHERE v.active IS NOT 0 AND p.value IS NOT -1
 GROUP BY v.host, p.value
