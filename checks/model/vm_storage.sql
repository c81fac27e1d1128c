/*
Whether all of a VM's drives and their layers are known.

vm    id
told  1: all of them are in vm_image; else 0
why   it is 0, in words
*/
-- index: vm
-- arm: kvm
-- The list of layers of an image has an end; a raw image has none. The count of drives is that of the VM's definition.
WITH ends AS MATERIALIZED (
	SELECT host || '/' || uuid AS vm, target AS drive FROM libvirt_backing WHERE type = 'none'),
     cold_ends AS MATERIALIZED (
	SELECT DISTINCT host, path FROM linux_image WHERE backing = 'none'),
     drives AS MATERIALIZED (
	SELECT d.vm, count(d.kind) AS n,
	       group_concat(CASE WHEN d.kind = 'path' AND d.path IS NULL THEN coalesce(d.drive, 'a drive') END, ', ') AS nowhere,
	       group_concat(CASE WHEN d.kind IN ('path', 'network') AND d.format IS NOT 'raw' AND e.vm IS NULL AND c.host IS NULL
	                         THEN coalesce(d.drive, 'a drive') END, ', ') AS endless
	  FROM vm_drive AS d
	  LEFT JOIN ends AS e ON e.vm = d.vm AND e.drive = d.drive
	  LEFT JOIN libvirt_vm AS v ON v.host || '/' || v.uuid = d.vm AND v.active = 0
	  LEFT JOIN cold_ends AS c ON c.host = v.host AND c.path = d.path
	 GROUP BY d.vm)
SELECT o.vm,
       coalesce(o.n = coalesce(d.n, 0) AND d.nowhere IS NULL AND d.endless IS NULL, 0) AS told,
       CASE WHEN o.n IS NULL OR o.n <> coalesce(d.n, 0) THEN 'not all of its drives are known'
            WHEN d.nowhere IS NOT NULL THEN 'not known where the image is, of ' || d.nowhere
            WHEN d.endless IS NOT NULL THEN 'not known on which other images it is built, of ' || d.endless END AS why
  FROM vm_drive_count AS o
  LEFT JOIN drives AS d ON d.vm = o.vm
