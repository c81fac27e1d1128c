/*
Which list of lun_path_set a host has.

host    id
set_id  of lun_path_set; no row: the host gave no answer
*/
-- index: host
-- arm: vsphere
SELECT host, set_id FROM vsphere_host_lun_path
