#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The doctor: a healthy simulator, and everything that keeps a server from being asked: address, certificate, password, rights,
# clocks. Whatever fails has a remedy.
. "$(dirname "$0")/lib.sh"
need "$tools/vcsim"

# doctor CODE WHAT [ARGUMENT...]: its report is $work/report.json.
doctor() {
	local code=$1 what=$2
	shift 2
	run doctor -i "$work/inventory.yaml" -f json "$@"
	cp "$work/stdout" "$work/report.json"
	expect_exit "$code" "$what"
	expect "$what: the report" '.schema == "migready-doctor/1" and .result == $r
		and all(.lines[]; (.status != "fail" or .remedy != null) and .found != null)' \
		--arg r "$(case $code in 0) echo well ;; 1) echo fails ;; 2) echo unknown ;; esac)"
}

# line STEP STATUS TEXT [HOST]: the step of the target (or of a host) has that status, and what was found matches TEXT.
line() {
	expect "$1 ${4-}" '[.lines[] | select(.step == $s and .host == $h)] | length == 1
		and .[0].status == $t and (.[0].found | test($x))' \
		--arg s "$1" --arg t "$2" --arg x "$3" --argjson h "$(jq -n --arg h "${4-}" '$h | if . == "" then null else . end')"
}

# --- all is well: a certificate for a year, the genuine simulator ---

lab_make_ca lab
openssl x509 -req -days 365 -in "$work/lab.csr" -CA "$work/lab.ca.pem" -CAkey "$work/lab.cakey.pem" -CAcreateserial \
	-extfile "$work/lab.ext" -out "$work/lab.cert.pem" 2>/dev/null
lab_inventory healthy
inventory "$work/inventory.yaml" "vc01=$url"
doctor 0 "a healthy simulator"
line reachable pass "^$url$"
line certificate pass '^verified by CA file: CN=localhost of CN=lab CA, valid until 20.*, for localhost, 127.0.0.1$'
line login pass '^as user$'
line api pass '^API 8.0.3.0, '
line privileges pass '^all of role migready'
line clock pass '^[+-]0\.[0-9]* s from'
line hosts pass '^4 shown$'
line transports pass '^vSphere API$'
line transports pass '^vSphere API, esxcli$' esx01.lab.example
line connected pass connected esx01.lab.example
line privileges pass 'all of role migready' esx01.lab.example
line clock na 'no such service' esx01.lab.example
run doctor -i "$work/inventory.yaml"
expect_exit 0 "as text"
grep -q '^vc01  *esx04.lab.example  all  *pass' "$work/stdout" || fail "a host that is well is one line"
run doctor -i "$work/inventory.yaml" --all
grep -q '^vc01  *esx04.lab.example  transports  *pass' "$work/stdout" || fail "--all: every line"

# --- certificates ---

sed -i "s|{ca: .*}|{insecure: true}|" "$work/inventory.yaml"
doctor 0 "not verified"
line certificate warn '^NOT verified .*: CN=localhost of CN=lab CA'
expect "how to verify it" 'any(.lines[]; .step == "certificate" and (.remedy | test("thumbprint: SHA256:[0-9a-f]{64}}")))'
lab_make_ca other
inventory "$work/inventory.yaml" "vc01=$url"
sed -i "s|lab.ca.pem|other.ca.pem|" "$work/inventory.yaml"
doctor 1 "another CA"
line reachable pass "$url"
line certificate fail 'not trusted.*CN=localhost of CN=lab CA'
line login unknown 'no password goes to'
lab_stop

lab_make_ca named DNS:vc01.example.com
openssl x509 -req -days -1 -in "$work/other.csr" -CA "$work/other.ca.pem" -CAkey "$work/other.cakey.pem" -CAcreateserial \
	-extfile "$work/other.ext" -out "$work/other.cert.pem" 2>/dev/null
for name in named other; do
	lab_scripted "$name" --cert "$work/$name.cert.pem" --key "$work/$name.key.pem"
	inventory "$work/inventory.yaml" "vc01=$url"
	sed -i "s|lab.ca.pem|$name.ca.pem|" "$work/inventory.yaml"
	doctor 1 "a certificate: $name"
	[ "$(requests "$work/$name.jsonl" Login)" = 0 ] || fail "$name: the password was sent"
	[ "$name" = other ] || line certificate fail 'for vc01.example.com'
done
line certificate fail 'expired'
expect "an expired certificate is to be renewed" 'any(.lines[]; .step == "certificate" and (.remedy | test("expired")))'
inventory "$work/inventory.yaml" "vc01=$url"
sed -i "s|{ca: .*}|{thumbprint: \"$(openssl x509 -in "$work/other.cert.pem" -noout -fingerprint -sha256 | sed 's/.*=//')\"}|" "$work/inventory.yaml"
doctor 0 "expired, but pinned"
line certificate warn 'only its thumbprint was compared'
lab_stop

