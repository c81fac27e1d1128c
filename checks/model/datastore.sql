/*
Spine: datastores.

id        TARGET/REF
target    id of its target
platform  vsphere
name      as people know it
*/
-- index: id
-- arm: vsphere
SELECT datastore AS id, substr(datastore, 1, instr(datastore, '/') - 1) AS target, 'vsphere' AS platform, name
  FROM vsphere_datastore
