/*
Datastores as each host mounts them. A datastore whose hosts are not known is not here: checks that must tell read
datastore_mount_set.

datastore, host                     ids
mode, mounted, accessible, reason   as in mount_set
*/
-- view
SELECT d.datastore, m.host, m.mode, m.mounted, m.accessible, m.reason
  FROM datastore_mount_set AS d JOIN mount_set AS m ON m.set_id = d.set_id
