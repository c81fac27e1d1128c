/*
title: The host is in no hurry to swap guest memory out
subject: host
depends: own
severity: warning
platforms: [kvm]
params: {max: 60}
symptom: A migration of an idle guest crawls while its memory is read back from disk
fix: Set vm.swappiness to the site's value in /etc/sysctl.d and load it with sysctl --system
refs: ["sysctl/vm.rst in the Linux kernel documentation"]
*/
SELECT h.id AS host,
       CASE WHEN s.value <= :max THEN 'pass'
            WHEN s.value > :max THEN 'fail'
            ELSE 'unknown' END AS status,
       'vm.swappiness ' || s.value AS observed,
       'at most ' || :max AS expected
  FROM host AS h LEFT JOIN linux_swappiness AS s ON s.host = h.id