# --- addresses, passwords ---

inventory "$work/inventory.yaml" "vc01=https://127.0.0.1:1" "vc02=https://no-such-name.invalid"
doctor 1 "nobody there"
expect "why" '[.lines[] | select(.step == "reachable") | .status] == ["fail", "fail"]
	and ([.lines[] | select(.step == "reachable") | .found] | (.[0] | test("refused")) and (.[1] | test("resolved")))'
expect "nothing else is told" 'all(.lines[] | select(.step != "reachable"); .status == "unknown")'
lab_scripted server
inventory "$work/inventory.yaml" "vc01=$url"
VC_PASSWORD=wrong-canary-4711 doctor 1 "a wrong password"
line login fail 'refused the password of user'
[ "$(requests "$work/server.jsonl" Login)" = 1 ] || fail "a wrong password is tried once"
grep -q canary "$work/stdout" "$work/stderr" && fail "the password is told"
for source in "env: NO_SUCH_PASSWORD" "file: $work/no-such-file" "command: exit 3"; do
	inventory "$work/inventory.yaml" "vc01=$url"
	sed -i "s|password: {.*}|password: {$source}}|" "$work/inventory.yaml"
	before=$(requests "$work/server.jsonl" Login)
	doctor 1 "no password: $source"
	line credential fail "^$work/inventory.yaml:[0-9]*:[0-9]*: credential '.*': "
	line reachable unknown '^not tried: the credential is missing$'
	line login unknown '^not tried: the credential is missing$'
	expect "how to set it" 'any(.lines[]; .step == "credential" and (.remedy | length > 20))'
	expect "the network is not blamed" 'all(.lines[]; .step == "credential" or (.status == "unknown" and .remedy == null))'
	[ "$(requests "$work/server.jsonl" Login)" = "$before" ] || fail "somebody logged in without a password"
done
inventory "$work/inventory.yaml" "vc01=$url"
doctor 0 "the scripted server"
line login pass '^as LAB\\user$'
line privileges pass 'without Resource.QueryVMotion'
line clock pass '^[+-]0\.' esx01.lab.example
line transports warn '^vSphere API; no esxcli: on this host the account lacks Host.Config.Settings$' esx01.lab.example
expect "how to get it" 'any(.lines[]; .step == "transports" and .status == "warn" and (.remedy | test("migready-role-esxcli.json")))'
sed '/^    credential: lab/a\    ssh: {credential: lab}' "$work/inventory.yaml" >"$work/ssh.yaml"
run doctor -i "$work/ssh.yaml" -f json
cp "$work/stdout" "$work/report.json"
line transports pass 'lacks Host.Config.Settings; SSH: in the inventory, not tried$' esx01.lab.example
run doctor -i "$work/inventory.yaml" --deadline 0
expect_exit 64 "a deadline of nothing"
printf '  - {name: here, local: true}\n' >"$work/here"
sed -i "/^targets:/r $work/here" "$work/inventory.yaml"
doctor 0 "this machine too"
expect "it is told first" '.lines[0].target == "here" and any(.lines[]; .target == "here" and .step == "transports" and .status == "pass")'
lab_stop

# --- rights, clocks, and what a server doesn't tell ---

# faulty CODE FAULT: the doctor's report on a scripted server that does that.
faulty() {
	lab_scripted server --fault "$2"
	inventory "$work/inventory.yaml" "vc01=$url"
	doctor "$1" "$2" --deadline 5s
	lab_stop
}

faulty 1 role=-3
line privileges fail 'on the root folder the account lacks System.Read$'
line privileges fail 'on this host the account lacks System.Read$' esx02.lab.example
expect "the role is named" 'any(.lines[]; .step == "privileges" and (.remedy | test("role migready")))'
faulty 1 role=-5@host-12
line privileges pass 'all of role migready'
line privileges pass 'all of role migready' esx02.lab.example
line privileges fail 'lacks System.Anonymous, System.View, System.Read' esx03.lab.example
faulty 0 role=1001
line privileges pass 'all of role migready' esx03.lab.example
line transports pass '^vSphere API, esxcli$' esx03.lab.example
faulty 1 clock-off=600
line clock fail '^\+(599|600)\.'
line clock fail '^\+(599|600)\.' esx01.lab.example
faulty 1 clock-off=-600
line clock fail '^-(599|600)\.'
faulty 0 clock-off=3
faulty 1 hosts-hidden
line hosts fail '2 shown of 4'
faulty 2 unavailable
line login unknown 'HTTP 503'
faulty 2 login-hangs
line certificate pass 'verified'
line login unknown 'deadline'

run doctor
expect_exit 64 "no inventory"
