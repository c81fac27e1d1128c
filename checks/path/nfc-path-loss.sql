/*
title: No packets are lost where hosts copy files to each other
subject: pair
depends: own
severity: warning
platforms: [vsphere]
params: {packets: 5, max_loss_pct: 0}
symptom: >
  Cold migrations, clones and migrations that change the datastore time out, above all over a WAN: "NfcNetTcpWrite", "data send failed" in
  the log of vpxa. Copying files bears next to no lost packets.
fix: >
  Look for errors and discards on the way between the two management (or provisioning) addresses. A host that answers no ping at all may
  only be told not to: nfc-port-open tries the port itself.
refs: ["003_86cd344ffb4023b6.txt", "VMware KB 1003728"]
*/
-- Without the first packet of each pair, which wakes the way up.
WITH reply AS MATERIALIZED (
	SELECT host, peer, count(DISTINCT CASE WHEN dup = 0 THEN seq END) AS replies, count(DISTINCT CASE WHEN dup = 0 AND seq > 0 THEN seq END) AS n,
	       min(from_ip) AS first_ip, max(from_ip) AS last_ip, count(*) = count(from_ip) AS named
	  FROM nfc_ping_reply GROUP BY host, peer),
     told AS MATERIALIZED (
	SELECT g.*, r.n, g.sent > 0 AND g.received = coalesce(r.replies, 0) AND (r.replies IS NULL OR
	           (r.named AND ip_same(r.first_ip, g.dst_ip) = 1 AND ip_same(r.last_ip, g.dst_ip) = 1)) AS sure,
	       CASE WHEN ip_same(r.first_ip, g.dst_ip) = 0 THEN r.first_ip WHEN ip_same(r.last_ip, g.dst_ip) = 0 THEN r.last_ip END AS stranger
	  FROM nfc_ping AS g LEFT JOIN reply AS r ON r.host = g.host AND r.peer = g.peer),
     seen AS MATERIALIZED (
	SELECT p.host, p.peer, w.duty, w.in_scope, w.src_device, w.src_ip, w.dst_ip, w.hosts, g.error,
	       coalesce(g.failure, 'a reply came from ' || g.stranger || ' instead of ' || g.dst_ip) AS failure, g.via, g.received = 0 AND g.sure AS silent,
	       CASE WHEN g.sure THEN g.sent - 1 END AS sent, CASE WHEN g.sure THEN coalesce(g.n, 0) END AS received
	  FROM host_pair AS p
	  LEFT JOIN nfc_path AS w ON w.host = p.host AND w.peer = p.peer
	  LEFT JOIN told AS g ON g.host = p.host AND g.peer = p.peer AND w.duty = 'send' AND w.in_scope),
     judged AS MATERIALIZED (
	SELECT host, peer,
	       CASE WHEN duty IN ('away', 'unsampled') THEN 'na'
	            WHEN sent IS NULL OR received IS NULL THEN 'unknown'
	            WHEN 100.0 * (sent - received) > :max_loss_pct * sent THEN 'fail'
	            WHEN sent >= :packets AND 100.0 * (sent - received) <= :max_loss_pct * sent THEN 'pass'
	            ELSE 'unknown' END AS status,
	       CASE WHEN silent THEN 'no reply' || coalesce(': ' || nullif(error, 'none'), '')
	            WHEN sent IS NOT NULL THEN (sent - received) || ' of ' || sent || ' packets lost' END AS observed,
	       CASE WHEN duty = 'away' THEN 'the host is not connected, so that nothing migrates from it: see host-connected'
	            WHEN duty = 'unsampled' THEN 'not sampled: of a cluster of ' || hosts || ' hosts each is tried with some'
	            WHEN NOT in_scope THEN 'not tried: the run is about other hosts'
	            WHEN '' IN (src_ip, dst_ip) THEN 'not tried: one of the two has no IPv4 address for it'
	            WHEN src_ip IS NULL OR dst_ip IS NULL THEN 'not known between which addresses they copy files'
	            WHEN sent IS NULL THEN coalesce('not known: ' || failure, 'not tried, or not to the end')
	            WHEN received = sent AND sent < :packets THEN 'too few packets to say'
	            WHEN received < sent THEN 'from ' || src_device || ' (' || src_ip || ')' END AS detail,
	       via
	  FROM seen)
SELECT host, json_group_array(peer) AS peer, status, observed, 'at most ' || :max_loss_pct || ' % of ' || :packets || ' packets lost' AS expected,
       detail, via
  FROM judged GROUP BY host, status, observed, detail, via
