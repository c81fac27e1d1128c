/*
Which LUNs VMFS datastores lie on.

target     id
name       canonical name of the LUN, as in lun_set; NULL: the datastore gave no answer, and may be on any LUN
datastore  name of the datastore
*/
-- index: name
-- arm: vsphere
SELECT d.target, s.disk AS name, coalesce(d.name, d.id) AS datastore
  FROM datastore AS d
  LEFT JOIN vsphere_datastore_extent AS e ON e.datastore = d.id
  LEFT JOIN vsphere_datastore_extent_set AS s ON s.set_id = e.set_id
 WHERE e.set_id IS NULL OR s.set_id IS NOT NULL
