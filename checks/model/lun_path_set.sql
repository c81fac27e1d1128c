/*
Lists of LUNs with the states of the paths to them, each stored once however many hosts have it.

set_id  as in host_lun_path_set
key     the host's handle of the LUN, as in lun_set
paths   how many; NULL: not known
live    of these active or standby
dead    of these dead
off     of these disabled by an administrator
*/
-- index: set_id, key
-- arm: vsphere
SELECT set_id, lun AS key, length(text) - length(replace(text, ',', '')) + 1 AS paths,
       (length(text) - length(replace(text, 'active', ''))) / 6 + (length(text) - length(replace(text, 'standby', ''))) / 7 AS live,
       (length(text) - length(replace(text, 'dead', ''))) / 4 AS dead,
       (length(text) - length(replace(text, 'disabled', ''))) / 8 AS off
  FROM (SELECT set_id, lun, nullif(lower(states), '') AS text FROM vsphere_host_lun_path_set)
