/*
Whom the firewall's ruleset for a service is for, where that isn't anybody.

host     id
service  vmotion or nfc
network  10.1.0.0/24, 10.1.0.7/32, fd00:77::/64 ...; NULL, or no network at all: not known
*/
-- index: host, service
-- arm: vsphere
WITH limited AS MATERIALIZED (
	SELECT host, CASE key WHEN 'vMotion' THEN 'vmotion' WHEN 'NFC' THEN 'nfc' END AS service, addresses, networks, prefixes,
	       '[' || replace(json_quote(addresses), ',', '","') || ']' AS address_list, '[' || replace(json_quote(networks), ',', '","') || ']' AS network_list,
	       '[' || replace(json_quote(prefixes), ',', '","') || ']' AS prefix_list
	  FROM vsphere_firewall WHERE all_ip IS NOT 1)
SELECT l.host, l.service, a.value || CASE WHEN a.value LIKE '%:%' THEN '/128' ELSE '/32' END AS network
  FROM limited AS l, json_each(l.address_list) AS a WHERE l.addresses IS NOT 'none'
UNION ALL
SELECT l.host, l.service, n.value || '/' || p.value
  FROM limited AS l, json_each(l.network_list) AS n LEFT JOIN json_each(l.prefix_list) AS p ON p.key = n.key
 WHERE l.networks IS NOT 'none'
