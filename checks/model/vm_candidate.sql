/*
Spine: every VM with every host of its cluster that could take it, but not the one it is on.

vm       id
target   id
cluster  id
host     id of the candidate destination
*/
-- view
SELECT v.id AS vm, v.target, v.cluster, h.id AS host
  FROM vm AS v JOIN host AS h ON h.cluster = v.cluster
 WHERE h.destination AND h.id IS NOT v.host
