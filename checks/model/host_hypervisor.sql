/*
Versions of what runs a KVM host's VMs.

host           id
qemu           as the host tells it, such as 7.2.22
qemu_order     a number that is larger for a later one: its first three parts, a million, a thousand and one times; NULL: not known
libvirt        version of the daemon
libvirt_order  likewise
uuid           what libvirt tells hosts apart by: 32 lower-case hex digits
*/
-- index: host
-- arm: kvm
SELECT host, hypervisor AS qemu,
       CASE WHEN hypervisor GLOB '[0-9]*.[0-9]*'
            THEN CAST(hypervisor AS INTEGER) * 1000000 + CAST(q AS INTEGER) * 1000
                 + CAST(substr(q, instr(q, '.') + 1) AS INTEGER) END AS qemu_order,
       daemon AS libvirt,
       CASE WHEN daemon GLOB '[0-9]*.[0-9]*'
            THEN CAST(daemon AS INTEGER) * 1000000 + CAST(d AS INTEGER) * 1000
                 + CAST(substr(d, instr(d, '.') + 1) AS INTEGER) END AS libvirt_order,
       CASE WHEN length(replace(uuid, '-', '')) = 32 THEN lower(replace(uuid, '-', '')) END AS uuid
  FROM (SELECT host, uuid, hypervisor, substr(hypervisor, instr(hypervisor, '.') + 1) || '.0' AS q, daemon,
               substr(daemon, instr(daemon, '.') + 1) || '.0' AS d
          FROM libvirt_host)
