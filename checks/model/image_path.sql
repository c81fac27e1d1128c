/*
Paths of the images of VMs that the run is about, as all hosts of the cluster are asked for them.

cluster  id
path     on each of its hosts
part     number of the command that asks for it; one takes 16 KB of them
*/
-- view
-- arm: kvm
-- A host alone has nobody to share with. Paths that no command may hold are asked nobody for, and stay unknown.
WITH wanted AS (
	SELECT DISTINCT v.cluster, i.path
	  FROM vm_image AS i JOIN vm AS v ON v.id = i.vm
	 WHERE i.path GLOB '/*' AND i.path || '/' NOT LIKE '%/../%' AND length(CAST(i.path AS BLOB)) <= 4096
	   AND i.path NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*'
	   AND v.cluster <> v.host
	   AND (NOT EXISTS (SELECT 1 FROM run_scope) OR v.host IN (SELECT host FROM run_scope)))
SELECT cluster, path,
       sum(16 + length(CAST(path AS BLOB)) + 16 * (length(path) - length(replace(path, '''', '')))) OVER (PARTITION BY cluster ORDER BY path)
           / 16000 AS part
  FROM wanted
