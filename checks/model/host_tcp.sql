/*
What a host's TCP does with segments that are lost over and over.

host         id
mtu_probing  1: it looks for a smaller size that gets across, by itself; 0: it doesn't; NULL: not known
*/
-- index: host
-- arm: kvm
SELECT host, mtu_probing IN (1, 2) AS mtu_probing FROM linux_tcp
