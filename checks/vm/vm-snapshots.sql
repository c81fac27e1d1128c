/*
title: The VM has no snapshots, and nothing is under way with it
subject: vm
depends: own
severity: critical
platforms: [kvm]
symptom: >
  "cannot migrate domain with 1 snapshots", "domain has active block job", "cannot migrate domain with I/O error", "another operation is
  in progress". A VM whose memory was saved loses it: what was saved stays behind, and it boots anew on the other host.
fix: >
  Delete or merge the snapshots (virsh snapshot-delete, or blockcommit and snapshot-delete --metadata), wait for the job or abort it
  (virsh blockjob, domjobinfo, domjobabort), repair the storage of a VM that I/O errors have paused and resume it. A VM whose memory was
  saved is started, or its saved memory given up (virsh managedsave-remove).
refs: ["libvirt: virsh migrate, snapshot-list, blockjob, domstate --reason, managedsave", "libvirt: virDomainMigrate3"]
*/
-- A paused VM is moved as it is, unless what paused it isn't over.
WITH seen AS MATERIALIZED (SELECT v.id AS vm, m.mobility, c.*
	  FROM vm AS v
	  LEFT JOIN vm_mobility AS m ON m.vm = v.id
	  LEFT JOIN libvirt_condition AS c ON c.host = v.host AND c.uuid = substr(v.id, length(v.host) + 2)),
     aspect(vm, rank, why) AS (
	SELECT vm, CASE snapshots WHEN 1 THEN 3 ELSE 2 END, CASE snapshots WHEN 1 THEN 'it has snapshots' ELSE 'not known whether it has snapshots' END
	  FROM seen WHERE snapshots IS NOT 0
	UNION ALL
	SELECT vm, CASE checkpoints WHEN 1 THEN 1 ELSE 2 END,
	       CASE checkpoints WHEN 1 THEN 'it has checkpoints: the next backup on the other host can''t be incremental'
	            ELSE 'not known whether it has checkpoints' END
	  FROM seen WHERE checkpoints IS NOT 0
	UNION ALL
	SELECT vm, CASE saved WHEN 1 THEN 3 ELSE 2 END,
	       CASE saved WHEN 1 THEN 'its memory was saved, and would stay behind' ELSE 'not known whether its memory was saved' END
	  FROM seen WHERE mobility = 'cold' AND saved IS NOT 0
	UNION ALL
	SELECT vm, CASE WHEN blocks IS NULL THEN 2 ELSE 3 END,
	       CASE WHEN blocks IS NULL THEN 'not known whether a job copies or merges its disks' ELSE 'a job copies or merges ' || blocks END
	  FROM seen WHERE mobility = 'live' AND blocks IS NOT ''
	UNION ALL
	SELECT vm, CASE WHEN coalesce(job, '') = '' THEN 2 ELSE 3 END,
	       CASE WHEN coalesce(job, '') = '' THEN 'not known whether it is being migrated, saved or dumped'
	            ELSE 'it is being migrated, saved or dumped' END
	  FROM seen WHERE mobility = 'live' AND job IS NOT 'None'
	UNION ALL
	SELECT vm, CASE WHEN state IN ('paused (I/O error)', 'paused (crashed)', 'paused (post-copy failed)', 'paused (migrating)',
	                               'paused (saving)', 'paused (dumping)', 'paused (snapshot)', 'paused (starting up)', 'paused (post-copy)',
	                               'paused (shutting down)', 'in shutdown', 'crashed', 'pmsuspended')
	                     OR state GLOB 'in shutdown (*' OR state GLOB 'crashed (*' OR state GLOB 'pmsuspended (*'
	                THEN 3 ELSE 2 END, coalesce('it is ' || state, 'its state is not known')
	  FROM seen
	 WHERE mobility = 'live' AND NOT coalesce(state IN ('running', 'paused (user)', 'paused (from snapshot)', 'paused (watchdog)')
	                                          OR state GLOB 'running (*' OR state GLOB 'idle*', 0)),
     verdict AS MATERIALIZED (
	SELECT vm, max(rank) AS rank, group_concat(why, '; ') AS why FROM (SELECT * FROM aspect ORDER BY vm, rank DESC, why) GROUP BY vm)
SELECT s.vm,
       CASE WHEN s.mobility IN ('live', 'cold') AND s.uuid IS NOT NULL
            THEN CASE coalesce(v.rank, 0) WHEN 0 THEN 'pass' WHEN 1 THEN 'warn' WHEN 3 THEN 'fail' ELSE 'unknown' END
            WHEN v.rank = 3 THEN 'fail'
            ELSE 'unknown' END AS status,
       CASE WHEN s.uuid IS NOT NULL THEN coalesce(v.why, CASE s.mobility WHEN 'cold' THEN 'no snapshots' ELSE 'no snapshots, no job' END) END AS observed,
       'no snapshots, no job, not stopped by an error' AS expected,
       CASE WHEN s.uuid IS NULL THEN 'the state of the VM was not answered' WHEN s.mobility IS NULL THEN 'not known whether it runs'
            WHEN s.mobility = 'cold' THEN 'moves cold: it is not running' END AS detail
  FROM seen AS s LEFT JOIN verdict AS v ON v.vm = s.vm
