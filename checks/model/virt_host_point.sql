/*
What virt-host-validate qemu looks at on a host, point by point, judged as it does.

host      id
rank      the place among the points
name      of the point
status    pass, warn, fail or unknown
observed  what was seen, in words; NULL: nothing to say
remedy    what to do, in words, unless it passes
*/
-- index: host
-- arm: kvm
-- What virt-host-validate calls WARN is a warning here, as is that a platform isn't known to it.
WITH v AS MATERIALIZED (
	SELECT h.id AS host, x.arch, x.vmx, x.svm, x.sie, x.sev, x.sev_on, x.kvm, x.kvm_opens, x.vhost_net, x.tun, x.root, x.v1, x.v2, x.cgroup_bpf,
	       x.tables, x.iommu_groups, x.arch IN ('x86_64', 'i686', 'i386') AS x86,
	       CASE WHEN x.arch IN ('x86_64', 'i686', 'i386') THEN x.vmx OR x.svm WHEN x.arch IN ('s390', 's390x') THEN x.sie WHEN x.arch IS NOT NULL THEN 1 END
	           AS virtual
	  FROM host AS h LEFT JOIN linux_virt_host AS x ON x.host = h.id),
     controller(name, v2_name) AS (VALUES ('cpu', 'cpu'), ('cpuacct', ''), ('cpuset', 'cpuset'), ('memory', 'memory'), ('devices', 'bpf'), ('blkio', 'io')),
     point(host, rank, name, status, observed, detail) AS (
	SELECT host, 1, 'hardware virtualization', CASE virtual WHEN 1 THEN 'pass' WHEN 0 THEN 'fail' ELSE 'unknown' END,
	       CASE WHEN vmx THEN 'VT-x' WHEN svm THEN 'AMD-V' WHEN sie THEN 'SIE' WHEN virtual = 0 THEN 'the processor shows none' END,
	       CASE virtual WHEN 0 THEN 'only emulated guests are possible: switch it on in the firmware, or for this guest in its host' END
	  FROM v
	UNION ALL
	SELECT host, 2, '/dev/kvm',
	       CASE WHEN kvm = 0 THEN 'fail' WHEN kvm = 1 AND kvm_opens = 1 THEN 'pass' WHEN kvm = 1 AND kvm_opens = 0 AND root = 1 THEN 'fail'
	            ELSE 'unknown' END,
	       CASE WHEN kvm = 0 THEN 'missing' WHEN kvm_opens THEN 'opens' ELSE 'does not open' END,
	       CASE WHEN kvm = 0 THEN 'load the kernel module kvm_intel or kvm_amd, and see that the firmware has virtualization switched on'
	            WHEN kvm_opens = 0 THEN 'for the account that migready uses; QEMU may run as another' END
	  FROM v WHERE virtual IS NOT 0
	UNION ALL
	SELECT host, 3, '/dev/vhost-net', CASE vhost_net WHEN 1 THEN 'pass' WHEN 0 THEN 'warn' ELSE 'unknown' END, CASE vhost_net WHEN 0 THEN 'missing' END,
	       CASE vhost_net WHEN 0 THEN 'load the kernel module vhost_net: networks of guests are slower without' END
	  FROM v
	UNION ALL
	SELECT host, 4, '/dev/net/tun', CASE tun WHEN 1 THEN 'pass' WHEN 0 THEN 'fail' ELSE 'unknown' END, CASE tun WHEN 0 THEN 'missing' END,
	       CASE tun WHEN 0 THEN 'load the kernel module tun: guests get no network without' END
	  FROM v
	UNION ALL
	SELECT v.host, 5, 'cgroup ' || c.name,
	       CASE WHEN v.v1 LIKE '%,' || c.name || ',%' THEN 'pass'
	            WHEN v.v2 <> ',,' AND c.v2_name = '' THEN 'pass'
	            WHEN v.v2 <> ',,' AND c.v2_name = 'bpf' THEN CASE v.cgroup_bpf WHEN 'yes' THEN 'pass' WHEN 'no' THEN 'warn' ELSE 'unknown' END
	            WHEN v.v2 LIKE '%,' || c.v2_name || ',%' AND c.v2_name <> '' THEN 'pass'
	            WHEN v.v1 IS NOT NULL AND v.v2 IS NOT NULL THEN 'warn' ELSE 'unknown' END,
	       NULL, CASE WHEN v.v1 IS NOT NULL AND v.v2 IS NOT NULL THEN 'controller ' || c.name || ': mount it, or see that the kernel has it' END
	  FROM v CROSS JOIN controller AS c
	UNION ALL
	SELECT host, 6, 'IOMMU',
	       CASE WHEN x86 AND vmx = 0 AND svm = 0 THEN 'warn'
	            WHEN x86 AND vmx THEN CASE WHEN tables LIKE '%DMAR,%' THEN 'pass' WHEN tables IS NOT NULL THEN 'warn' ELSE 'unknown' END
	            WHEN x86 AND svm THEN CASE WHEN tables LIKE '%IVRS,%' THEN 'pass' WHEN tables IS NOT NULL THEN 'warn' ELSE 'unknown' END
	            WHEN arch LIKE 'ppc64%' THEN 'pass'
	            WHEN arch = 'aarch64' THEN CASE WHEN tables LIKE '%IORT,%' THEN 'pass' WHEN tables IS NOT NULL THEN 'warn' ELSE 'unknown' END
	            WHEN arch IS NOT NULL AND x86 = 0 THEN 'warn' ELSE 'unknown' END,
	       nullif(rtrim(tables, ','), ''), 'no ACPI table of one, or the platform is not known to have one: no device can be assigned to guests'
	  FROM v
	UNION ALL
	SELECT host, 7, 'IOMMU enabled', CASE WHEN iommu_groups > 0 THEN 'pass' WHEN iommu_groups = 0 THEN 'warn' ELSE 'unknown' END,
	       iommu_groups || ' groups', 'add intel_iommu=on to the kernel''s command line, or see that AMD''s is not switched off'
	  FROM v
	 WHERE (x86 AND vmx AND tables LIKE '%DMAR,%') OR (x86 AND svm AND tables LIKE '%IVRS,%') OR arch LIKE 'ppc64%'
	    OR (arch = 'aarch64' AND tables LIKE '%IORT,%')
	UNION ALL
	SELECT host, 8, 'secure guests',
	       CASE WHEN sev = 1 AND sev_on IN ('1', 'Y', 'y') THEN 'pass' WHEN sev = 0 OR (sev = 1 AND sev_on IS NOT NULL) THEN 'warn' ELSE 'unknown' END,
	       CASE WHEN sev THEN 'SEV, kvm_amd.sev=' || sev_on END,
	       CASE sev WHEN 1 THEN 'add kvm_amd.sev=1 to the kernel''s command line' WHEN 0 THEN 'the platform is not known to have them' END
	  FROM v)
SELECT host, rank, name, status, observed, CASE WHEN status <> 'pass' THEN detail END AS remedy FROM point
