/*
title: Migrations are encrypted where they have to be, and the certificates for it hold
subject: pair
depends: own
severity: critical
platforms: [kvm]
params: {demand: 0, days: 14}
symptom: >
  The migration is refused ("allows migration only with VIR_MIGRATE_TLS flag"), breaks off while it begins ("Unable to access
  credentials", "The server certificate has expired", "Our own certificate failed validation", "Cannot write to TLS channel"), or the memory of guests crosses the network in the clear.
fix: >
  Give each host ca-cert.pem, server-cert.pem, server-key.pem, client-cert.pem and client-key.pem of one CA in /etc/pki/qemu (or where
  migrate_tls_x509_cert_dir says), renew what ends, set migrate_tls_force = 1 in qemu.conf, and migrate with --tls.
refs: ["libvirt: TLS certificates for QEMU", "libvirt: qemu.conf, migrate_tls_force, migrate_tls_x509_verify"]
*/
-- With demand 1 each host must refuse what is not encrypted; else certificates matter only where a host does. days is how long they must
-- hold to be in order.
WITH told AS MATERIALIZED (
	SELECT p.host, p.peer,
	       CASE WHEN :demand = 1 OR s.force = 1 OR d.force = 1 THEN 1 WHEN s.conf IN ('read', 'absent') AND d.conf IN ('read', 'absent')
	            AND s.force = 0 AND d.force = 0 THEN 0 END AS needed,
	       CASE WHEN :demand = 1 THEN min(CASE s.conf WHEN 'hidden' THEN NULL ELSE s.force END, CASE d.conf WHEN 'hidden' THEN NULL ELSE d.force END) ELSE 1 END AS forced,
	       s.ca, s.ca_digest, d.ca AS their_ca, d.ca_digest AS their_digest, d.server, d.server_signed, d.server_key,
	       s.client, s.client_signed, s.client_key, CASE d.conf WHEN 'hidden' THEN NULL ELSE d.verify END AS verify
	  FROM host_pair AS p
	  LEFT JOIN libvirt_tls AS s ON s.host = p.host
	  LEFT JOIN libvirt_tls AS d ON d.host = p.peer),
     weighed AS MATERIALIZED (
	SELECT host, peer, needed,
	       CASE WHEN ca IN ('absent', 'expired', 'broken') THEN '; ca-cert.pem here: ' || ca ELSE '' END
	       || CASE WHEN their_ca IN ('absent', 'expired', 'broken') THEN '; ca-cert.pem there: ' || their_ca ELSE '' END
	       || CASE WHEN ca_digest <> their_digest AND ca_digest <> 'untold' AND their_digest <> 'untold' THEN '; they trust different CAs' ELSE '' END
	       || CASE WHEN server IN ('absent', 'expired', 'broken') THEN '; server-cert.pem there: ' || server ELSE '' END
	       || CASE WHEN server_signed = 0 THEN '; server-cert.pem there is not of that CA' ELSE '' END
	       || CASE WHEN server_key = 'absent' THEN '; server-key.pem there: absent' ELSE '' END
	       || CASE WHEN verify = 1 AND client IN ('absent', 'expired', 'broken') THEN '; client-cert.pem here: ' || client ELSE '' END
	       || CASE WHEN verify = 1 AND client_signed = 0 THEN '; client-cert.pem here is not of that CA' ELSE '' END
	       || CASE WHEN verify = 1 AND client_key = 'absent' THEN '; client-key.pem here: absent' ELSE '' END
	       || CASE WHEN forced = 0 THEN '; migrate_tls_force is not set on both' ELSE '' END AS wrong,
	       ca IN ('valid', 'ending') AND their_ca IN ('valid', 'ending') AND ca_digest = their_digest AND server IN ('valid', 'ending') AND server_signed = 1
	       AND server_key IN ('readable', 'hidden')
	       AND (verify = 0 OR (verify = 1 AND client IN ('valid', 'ending') AND client_signed = 1 AND client_key IN ('readable', 'hidden'))) AND forced = 1 AS good,
	       'ending' IN (ca, their_ca, server, CASE verify WHEN 1 THEN client ELSE '' END) AS ending
	  FROM told),
     judged AS MATERIALIZED (
	SELECT host, peer, substr(wrong, 3) AS wrong,
	       CASE WHEN needed = 0 THEN 'na' WHEN needed = 1 AND wrong <> '' THEN 'fail' WHEN needed = 1 AND good = 1 AND ending = 1 THEN 'warn'
	            WHEN needed = 1 AND good = 1 AND ending = 0 THEN 'pass' ELSE 'unknown' END AS status
	  FROM weighed)
SELECT host, json_group_array(peer) AS peer, status,
       CASE status WHEN 'fail' THEN wrong WHEN 'warn' THEN 'a certificate ends within ' || :days || ' days' END AS observed,
       CASE WHEN status <> 'na' THEN 'valid certificates of one CA on both hosts' END AS expected,
       CASE status WHEN 'pass' THEN 'to be migrated with --tls: what is not encrypted may be refused'
                   WHEN 'na' THEN 'neither host insists on encryption, nor does the profile: the memory of guests crosses the network in the clear'
                   WHEN 'unknown' THEN 'qemu.conf or certificates can''t be read by this account, or openssl is missing' END AS detail
  FROM judged GROUP BY host, status, CASE status WHEN 'fail' THEN wrong END
