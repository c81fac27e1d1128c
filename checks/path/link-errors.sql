/*
title: No errors are counted on the interfaces that migrations pass
subject: host
depends: own
severity: warning
platforms: [kvm]
params: {seconds: 1, max_share: 0.00001, max_drops: 10}
symptom: >
  Migrations are slow, or fail now and then: damaged packets are sent again, and each loss makes TCP slow down.
fix: >
  ethtool -S INTERFACE says which kind. CRC and frame errors: change cable or transceiver, look at the switch port, compare duplex and speed.
  Missed and fifo errors: enlarge the rings (ethtool -G), spread the interrupts. What nobody here listens for (LLDP, another VLAN) is
  counted as dropped, too.
refs: ["Documentation/networking/statistics.rst", "ethtool(8)"]
*/
-- Errors that are made now fail above max_share of the packets; those since the interface is there, and packets that were dropped, only
-- warn. seconds (1 to 60) is the time between the two readings.
WITH moved AS MATERIALIZED (
	SELECT m.host, m.device, b.rx_packets + b.tx_packets - a.rx_packets - a.tx_packets AS packets,
	       b.rx_errors + b.tx_errors - a.rx_errors - a.tx_errors AS errors, b.rx_dropped + b.tx_dropped - a.rx_dropped - a.tx_dropped AS drops,
	       b.rx_packets + b.tx_packets AS all_packets, b.rx_errors + b.tx_errors AS all_errors
	  FROM migration_link AS m
	  LEFT JOIN linux_link_sample AS a ON a.host = m.host AND a.name = m.device AND a.sample = 1
	  LEFT JOIN linux_link_sample AS b ON b.host = m.host AND b.name = m.device AND b.sample = 2),
     judged AS MATERIALIZED (
	SELECT host, device,
	       CASE WHEN errors > 0 AND packets >= 0 AND errors > :max_share * packets THEN 4
	            WHEN errors > 0 OR drops > :max_drops OR all_errors > :max_share * all_packets THEN 2
	            WHEN errors = 0 AND packets >= 0 AND drops BETWEEN 0 AND :max_drops AND all_errors <= :max_share * all_packets THEN 1
	            ELSE 3 END AS rank,
	       CASE WHEN errors > 0 THEN device || ': ' || errors || ' errors in ' || packets || ' packets within ' || :seconds || ' s'
	            WHEN drops > :max_drops THEN device || ': ' || drops || ' packets dropped within ' || :seconds || ' s'
	            WHEN all_errors > :max_share * all_packets THEN device || ': ' || all_errors || ' errors in ' || all_packets || ' packets since it is there'
	            WHEN errors = 0 AND packets >= 0 THEN device || ': none in ' || packets || ' packets' END AS text
	  FROM moved),
     worst AS MATERIALIZED (
	SELECT host, max(rank) AS rank, group_concat(device, ', ') AS devices, group_concat(text, '; ') AS text
	  FROM (SELECT * FROM judged ORDER BY rank DESC, device) GROUP BY host)
SELECT h.id AS host,
       CASE WHEN h.cluster = h.id THEN 'na' WHEN w.rank = 4 THEN 'fail'
            WHEN t.told = 1 THEN CASE w.rank WHEN 2 THEN 'warn' WHEN 1 THEN 'pass' ELSE 'unknown' END ELSE 'unknown' END AS status,
       w.devices AS object, w.text AS observed, 'no errors, and at most ' || :max_drops || ' packets dropped' AS expected,
       CASE WHEN h.cluster = h.id THEN 'a host by itself: nothing migrates from it'
            WHEN w.host IS NULL OR t.told IS NOT 1 THEN 'not known which interfaces migrations pass'
            WHEN w.rank = 3 THEN 'not every interface was counted twice' END AS detail
  FROM host AS h
  LEFT JOIN worst AS w ON w.host = h.id
  LEFT JOIN (SELECT host, sum(ifindex IS NULL OR name IS NULL OR kind IS NULL OR master IS NULL OR link IS NULL OR link_netns IS NULL) = 0 AS told FROM linux_link GROUP BY host) AS t ON t.host = h.id
