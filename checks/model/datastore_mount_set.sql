/*
Which list of mount_set a datastore has.

datastore  id
set_id     of mount_set; no row, or NULL: not answered; one that isn't in mount_set: mounted nowhere
*/
-- index: datastore
-- arm: vsphere
SELECT datastore, set_id FROM vsphere_datastore_mount
