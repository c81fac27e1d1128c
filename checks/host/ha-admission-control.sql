/*
title: With one host less, the cluster still has the room that HA admission control demands
subject: cluster
depends: own
severity: warning
platforms: [vsphere]
symptom: >
  DRS does not empty a host that enters maintenance mode, VMs can't be powered on, or a host that fails during the maintenance takes
  VMs with it that find no room to restart.
fix: >
  Before the maintenance, lower reservations or power VMs off until a host can be spared, or let admission control keep less room for
  as long as the maintenance takes. Turn admission control on again where it is off.
refs: ["vSphere API: ClusterDasConfigInfo.admissionControlPolicy", "vSphere API: ClusterComputeResourceSummary.admissionControlInfo",
       "VMware vSphere Availability: Admission Control"]
*/
-- What is left with one host less is reckoned as if all hosts in service were equally large: of n hosts with a share f free, f * n - 1
-- hosts' worth stay free on n - 1. A policy that names failover hosts loses nothing when another host leaves.
WITH h AS MATERIALIZED (
	SELECT c.id AS cluster, c.kind, a.compute, a.enabled, a.admission, a.hosts, a.failures, a.failures_now, a.cpu_percent_now,
	       a.memory_percent_now, a.failover_hosts,
	       CASE a.policy WHEN 'ClusterFailoverLevelAdmissionControlPolicy' THEN 'level'
	            WHEN 'ClusterFailoverResourcesAdmissionControlPolicy' THEN 'percent'
	            WHEN 'ClusterFailoverHostAdmissionControlPolicy' THEN 'hosts' END AS policy,
	       CASE a.automatic WHEN 1 THEN 100.0 * a.failures / nullif(a.hosts - 1, 0) WHEN 0 THEN a.cpu_percent END AS cpu_needed,
	       CASE a.automatic WHEN 1 THEN 100.0 * a.failures / nullif(a.hosts - 1, 0) WHEN 0 THEN a.memory_percent END AS memory_needed,
	       (1.0 * a.cpu_percent_now * a.hosts - 100) / nullif(a.hosts - 1, 0) AS cpu_left,
	       (1.0 * a.memory_percent_now * a.hosts - 100) / nullif(a.hosts - 1, 0) AS memory_left
	  FROM cluster AS c LEFT JOIN vsphere_ha AS a ON a.compute = c.id),
     judged AS MATERIALIZED (
	SELECT h.*,
	       CASE WHEN kind = 'host' THEN 'alone'
	            WHEN enabled = 0 THEN 'off'
	            WHEN enabled = 1 AND admission = 0 THEN 'no control'
	            WHEN enabled = 1 AND admission = 1 AND hosts <= 1 THEN 'one host'
	            WHEN enabled = 1 AND admission = 1 AND hosts > 1 THEN
	            CASE policy WHEN 'level' THEN CASE WHEN failures_now - 1 >= failures THEN 'room' WHEN failures_now - 1 < failures THEN 'none' END
	                 WHEN 'percent' THEN CASE WHEN cpu_left < cpu_needed OR memory_left < memory_needed THEN 'none'
	                                          WHEN cpu_left >= cpu_needed AND memory_left >= memory_needed THEN 'room' END
	                 WHEN 'hosts' THEN CASE WHEN failover_hosts = 'none' THEN 'none' WHEN failover_hosts <> '' THEN 'room' END END
	       END AS verdict
	  FROM h)
SELECT cluster,
       CASE verdict WHEN 'room' THEN 'pass' WHEN 'none' THEN 'fail' WHEN 'no control' THEN 'warn'
            WHEN 'off' THEN 'na' WHEN 'alone' THEN 'na' WHEN 'one host' THEN 'na' ELSE 'unknown' END AS status,
       CASE WHEN enabled = 0 THEN 'vSphere HA is off'
            WHEN admission = 0 THEN 'admission control is off'
            WHEN policy = 'level' THEN 'host failures tolerated now: ' || failures_now
            WHEN policy = 'percent' THEN 'free now: CPU ' || cpu_percent_now || ' %, memory ' || memory_percent_now
                 || printf(' %%; with one of %d hosts less: CPU %.0f %%, memory %.0f %%', hosts, cpu_left, memory_left)
            WHEN policy = 'hosts' AND failover_hosts = 'none' THEN 'admission control names failover hosts, but none is set'
            WHEN policy = 'hosts' THEN 'failover hosts are set aside' END AS observed,
       CASE policy WHEN 'level' THEN 'one more than the ' || failures || ' that admission control demands'
            WHEN 'percent' THEN printf('CPU %.0f %%, memory %.0f %%, as admission control demands', cpu_needed, memory_needed)
            WHEN 'hosts' THEN 'at least one failover host' END AS expected,
       CASE verdict WHEN 'alone' THEN 'the host is in no cluster' WHEN 'off' THEN 'without HA nothing keeps a host from being emptied'
            WHEN 'one host' THEN 'only one host is in service: none can be taken out'
            WHEN 'no control' THEN 'nothing keeps room free for the restart of VMs while a host is out of service'
            WHEN 'none' THEN 'DRS may refuse to empty a host; a manual migration still works'
            WHEN 'room' THEN NULL ELSE 'not all of HA''s settings and state were told' END AS detail
  FROM judged
