/*
Processors of a host.

host     id
vendor   intel, amd, hygon, or arm (on Linux with who made it: arm 0x41); NULL: not known, or the processors differ
cores    of all processors; NULL: not known
threads  logical CPUs of all processors
*/
-- index: host
-- arm: vsphere
SELECT c.host, nullif(p.vendor, 'unknown') AS vendor, c.cores, c.threads
  FROM vsphere_host_cpu AS c
  LEFT JOIN (SELECT host, CASE WHEN count(vendor) = count(*) AND min(vendor) = max(vendor) THEN min(vendor) END AS vendor
               FROM (SELECT host, lower(trim(vendor)) AS vendor FROM vsphere_host_package) GROUP BY host) AS p ON p.host = c.host
-- arm: kvm
SELECT host, CASE WHEN count(vendor) = count(*) AND min(vendor) = max(vendor) THEN min(vendor) END AS vendor, NULL AS cores,
       count(processor) AS threads
  FROM (SELECT host, processor,
               CASE WHEN vendor = 'GenuineIntel' THEN 'intel' WHEN vendor = 'AuthenticAMD' THEN 'amd' WHEN vendor = 'HygonGenuine' THEN 'hygon'
                    WHEN vendor IS NULL AND implementer IS NOT NULL THEN 'arm ' || lower(implementer) ELSE lower(trim(vendor)) END AS vendor
          FROM linux_cpu)
 GROUP BY host
