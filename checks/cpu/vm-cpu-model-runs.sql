/*
title: The candidate can give the VM the processor that it has
subject: vm_host
depends: own
severity: critical
platforms: [kvm]
params:
  kernel_flags: >-
    acc_power always amd_dcm amd_lbr_pmc_freeze amd_lbr_v2 amd_ppin aperfmperf arat arch_lbr arch_perfmon art bts cat_l2 cat_l3
    cdp_l2 cdp_l3 constant_tsc cpb cpuid cpuid_fault cqm cqm_llc cqm_mbm_local cqm_mbm_total cqm_occup_llc dtherm dts entry_ibpb
    epb ept ept_ad est extd_apicid flexpriority flush_l1d hw_pstate hwp hwp_act_window hwp_epp hwp_notify hwp_pkg_req
    ibpb_exit_to_user ida intel_ppin intel_pt invpcid_single mba nonstop_tsc nonstop_tsc_s3 nopl pdcm pebs perfmon_v2 pln
    proc_feedback pti pts rapl rdt_a rep_good ring3mwait smba split_lock_detect sme tm tm2 tpr_shadow tsc_known_freq tsc_reliable
    up user_shstk vmmcall vnmi vpid xcompacted xtopology zen
symptom: >
  "operation failed: guest CPU doesn't match specification: missing features: ...", "the CPU is incompatible with host CPU". A VM with
  host-passthrough or maximum is not checked by libvirt: it moves, and its programs die of illegal instructions.
fix: >
  Give VMs a processor model that all hosts of the cluster have: virsh hypervisor-cpu-baseline finds one; they take it when they are
  shut off and started again. Bring hosts with the same processors to the same microcode, kernel and QEMU. A user of the group
  libvirt may compare; one that may only read is refused.
refs: ["libvirt: virsh hypervisor-cpu-compare, hypervisor-cpu-baseline", "libvirt: Domain XML format, CPU model and topology",
       "libvirt: Domain capabilities, CPU configuration", "Linux kernel: arch/x86/include/asm/cpufeatures.h",
       "QEMU documentation: Recommendations for KVM CPU model configuration on x86 hosts"]
*/
-- Each kind of processor is compared by the candidate's own hypervisor. What the VM's host lacks as well, the VM never had. The nearest
-- model that libvirt names says nothing of features that it doesn't know: so a VM that has all of its host's processor needs the same
-- processor, with the flags that its kernel names; parameter kernel_flags lists those that are of no concern to guests.
-- Candidates with the same answer, and VMs with the same needs, are judged once. A VM's own host is cut out of the list of ids.
WITH machine AS MATERIALIZED (
	SELECT c.vm, c.cluster, c.mobility, c.kind, c.need, c.strict, c.model, ',' || json_quote(c.host) AS own, s.missing AS short_here,
	       CASE WHEN c.kind = 'host' AND c.type = 'kvm' THEN c.host END AS source
	  FROM vm_cpu AS c LEFT JOIN libvirt_cpu_compare AS s ON s.host = c.host AND s.need = c.need),
     want AS MATERIALIZED (
	SELECT DISTINCT cluster, mobility, kind, need, strict, short_here, source FROM machine),
     processor AS MATERIALIZED (   -- of each host: what it is, and the lists of flags that its logical processors have
	SELECT host, CASE WHEN count(name) = count(*) AND count(flags) = count(*) AND min(name) = max(name) THEN min(name) END AS name
	  FROM (SELECT host, flags, lower(vendor) || ' ' || family || '/' || model AS name FROM linux_cpu) GROUP BY host),
     flags_of AS MATERIALIZED (SELECT DISTINCT host, flags FROM linux_cpu WHERE flags IS NOT NULL),
     flag AS MATERIALIZED (
	SELECT f.flags, e.value AS name
	  FROM (SELECT DISTINCT flags FROM flags_of) AS f
	  JOIN json_each('["' || replace(trim(replace(f.flags, '"', '')), ' ', '","') || '"]') AS e
	 WHERE instr(' ' || :kernel_flags || ' ', ' ' || e.value || ' ') = 0),
     short AS MATERIALIZED (   -- flags of one list that another one lacks
	SELECT a.flags AS here, b.flags AS there, group_concat(f.name, ', ') AS names
	  FROM (SELECT DISTINCT o.flags FROM want AS w JOIN flags_of AS o ON o.host = w.source) AS a
	  JOIN (SELECT DISTINCT flags FROM flags_of) AS b ON b.flags <> a.flags
	  JOIN flag AS f ON f.flags = a.flags
	  LEFT JOIN flag AS g ON g.flags = b.flags AND g.name = f.name
	 WHERE g.name IS NULL GROUP BY a.flags, b.flags),
     chip AS MATERIALIZED (
	SELECT w.source, h.id AS host, p.name AS here, q.name AS there, group_concat(DISTINCT s.names) AS lacking
	  FROM (SELECT DISTINCT cluster, source FROM want WHERE source IS NOT NULL) AS w
	  JOIN host AS h ON h.cluster = w.cluster AND h.destination AND h.id <> w.source
	  LEFT JOIN processor AS p ON p.host = w.source
	  LEFT JOIN processor AS q ON q.host = h.id
	  LEFT JOIN flags_of AS a ON a.host = w.source
	  LEFT JOIN flags_of AS b ON b.host = h.id
	  LEFT JOIN short AS s ON s.here = a.flags AND s.there = b.flags
	 GROUP BY w.source, h.id),
     way AS MATERIALIZED (
	SELECT w.*, ',' || json_quote(h.id) AS id, c.enough, c.missing, c.differs, c.failure, p.here, p.there, p.lacking
	  FROM want AS w
	  JOIN host AS h ON h.cluster = w.cluster AND h.destination
	  LEFT JOIN libvirt_cpu_compare AS c ON c.host = h.id AND c.need = w.need
	  LEFT JOIN chip AS p ON p.source = w.source AND p.host = h.id),
     beyond AS MATERIALIZED (   -- what is missing there and not here
	SELECT w.short_here, w.missing,
	       coalesce(group_concat(CASE WHEN instr(', ' || w.short_here || ',', ', ' || e.value || ',') = 0 THEN e.value END, ', '), '') AS lost
	  FROM (SELECT DISTINCT short_here, missing FROM way WHERE missing IS NOT NULL AND short_here IS NOT NULL) AS w
	  JOIN json_each('["' || replace(replace(w.missing, '"', ''), ', ', '","') || '"]') AS e
	 GROUP BY w.short_here, w.missing),
     judged AS MATERIALIZED (
	SELECT w.*, CASE WHEN w.missing IS NOT NULL THEN coalesce(b.lost, w.missing) WHEN w.enough = 'enough' THEN '' END AS lost
	  FROM way AS w LEFT JOIN beyond AS b ON b.short_here = w.short_here AND b.missing = w.missing),
     word AS MATERIALIZED (
	SELECT cluster, mobility, kind, need, strict, short_here, source, id,
	       CASE WHEN kind = 'next' AND mobility = 'cold' THEN 'na'
	            WHEN kind IS NULL OR need IS NULL THEN 'unknown'
	            WHEN differs IS NOT NULL THEN 'fail'
	            WHEN lost <> '' THEN CASE WHEN mobility = 'cold' AND strict = 0 THEN 'warn' ELSE 'fail' END
	            WHEN lost = '' AND kind = 'given' THEN 'pass'
	            WHEN lost = '' AND kind = 'host' AND source IS NULL THEN 'pass'
	            WHEN here <> there OR lacking <> '' THEN 'fail'
	            WHEN lost = '' AND here = there AND lacking IS NULL THEN 'pass'
	            ELSE 'unknown' END AS status,
	       CASE WHEN kind = 'next' THEN NULL
	            WHEN differs IS NOT NULL THEN differs
	            WHEN lost <> '' THEN 'lacks ' || lost
	            WHEN here <> there THEN 'another processor: ' || there || ', here ' || here
	            WHEN lacking <> '' THEN 'the processor lacks ' || lacking
	            WHEN lost = '' THEN 'gives all of it' END AS observed,
	       CASE WHEN kind = 'next' THEN 'it is shut off, and takes what the host has that it is started on'
	            WHEN kind IS NULL THEN 'what processor it has was not answered, or is its QEMU''s default'
	            WHEN need IS NULL THEN 'what its own host gives to guests was not answered'
	            WHEN differs IS NOT NULL OR lost <> '' OR (source IS NULL AND lost = '') THEN NULL
	            WHEN lost IS NULL THEN coalesce(failure, 'the candidate did not compare it')
	            WHEN source IS NOT NULL AND (here IS NULL OR there IS NULL) THEN 'the processors of the two hosts are not known, or not alike' END
	           AS detail
	  FROM judged),
     grouped AS MATERIALIZED (
	SELECT cluster, mobility, kind, need, strict, short_here, source, status, observed, detail, group_concat(id, '') AS ids
	  FROM word GROUP BY cluster, mobility, kind, need, strict, short_here, source, status, observed, detail)
SELECT vm, '[' || substr(ids, 2) || ']' AS peer, status, object, observed, expected, detail
  FROM (SELECT m.vm, replace(g.ids, coalesce(m.own, '?'), '') AS ids, g.status,
               CASE m.kind WHEN 'given' THEN m.model WHEN 'host' THEN 'the processor of its host' END AS object, g.observed,
               CASE WHEN m.kind = 'host' THEN 'all that its host gives to guests' WHEN m.kind = 'given' THEN 'the model and features of the VM'
               END AS expected, g.detail
          FROM machine AS m
          JOIN grouped AS g ON g.cluster = m.cluster AND g.mobility IS m.mobility AND g.kind IS m.kind AND g.need IS m.need
               AND g.strict IS m.strict AND g.short_here IS m.short_here AND g.source IS m.source)
 WHERE ids <> ''
