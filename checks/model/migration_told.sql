/*
Hosts that said which of their adapters carry which services; without that, having no migration NIC means nothing. A Linux host says so
with its addresses, where the inventory names the migration network.

host    id
told    1: each of its services has a name (KVM: each address is known); 0: not each. No row: the host named no service at all, not even
        management (KVM: listed no address)
absent  1: it listed its adapters with their TCP/IP stacks and what each was selected for, and none is a migration NIC (KVM: it has no
        address in the migration network)
lacks   what that is called, and which check tells of it
*/
-- index: host
-- arm: vsphere
SELECT s.host, s.told, s.told = 1 AND s.selected > 0 AND s.migration = 0 AND coalesce(n.other, 0) AS absent,
       'no vMotion adapter: see vmotion-vmknic-present' AS lacks
  FROM (SELECT host, min(service IS NOT NULL) AS told, sum(selected) AS selected, sum(selected AND service = 'vmotion') AS migration
          FROM (SELECT host, service, 1 AS selected FROM vsphere_nic_service
                UNION ALL SELECT host, service, 0 FROM vsphere_nic_candidate) GROUP BY host) AS s
  LEFT JOIN (SELECT host, min(coalesce(netstack <> 'vmotion' AND device IS NOT NULL, 0)) AS other FROM vsphere_vmknic GROUP BY host) AS n
         ON n.host = s.host
-- arm: kvm
SELECT a.host, count(a.address) = count(*) AS told,
       coalesce(k.migration_network <> 'none' AND count(ip_in(a.address, k.migration_network)) = count(*)
                AND max(ip_in(a.address, k.migration_network)) = 0, 0) AS absent,
       'no address in the migration network: see migration-address-present' AS lacks
  FROM linux_address AS a JOIN kvm_listed AS k ON k.host = a.host
 GROUP BY a.host
