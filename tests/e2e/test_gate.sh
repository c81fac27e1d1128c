#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The gate against the genuine simulator: go, no-go, and every way in which nobody can be sure.
. "$(dirname "$0")/lib.sh"
need "$tools/vcsim"

history=$MIGREADY_HISTORY

# gate EXIT CODES ARGUMENT...: the answer's exit code, and the codes of its reasons in order (CODE+: that one, and maybe others).
# One line in text, the rest in JSON.
gate() {
	local code=$1 codes=$2
	shift 2
	run gate "$@"
	expect_exit "$code" "gate $*: $(cat "$work/stdout")"
	[ "$(wc -l <"$work/stdout")" -eq 1 ] && ! grep -q $'\033' "$work/stdout" || fail "gate $*: not one line: $(cat "$work/stdout")"
	cp "$work/stdout" "$work/line"
	[ -z "${fresh-}" ] || return 0
	run gate "$@" -f json
	expect_exit "$code" "gate $* -f json"
	jq -e --arg codes "$codes" '.schema == "migready-gate/1" and ([.reasons[].code] | unique | if $codes | endswith("+") then index($codes[:-1]) != null else join(" ") == $codes end)
		and .verdict == (if $codes == "" then "ready" elif $codes == "fail" then "not-ready" else "unknown" end)
		and all(.reasons[]; .text != "")' "$work/stdout" >/dev/null || fail "gate $*: $(cat "$work/stdout")"
}

# answered FILTER: what the last answer in JSON says.
answered() {
	jq -e "$1" "$work/stdout" >/dev/null || fail "$1: $(cat "$work/stdout")"
}

lab_inventory healthy
inventory "$work/inventory.yaml" "vc01=$url"
maintenance=(-i "$work/inventory.yaml" -p maintenance)

# --- nothing to go by ---

gate 2 no-history maintenance esx01
[ ! -e "$history" ] || fail "asking made a history"
check -i "$work/inventory.yaml"
gate 2 not-covered maintenance esx01
grep -q "'migready check -i FILE -p maintenance' records one" "$work/line" || fail "the command isn't whole: $(cat "$work/line")"
run collect -i "$work/inventory.yaml" -o "$work/facts.db"
check --facts "$work/facts.db" -p maintenance --as-of-facts
expect_exit 0 "a replay"
gate 2 replay maintenance esx01
grep -q "replays of recorded facts prove nothing about now" "$work/line" || fail "why a replay doesn't count"

# --- go ---

check "${maintenance[@]}"
expect_exit 0 "a healthy cluster"
id=$(jq -r .run "$work/report.json")
gate 0 "" maintenance esx01
grep -q "^ready: maintenance of esx01.lab.example: [1-9][0-9]* critical subjects pass; run $id, oldest fact [0-9]* s old\$" "$work/line" ||
	fail "the line: $(cat "$work/line")"
answered ".run.run == \"$id\" and .host == \"esx01.lab.example\" and .target == \"vc01\" and .cluster == \"prod-1\" and .critical.pass > 0
	and .age_s >= 0 and .max_age_s == 900 and .profile == \"maintenance\" and .profile_digest == .run.profile_digest
	and .targets[0].tls == \"CA file\""
gate 0 "" maintenance ESX04.lab.example
gate 0 "" maintenance vc01/esx02
gate 0 "" maintenance esx01 --exit-codes nagios
gate 2 ambiguous-host maintenance 'esx0*'
gate 2 unknown-host maintenance esx0l
grep -q "did you mean 'esx0[1-4]'" "$work/line" || fail "no suggestion for a short name: $(cat "$work/line")"
gate 2 unknown-host maintenance esx01.lab.exampl
grep -q "did you mean 'esx01.lab.example'" "$work/line" || fail "no suggestion for a full name: $(cat "$work/line")"
gate 2 unknown-host maintenance esx99
gate 2 unknown-host maintenance vc02/esx01
gate 2 "no-placement not-covered" evacuate esx01
grep -q "no placement evaluated" "$work/line" || fail "evacuate: $(cat "$work/line")"
check -i "$work/inventory.yaml" -p evacuation
gate 2 no-placement evacuate esx01
check --facts "$work/facts.db" -p maintenance
check -i "$work/inventory.yaml"
gate 0 "" maintenance esx01
answered ".run.run == \"$id\""

# --- too old ---

