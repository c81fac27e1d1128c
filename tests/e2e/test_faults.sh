#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Everything that can go wrong with one vCenter: its subjects end as unknown with the reason, quickly and in little memory; the
# healthy vCenter beside it is judged all the same.
. "$(dirname "$0")/lib.sh"

limit=90
max_kib=327680 # four answers of 64 MiB may be under way at once, the program itself needs the rest; the floods would bring 10 GiB

# two WHAT URL: checks that vCenter beside the healthy one, and looks at what must hold in every case.
two() {
	local what=$1 bad=$2
	inventory "$work/inventory.yaml" "bad=$bad" "good=$good"
	sed -i 's/^  - name: bad$/&\n    timeout: 2s/' "$work/inventory.yaml"
	rm -f "$work/report.json" "$work/peak"
	measured "$max_kib" check -i "$work/inventory.yaml" --all -f "json=$work/report.json"
	expect "$what: the healthy one is judged as ever" '[.findings[] | select(.target == "good")] as $f
		| ($f | length > 30) and all($f[]; .status == "pass" or .status == "na")'
}

# unknown WHAT URL REASON: nothing about the faulty vCenter passes, and a probe of it says why.
unknown() {
	two "$1" "$2"
	expect_exit 2 "$1"
	expect "$1: nothing of it passes" '[.findings[] | select(.target == "bad")] as $f
		| ($f | length > 0) and all($f[]; .status == "unknown")'
	expect "$1: the verdict" '.verdict == "unknown" and (.complete | not)'
	expect "$1: the reason" 'any(.probes[]; .target == "bad" and .outcome != "ok" and (.error // "" | test($r; "i")))' \
		--arg r "$3"
}

# faulty REASON FAULT [ARGUMENT...]: the same against the scripted server with that fault.
faulty() {
	local reason=$1 fault=$2
	shift 2
	lab_scripted "$fault" --page-size 3 --fault "$fault" "$@"
	unknown "$fault" "$url" "$reason"
	kill "$lab_pid"
}

lab_scripted good --site good
good=$url

unknown "connection refused" https://127.0.0.1:1 'refused|connect'
unknown "unreachable" https://255.255.255.255 'unreachable|connect'
unknown "no such name" https://no-such-host.invalid 'resolve'
lab_make_ca other
lab_scripted stranger --cert "$work/other.cert.pem" --key "$work/other.key.pem"
unknown "a certificate of another CA" "$url" 'certificate'
[ "$(requests "$work/stranger.jsonl" Login)" = 0 ] || fail "the password went to a server whose certificate is wrong"

lab_password="not $lab_password" lab_scripted wrong-password
unknown "wrong password" "$url" 'InvalidLogin|password'
[ "$(requests "$work/wrong-password.jsonl" Login)" = 1 ] || fail "a wrong password was tried more than once"

faulty 'time|timed' login-hangs
faulty '503' unavailable
faulty 'HTML|XML|SOAP|proxy' proxy-page
faulty 'general system error|fault' fault-in-page
faulty 'XML|truncated|end' truncated
faulty 'XML' malformed
faulty 'reset|recv|connection' reset
faulty 'document type|DTD|DOCTYPE|entit' entity-bomb
faulty 'large|size|limit|MiB|bytes' endless
faulty 'large|size|limit|MiB|bytes' gzip-bomb
faulty 'page|token|limit' endless-token
faulty 'expire|authenticated|session' sessions-expire=2
faulty 'time|timed' hangs

# A session that expires once costs a second login, nothing else.
lab_scripted expires --page-size 3 --fault session-expires=6
two "session expires once" "$url"
expect_exit 0 "session expires once"
[ "$(requests "$work/expires.jsonl" Login)" = 2 ] || fail "logins: $(requests "$work/expires.jsonl" Login) instead of 2"

