/*
What else than its connection, maintenance and standby restricts a host.

host        id
quarantine  1: in quarantine mode, since its hardware is in doubt (Proactive HA)
lockdown    who may manage it directly: lockdowndisabled, lockdownnormal or lockdownstrict; NULL: not known
*/
-- index: host
-- arm: vsphere
SELECT host, quarantine, lower(lockdown) AS lockdown FROM vsphere_host_service_mode
-- arm: kvm
SELECT host, 0 AS quarantine, 'lockdowndisabled' AS lockdown FROM linux_host
