/*
title: Hardware virtualization is enabled and usable
subject: host
depends: own
severity: critical
platforms: [vsphere, kvm]
symptom: >
  VMs can't start on the host. vSphere: the migration of a 64-bit VM fails at 90 %, "failed to resume on destination". KVM: it ends with
  "failed to initialize KVM" or an unknown section "kvmclock".
fix: >
  Enable Intel VT-x or AMD-V in the firmware and switch the host off and on. On a KVM host load kvm_intel or kvm_amd, and give the
  account that runs migready access to /dev/kvm (group kvm). A vSphere host that runs nothing yet: let migready run esxcli there, or
  power on a 64-bit VM.
refs: ["001_82856f7890981a1d.txt", "VMware KB 1003945", "vSphere API: HostConfigInfo.featureCapability",
       "ESXCLI: hardware cpu global get, HV Support",
       "Linux kernel documentation: The Definitive KVM API Documentation, KVM_GET_API_VERSION", "virt-host-validate(1)"]
*/
-- That the processor has the feature is not that it can be used: an idle host stays unknown, and so does the run, unless esxcli tells.
SELECT h.id AS host,
       CASE WHEN h.destination = 0 THEN 'na'
            WHEN v.usable = 1 THEN 'pass'
            WHEN v.usable = 0 THEN 'fail'
            ELSE 'unknown' END AS status,
       v.observed,
       CASE h.platform WHEN 'kvm' THEN '/dev/kvm answers, API version 12' ELSE 'seen at work, or HV Support 3' END AS expected,
       CASE WHEN h.destination = 0 THEN 'not connected, or in maintenance mode: it takes no VMs now' ELSE v.detail END AS detail
  FROM host AS h
  LEFT JOIN host_virtualization AS v ON v.host = h.id
