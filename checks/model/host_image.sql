/*
What an image of a VM is on a host, by its path there.

host        id
path        as a VM of the cluster has it
what        file, block, or missing; NULL: not known
size_bytes  of a file, or of a block device
shared      of a file, 1: on a file system that several hosts can have, and libvirt knows it; 0: on one that a host has for itself;
            NULL: not known which
steady      of a shared one, 1: its files have the same numbers on every host
coherent    of a shared one, 1: what one host has written no other reads older, whatever is cached
fstype      ext4, nfs4, fuse.glusterfs ...
source      of its file system: /dev/sda1, filer:/export ...
inode       number of the file there
mtime       when it was last written to, as the host sees it: seconds since 1970 (UTC)
readonly    1: the host can't write to it
id          of a block device, what tells it from all others; NULL: nothing does, or it isn't known
why         what is NULL is not known because of that, in words
*/
-- index: host, path
-- arm: kvm
-- What is mounted over another mount hides it. A folder that is mounted once more, read-only, is found by its name alone. libvirt takes
-- these file systems for shared (virFileIsSharedFS), some others only since some version.
WITH kind(fstype, shared, steady, coherent) AS (VALUES
	('nfs', 1, 1, 0), ('nfs4', 1, 1, 0), ('gfs2', 1, 1, 1), ('ocfs2', 1, 1, 1), ('afs', 1, 1, 0), ('ceph', 1, 1, 1), ('gpfs', 1, 1, 0),
	('acfs', 1, 1, 0), ('fuse.glusterfs', 1, 1, 1), ('cifs', 1, 0, 0), ('smb3', 1, 0, 0), ('smbfs', 1, 0, 0), ('fuse.quobyte', 1, 0, 0),
	('ext2', 0, 0, 0), ('ext3', 0, 0, 0), ('ext4', 0, 0, 0), ('xfs', 0, 0, 0), ('btrfs', 0, 0, 0), ('zfs', 0, 0, 0), ('f2fs', 0, 0, 0),
	('bcachefs', 0, 0, 0), ('jfs', 0, 0, 0), ('reiserfs', 0, 0, 0), ('nilfs2', 0, 0, 0), ('tmpfs', 0, 0, 0), ('ramfs', 0, 0, 0),
	('overlay', 0, 0, 0), ('fuseblk', 0, 0, 0), ('ntfs', 0, 0, 0), ('ntfs3', 0, 0, 0), ('vfat', 0, 0, 0), ('exfat', 0, 0, 0),
	('iso9660', 0, 0, 0), ('udf', 0, 0, 0), ('squashfs', 0, 0, 0), ('erofs', 0, 0, 0), ('devtmpfs', 0, 0, 0), ('hugetlbfs', 0, 0, 0)),
     mount AS MATERIALIZED (
	SELECT m.host, replace(replace(m.point, '\040', ' '), '\134', '\') AS point, m.fstype, m.source,
	       m.options GLOB 'ro' OR m.options GLOB 'ro,*' AS bound_ro, m.super GLOB 'ro' OR m.super GLOB 'ro,*' AS ro
	  FROM linux_mount AS m LEFT JOIN linux_mount AS over ON over.host = m.host AND over.parent = m.id AND over.point = m.point
	 WHERE over.id IS NULL AND m.point IS NOT NULL),
     place AS MATERIALIZED (
	SELECT host, point, max(fstype) AS fstype, max(source) AS source, max(bound_ro OR ro) AS ro
	  FROM mount GROUP BY host, point HAVING count(*) = 1),
     shut AS MATERIALIZED (
	SELECT host, point FROM mount WHERE bound_ro AND NOT ro),
     seen AS MATERIALIZED (
	SELECT host, path, error,
	       CASE WHEN kind IN ('regular file', 'regular empty file') THEN 'file' WHEN kind = 'block special file' THEN 'block'
	            WHEN error IN ('No such file or directory', 'Not a directory') THEN 'missing' END AS what,
	       kind, size_bytes, inode, mtime, device, mount
	  FROM linux_path WHERE path IS NOT NULL)
SELECT s.host, s.path, s.what, CASE s.what WHEN 'file' THEN s.size_bytes WHEN 'block' THEN b.sectors * 512 END AS size_bytes,
       CASE WHEN s.what = 'file' THEN k.shared END AS shared, k.steady, k.coherent, p.fstype, p.source, s.inode, s.mtime,
       CASE s.what WHEN 'file'
                   THEN p.ro OR EXISTS (SELECT 1 FROM shut AS x
                                         WHERE x.host = s.host AND substr(s.path, 1, length(x.point) + 1) = x.point || '/')
                   WHEN 'block' THEN b.readonly END AS readonly,
       CASE WHEN b.id <> 'none' AND b.lies_on NOT LIKE '%unknown%' THEN b.id || CASE b.lies_on WHEN 'none' THEN '' ELSE ' on ' || b.lies_on END
       END AS id,
       CASE WHEN s.what IS NULL THEN CASE WHEN s.error <> 'none' THEN s.error ELSE 'neither a file nor a block device: ' || s.kind END
            WHEN s.what = 'file' AND p.point IS NULL THEN 'what is mounted there is not known'
            WHEN s.what = 'file' AND k.fstype IS NULL THEN 'whether libvirt takes ' || p.fstype || ' for shared depends on its version'
            WHEN s.what = 'block' AND b.device IS NULL THEN 'the host did not list this block device'
            WHEN s.what = 'block' AND (b.id = 'none' OR b.lies_on LIKE '%unknown%') THEN 'no WWN or serial number tells it from others'
       END AS why
  FROM seen AS s
  LEFT JOIN place AS p ON p.host = s.host AND p.point = s.mount
  LEFT JOIN kind AS k ON k.fstype = p.fstype
  LEFT JOIN linux_block AS b ON b.host = s.host AND b.device = s.device AND s.what = 'block'
