/*
Images of VMs that don't run, as the hosts that they are on are asked for their layers.

host  id
path  of the image there
part  number of the command that asks for it; one takes 16 KB of them
*/
-- view
-- arm: kvm
WITH wanted AS (
	SELECT DISTINCT d.host, d.path
	  FROM vm_drive AS d JOIN vm AS v ON v.id = d.vm JOIN libvirt_vm AS l ON l.host = d.host AND l.host || '/' || l.uuid = d.vm
	 WHERE l.active = 0 AND d.format <> 'raw' AND d.path GLOB '/*' AND d.path || '/' NOT LIKE '%/../%'
	   AND length(CAST(d.path AS BLOB)) <= 4096
	   AND d.path NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*'
	   AND v.cluster <> v.host
	   AND (NOT EXISTS (SELECT 1 FROM run_scope) OR v.host IN (SELECT host FROM run_scope)))
SELECT host, path,
       sum(16 + length(CAST(path AS BLOB)) + 16 * (length(path) - length(replace(path, '''', '')))) OVER (PARTITION BY host ORDER BY path)
           / 16000 AS part
  FROM wanted
