/*
Spine: hosts. A host that several targets name is one host when its hardware UUID and its name (without the domain) are the same:
the row of the target where it is in a real cluster stays, else that of the target which the inventory names first. The UUID alone
proves nothing (cloned firmware), and hosts with the same UUID inside one target are always different ones. Hosts that --exclude
takes out are not here.

id           TARGET/REF
target       id of its target
platform     vsphere or kvm
name         as people know it
cluster      id of its cluster; the host's own when it doesn't tell
uuid         of the hardware: 32 lower-case hex digits, or NULL
destination  1: can take VMs as far as discovery tells, 0: disconnected, not responding or in maintenance mode
*/
-- index: id
-- index: cluster
WITH owner AS (
	SELECT l.uuid, l.label, l.target,
	       row_number() OVER (PARTITION BY l.uuid, l.label ORDER BY l.clustered DESC, t.ordinal, l.target) AS rank
	  FROM host_listed AS l LEFT JOIN run_target AS t ON t.id = l.target
	 WHERE l.uuid IS NOT NULL AND l.label IS NOT NULL)
SELECT l.id, l.target, l.platform, l.name, l.cluster, l.uuid, l.destination
  FROM host_listed AS l
  LEFT JOIN owner AS o ON o.uuid = l.uuid AND o.label = l.label AND o.rank = 1
  LEFT JOIN run_excluded AS x ON x.host = l.id
 WHERE (o.target IS NULL OR o.target = l.target) AND x.host IS NULL
