/*
title: Migrations leave the host by the interface that they are meant to take
subject: path
depends: own
severity: warning
platforms: [kvm]
symptom: >
  Migrations crawl over the management network while the migration network idles, or fail with "Network is unreachable" or "No route to host".
fix: >
  ip route get ADDRESS on the source says which way it takes. Give both hosts an address in the same network on the interfaces meant for
  migrations, or a route that leads there; take an mtu off a route that has one (ip route show).
refs: ["ip-route(8), route get, fibmatch, mtu"]
*/
-- TCP heeds an MTU of a route, which packets of full size that are sent to try the path don't.
WITH way AS MATERIALIZED (
	SELECT m.path, m.host, m.peer, m.src_device, m.dst_ip, m.mtu, m.duty, r.type, r.device, r.source, r.gateway, r.mtu AS route_mtu, r.learned, r.configured_mtu,
	       r.error
	  FROM mesh_path AS m LEFT JOIN linux_route AS r ON r.host = m.host AND r.address = m.dst_ip),
     judged AS MATERIALIZED (
	SELECT *,
	       CASE WHEN duty IN ('away', 'elsewhere', 'none', 'unsampled') THEN 'na'
	            WHEN duty IS NULL THEN 'unknown'
	            WHEN error <> 'none' OR type NOT IN ('none', 'unicast') OR (device <> 'none' AND device <> src_device) THEN 'fail'
	            WHEN route_mtu > 0 AND route_mtu < mtu THEN 'warn'
	            WHEN error = 'none' AND type = 'unicast' AND device = src_device AND (route_mtu = 0 OR route_mtu >= mtu) THEN 'pass'
	            ELSE 'unknown' END AS status
	  FROM way)
SELECT p.path, p.host, p.peer, coalesce(j.status, 'unknown') AS status, j.src_device || ' -> ' || j.dst_ip AS object,
       CASE WHEN j.status = 'na' THEN NULL
            WHEN j.error <> 'none' THEN 'no route: ' || j.error
            WHEN j.type NOT IN ('none', 'unicast') THEN 'a route of type ' || j.type
            WHEN j.device <> 'none' THEN 'by ' || j.device || CASE WHEN j.gateway <> 'none' THEN ', ' || j.gateway ELSE '' END
                 || CASE WHEN j.source <> 'none' THEN ', from ' || j.source ELSE '' END || CASE WHEN j.route_mtu > 0 THEN ', MTU ' || j.route_mtu ELSE '' END END AS observed,
       'by ' || j.src_device || ', without a smaller MTU' AS expected,
       CASE WHEN j.duty = 'away' THEN 'the host does not answer, so that nothing migrates from it: see host-connected'
            WHEN j.duty = 'elsewhere' THEN 'these two interfaces are not for each other: others of the two hosts are'
            WHEN j.duty = 'none' THEN 'no interfaces of the two hosts have a way to each other: see jumbo-frames-path'
            WHEN j.duty = 'unsampled' THEN 'not sampled: see jumbo-frames-path'
            WHEN j.duty IS NULL THEN 'not known which addresses the two have, or in which networks'
            WHEN j.type = 'local' THEN 'the source has that address itself'
            WHEN j.status = 'warn' AND j.learned = 1 THEN 'a router reported that MTU; it is forgotten after some minutes'
            WHEN j.status = 'warn' AND j.configured_mtu > 0 THEN 'the routing table says so' END AS detail
  FROM migration_path AS p LEFT JOIN judged AS j ON j.path = p.path
