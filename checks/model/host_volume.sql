/*
File systems that a host mounts.

host            id
name            as the host calls it
kind            nfs3, nfs4 (Linux: any 4.x), nfs41 (ESXi), or local for the kinds that no network server gives, on Linux for
                all others; NULL: not known, or none of these
server          NFS: the server, spelled as on this host
path            NFS: the folder, spelled as on this host
capacity_bytes  bytes; 0 while it can't be reached
*/
-- index: host
-- arm: vsphere
-- The API's HostFileSystemVolumeFileSystemType without CIFS, and what ESXi itself calls its boot and system volumes.
SELECT host, name,
       CASE WHEN word = 'NFS' THEN 'nfs3'
            WHEN word = 'NFS41' THEN 'nfs41'
            WHEN word IN ('VMFS', 'VMFS-L', 'VMFSOS', 'VSAN', 'VSAND', 'VFFS', 'VFAT', 'VVOL', 'PMEM', 'OTHER')
                 AND coalesce(remote_host, '') = '' THEN 'local' END AS kind,
       nullif(remote_host, '') AS server, nullif(remote_path, '') AS path, capacity_bytes
  FROM (SELECT *, upper(trim(type)) AS word FROM vsphere_host_volume)
-- arm: kvm
-- A Linux host calls it by where it is mounted.
SELECT host, replace(replace(point, '\040', ' '), '\134', '\') AS name,
       CASE WHEN fstype = 'nfs' THEN 'nfs3' WHEN fstype = 'nfs4' THEN 'nfs4' WHEN fstype IS NOT NULL THEN 'local' END AS kind,
       CASE WHEN fstype IN ('nfs', 'nfs4') AND instr(source, ':/') > 1 THEN substr(source, 1, instr(source, ':/') - 1) END AS server,
       CASE WHEN fstype IN ('nfs', 'nfs4') AND instr(source, ':/') > 1 THEN substr(source, instr(source, ':/') + 1) END AS path,
       0 AS capacity_bytes
  FROM linux_mount
