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
-- arm: kvm
-- The list of a node's processors is made of ranges: 0-7,16-23; of a node of memory alone it is empty.
SELECT n.host, n.node, CASE WHEN c.cpulist = '' THEN 0 ELSE sum(p.high - p.low + 1) END AS cpus, n.memory_kib * 1024 AS memory_bytes
  FROM linux_numa_node AS n
  LEFT JOIN linux_numa_cpus AS c ON c.host = n.host AND c.node = n.node
  LEFT JOIN (SELECT l.host, l.node, CAST(r.value AS INTEGER) AS low, CAST(substr(r.value, instr(r.value, '-') + 1) AS INTEGER) AS high
               FROM linux_numa_cpus AS l JOIN json_each('[' || replace(json_quote(l.cpulist), ',', '","') || ']') AS r) AS p
         ON p.host = c.host AND p.node = c.node
 GROUP BY n.host, n.node
