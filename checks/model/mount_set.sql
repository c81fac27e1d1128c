/*
Lists of the hosts that mount a datastore, each stored once however many datastores have it. A host that isn't in a list
doesn't mount the datastores that have it.

set_id      as in datastore_mount_set
host        id; NULL: a host that isn't known
mode        readwrite or readonly; NULL: not known
mounted     1; 0: known to the host, but unmounted there; NULL: not known
accessible  1: the host reaches it, 0: it doesn't; NULL: not known
reason      why it isn't reached, as the platform says it, or none
*/
-- index: set_id, host
-- arm: vsphere
SELECT set_id, host, CASE WHEN lower(access_mode) IN ('readwrite', 'readonly') THEN lower(access_mode) END AS mode,
       mounted, accessible, inaccessible_reason AS reason
  FROM vsphere_datastore_mount_set
