/*
title: Both hosts mount the same NFS export under the same server name, folder and version
subject: pair
depends: own
severity: critical
platforms: [vsphere, kvm]
symptom: >
  vCenter takes one export for two datastores; the migration fails because the destination can't open the VM's files, or asks for
  a storage migration that nobody wanted. KVM: nobody can tell whether both hosts see the same files, and with NFS 3 on one side and NFS 4
  on the other a lock that one host takes doesn't hold the other.
fix: >
  Unmount the export on the hosts that spell it differently and mount it again exactly as on the others: the same server name or
  address, letter by letter, the same folder, the same NFS version.
refs: ["001_82856f7890981a1d.txt", "VMware vSphere Storage: NFS datastore guidelines"]
*/
-- Two mounts are the same export when their folders agree apart from doubled and trailing slashes, and the servers do apart from
-- case and a trailing dot, or the volume names do apart from the " (1)" that vCenter appends, or the capacities do. When only one
-- of them is not to be found on the other host, only the server counts as proof: two exports may well look alike.
-- On KVM the name is where it is mounted, and another spelling alone breaks no migration: a warning. Hosts with the same list are judged
-- once, as the first of them.
WITH mount AS MATERIALIZED (
	SELECT h.cluster, h.platform, v.host, v.name, v.kind, v.server, v.path,
	       v.server || ':' || v.path || CASE v.kind WHEN 'nfs3' THEN ' (NFS 3)' WHEN 'nfs4' THEN ' (NFS 4)' ELSE ' (NFS 4.1)' END AS spelling,
	       rtrim(lower(v.server), '.') AS server_key,
	       rtrim(replace(replace(replace(v.path, '//', '/'), '//', '/'), '//', '/'), '/') AS path_key,
	       lower(CASE WHEN v.name GLOB '* ([0-9])' THEN substr(v.name, 1, length(v.name) - 4) ELSE v.name END) AS name_key,
	       CASE WHEN v.capacity_bytes > 0 THEN v.capacity_bytes END AS capacity
	  FROM host AS h JOIN host_volume AS v ON v.host = h.id
	 WHERE v.kind IN ('nfs3', 'nfs4', 'nfs41')),
     unsure AS MATERIALIZED (
	SELECT h.id AS host, count(v.host) AS n FROM host AS h LEFT JOIN host_volume AS v ON v.host = h.id
	 GROUP BY h.id
	HAVING count(v.kind) < count(*) OR max(v.kind IN ('nfs3', 'nfs4', 'nfs41') AND (v.server IS NULL OR v.path IS NULL)) = 1),
     suspect AS MATERIALIZED (
	SELECT cluster, path_key FROM mount GROUP BY cluster, path_key HAVING count(DISTINCT spelling) > 1),
     odd AS MATERIALIZED (
	SELECT mount.* FROM suspect JOIN mount USING (cluster, path_key)),
     list AS MATERIALIZED (
	SELECT cluster, host, group_concat(quote(name) || quote(spelling) || quote(capacity)) AS text
	  FROM (SELECT * FROM odd ORDER BY cluster, host, path_key, spelling, name, capacity) GROUP BY cluster, host),
     alike AS MATERIALIZED (
	SELECT host, min(host) OVER (PARTITION BY cluster, text) AS first FROM list),
     m AS MATERIALIZED (
	SELECT odd.* FROM alike JOIN odd ON odd.host = alike.host WHERE alike.first = alike.host),
     meeting AS MATERIALIZED (
	SELECT a.host, b.host AS peer, a.name, a.spelling AS here, b.spelling AS there, a.path_key, a.cluster,
	       CASE WHEN x.host IS NULL AND y.host IS NULL
	            THEN a.server_key = b.server_key OR a.name_key = b.name_key OR (a.capacity = b.capacity AND a.platform = 'vsphere')
	            ELSE a.server_key = b.server_key END AS same
	  FROM m AS a
	  JOIN m AS b ON b.cluster = a.cluster AND b.path_key = a.path_key AND b.host <> a.host
	  LEFT JOIN m AS x ON x.host = b.host AND x.path_key = a.path_key AND x.spelling = a.spelling
	  LEFT JOIN m AS y ON y.host = a.host AND y.path_key = b.path_key AND y.spelling = b.spelling
	 WHERE (x.host IS NULL OR y.host IS NULL) AND NOT (a.kind = 'nfs41' AND b.kind = 'nfs41')),
     popular AS MATERIALIZED (
	SELECT cluster, path_key, spelling, n, row_number() OVER (PARTITION BY cluster, path_key ORDER BY n DESC, spelling) AS rank
	  FROM (SELECT cluster, path_key, spelling, count(DISTINCT host) AS n FROM odd GROUP BY cluster, path_key, spelling)),
     conflict AS MATERIALIZED (
	SELECT host, peer, max(same) AS same, group_concat(DISTINCT name) AS names,
	       group_concat(here || ', there ' || there, '; ') AS text,
	       group_concat(DISTINCT 'commonest in the cluster: ' || spelling || ', on ' || n) AS majority
	  FROM (SELECT * FROM meeting WHERE same OR same IS NULL ORDER BY host, peer, here, there) AS w
	  JOIN popular AS p ON p.cluster = w.cluster AND p.path_key = w.path_key AND p.rank = 1
	 GROUP BY host, peer),
     side AS MATERIALIZED (
	SELECT h.id AS host, u.host IS NOT NULL AS unsure, u.n IS 0 AS empty
	  FROM host AS h LEFT JOIN unsure AS u ON u.host = h.id),
     clash AS MATERIALIZED (
	SELECT a.host, b.host AS peer, c.same, c.names, c.text, c.majority
	  FROM conflict AS c JOIN alike AS a ON a.first = c.host JOIN alike AS b ON b.first = c.peer)
SELECT r.host, r.peers AS peer, CASE WHEN s.unsure = 0 AND r.unsure = 0 THEN 'pass' ELSE 'unknown' END AS status,
       NULL AS object, NULL AS observed, 'one spelling of server, folder and version on both hosts' AS expected,
       CASE WHEN s.unsure OR r.unsure
            THEN 'the list of file systems of ' || CASE WHEN s.unsure THEN 'the host' ELSE 'the other host' END
                 || CASE WHEN CASE WHEN s.unsure THEN s.empty ELSE r.empty END THEN ' is empty' ELSE ' has gaps' END
       END AS detail
  FROM (SELECT p.host, d.unsure, d.empty, json_group_array(p.peer) AS peers
          FROM host_pair AS p
          JOIN side AS d ON d.host = p.peer
          LEFT JOIN clash AS c ON c.host = p.host AND c.peer = p.peer
         WHERE c.host IS NULL GROUP BY p.host, d.unsure, d.empty) AS r
  JOIN side AS s ON s.host = r.host
UNION ALL
SELECT c.host, json_group_array(c.peer), CASE WHEN c.same = 1 THEN CASE h.platform WHEN 'kvm' THEN 'warn' ELSE 'fail' END ELSE 'unknown' END, c.names, c.text,
       'one spelling of server, folder and version on both hosts',
       CASE WHEN c.same = 1 THEN c.majority
            ELSE 'not known whether these are one export: names differ, and capacities were not given' END
  FROM clash AS c JOIN host AS h ON h.id = c.peer AND h.destination
 GROUP BY c.host, c.same, c.names, c.text, c.majority
