/*
Lists of the disk LUNs that a host sees and that are not known to be local to it, each stored once however many hosts have it.

set_id  as in host_lun_set
key     the host's handle of it, in host_lun_path
lun     unique id of the LUN in lower case, the same on every host; NULL: not known
name    canonical name: naa.600508b1...
shared  1: not local; NULL: the host can't tell
state   ok, or what is the matter, with commas between; NULL: not known
*/
-- index: set_id, lun
-- arm: vsphere
SELECT set_id, key, nullif(lower(uuid), '') AS lun, name, CASE WHEN lower(local) = 'false' THEN 1 END AS shared,
       nullif(lower(state), '') AS state
  FROM vsphere_host_lun_set
