#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Waivers: what they take out of the verdict, live and replayed, what every report says of them, and what is said of those that
# are expired, not needed or wrong.
. "$(dirname "$0")/lib.sh"
need xmllint

lab_scripted defective --defect combined
inventory "$work/inventory.yaml" "vc01=$url"
printf 'checks: [nfs-mount-identity, vm-log-rotate-size, vmotion-vmknic-present, cpu-feature-parity]\n' >"$work/profile.yaml"
run collect -i "$work/inventory.yaml" -o "$work/facts.db"
expect_exit 0 "collect"

# waivers WAIVER...: a file of these, each without the keys that all of them have.
waivers() {
	echo "waivers:"
	for waiver; do
		printf '  - {%s, owner: storage team, reason: "retired soon, CHG-1234"}\n' "$waiver"
	done
}

later=$(date -u -d '+30 days' +%F) today=$(date -u +%F) past=$(date -u -d '-1 day' +%F)
waivers "check: nfs-mount-identity, subject: {host: esx03}, expiry: $later" \
	"check: nfs-mount-identity, subject: {peer: 'esx03.*'}, expiry: $today" \
	"check: vm-log-rotate-size, subject: {vm: app*, object: log.rotateSize}, expiry: $later" \
	"check: vmotion-vmknic-present, subject: {cluster: prod-1, host: esx02*}, expiry: $later" >"$work/waivers.yaml"
judged() {
	check -i "$work/inventory.yaml" -p "$work/profile.yaml" "$@"
}

judged
expect_exit 1 "without waivers"
expect "none is listed" '.waivers == [] and .summary.waived == 0'

# --- accepted: ready, and every report says by whom ---

judged --waivers "$work/waivers.yaml" -f text -f "junit=$work/report.xml"
expect_exit 0 "all that is critical is accepted"
expect "six pairs, a VM and a host" '.summary.waived == 8 and .summary.fail == 1 and (.why | test("8 waived"))'
expect "they keep what was seen" '[.findings[] | select(.check == "nfs-mount-identity" and .status == "waived")] | length == 6
	and all(.[]; .observed != null and (.waiver | test("^was fail; accepted by storage team until .*: retired soon, CHG-1234$")))'
expect "the others have none" 'all(.findings[] | select(.status != "waived"); .waiver == null)'
expect "all are listed" '[.waivers[].waived] == [3, 3, 1, 1] and .waivers[0].subject == "host esx03"
	and all(.waivers[]; .expired == false)'
expect "none is complained of" 'all(.findings[]; .check | startswith("waiver-") | not)'
grep -q '^  waived   prod-1 app01-02 .*\[waived: was fail; accepted by storage team' "$work/stdout" || fail "the text report"
grep -q '^  3 of nfs-mount-identity, host esx03: retired soon, CHG-1234 (storage team, until ' "$work/stdout" ||
	fail "the text report lists waivers"
[ "$(xmllint --xpath 'count(//testcase[skipped[contains(@message, "was fail; accepted by storage team")]])' "$work/report.xml")" = 6 ] ||
	fail "JUnit: waived results are skipped"
xmllint --xpath '//testsuite[@name = "verdict"]' "$work/report.xml" | grep -q 'failures="0" errors="0"' || fail "JUnit: the verdict"
check --facts "$work/facts.db" -p "$work/profile.yaml" --waivers "$work/waivers.yaml" --as-of-facts
expect_exit 0 "recorded facts"
expect "likewise" '.summary.waived == 8'

# --- wider than anybody should accept unseen: heeded, and named at every run ---

! grep -q "the waiver of" "$work/stderr" || fail "ordinary waivers are complained of"
sed -e "s/{host: esx03}, expiry: $later/{host: '*'}, expiry: 9999-12-31/" "$work/waivers.yaml" >"$work/wide.yaml"
judged --waivers "$work/wide.yaml"
expect_exit 0 "a wide waiver holds"
says "wide.yaml:2:5: the waiver of nfs-mount-identity is for every subject that the check has, and holds for more than a year, until 9999-12-31"
[ "$(grep -c "the waiver of" "$work/stderr")" = 1 ] || fail "the others are complained of"

# --- one of them is missing, expired, or about a warning ---

head -n 4 "$work/waivers.yaml" >"$work/fewer.yaml"
judged --waivers "$work/fewer.yaml"
expect_exit 1 "the host is not accepted"
waivers "check: vmotion-vmknic-present, subject: {host: esx02*}, expiry: $past" >"$work/old.yaml"
judged --waivers "$work/fewer.yaml" --waivers "$work/old.yaml" -f text -f "junit=$work/report.xml"
expect_exit 1 "that was accepted until yesterday"
expect "and is a finding" '[.findings[] | select(.check == "waiver-expired")] | length == 1
	and .[0].status == "warn" and .[0].severity == "warning" and .[0].object == "vmotion-vmknic-present, host esx02*"
	and (.[0].detail | test("old.yaml:2:5, owner storage team: retired soon"))'
