/*
Which list of lun_set a host has.

host    id
set_id  of lun_set; no row, or NULL: the host listed no LUN at all, not even a local one; one that isn't in lun_set: none but
        local ones
*/
-- index: host
-- arm: vsphere
SELECT l.host, CASE WHEN k.types <> '' THEN l.set_id END AS set_id
  FROM vsphere_host_lun AS l LEFT JOIN vsphere_host_lun_kind AS k ON k.host = l.host
