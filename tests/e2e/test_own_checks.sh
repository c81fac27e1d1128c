#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A folder of one's own: its checks and probes are planned, run and reported like the built-in ones, and marked; what is wrong
# in it is told by its place, before anything is sent.
. "$(dirname "$0")/lib.sh"

example=$source_dir/docs/example/own-checks
local_inventory "$work/inventory.yaml"
swappiness=$(cat /proc/sys/vm/swappiness)

# As the README has it, and with the one check alone: then only its tables are asked for.
check -i "$work/inventory.yaml" --checks "$example"
expect "planned and judged" 'any(.findings[]; .check == "host-swappiness" and .observed == "vm.swappiness " + $is
	and .status == (if ($is | tonumber) <= 60 then "pass" else "fail" end))' --arg is "$swappiness"
expect "reported with what its header says" 'any(.findings[]; .check == "host-swappiness" and .severity == "warning"
	and .expected == "at most 60" and (.fix | test("sysctl")) and (.refs | length == 1))'
expect "its probe is marked, no other" '[.probes[] | select(.user) | .probe] == ["swappiness"]'
expect "the built-in ones too" 'any(.findings[]; .check == "host-connected") and any(.probes[]; .probe == "local/link")'

printf 'about: one check\nchecks: [host-swappiness]\nparams: {host-swappiness: {max: %d}}\nseverity: {host-swappiness: critical}\n' \
	$((swappiness - 1)) >"$work/profile.yaml"
check -i "$work/inventory.yaml" --checks "$example" -p "$work/profile.yaml"
expect_exit 1 "a parameter and a severity of the profile"
expect "fails" 'any(.findings[]; .check == "host-swappiness" and .status == "fail" and .severity == "critical")'
expect "asked for no more than that" '[.probes[].probe] | sort == ["kvm/listed", "kvm/qemu", "kvm/vm", "local/host", "swappiness"]'

run list checks --checks "$example"
grep -q '^host-swappiness  *user ' "$work/stdout" || fail "list checks doesn't name the user's check"
run list checks
! grep -q swappiness "$work/stdout" || fail "without --checks there is a user's check"
run describe host-swappiness --checks "$example"
grep -qF linux_swappiness "$work/stdout" || fail "describe doesn't tell the check's tables"
run describe --requests -i "$work/inventory.yaml" --checks "$example"
grep -qF 'read /proc/sys/vm/swappiness' "$work/stdout" || fail "describe --requests doesn't tell what the user's probe reads"
run collect -i "$work/inventory.yaml" --checks "$example" -o "$work/facts.db"
run query --facts "$work/facts.db" --checks "$example" -f csv 'SELECT value FROM linux_swappiness'
[ "$(tr -d '\r' <"$work/stdout")" = "value
$swappiness" ] || fail "query doesn't know the user's table: $(cat "$work/stdout")"

# Beside this machine the inventory names a server, so that anything sent is seen.
lab_scripted server
inventory "$work/inventory.yaml" "vc01=$url"
sed -i '1a\  - {name: here, local: true}' "$work/inventory.yaml"

# wrong PLACE TEXT: with $work/own as it was changed, the error names that place and has that text, and nothing was sent.
wrong() {
	check -i "$work/inventory.yaml" --checks "$work/own"
	expect_exit 78 "$1"
	says "$work/own/$1: "
	says "$2"
	[ "$(wc -l <"$work/stderr")" -eq 1 ] || fail "$1: more than one line"
	[ ! -s "$work/server.jsonl" ] || fail "$1: something was sent"
	[ ! -e "$work/report.json" ] || fail "$1: a report was written"
}

# change FILE SED_SCRIPT: a fresh copy of the example with one mistake.
change() {
	rm -rf "$work/own"
	cp -r "$example" "$work/own"
	sed -i "$2" "$work/own/$1"
}

line() {
	grep -nF -- "$2" "$work/own/$1" | head -n 1 | cut -d: -f1
}

sql=host-swappiness.sql yaml=swappiness.yaml
change $sql 's/FROM host/FORM host/'
wrong "$sql:$(line $sql 'FORM host'):3" 'near "FORM": syntax error'
change $sql 's/s.value <=/s.vlaue <=/'
wrong "$sql:$(line $sql s.vlaue):18" 'no such column: s.vlaue'
change $sql 's/JOIN linux_swappiness/JOIN linux_swapiness/'
wrong "$sql:$(line $sql '*/'):1" 'no such table: linux_swapiness'
change $sql 's/^severity:/severtiy:/'
wrong "$sql:$(line $sql severtiy):1" "(did you mean 'severity'?)"
change $sql 's/^platforms: .*/platforms: [kvm/'
wrong "$sql:$(($(line $sql 'platforms: [kvm') + 1)):7" 'expected YAML'
change $sql 's/^platforms: .*/platforms: [kmv]/'
wrong "$sql:$(line $sql kmv):13" "unknown platform 'kmv' (did you mean 'kvm'?)"
change $sql 's/AS expected/AS expekted/'
wrong "$sql:$(line $sql '*/'):1" "unknown column 'expekted' (did you mean 'expected'?)"
change $sql "s/ AS observed/ AS observed, :maximum AS detail/"
wrong "$sql:$(line $sql '*/'):1" maximum
change $yaml 's/^transport: local/transport: loacl/'
wrong "$yaml:$(line $yaml loacl):12" "unknown transport 'loacl' (did you mean 'local'?)"
change $yaml 's/^file:/fiel:/'
wrong "$yaml:$(line $yaml fiel:):1" "(did you mean 'file'?)"
change $yaml 's/type: integer/type: interger/'
wrong "$yaml:$(line $yaml interger):30" "(did you mean 'integer'?)"
change $yaml 's/^about: .*/about: [one/'
wrong "$yaml:$(($(line $yaml '[one') + 1)):10" 'expected YAML'
change $yaml 's/linux_swappiness:/linux_host:/'
wrong "$yaml:$(line $yaml linux_host):3" "table 'linux_host' has other columns in"

# Ids are unique: nobody replaces a built-in check or probe unseen.
change $sql ''
mv "$work/own/$sql" "$work/own/host-connected.sql"
wrong host-connected.sql "check 'host-connected' exists already: $source_dir/checks/host/host-connected.sql"
change $yaml ''
mkdir "$work/own/local"
mv "$work/own/$yaml" "$work/own/local/host.yaml"
wrong "local/host.yaml:$(line local/host.yaml about:):1" "probe 'local/host' exists already"

# Whose mistake it is can't be said of a folder that isn't there, and a good folder still works beside the server.
run check -i "$work/inventory.yaml" --checks "$work/no-such-folder"
[ "$status" -ne 0 ] && [ ! -s "$work/server.jsonl" ] || fail "a folder that isn't there is no mistake"
says "$work/no-such-folder"
check -i "$work/inventory.yaml" --checks "$example"
expect "only this machine has such a subject" '[.findings[] | select(.check == "host-swappiness") | .target] == ["here"]'
