/*
title: A full-size packet gets along every path that migrations take
subject: path
depends: own
severity: critical
platforms: [vsphere, kvm]
params: {packets: 3, sample_above: 128, max_loss_pct: 20, demand_mtu: 0, payload: 0}
symptom: >
  The migration stalls (vMotion: at 10 to 21 %, and ends with "Operation timed out"; KVM: for many minutes without a word), or it is slow:
  small packets pass, so that it connects, and the full ones that follow are lost.
fix: >
  Carry the migration adapters' MTU on every virtual switch, physical port and trunk between the two hosts, or lower it on all adapters to what
  the path carries. No reply at all: look at VLAN, uplinks and addresses first.
refs: ["001_82856f7890981a1d.txt", "VMware KB 1003728", "Broadcom KB 417889", "ESXCLI reference: network diag ping",
       "ping(8)", "ip-sysctl: tcp_mtu_probing"]
*/
-- Each adapter sends what it is set to, unless the profile gives a payload in bytes of ICMP data; packets smaller than the adapter's MTU
-- don't prove that full ones get across. demand_mtu is what it should be set to at least. packets, sample_above and payload steer the
-- pings themselves (model view mesh_setting). A packet that a router or the way back lost is lost all the same. KVM hosts' TCP makes do with
-- smaller segments where a router says that they are too large, or where the source finds that out by itself: then migrations are slower.
WITH why AS MATERIALIZED (
	SELECT cluster, symptom, max(CASE number WHEN 1 THEN sentence END) AS sentence, max("of") + max(more) AS n
	  FROM path_explanation GROUP BY cluster, symptom),
     seen AS MATERIALIZED (
	SELECT p.path, p.host, p.peer, p.src_device, p.dst_device, m.duty, m.in_scope, m.dst_ip, m.src_network, m.dst_network, m.mtu, m.hosts,
	       s.absent OR d.absent AS absent, coalesce(s.lacks, d.lacks) AS lacks, r.configured_mtu, r.tested_mtu, r.effective_mtu, r.observed_mtu, r.sent, r.received, r.loss_pct, r.error,
	       r.failure, r.via, CASE WHEN m.duty = 'send' AND m.in_scope THEN r.state END AS state, h.name AS there,
	       h.platform, h.platform = 'kvm' AND r.told_mtu <= r.observed_mtu AS told, h.platform = 'kvm' AND t.mtu_probing AS finds, w.sentence, w.n
	  FROM migration_path AS p
	  LEFT JOIN mesh_path AS m ON m.path = p.path
	  LEFT JOIN path_result AS r ON r.path = p.path
	  LEFT JOIN migration_told AS s ON s.host = p.host
	  LEFT JOIN migration_told AS d ON d.host = p.peer
	  LEFT JOIN host AS h ON h.id = p.peer
	  LEFT JOIN host_tcp AS t ON t.host = p.host
	  LEFT JOIN why AS w ON w.cluster = p.cluster AND w.symptom = r.state)
