/*
title: Hardware virtualization is enabled and usable
subject: host
depends: own
severity: critical
platforms: [kvm]
symptom: >
  A guest that runs with KVM can't start on the host; a migration to it ends with "failed to initialize KVM" or an unknown
  section "kvmclock".
fix: >
  Enable Intel VT-x or AMD-V in the firmware, load kvm_intel or kvm_amd, and give the account that runs migready access to
  /dev/kvm (group kvm).
refs: ["001_82856f7890981a1d.txt", "Linux kernel documentation: The Definitive KVM API Documentation, KVM_GET_API_VERSION",
       "virt-host-validate(1)"]
*/
WITH able AS MATERIALIZED (
	SELECT l.host, count(*) AS features, max(s.feature IN ('vmx', 'svm')) AS virtual
	  FROM linux_cpu_feature AS l JOIN linux_cpu_feature_set AS s ON s.set_id = l.set_id
	 GROUP BY l.host)
SELECT h.id AS host,
       CASE WHEN k.device = 'present' AND k.api_version = 12 THEN 'pass'
            WHEN k.device IN ('absent', 'dead') OR (k.device = 'present' AND k.api_version <> 12) THEN 'fail'
            ELSE 'unknown' END AS status,
       CASE k.device WHEN 'present' THEN '/dev/kvm answers, API version ' || coalesce(k.api_version, 'not known')
            WHEN 'absent' THEN 'no /dev/kvm' WHEN 'dead' THEN '/dev/kvm does not answer'
            WHEN 'denied' THEN 'no access to /dev/kvm' END AS observed,
       '/dev/kvm answers, API version 12' AS expected,
       CASE WHEN k.device = 'denied' THEN 'the account may not open /dev/kvm: it is there, but whether it works was not seen'
            WHEN k.device IN ('absent', 'dead') AND a.virtual = 1
            THEN 'the processor has VT-x or AMD-V: the kernel module is not loaded, or the firmware has it switched off'
            WHEN k.device IN ('absent', 'dead') AND a.virtual = 0
            THEN 'the processor shows neither vmx nor svm: it lacks them, or this is a VM without nested virtualization'
       END AS detail
  FROM host AS h
  LEFT JOIN linux_kvm AS k ON k.host = h.id
  LEFT JOIN able AS a ON a.host = h.id
