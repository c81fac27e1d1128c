#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What two recorded runs found differently: against the genuine simulator before, with and after a defect, and over recorded facts.
. "$(dirname "$0")/lib.sh"
need "$tools/vcsim"

# differs EXIT FILTER ARGUMENT...: the exit code, and what the JSON says.
differs() {
	local code=$1 filter=$2
	shift 2
	run diff "$@"
	expect_exit "$code" "diff $*"
	cp "$work/stdout" "$work/text"
	run diff "$@" -f json
	expect_exit "$code" "diff $* -f json"
	jq -e '.schema == "migready-diff/1" and .summary == {new: ([.differences[] | select(.change == "new")] | length),
		changed: ([.differences[] | select(.change == "changed")] | length),
		gone: ([.differences[] | select(.change == "gone")] | length)}
		and all(.differences[]; (.before == null) == (.change == "new") and (.after == null) == (.change == "gone"))' \
		"$work/stdout" >/dev/null || fail "diff $*: $(cat "$work/stdout")"
	jq -e "$filter" "$work/stdout" >/dev/null || fail "diff $*: $filter: $(cat "$work/stdout")"
}

# live NAME [DEFECT]: a recorded run against the simulator. ids[NAME] is its id.
declare -A ids
live() {
	local name=$1
	shift
	lab_inventory "$name" "$@"
	sed -i "s|vcenter: .*|vcenter: $url|" "$work/inventory.yaml"
	check -i "$work/inventory.yaml" -p maintenance $waivers
	lab_stop
	ids[$name]=$(jq -r .run "$work/report.json")
}

waivers=
inventory "$work/inventory.yaml" "vc01=https://x"
run diff
expect_exit 74 "no history"
live before
expect_exit 0 "healthy"
run diff
expect_exit 64 "no second run"
says "no earlier run of the same profile and scope as run"
live locked vm-backup-lock
expect_exit 1 "a VM is locked"

# --- new: against the last ready run ---

differs 1 ".before.run == \"${ids[before]}\" and .after.run == \"${ids[locked]}\" and .summary.gone == 0 and .summary.changed == 0
	and all(.differences[]; .after.vm == \"app01-02\")
	and any(.differences[]; .after.check == \"vm-migration-not-disabled\" and .after.status == \"fail\")"
grep -q "^--- ${ids[before]} .* ready " "$work/text" && grep -q "^+++ ${ids[locked]} .* not-ready " "$work/text" || fail "the runs"
grep -q '^+ fail critical vm-migration-not-disabled: ' "$work/text" || fail "the finding: $(cat "$work/text")"
tail -n 1 "$work/text" | grep -q '^[1-9][0-9]* new, 0 changed, 0 gone$' || fail "the sum"
jq -e '.notes | any(test("targets differ"))' "$work/stdout" >/dev/null || fail "the address is another, and nobody says so"
grep -q '^note: .*targets differ' "$work/text" || fail "the note"
differs 0 '.differences == []' last last
differs 1 '.summary.new == 0 and .summary.gone > 0' last last-ready
differs 1 '.summary.gone == 0' last-ready last
[ "${ids[before]:0:12}" = "${ids[locked]:0:12}" ] || differs 1 true "${ids[before]:0:12}" "${ids[locked],,}"

# --- changed: the same finding, waived ---

printf 'waivers:\n' >"$work/waivers.yaml"
for id in $(jq -r '.findings[] | select(.status == "fail") | .check' "$work/report.json" | sort -u); do
	echo "  - {check: $id, subject: {vm: app01-02}, reason: its backup ends tonight, owner: me, expiry: 2099-12-31}" >>"$work/waivers.yaml"
done
waivers="--waivers $work/waivers.yaml"
live waived vm-backup-lock
expect_exit 0 "waived"
differs 1 '.summary.new == 0 and .summary.gone == 0 and all(.differences[]; .before.status == "fail" and .after.status == "waived"
	and (.after.waiver | test("tonight")))' "${ids[locked]}" "${ids[waived]}"
grep -q '^~ waived ' "$work/text" && grep -q '^    was fail critical: ' "$work/text" || fail "changed: $(cat "$work/text")"

# --- gone ---

waivers=
live after
differs 1 '.summary.new == 0 and .summary.changed == 0 and .summary.gone > 0' "${ids[locked]}" last
grep -q '^- fail critical vm-migration-not-disabled: ' "$work/text" || fail "gone: $(cat "$work/text")"
differs 0 '.differences == [] and .before.verdict == .after.verdict' "${ids[before]}" "${ids[after]}"

# --- last-ready is one that was asked the same as the other ---

lab_inventory narrow
sed -i "s|vcenter: .*|vcenter: $url|" "$work/inventory.yaml"
check -i "$work/inventory.yaml" -p maintenance --host esx01
expect_exit 0 "one host, ready"
lab_stop
differs 1 ".before.run == \"${ids[locked]}\" and .after.run == \"${ids[after]}\" and .before.scope == .after.scope" "${ids[locked]}" last-ready
differs 0 '.before.run == .after.run' last-ready last-ready
run diff last last-ready
expect_exit 64 "no other run of one host was ready"
says "no other run of the same profile and scope as run"

# --- other questions ---

defective=$source_dir/docs/example/defective-cluster.db
export MIGREADY_HISTORY=$work/replays.db
check --facts "$defective" --exclude esx03
first=$(jq -r .run "$work/report.json")
check --facts "$defective" --host esx01 -p maintenance
differs 1 '(.notes | any(test("profiles differ"))) and (.notes | any(test("scopes differ"))) and .before.scope.excluded == ["esx03"]
	and .after.scope.hosts == ["esx01"] and .before.replay' "$first" last
check --facts "$defective" --exclude esx03
differs 0 '.differences == []' "$first" last
run diff
expect_exit 64 "none was ready"

for arguments in last "last last last" "0 1" "$first no-such-run" "last last -f yaml"; do
	run diff $arguments
	expect_exit 64 "diff $arguments"
done
run diff "${first:0:1}" last
expect_exit 64 "an id that isn't one"
says "is the start of several runs"

# --- damaged ---

python3 - "$MIGREADY_HISTORY" <<'PYTHON'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE document SET body = replace(body, 'fail', 'warn')")
db.commit()
PYTHON
run diff "$first" last
expect_exit 78 "damaged"
says "was changed"
