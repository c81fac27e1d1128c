/*
Lists of CPU features, each stored once however many hosts have it.

set_id   as in host_cpu_set
feature  lower-case
value    1 present, 0 absent; a number for counted ones
*/
-- index: set_id, feature
-- arm: vsphere
SELECT 'masked ' || set_id AS set_id, lower(feature) AS feature, value FROM vsphere_host_masked_feature_set
UNION ALL
SELECT 'plain ' || set_id, lower(feature), value FROM vsphere_host_feature_set
-- arm: kvm
SELECT 'linux ' || set_id AS set_id, lower(feature) AS feature, CASE WHEN feature IS NOT NULL THEN '1' END AS value FROM linux_cpu_feature_set
