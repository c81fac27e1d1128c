/*
Memory of VMs, and what of it the host has to give in a certain way.

vm        id
kib       at most, KiB
page_kib  size of the huge pages that it is made of, KiB; 0: none, -1: the host's default; NULL: not known, or pages of several sizes
in_file   1: huge pages come from a hugetlbfs that the host has mounted; 0: from the kernel
vcpus     at most
nodes     NUMA nodes of the host that it is bound to, such as 0-1,3; none
cpus      processors of the host that it, or one of its virtual CPUs, is bound to, likewise
*/
-- index: vm
-- arm: kvm
SELECT host || '/' || uuid AS vm, memory_kib AS kib,
       CASE WHEN hugepage_size IS NULL OR hugepage_unit IS NULL THEN NULL
            WHEN hugepage_size = 'none' THEN CASE hugepages WHEN 'none' THEN 0 WHEN '' THEN -1 END
            WHEN instr(hugepage_size, ',') > 0 THEN NULL
            ELSE CAST(hugepage_size AS INTEGER)
                 * CASE hugepage_unit WHEN 'KiB' THEN 1 WHEN 'none' THEN 1 WHEN 'MiB' THEN 1024 WHEN 'GiB' THEN 1048576 END END AS page_kib,
       memory_source <> 'memfd' AS in_file, vcpus,
       coalesce(nullif(trim(replace(',' || numa_nodeset || ',' || memnodes || ',', ',none,', ','), ','), ''),
                CASE WHEN numa_nodeset || memnodes IS NOT NULL THEN 'none' END) AS nodes,
       coalesce(nullif(trim(replace(',' || cpuset || ',' || pins || ',', ',none,', ','), ','), ''),
                CASE WHEN cpuset || pins IS NOT NULL THEN 'none' END) AS cpus
  FROM libvirt_domain WHERE uuid IS NOT NULL
