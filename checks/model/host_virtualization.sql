/*
Whether a host can use its processors' hardware virtualization (VT-x, AMD-V).

host       id
usable     1: seen at work, 0: missing or switched off, NULL: not known
long_mode  1: the processors offer 64-bit mode, 0: they don't, NULL: not known
observed   what was seen, in words
detail     what that means, in words
*/
-- index: host
-- arm: vsphere
-- esxcli is asked where the API leaves it open (probe esxi/cpu). HV Support 3: in use, 2: switched off in the firmware, 1: there may be
-- some, ESXi doesn't support it on this hardware, 0: none.
SELECT a.host,
       CASE WHEN a.usable IS NOT NULL THEN a.usable WHEN e.hv_support = 3 THEN 1 WHEN e.hv_support IN (0, 1, 2) THEN 0 END AS usable,
       a.long_mode,
       CASE WHEN a.usable IS NULL AND e.hv_support IS NOT NULL THEN 'esxcli: HV Support ' || e.hv_support ELSE a.observed END AS observed,
       CASE WHEN a.usable IS NOT NULL THEN a.detail
            WHEN e.hv_support = 2 THEN 'switched off in the firmware'
            WHEN e.hv_support IN (0, 1) THEN 'missing, or not supported by ESXi on this hardware'
            WHEN e.hv_support IS NULL THEN a.detail || coalesce('. ' || e.error, '') END AS detail
  FROM host_virtualization_api AS a LEFT JOIN esxi_cpu AS e ON e.host = a.host
-- arm: kvm
SELECT h.host,
       CASE WHEN k.device = 'present' AND k.api_version = 12 THEN 1
            WHEN k.device IN ('absent', 'dead') OR (k.device = 'present' AND k.api_version <> 12) THEN 0 END AS usable,
       a.lm AS long_mode,
       CASE k.device WHEN 'present' THEN '/dev/kvm answers, API version ' || coalesce(k.api_version, 'not known')
            WHEN 'absent' THEN 'no /dev/kvm' WHEN 'dead' THEN '/dev/kvm does not answer'
            WHEN 'denied' THEN 'no access to /dev/kvm' END AS observed,
       CASE WHEN k.device = 'denied' THEN 'the account may not open /dev/kvm: it is there, but whether it works was not seen'
            WHEN k.device IN ('absent', 'dead') AND a.virtual = 1
            THEN 'the processor has VT-x or AMD-V: the kernel module is not loaded, or the firmware has it switched off'
            WHEN k.device IN ('absent', 'dead') AND a.virtual = 0
            THEN 'the processor shows neither vmx nor svm: it lacks them, or this is a VM without nested virtualization'
       END AS detail
  FROM linux_host AS h
  LEFT JOIN linux_kvm AS k ON k.host = h.host
  LEFT JOIN (SELECT l.host, max(s.feature IN ('vmx', 'svm')) AS virtual, max(s.feature = 'lm') AS lm
               FROM linux_cpu_feature AS l JOIN linux_cpu_feature_set AS s ON s.set_id = l.set_id
              GROUP BY l.host) AS a ON a.host = h.host
