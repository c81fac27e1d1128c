/*
NUMA nodes of a host; one that is no NUMA machine is a single node.

host          id
node          its number
cpus          logical CPUs of the node
memory_bytes  bytes
*/
-- index: host
-- arm: vsphere
SELECT host, node, CASE WHEN cpus = '' THEN 0 ELSE 1 + length(cpus) - length(replace(cpus, ',', '')) END AS cpus, memory_bytes
  FROM vsphere_numa_node
UNION ALL
SELECT n.host, 0, c.threads, n.memory_bytes
  FROM vsphere_host_numa AS n LEFT JOIN vsphere_host_cpu AS c ON c.host = n.host
 WHERE n.nodes = 0