sleep 2
gate 2 stale maintenance esx01 --max-age 1s
gate 0 "" maintenance esx01 --max-age 24h

# --- another profile than the one that is installed ---

sed 's/^about: .*/about: what it says today/' "$source_dir/profiles/maintenance.yaml" >"$work/maintenance.yaml"
gate 2 other-profile maintenance esx01 -p "$work/maintenance.yaml"
mkdir "$work/data" "$work/own"
cp -r "$source_dir/checks" "$source_dir/profiles" "$work/data"
shipped=$source_dir source_dir=$work/data
gate 0 "" maintenance esx01
for file in model/host.sql probes/vsphere/host.yaml host/host-build-parity.sql; do
	echo >>"$source_dir/checks/$file"
	gate 2 other-profile maintenance esx01
	cp "$shipped/checks/$file" "$source_dir/checks/$file"
done
gate 0 "" maintenance esx01
source_dir=$shipped
cat >"$work/own/own-check.sql" <<'SQL'
/*
title: A host has a name
subject: host
depends: own
severity: critical
platforms: [vsphere]
fix: name it
*/
SELECT id AS host, CASE WHEN name IS NOT NULL THEN 'pass' ELSE 'unknown' END AS status FROM host
SQL
gate 2 "other-profile own-checks" maintenance esx01 --checks "$work/own"
check "${maintenance[@]}" --checks "$work/own"
gate 2 "other-profile own-checks" maintenance esx01
gate 0 "" maintenance esx01 --checks "$work/own"

# --- less than the host and its destinations ---

# partial CODES ARGUMENT...: a run like this, alone in a history, is no answer for esx01, and neither after a good one unless CODES
# is not-covered: then it has nothing to say of esx01.
partial() {
	local codes=$1 later=$1
	shift
	rm -f "$work/alone.db" "$work/both.db"
	run check "${maintenance[@]}" -q --history "$work/alone.db" "$@"
	gate 2 "$codes" maintenance esx01 --history "$work/alone.db"
	run check "${maintenance[@]}" -q --history "$work/both.db"
	run check "${maintenance[@]}" -q --history "$work/both.db" "$@"
	if [ "$codes" = not-covered ]; then
		gate 0 "" maintenance esx01 --history "$work/both.db"
	else
		gate 2 "$later" maintenance esx01 --history "$work/both.db"
	fi
}

partial not-covered --host esx02
partial not-covered --vm 'app01-*'
partial excluded --exclude esx01
partial candidate-excluded --exclude esx03
inventory "$work/dead.yaml" "vc01=$url" "dead=https://127.0.0.1:1"
maintenance=(-i "$work/dead.yaml" -p maintenance)
partial incomplete+ --host esx01
maintenance=(-i "$work/inventory.yaml" -p maintenance)
run check "${maintenance[@]}" -q --host esx01 --history "$work/one.db"
gate 0 "" maintenance esx01 --history "$work/one.db"
gate 2 not-covered maintenance esx02 --history "$work/one.db"

# --- damaged, foreign, unreadable ---

python3 - "$work/one.db" "$work/flipped.db" <<'PYTHON'
import sys
data = open(sys.argv[1], "rb").read()
at = data.index(b"esx02.lab.example")
open(sys.argv[2], "wb").write(data[:at] + b"esx03" + data[at + 5:])
PYTHON
cp "$source_dir/LICENSE" "$work/text.db"
cp "$work/facts.db" "$work/foreign.db"
head -c 5000 "$work/one.db" >"$work/cut.db"
: >"$work/empty.db"
mkfifo "$work/pipe.db"
chmod 600 "$work"/{flipped,text,foreign,cut,empty}.db
for file in flipped text foreign cut empty pipe; do
	gate 2 damaged maintenance esx01 --history "$work/$file.db"
done
cp "$work/one.db" "$work/open.db"
chmod 666 "$work/open.db"
gate 2 damaged maintenance esx01 --history "$work/open.db"
gate 2 damaged maintenance esx01 --history "$work"
gate 3 damaged maintenance esx01 --history "$work/text.db" --exit-codes nagios
if [ "$(id -u)" -ne 0 ]; then
	chmod 000 "$work/one.db"
	gate 2 damaged maintenance esx01 --history "$work/one.db"
fi

# --- no-go, and newer bad news after good ---

