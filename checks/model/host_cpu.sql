/*
Processors of a host.

host     id
vendor   intel, amd, hygon or arm; NULL: not known, or the processors differ
cores    of all processors
threads  logical CPUs of all processors
*/
-- index: host
-- arm: vsphere
SELECT c.host, nullif(p.vendor, 'unknown') AS vendor, c.cores, c.threads
  FROM vsphere_host_cpu AS c
  LEFT JOIN (SELECT host, CASE WHEN count(vendor) = count(*) AND min(vendor) = max(vendor) THEN min(vendor) END AS vendor
               FROM (SELECT host, lower(trim(vendor)) AS vendor FROM vsphere_host_package) GROUP BY host) AS p ON p.host = c.host