# No permission on one host and one VM: these two are unknown, with the privilege's name, and so is whether the VM is a template
# that the cluster's count leaves out; the others pass.
lab_scripted no-permission --page-size 3 --fault no-permission
two "no permission" "$url"
expect_exit 2 "no permission"
# Checks that depend on more than their own say so in their header; the last three count hosts' features and read others' findings.
wider=$(grep -lxE 'depends: (cluster|run)' "$source_dir"/checks/*/*.sql | xargs -n 1 basename -s .sql)
expect "no permission: only who is concerned" 'all(.findings[] | select(.target == "bad");
	if .status == "unknown" then (.host // "" | startswith("esx02")) or (.peer // "" | startswith("esx02")) or .vm == "app01-02"
		or (.check as $c | $wider | split("\n") | index($c) != null)
	else .status == "pass" or .status == "na" end)' --arg wider "$(printf '%s\n' "$wider" cpu-feature-parity vm-has-destination vcenter-agrees)"
expect "no permission: its own checks are unknown" 'all(.findings[] | select(.target == "bad" and .host == "esx02.lab.example"
	and .check == "vmotion-vmknic-present"); .status == "unknown")'
expect "no permission: the privilege is named" 'any(.findings[] | select(.target == "bad"); .detail // "" | test("System.Read"))'

# Half of the inventory is invisible: the clusters' own counts tell.
for fault in hosts-hidden vms-hidden; do
	lab_scripted "$fault" --fault "$fault"
	two "$fault" "$url"
	expect_exit 2 "$fault"
	expect "$fault" 'any(.findings[]; .target == "bad" and .check == "inventory-complete" and .status == "unknown")'
done

# What no count tells: everything that is shown is fine, and still there may be more.
for fault in cluster-hidden vm-adrift no-root-role; do
	lab_scripted "$fault" --fault "$fault"
	two "$fault" "$url"
	expect_exit 2 "$fault"
	expect "$fault" 'all(.findings[] | select(.target == "bad"); .status != "fail")
		and ([.findings[] | select(.target == "bad" and .check == "inventory-complete") | .status] == ["unknown"])'
done
lab_scripted no-rights --fault no-rights
two "no rights at all" "$url"
expect_exit 2 "no rights at all"

# An older server that doesn't know one property: that column is unknown to it, the call is not lost.
lab_scripted old-server --fault old-server --api-version 6.5
two "older server" "$url"
expect "older server: the other checks go on" '[.findings[] | select(.target == "bad" and (.check as $c
	| ["cpu-feature-parity", "nx-xd-parity", "vm-cpu-requirements", "vm-64bit-needs-vt", "vm-has-destination", "vcenter-agrees"] | index($c) == null))] as $f
	| ($f | length > 200) and all($f[]; .status == "pass" or .status == "na")'

# A deadline, and Ctrl-C, while sessions are already closing: there is nothing left to cancel.
lab_scripted quick --site quick
quick=$url
closing=$work/slow-logout.jsonl
lab_scripted slow-logout --fault slow-logout=1.9
inventory "$work/inventory.yaml" "quick=$quick" "slow=$url"
check -i "$work/inventory.yaml" --deadline 1s
# 2: a machine so busy that the deadline came before the last answer
[ "$status" -eq 0 ] || [ "$status" -eq 2 ] || fail "a deadline while logging out: exit code $status"
: >"$closing"
migready_command
"${command[@]}" check -i "$work/inventory.yaml" >"$work/stdout" 2>"$work/stderr" </dev/null &
pid=$!
for ((i = 0; i < 300; i++)); do
	[ "$(requests "$closing" Logout)" -eq 0 ] || break
	sleep 0.1
done
kill -INT "$pid"
status=0
wait "$pid" || status=$?
expect_exit 0 "Ctrl-C while logging out"

# The run's deadline.
lab_scripted slow-pages --page-size 3 --fault hangs
inventory "$work/inventory.yaml" "bad=$url" "good=$good"
started=$SECONDS
check -i "$work/inventory.yaml" --deadline 3s
[ $((SECONDS - started)) -lt 15 ] || fail "a deadline of 3 s took $((SECONDS - started)) s"
expect_exit 2 "deadline"
expect "deadline: said so" 'any(.probes[]; .target == "bad" and (.error // "" | test("deadline|time"; "i")))'

# A full disk while the report is written.
inventory "$work/inventory.yaml" "good=$good"
run check -i "$work/inventory.yaml" -f json=/dev/full
[ "$status" -ge 64 ] || fail "a report that could not be written ended with exit code $status"
grep -q /dev/full "$work/stderr" || fail "the message doesn't name the report"

# A check whose SQL fails, and one that runs over its budget: unknown, and the built-in ones are judged.
mkdir "$work/checks"
broken() {
	printf '/*\ntitle: broken on purpose\nsubject: host\ndepends: own\nseverity: critical\nplatforms: [vsphere]\nsymptom: none\nfix: none\nrefs: []\n*/\n%s\n' "$2" \
		>"$work/checks/$1.sql"
}
broken fails-in-sql "SELECT id AS host, json_extract('{', '\$') AS status FROM host"
broken runs-for-ever "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
SELECT h.id AS host, (SELECT CASE WHEN max(i) > 0 THEN 'pass' END FROM n) AS status FROM host AS h"
check -i "$work/inventory.yaml" --checks "$work/checks"
expect_exit 2 "broken checks"
expect "broken checks are unknown" 'all(.findings[] | select(.check == "fails-in-sql" or .check == "runs-for-ever"); .status == "unknown")
	and ([.findings[].check] | contains(["fails-in-sql", "runs-for-ever"]))'
expect "the others are judged" 'all(.findings[] | select(.check as $c
	| ["fails-in-sql", "runs-for-ever", "vm-has-destination", "vcenter-agrees"] | index($c) == null); .status == "pass" or .status == "na")'
