/*
What the vSphere API alone tells of whether a host can use its processors' hardware virtualization; checks read
`host_virtualization` instead, which also knows what esxcli says where this is silent.

host       id
usable     1: seen at work, 0: missing or switched off, NULL: not known
long_mode  1: the processors offer 64-bit mode, 0: they don't, NULL: not known
observed   what was seen, in words
detail     what that means, in words
*/
-- index: host
-- arm: vsphere
-- No property says what the firmware has switched on: the features VMX and SVM are the processor's. Their absence is proof, their
-- presence is none. What proves it is a VM that runs: the monitor gives a virtual CPU 64-bit mode, which the VM's requirements then
-- name, with hardware virtualization alone. (AMD processors could do without up to ESXi 6.5.) That ESXi reports hv.capable
-- 0 where it can't use it is a guess from VMware's error texts; it is only taken for the worse.
WITH running AS MATERIALIZED (
	SELECT v.host, count(*) AS n, min(v.name) AS name
	  FROM vm AS v
	  CROSS JOIN vsphere_vm_state AS s ON s.vm = v.id
	  CROSS JOIN vsphere_vm_requirement AS q ON q.vm = v.id
	 WHERE s.power || ' ' || s.connection = 'poweredOn connected'
	       AND q.set_id IN (SELECT set_id FROM vsphere_vm_requirement_set
	                         WHERE lower(feature) = 'cpuid.lm' AND feature_meets(required, '0') = 0)
	 GROUP BY v.host),
     bits AS (
	SELECT set_id, sum(feature IS NULL OR value IS NULL) AS holes, max(feature IN ('cpuid.vmx', 'cpuid.svm') AND value <> '0') AS vt,
	       max(feature = 'cpuid.lm' AND value <> '0') AS lm, max(feature = 'hv.capable' AND value = '0') AS off
	  FROM (SELECT set_id, lower(feature) AS feature, value FROM vsphere_host_feature_set) GROUP BY set_id),
     host_bits AS (
	SELECT f.host, CASE WHEN b.vt = 1 THEN 1 WHEN b.holes = 0 THEN 0 END AS vt,
	       CASE WHEN b.lm = 1 THEN 1 WHEN b.holes = 0 THEN 0 END AS lm, coalesce(b.off, 0) AS off
	  FROM vsphere_host_feature AS f LEFT JOIN bits AS b ON b.set_id = f.set_id)
SELECT h.host,
       CASE WHEN r.n > 0 AND h.connection = 'connected' THEN 1 WHEN b.vt = 0 OR b.off = 1 THEN 0 END AS usable, b.lm AS long_mode,
       CASE WHEN r.n > 0 AND h.connection = 'connected' THEN 'in use by what runs there: ' || r.n || CASE r.n WHEN 1 THEN ' VM, ' ELSE ' VMs, such as ' END || r.name
            WHEN b.vt = 0 THEN 'the processors offer neither VMX nor SVM'
            WHEN b.off = 1 THEN 'the processors have it, but ESXi says that it can''t use it (hv.capable 0)'
            WHEN b.vt = 1 THEN 'the processors have it' END AS observed,
       CASE WHEN r.n > 0 AND h.connection = 'connected' THEN NULL
            WHEN b.vt = 0 THEN 'missing, or switched off in the firmware'
            WHEN b.off = 1 THEN 'switched off in the firmware'
            WHEN b.vt = 1 THEN 'whether the firmware has it switched on can''t be read from the API: only a VM with a 64-bit CPU that runs '
                 || 'there proves it, and none does'
            ELSE 'the host did not name its CPU features' END AS detail
  FROM vsphere_host AS h
  LEFT JOIN host_bits AS b ON b.host = h.host
  LEFT JOIN running AS r ON r.host = h.host
