/*
File systems that a host mounts.

host            id
name            as the host calls it
kind            nfs3, nfs41, or local for whatever no network server gives; NULL: not known
server          NFS: the server, spelled as on this host
path            NFS: the folder, spelled as on this host
capacity_bytes  bytes; 0 while it can't be reached
*/
-- index: host
-- arm: vsphere
SELECT host, name, CASE upper(type) WHEN 'NFS' THEN 'nfs3' WHEN 'NFS41' THEN 'nfs41' ELSE CASE WHEN type <> '' THEN 'local' END END
           AS kind,
       remote_host AS server, remote_path AS path, capacity_bytes
  FROM vsphere_host_volume
