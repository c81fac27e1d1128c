/*
What explains the failed pings of a cluster with the fewest faults, one symptom by itself: path_culprit over path_cell. Of several
explanations each fits all that is known. Clusters without a failed ping have none.

cluster   id
symptom   unreachable, small, local or lossy, as in path_result
number    from 1
of        explanations listed for that symptom; 0: too many adapters to work it out, and the rest is NULL
more      1: there are more than are listed, else 0
kind      host, vmknic, trunk, pair, all (the network as a whole) or several (faults)
sentence  who, what and where to look
*/
WITH node AS MATERIALIZED (
	SELECT h.id AS host, n.device, json_array(h.id, h.name, n.device) AS text
	  FROM host AS h JOIN (SELECT DISTINCT host, device FROM migration_nic WHERE device IS NOT NULL) AS n ON n.host = h.id),
     answer AS MATERIALIZED (
	SELECT c.cluster, c.symptom, path_culprit(c.symptom, s.text, d.text, c.good, c.amount) AS json
	  FROM path_cell AS c
	  JOIN node AS s ON s.host = c.host AND s.device = c.src_device
	  JOIN node AS d ON d.host = c.peer AND d.device = c.dst_device
	 GROUP BY c.cluster, c.symptom)
SELECT a.cluster, a.symptom, e.key + 1 AS number, json_array_length(a.json, '$.explanations') AS "of",
       json_extract(a.json, '$.more') AS more, json_extract(e.value, '$.kind') AS kind,
       json_extract(e.value, '$.sentence') AS sentence
  FROM answer AS a LEFT JOIN json_each(a.json, '$.explanations') AS e
