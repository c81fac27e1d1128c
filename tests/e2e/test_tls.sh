#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Certificates: verified against a CA or a thumbprint, by name; a server that fails that gets no password; turning it off is
# said in the report.
. "$(dirname "$0")/lib.sh"

# try TLS: a check of $url with that under `tls:`.
try() {
	printf 'targets:\n  - {name: vc01, vcenter: "%s", credential: lab, tls: {%s}}\ncredentials:\n  lab: {user: user, password: {env: VC_PASSWORD}}\n' \
		"$url" "$1" >"$work/inventory.yaml"
	check -i "$work/inventory.yaml"
}

refused() {
	expect_exit 2 "$1"
	expect "$1" 'any(.probes[]; .error // "" | test("certificate|thumbprint"; "i"))'
	[ "$(requests "$log" Login)" = "$logins" ] || fail "$1: the password was sent"
}

trusted() {
	expect_exit 0 "$1"
	logins=$((logins + 1))
}

fingerprint() {
	openssl x509 -in "$1" -noout -fingerprint -sha256 | sed 's/.*=//'
}

lab_scripted server
log=$work/server.jsonl
logins=0
lab_make_ca other
right=$(fingerprint "$work/lab.cert.pem")

try "ca: $work/lab.ca.pem"
trusted "the right CA"
try "ca: $work/other.ca.pem"
refused "another CA"
try ""
refused "the system's CAs"
try "thumbprint: \"SHA256:$right\""
trusted "the right thumbprint"
try "thumbprint: \"SHA256:$(fingerprint "$work/other.cert.pem")\""
refused "another thumbprint"
try "thumbprint: \"SHA256:$(fingerprint "$work/lab.ca.pem")\""
refused "the thumbprint of the CA"

try "insecure: true"
trusted "not verified"
expect "the report says so" 'any(.targets[]; .name == "vc01" and (.tls | test("not verified")))'
run check -i "$work/inventory.yaml" -f text
grep -qi 'not verified' "$work/stdout" || fail "the text report doesn't say that certificates are not verified"

lab_make_ca named DNS:vc01.example.com
lab_scripted named --cert "$work/named.cert.pem" --key "$work/named.key.pem"
log=$work/named.jsonl
logins=0
try "ca: $work/named.ca.pem"
refused "a certificate for another name"
