/*
title: The port that migrations come in on is within reach along every path
subject: path
depends: own
severity: critical
platforms: [vsphere, kvm]
params: {port: 0, tunnelled: 0}
symptom: >
  The migration fails (vMotion: at 10 to 21 %) with "Operation timed out", "failed to connect to remote host" or, on KVM after two minutes,
  "unable to connect to server", though the adapters answer a ping.
fix: >
  Refused: enable vMotion on the destination's adapter. No answer: let TCP 8000 through between the vMotion adapters, in the firewalls on the
  way and in both hosts' own (ruleset vMotion). KVM: let TCP 49152 to 49215 (migration_port_min and _max in qemu.conf) through, on the
  way and in the destination's own firewall.
refs: ["vSphere API: HostFirewallRuleset, HostFirewallDefaultPolicy",
       "VMware vSphere Security: incoming and outgoing firewall ports for ESXi hosts, TCP 8000",
       "qemu.conf: migration_port_min, migration_port_max", "https://libvirt.org/migration.html"]
*/
-- Where nobody could try, what both firewalls are set to is all that can be known without a packet, and passes: jumbo-frames-path proves
-- the way itself. A firewall in between that tells ping from vMotion isn't seen then, and the finding says so.
-- KVM: port 0 is the last of the range in the destination's qemu.conf; with tunnelled 1 migrations take libvirt's own connection.
SELECT p.path, p.host, p.peer,
       CASE WHEN m.duty IN ('away', 'elsewhere', 'none') OR (h.platform = 'kvm' AND (m.duty = 'unsampled' OR :tunnelled = 1)) THEN 'na'
            WHEN m.duty IS NULL THEN 'unknown'
            WHEN r.state IN ('open', 'allowed') THEN 'pass'
            WHEN r.state IN ('refused', 'silent', 'unreachable', 'shut') THEN 'fail'
            ELSE 'unknown' END AS status,
       m.src_device || ' -> ' || m.dst_ip AS object,
       CASE r.state WHEN 'open' THEN 'TCP ' || r.port || CASE h.platform WHEN 'kvm' THEN ' is within reach' ELSE ' answers' END
                    WHEN 'refused' THEN 'TCP ' || r.port || ' refuses' WHEN 'silent' THEN 'TCP ' || r.port || ' does not answer'
                    WHEN 'unreachable' THEN 'not reachable: ' || r.said WHEN 'allowed' THEN 'configured, not tried' WHEN 'shut' THEN 'blocked by configuration'
                    ELSE nullif(r.said, '') END AS observed,
       'TCP ' || CASE WHEN h.platform = 'kvm' THEN coalesce(r.port, nullif(:port, 0), '49215') || ' is within reach' ELSE '8000 answers' END AS expected,
       CASE WHEN m.duty = 'away' THEN 'the host is not connected, so that nothing migrates from it: see host-connected'
            WHEN m.duty = 'elsewhere' THEN 'the two adapters are not for each other: others of these hosts are'
            WHEN m.duty = 'none' THEN 'no way between the two hosts'' vMotion adapters: see vmotion-vmknic-subnet'
            WHEN m.duty IS NULL THEN 'not known whether the two adapters should reach each other'
                                     || CASE h.platform WHEN 'kvm' THEN ': see migration-address-present' ELSE '' END
            WHEN h.platform = 'kvm' AND :tunnelled = 1 THEN 'migrations are tunnelled through libvirt''s own connection, as the profile says'
            WHEN h.platform = 'kvm' AND m.duty = 'unsampled' THEN 'not sampled: see jumbo-frames-path'
            WHEN h.platform = 'kvm' AND r.state = 'refused' THEN 'a firewall rejects it'
            WHEN h.platform = 'kvm' AND r.state = 'silent' THEN 'a firewall on the way, or on the destination, drops it'
            WHEN h.platform = 'kvm' AND r.state IS NULL THEN coalesce(r.error, nullif(r.said, ''), r.why, 'not tried')
            WHEN r.state = 'refused' THEN 'nothing listens there, as when vMotion is not enabled on that adapter, or a firewall rejects it'
                 || coalesce('; ' || r.obstacle, '')
            WHEN r.state = 'silent' THEN coalesce(r.obstacle, 'a firewall on the way drops it: neither of the two hosts'' own is known to')
            WHEN r.state = 'allowed' THEN 'both hosts'' own firewalls let it through; one in between would not be seen. Not tried: ' || r.why
            WHEN r.state = 'shut' THEN r.obstacle || '. Not tried: ' || r.why
            WHEN r.state IS NULL THEN coalesce(r.error, 'it was not tried; the firewalls'' settings are not known: ' || r.why, 'not tried to an end') END AS detail
  FROM migration_path AS p
  JOIN host AS h ON h.id = p.host
  LEFT JOIN mesh_path AS m ON m.path = p.path
  LEFT JOIN port_result AS r ON r.id = p.path
