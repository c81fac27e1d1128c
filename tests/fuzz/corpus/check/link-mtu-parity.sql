/*
title: No bridge, bond or VLAN has a larger MTU than what carries it
subject: host
depends: own
severity: critical
platforms: [kvm]
symptom: >
  Small packets pass and large ones vanish: the migration connects, then stalls, and ends with a timeout.
fix: >
  Raise the MTU of the physical ports (and of the switch ports behind them) to that of the bridge, bond or VLAN on top, or lower
  the upper one. Set it where the network is configured, so that it survives a restart.
refs: ["001_82856f7890981a1d.txt", "ip-link(8), mtu"]
*/
WITH stack AS MATERIALIZED (
	SELECT l.host, u.name AS upper, u.mtu AS upper_mtu, l.name AS lower, l.mtu AS lower_mtu, l.kind AS lower_kind
	  FROM linux_link AS l LEFT JOIN linux_link AS u ON u.host = l.host AND u.ifindex = l.master
	 WHERE l.master > 0 AND coalesce(u.kind, 'bridge') IN ('bridge', 'bond', 'team')
	UNION ALL
	SELECT u.host, u.name, u.mtu, l.name, l.mtu, l.kind
	  FROM linux_link AS u
	  LEFT JOIN linux_link AS l ON l.host = u.host AND l.ifindex = u.link AND u.link_netns = 0
	 WHERE u.kind IN ('vlan', 'macvlan', 'macvtap', 'ipvlan') AND u.link > 0),
     worst AS MATERIALIZED (
	SELECT host, max(upper_mtu > lower_mtu AND lower_kind NOT IN ('tun', 'veth')) AS carriers, max(upper_mtu > lower_mtu) AS smaller,
	       count(*) AS n, count(upper_mtu > lower_mtu) AS known,
	       group_concat(CASE WHEN upper_mtu > lower_mtu
	                         THEN upper || ' ' || upper_mtu || ' over ' || lower || ' ' || lower_mtu END, ', ') AS text,
	       group_concat(CASE WHEN upper IS NULL OR lower IS NULL THEN coalesce(upper, lower) END, ', ') AS broken
	  FROM (SELECT * FROM stack ORDER BY host, upper, lower) GROUP BY host),
     seen AS MATERIALIZED (
	SELECT host, count(*) AS links, sum(ifindex IS NULL OR mtu IS NULL OR kind IS NULL OR master IS NULL OR link IS NULL) AS holes
	  FROM linux_link GROUP BY host)
SELECT h.id AS host,
       CASE WHEN w.carriers = 1 THEN 'fail'
            WHEN s.links > 0 AND s.holes = 0 AND w.n = w.known AND w.smaller = 1 THEN 'warn'
            WHEN s.links > 0 AND s.holes = 0 AND (w.n IS NULL OR (w.n = w.known AND w.smaller = 0)) THEN 'pass'
            ELSE 'unknown' END AS status,
       w.text AS observed,
       'every port carries the MTU of what is on top of it' AS expected,
       CASE WHEN w.carriers = 1 THEN NULL
            WHEN w.smaller = 1 THEN 'only ports of guests or containers are smaller: their larger frames are dropped'
            WHEN w.n > w.known THEN 'what is on the other side is not known for ' || w.broken END AS detail
  FROM host AS h
  LEFT JOIN seen AS s ON s.host = h.id
  LEFT JOIN worst AS w ON w.host = h.id
