/*
What a VM's network adapters are plugged into.

vm         id
host       id of the host that it is on
what       network: one of libvirt's; link: a bridge, or a device that the guest shares; alone: nothing, so that its connections outside
           stay behind; other: not judged; NULL: not known
name       of the network or the interface; of alone and other the adapter's type; NULL: not known
bridge     1: that interface must be a bridge
portgroup  of the network; none
mtu        bytes, as the adapter's definition asks for; 0: it doesn't
*/
-- index: vm
-- arm: kvm
-- While a VM runs, the type of an adapter on a network tells what that network made of it; a destination looks at the network again.
-- Devices that are passed through are for vm-blocking-devices.
SELECT host || '/' || uuid AS vm, host,
       CASE WHEN network <> 'none' THEN 'network' WHEN network IS NULL THEN NULL WHEN type IN ('bridge', 'direct') THEN 'link'
            WHEN type IN ('user', 'ethernet') THEN 'alone' ELSE CASE WHEN type IS NOT NULL THEN 'other' END END AS what,
       CASE WHEN network <> 'none' THEN network WHEN type = 'bridge' THEN bridge WHEN type = 'direct' THEN dev ELSE type END AS name,
       CASE WHEN network <> 'none' THEN 0 ELSE type = 'bridge' END AS bridge, CASE WHEN network <> 'none' THEN portgroup ELSE 'none' END AS portgroup, mtu
  FROM libvirt_interface
 WHERE type IS NULL OR network IS NOT 'none' OR type NOT IN ('hostdev', 'vdpa', 'vhostuser')
