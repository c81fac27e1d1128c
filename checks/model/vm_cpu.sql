/*
The processor that a VM of libvirt's needs where it goes, in words that libvirt can compare with what a host gives to guests.

vm        id
host      id of the host it is on
cluster   id
mobility  as in vm_mobility
kind      given: it is defined with a model and features, which a VM that runs has in full; host: it runs with all that its host
          gives (host-passthrough, maximum); next: it is shut off, and takes what the host has that it is started on; NULL: not known
type      kvm, or qemu: emulated
arch      x86_64 ...
emulator  path of the QEMU program
model     EPYC ...; of kind host the nearest that libvirt has a name for
vendor    Intel, AMD ..., or none
policies  JSON list: what becomes of each of features: require, disable, force, optional, forbid; the first stands for nothing
features  JSON list, as long; where a feature is named twice, the later counts
strict    1: libvirt doesn't start the VM without all of it, 0: it may
need      all of these as one text: VMs with the same one need the same; NULL: nothing that could be compared
*/
-- index: vm
-- arm: kvm
-- A guest with host-passthrough sees the invariant TSC only where it is asked for, or where migration is given up.
WITH base AS (
	SELECT v.id AS vm, v.host, v.cluster, m.mobility, d.type, d.arch, d.emulator, d.cpu_check <> 'none' AS strict,
	       CASE WHEN m.mobility IN ('live', 'cold') AND d.cpu_mode = 'custom' THEN 'given'
	            WHEN m.mobility = 'live' AND d.cpu_mode IN ('host-passthrough', 'maximum') THEN 'host'
	            WHEN m.mobility = 'cold' AND d.cpu_mode IN ('host-passthrough', 'maximum', 'host-model') THEN 'next' END AS kind,
	       CASE d.cpu_mode WHEN 'custom' THEN d.cpu_model ELSE g.model END AS model,
	       CASE d.cpu_mode WHEN 'custom' THEN d.cpu_vendor ELSE g.vendor END AS vendor,
	       CASE d.cpu_mode WHEN 'custom' THEN '' ELSE g.policies || CASE g.features WHEN '' THEN '' ELSE ',' END
	            || CASE d.cpu_migratable WHEN 'off' THEN '' ELSE 'disable,' END END || d.cpu_policies AS policies,
	       CASE d.cpu_mode WHEN 'custom' THEN '' ELSE g.features || CASE g.features WHEN '' THEN '' ELSE ',' END
	            || CASE d.cpu_migratable WHEN 'off' THEN '' ELSE 'invtsc,' END END || d.cpu_features AS features
	  FROM vm AS v
	  LEFT JOIN vm_mobility AS m ON m.vm = v.id
	  LEFT JOIN vm_definition AS d ON d.vm = v.id
	  LEFT JOIN libvirt_guest_cpu AS g ON g.host = v.host AND g.type = d.type AND g.arch = d.arch AND g.emulator = d.emulator
	       AND g.machine = d.machine AND g.mode = 'host-model' AND g.supported = 'yes'
	 WHERE v.platform = 'kvm'),
     worded AS (
	SELECT vm, host, cluster, mobility, kind, type, arch, emulator, nullif(model, 'none') AS model, vendor, strict,
	       '["none' || CASE WHEN rtrim(policies, ',') = '' THEN '' ELSE '","' || replace(rtrim(policies, ','), ',', '","') END || '"]'
	           AS policies,
	       '["none' || CASE WHEN rtrim(features, ',') = '' THEN '' ELSE '","' || replace(rtrim(features, ','), ',', '","') END || '"]'
	           AS features
	  FROM base)
SELECT vm, host, cluster, mobility, kind, type, arch, emulator, model, vendor, policies, features, strict,
       CASE WHEN kind IN ('given', 'host')
            THEN type || ' ' || arch || ' ' || emulator || ' ' || model || ' ' || vendor || ' ' || policies || ' ' || features END AS need
  FROM worded