lab_stop
lab_inventory backup vm-backup-lock
inventory "$work/inventory.yaml" "vc01=$url"
check "${maintenance[@]}"
expect_exit 1 "a VM of one host can't leave"
host=$(jq -r '.findings[] | select(.status == "fail" and .vm != null) | .host' "$work/report.json" | sort -u)
[ "$(wc -l <<<"$host")" -eq 1 ] || fail "the failing VM is on: $host"
gate 1 fail maintenance "$host"
grep -q "^not-ready: maintenance of $host: vm-" "$work/line" || fail "the line: $(cat "$work/line")"
answered '.reasons | any(.finding.check == "vm-migration-not-disabled" and .finding.vm == "app01-02" and .finding.status == "fail")'
gate 2 fail maintenance "$host" --exit-codes nagios
for other in esx01 esx02 esx03 esx04; do
	[ "$other.lab.example" = "$host" ] || gate 0 "" maintenance "$other"
done
printf 'waivers:\n' >"$work/waivers.yaml"
for id in $(jq -r '.findings[] | select(.status == "fail" and .severity == "critical") | .check' "$work/report.json" | sort -u); do
	echo "  - {check: $id, subject: {vm: app01-02}, reason: the backup ends before, owner: me, expiry: 2099-12-31}" >>"$work/waivers.yaml"
done
check "${maintenance[@]}" --waivers "$work/waivers.yaml"
expect_exit 0 "all of it is waived"
gate 0 "" maintenance "$host"
grep -q '; [1-9] waived' "$work/line" || fail "the line doesn't tell of waivers: $(cat "$work/line")"
check "${maintenance[@]}"
gate 1 fail maintenance "$host"

# --- the vCenter is gone: the good run before is no answer any more ---

lab_stop
check "${maintenance[@]}"
expect_exit 2 "nobody answers"
gate 2 not-listed maintenance esx01

# --- --fresh ---

lab_inventory again
inventory "$work/inventory.yaml" "vc01=$url"
fresh=yes
rm -f "$work/fresh.db"
gate 0 "" maintenance esx02 --fresh -i "$work/inventory.yaml" --history "$work/fresh.db"
gate 2 "" maintenance esx02 --fresh -i "$work/inventory.yaml" --history "$work/fresh.db" --exclude esx03
run list runs --history "$work/fresh.db"
[ "$(grep -c ' maintenance  *vc01  *esx02' "$work/stdout")" -eq 2 ] || fail "what --fresh recorded: $(cat "$work/stdout")"
run gate maintenance esx02 --fresh -i "$work/inventory.yaml" --history "$work/no-such-folder/h.db"
expect_exit 74 "--fresh that can't record"
[ ! -s "$work/stdout" ] || fail "an answer from a run that isn't recorded"
run gate maintenance esx99 --fresh -i "$work/inventory.yaml"
[ "$status" -ge 2 ] || fail "--fresh for a host that isn't there"
lab_stop
gate 2 "" maintenance esx02 --fresh -i "$work/inventory.yaml" --history "$work/fresh.db"
run gate maintenance esx02 --fresh -i "$work/inventory.yaml" --history "$work/unreached.db"
expect_exit 2 "--fresh against a server that is gone"
grep -q "vc01 could not be asked: connection refused" "$work/stdout" || fail "why --fresh failed: $(cat "$work/stdout")"
unset fresh

# --- a Linux host: what check said of it and its VMs, the gate says ---

local_inventory "$work/local.yaml"
run check -i "$work/local.yaml" -p maintenance --history "$work/local.db"
checked=$status
[ "$checked" -le 2 ] || fail "check of this machine: exit code $checked"
run gate maintenance "$(uname -n)" --history "$work/local.db"
expect_exit "$checked" "the gate about a run over this machine"

# --- the command line ---

for arguments in "" maintenance "maintenance a b" "reboot esx01" "maintenance esx01 --fresh" "maintenance esx01 -i x" "maintenance esx01 --exclude x" \
	"maintenance esx01 --waivers x" "maintenance esx01 --max-age 0" "maintenance esx01 --max-age 25h" "maintenance esx01 -f yaml"; do
	run gate $arguments
	expect_exit 64 "gate $arguments"
	[ ! -s "$work/stdout" ] || fail "gate $arguments: an answer"
done
run gate maintenence esx01
says "unknown operation 'maintenence' (did you mean 'maintenance'?); there are: maintenance, evacuate"
run gate maintenance esx01 -p no-such-profile
expect_exit 78 "an unknown profile"
