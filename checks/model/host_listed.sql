/*
Hosts as the targets list them: one that two targets name is here twice, and so is one that --exclude takes out. Checks read
`host` instead.

id           TARGET/REF
target       id of its target
platform     vsphere or kvm
name         as people know it
label        the name in lower case without its domain, or an address; NULL for a name that tells no host from another
cluster      id of its cluster; the host's own when it doesn't tell
clustered    1: in a real cluster, 0: alone, NULL: not known
uuid         of the hardware: 32 lower-case hex digits; NULL when the firmware gave none that tells hosts apart
destination  1: can take VMs as far as discovery tells, 0: disconnected, not responding or in maintenance mode
*/
-- index: uuid
-- index: cluster
-- arm: vsphere
SELECT h.host AS id, substr(h.host, 1, instr(h.host, '/') - 1) AS target, 'vsphere' AS platform, h.name,
       nullif(nullif(CASE WHEN h.name GLOB '*[^0-9.]*' AND h.name NOT LIKE '%:%'
                          THEN substr(lower(h.name), 1, instr(h.name || '.', '.') - 1) ELSE lower(h.name) END, ''), 'localhost')
           AS label,
       coalesce(h.compute, h.host) AS cluster, c.kind = 'ClusterComputeResource' AS clustered,
       CASE WHEN length(h.plain) = 32 AND trim(h.plain, '0') <> '' AND trim(h.plain, 'f') <> '' THEN h.plain END AS uuid,
       coalesce(lower(h.connection) IN ('disconnected', 'notresponding'), 0) = 0 AND coalesce(h.maintenance, 0) = 0
           AS destination
  FROM (SELECT *, lower(replace(uuid, '-', '')) AS plain FROM vsphere_host) AS h
  LEFT JOIN vsphere_compute AS c ON c.compute = h.compute
-- arm: kvm
-- Who is there is what the inventory says: a host that doesn't answer stays a host.
SELECT h.host AS id, substr(h.host, 1, instr(h.host, '/') - 1) AS target, 'kvm' AS platform, h.name,
       nullif(nullif(CASE WHEN h.name GLOB '*[^0-9.]*' AND h.name NOT LIKE '%:%'
                          THEN substr(lower(h.name), 1, instr(h.name || '.', '.') - 1) ELSE lower(h.name) END, ''), 'localhost')
           AS label,
       h.cluster, h.cluster <> h.host AS clustered,
       CASE WHEN length(h.plain) = 32 AND trim(h.plain, '0') <> '' AND trim(h.plain, 'f') <> '' THEN h.plain END AS uuid,
       1 AS destination
  FROM (SELECT k.host, CASE k.address WHEN 'local' THEN coalesce(l.name, k.name) ELSE k.name END AS name, k.cluster,
               lower(replace(l.uuid, '-', '')) AS plain
          FROM kvm_listed AS k LEFT JOIN linux_host AS l ON l.host = k.host) AS h