SELECT path, host, peer,
       CASE WHEN duty IN ('away', 'elsewhere') OR absent THEN 'na'
            WHEN duty = 'none' THEN 'fail'
            WHEN configured_mtu < :demand_mtu THEN 'fail'
            WHEN duty = 'unsampled' THEN 'na'
            WHEN state = 'small' AND (told OR finds) THEN 'warn'
            WHEN state IN ('unreachable', 'small', 'local') THEN 'fail'
            WHEN state = 'lossy' AND loss_pct > :max_loss_pct THEN 'fail'
            WHEN state = 'lossy' AND loss_pct <= :max_loss_pct THEN 'warn'
            WHEN state = 'ok' AND sent >= :packets AND received = sent AND observed_mtu >= tested_mtu AND configured_mtu >= :demand_mtu
            THEN CASE WHEN tested_mtu >= configured_mtu THEN 'pass' WHEN tested_mtu < configured_mtu THEN 'warn' ELSE 'unknown' END
            ELSE 'unknown' END AS status,
       src_device || ' -> ' || coalesce(dst_ip, dst_device) AS object,
       CASE WHEN duty = 'none' THEN src_device || ' in ' || src_network || ' has no way to ' || dst_network
            WHEN configured_mtu < :demand_mtu THEN src_device || ' is set to an MTU of ' || configured_mtu
            ELSE CASE state WHEN 'unreachable' THEN 'no reply, not even to small packets' || coalesce(': ' || error, '')
                            WHEN 'small' THEN 'path MTU ' || observed_mtu || ': nothing larger gets across' || coalesce(' (' || error || ')', '')
                            WHEN 'local' THEN 'the host itself sends nothing larger than ' || coalesce(observed_mtu, '?') || ': ' || coalesce(error, 'Message too long')
                            WHEN 'lossy' THEN (sent - received) || ' of ' || sent || ' packets of ' || tested_mtu || ' bytes were lost'
                            WHEN 'ok' THEN received || ' of ' || sent || ' packets of ' || tested_mtu || ' bytes got across' END
            END AS observed,
       CASE WHEN duty = 'none' THEN 'one network, or a gateway in each'
            WHEN configured_mtu < :demand_mtu THEN 'packets of ' || :demand_mtu || ' bytes get across, as the profile demands'
            WHEN :payload > 0 THEN 'packets of ' || coalesce(tested_mtu || ' bytes', :payload || ' bytes of data') || ', as the profile asks, get across'
                                   || coalesce('; the adapter is set to ' || mtu, '')
            ELSE 'packets of ' || coalesce(configured_mtu, mtu, 0) || ' bytes get across' END AS expected,
       CASE WHEN duty = 'away' THEN 'the host is not connected, so that nothing migrates from it: see host-connected'
            WHEN absent THEN 'a side has ' || lacks
            WHEN duty = 'elsewhere' THEN src_device || ' is in ' || src_network || ', ' || dst_device || ' of ' || there || ' in ' || dst_network
                                         || ': other adapters of the two hosts reach each other'
            WHEN duty = 'none' THEN 'nor do other adapters of the two hosts reach each other'
            WHEN duty = 'unsampled' THEN 'not sampled: of a cluster of more than ' || :sample_above || ' hosts (' || hosts || ') each is tried with some: see path-sample'
            WHEN duty IS NULL THEN 'not known which addresses the two adapters have, or in which networks'
                                   || CASE platform WHEN 'kvm' THEN ': see migration-address-present' ELSE '' END
            WHEN NOT in_scope THEN 'not tried: the run is about other hosts'
            WHEN mtu IS NULL THEN 'not known what MTU the adapter is set to'
            WHEN state IN ('small', 'local', 'unreachable', 'lossy')
            THEN nullif(rtrim(
                 CASE WHEN observed_mtu >= configured_mtu AND state IN ('small', 'local')
                      THEN 'the profile asks for packets of ' || tested_mtu || ' bytes, and ' || src_device || ' is set to ' || configured_mtu || '; '
                      WHEN configured_mtu > effective_mtu
                      THEN 'configured and effective MTU disagree: ' || src_device || ' is set to ' || configured_mtu || ', its virtual switch carries ' || effective_mtu || '; '
                      WHEN state = 'small' AND effective_mtu >= configured_mtu
                      THEN 'effective and observed MTU disagree: adapter and virtual switch have ' || configured_mtu || ', the path carries ' || observed_mtu || '; '
                      WHEN state = 'small' THEN 'configured and observed MTU disagree: ' || src_device || ' is set to ' || configured_mtu || ', the path carries ' || observed_mtu || '; '
                      WHEN state = 'local' THEN 'configured and observed MTU disagree: ' || src_device || ' is set to ' || configured_mtu || ', the host sends '
                                                || coalesce('at most ' || observed_mtu, 'less') || '; '
                      ELSE '' END
                 || CASE WHEN state = 'small' AND told THEN 'the source is told so, and its TCP makes do with that; '
                         WHEN state = 'small' AND finds THEN 'its TCP finds that out after some seconds (tcp_mtu_probing), and makes do; ' ELSE '' END
                 || coalesce(CASE WHEN n > 1 THEN 'one of ' || n || ' explanations: ' ELSE '' END || sentence, ''), '; '), '')
            WHEN state = 'ok' AND sent < :packets THEN 'only ' || sent || ' packets were sent'
            WHEN state = 'ok' AND tested_mtu < configured_mtu
            THEN 'whether packets of ' || configured_mtu || ' bytes, as the adapter is set to, get across was not tried: the profile asks for smaller ones'
            WHEN state = 'ok' THEN NULL
            ELSE coalesce('not known: ' || failure, 'not tried, or not to the end') END AS detail,
       via
  FROM seen