expect "it counts among the results" '.summary | .expected == .pass + .warn + .fail + .unknown + .na + .waived and .warn == 1'
expect "the check is listed" 'any(.checks[]; .id == "waiver-expired") and .waivers[3].expired'
grep -q "expired at the end of $past" "$work/stdout" || fail "the text report tells what is expired"
xmllint --xpath '//testsuite[@name = "waiver-expired"]/testcase' "$work/report.xml" | grep -q "expired at the end" || fail "JUnit: expired"
fingerprint=$(jq -r '.findings[] | select(.check == "waiver-expired") | .fingerprint' "$work/report.json")
sed -i '1a\\' "$work/old.yaml"
judged --waivers "$work/old.yaml"
expect "the same finding a line below" '.findings[] | select(.check == "waiver-expired") | .fingerprint == $f' --arg f "$fingerprint"

# --- not needed ---

waivers "check: vm-log-rotate-size, subject: {vm: db*}, expiry: $later" \
	"check: vmotion-vmknic-present, subject: {host: esx01}, expiry: $later" \
	"check: vmotion-vmknic-present, subject: {target: vc02}, expiry: $later" \
	"check: cpu-feature-parity, subject: {host: esx04}, expiry: $later" >"$work/idle.yaml"
judged --waivers "$work/idle.yaml"
expect_exit 1 "nothing critical is accepted"
expect "who isn't there, and who passes" '[.findings[] | select(.check == "waiver-unused") | .object]
	== ["vm-log-rotate-size, vm db*", "vmotion-vmknic-present, host esx01"]'
expect "a warning is waived too" '.summary.waived == 1'
judged --waivers "$work/idle.yaml" --host esx02
expect "a scope leaves subjects out" 'all(.findings[]; .check != "waiver-unused")'
judged --waivers "$work/idle.yaml" --exclude esx01
expect "so does --exclude" 'all(.findings[]; .check != "waiver-unused")'

# --- unknown: only where the waiver says so ---

lab_stop
lab_scripted broken --fault no-permission
inventory "$work/broken.yaml" "vc01=$url"
waivers "check: vm-log-rotate-size, subject: {vm: '*'}, expiry: $later" >"$work/unknown.yaml"
check -i "$work/broken.yaml" -p "$work/profile.yaml"
code=$status unknown=$(jq '[.findings[] | select(.check == "vm-log-rotate-size" and .status == "unknown" and .vm != null)] | length' "$work/report.json")
check -i "$work/broken.yaml" -p "$work/profile.yaml" --waivers "$work/unknown.yaml"
expect_exit "$code" "unknown isn't covered"
expect "nor is the waiver called unused" '.summary.waived == 0 and all(.findings[]; .check != "waiver-unused")'
if [ "$unknown" -gt 0 ]; then
	sed -i 's/subject:/covers_unknown: true, subject:/' "$work/unknown.yaml"
	check -i "$work/broken.yaml" -p "$work/profile.yaml" --waivers "$work/unknown.yaml"
	expect "covered" '.summary.waived == $n' --argjson n "$unknown"
fi
lab_stop

# --- mistakes, before anybody is asked ---

# wrong LINE:COLUMN TEXT WAIVER
wrong() {
	printf 'waivers:\n  - {%s}\n' "$3" >"$work/wrong.yaml"
	check -i "$work/inventory.yaml" --waivers "$work/wrong.yaml"
	expect_exit 78 "$3"
	says "$work/wrong.yaml:$1: "
	says "$2"
	[ ! -e "$work/report.json" ] || fail "$3: a report all the same"
}

wrong 2:5 "'expiry'" 'check: host-connected, subject: {host: a}, reason: r, owner: o'
wrong 2:78 'expected a day as YYYY-MM-DD' 'check: host-connected, subject: {host: a}, reason: r, owner: o, expiry: soon'
wrong 2:13 "(did you mean 'host-connected'?)" 'check: host-conected, subject: {host: a}, reason: r, owner: o, expiry: 2030-01-01'
wrong 2:13 "inventory-complete can't be waived" 'check: inventory-complete, subject: {host: a}, reason: r, owner: o, expiry: 2030-01-01'
check -i "$work/inventory.yaml" --waivers "$work/none.yaml"
expect_exit 74 "no such file"
run check --facts "$work/facts.db" --waivers "$work/waivers.yaml" -f "json=$work/waivers.yaml"
expect_exit 64 "a report in place of the waivers"
