/*
Hosts whose own commands can be run: what probes of the transports esxcli, ssh and shell ask.

host     id
address  whom to connect to: the host's name in vCenter, which is how an administrator's known_hosts has it; of a Linux host what
         the inventory lists
*/
-- index: host
-- arm: vsphere
-- A host that doesn't tell its state is tried, too: that it doesn't answer is then told.
SELECT h.id AS host, h.name AS address
  FROM host AS h JOIN vsphere_host AS v ON v.host = h.id
 WHERE coalesce(lower(v.connection), 'connected') = 'connected'
-- arm: kvm
SELECT h.id AS host, k.address FROM host AS h JOIN kvm_listed AS k ON k.host = h.id
