/*
Whether a datastore is meant for several hosts.

datastore  id
kind       lower-case: vmfs, nfs, nfs41, vsan, vvol, pmem ...; NULL: not known
hosts      how many hosts mount it; NULL: not known
shared     1: several hosts mount it, or could; 0: only its one host can (a local disk, persistent memory); NULL: not known
*/
-- index: datastore
-- arm: vsphere
-- A server on the network or a cluster's own storage can't be one host's. A VMFS on one host that isn't told to be local may as
-- well be a LUN that the others have lost.
WITH size AS MATERIALIZED (
	SELECT set_id, sum(mounted IS NOT 0) AS n FROM mount_set GROUP BY set_id)
SELECT d.datastore, lower(b.type) AS kind, CASE WHEN d.set_id IS NOT NULL THEN coalesce(size.n, 0) END AS hosts,
       CASE WHEN size.n > 1 OR upper(b.type) IN ('NFS', 'NFS41', 'CIFS', 'VSAN', 'VSAND', 'VVOL') OR b.local = 0 THEN 1
            WHEN d.set_id IS NOT NULL AND (b.local = 1 OR upper(b.type) = 'PMEM') THEN 0 END AS shared
  FROM vsphere_datastore_mount AS d
  LEFT JOIN vsphere_datastore_backing AS b ON b.datastore = d.datastore
  LEFT JOIN size ON size.set_id = d.set_id
