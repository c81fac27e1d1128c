/*
What the profile says of the mesh, in one row: parameters of jumbo-frames-path, or their defaults.

packets       packets an attempt, with the first, which wakes the way up: one more than the parameter, which counts as 1 to 250, since five
              are sent a second and an attempt has a minute
sample_above  hosts of a cluster; of a larger one not every pair is tried
payload       bytes of ICMP data to send; 0: what fills each adapter's MTU
*/
SELECT 1 + min(max(coalesce(max(CASE name WHEN 'packets' THEN CAST(value AS INTEGER) END), 3), 1), 250) AS packets,
       coalesce(max(CASE name WHEN 'sample_above' THEN CAST(value AS INTEGER) END), 128) AS sample_above,
       coalesce(max(CASE name WHEN 'payload' THEN CAST(value AS INTEGER) END), 0) AS payload
  FROM run_param WHERE check_id = 'jumbo-frames-path'
