#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The commands as a user or a job calls them: replays, exit codes, profiles, query, list, describe, what goes to which output.
. "$(dirname "$0")/lib.sh"

defective=$source_dir/docs/example/defective-cluster.db
local_inventory "$work/inventory.yaml"

# --- recorded facts: a replay never says ready by itself ---

lab_scripted server
inventory "$work/server.yaml" "vc01=$url"
check -i "$work/server.yaml"
expect_exit 0 "a healthy cluster"
cp "$work/report.json" "$work/live.json"
run collect -i "$work/server.yaml" -o "$work/healthy.db"
expect_exit 0 "collect"
# Facts and history hold the site's inventory: closed to others. A report is as the umask says.
umask 022
run collect -i "$work/server.yaml" -o "$work/private.db"
run check -i "$work/server.yaml" -f json="$work/shared.json" --history "$work/private-history.db"
umask 077
[ "$(stat -c %a "$work/private.db" "$work/private-history.db" "$work/shared.json" | tr '\n' ' ')" = "600 600 644 " ] ||
	fail "modes: $(stat -c '%n %a' "$work"/private*.db "$work/shared.json")"
chmod 644 "$work/private.db"
run collect -i "$work/server.yaml" -o "$work/private.db"
[ "$(stat -c %a "$work/private.db")" = 600 ] || fail "facts that replace others' are open"
lab_stop
check --facts "$work/healthy.db"
expect_exit 2 "ready, but only on record"
expect "the same findings" '.findings == $live[0].findings and .verdict == $live[0].verdict' --slurpfile live "$work/live.json"
check --facts "$work/healthy.db" --as-of-facts
expect_exit 0 "ready as of the facts"
for option in "" --as-of-facts; do
	check --facts "$defective" $option
	expect_exit 1 "not ready stays not ready $option"
done
check --facts "$defective" --exit-codes nagios
expect_exit 2 "nagios: critical"
check --facts "$work/healthy.db" --exit-codes nagios --as-of-facts
expect_exit 0 "nagios: ok"
check --facts "$work/healthy.db" --exit-codes nagios
expect_exit 3 "nagios: unknown"
check -i "$work/no-such-file" --exit-codes nagios
expect_exit 3 "nagios: a mistake"
check --facts "$work"
expect_exit 74 "facts that are a folder"
says "Is a directory"
check --facts "$source_dir/LICENSE"
[ "$status" -ge 64 ] || fail "a file that holds no facts: exit code $status"
says "$source_dir/LICENSE"
cp "$defective" "$work/copy.db"
check --facts "$work/copy.db"
cmp -s "$defective" "$work/copy.db" || fail "a replay changes the facts"

# --- query ---

query() {
	run query --facts "$defective" "$@"
}

query 'SELECT name, target FROM host ORDER BY name LIMIT 1'
expect_exit 0 "query"
[ "$(head -n 1 "$work/stdout" | tr -s ' ')" = "name target" ] && grep -q '^esx01.lab.example  *vc01' "$work/stdout" || fail "a table"
query -f csv "SELECT 'a,b' AS a, NULL AS n, '' AS e, 1.5 AS r, 'q\"q' AS q, 'x
y' AS l"
printf 'a,n,e,r,q,l\r\n"a,b",,"",1.5,"q""q","x\ny"\r\n' | cmp - "$work/stdout" || fail "CSV"
query -f json "SELECT 'a' AS a, NULL AS n, '' AS e, 1.5 AS r, 7 AS i, 'q\"<é' AS q, 9e999 AS inf"
jq -e '. == [{a: "a", n: null, e: "", r: 1.5, i: 7, q: "q\"<é", inf: "Inf"}]' "$work/stdout" >/dev/null || fail "JSON: $(cat "$work/stdout")"
query -f json 'SELECT 1 WHERE 0'
jq -e '. == []' "$work/stdout" >/dev/null || fail "no rows"
query 'SELECT probe, outcome FROM run_outcome'
expect_exit 0 "run_outcome"

run query -i "$work/inventory.yaml" -f json 'SELECT mtu FROM linux_link WHERE loopback'
expect_exit 0 "query asks the hosts"
jq -e 'length == 1 and (.[0].mtu > 0)' "$work/stdout" >/dev/null || fail "this machine has a loopback: $(cat "$work/stdout")"
run query -i "$work/inventory.yaml" -f json 'SELECT probe FROM run_outcome, linux_link WHERE loopback'
jq -e 'map(.probe) | unique == ["kvm/listed", "local/host", "local/link"]' "$work/stdout" >/dev/null || fail "more was asked than the query reads: $(cat "$work/stdout")"

query 'SELECT name FROM hots'
expect_exit 65 "an unknown table"
says "no such table: hots (did you mean 'host'?); 'migready list tables' names them"
query 'SELECT h.nmae FROM host AS h'
expect_exit 65 "an unknown column"
says "no such column: h.nmae (did you mean 'name'?)"

# Nobody answers: an empty table, which must not look like an answer.
cat >"$work/dead.yaml" <<'YAML'
targets:
YAML
for i in 1 2 3 4 5 6 7; do
	echo "  - {name: dead$i, vcenter: 'https://127.0.0.1:1', credential: nobody, tls: {insecure: true}}" >>"$work/dead.yaml"
done
echo 'credentials: {nobody: {user: nobody, password: {env: VC_PASSWORD}}}' >>"$work/dead.yaml"
for option in '' -q; do
	run query -i "$work/dead.yaml" $option 'SELECT name FROM host'
	expect_exit 2 "query $option of who doesn't answer"
	[ "$(grep -c 'dead[1-7]: not everything was answered: connection refused' "$work/stderr")" -eq 5 ] ||
		fail "query $option doesn't say why: $(cat "$work/stderr")"
	says "and 2 more"
done

for sql in 'DELETE FROM vsphere_host' "WITH x AS (SELECT 1) UPDATE vsphere_host SET name = ''" 'INSERT INTO run_target DEFAULT VALUES' \
	'CREATE TABLE x(a)' 'CREATE TEMP TABLE x(a)' 'DROP VIEW host' "ATTACH '$work/x.db' AS x" "VACUUM INTO '$work/x.db'" VACUUM \
	'PRAGMA user_version = 3' BEGIN 'SELECT 1; DELETE FROM vsphere_host' "SELECT load_extension('x')" "SELECT readfile('/etc/passwd')" \
	'SELEC 1' 'SELECT * FROM no_such_table' ''; do
	for source in "--facts $work/copy.db" "-i $work/inventory.yaml"; do
		run query $source "$sql"
		expect_exit 65 "query $source: $sql"
		[ -s "$work/stderr" ] || fail "$sql: no reason"
	done
done
cmp -s "$defective" "$work/copy.db" && [ ! -e "$work/x.db" ] || fail "query wrote something"
started=$SECONDS
query --deadline 1s 'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r'
expect_exit 69 "a query without end"
[ $((SECONDS - started)) -le 5 ] || fail "the deadline of a query isn't kept"
says "(--deadline TIME)"

# --- list and describe ---

# lists WHAT NAME: `list WHAT` has a line that starts with NAME.
lists() {
	run list "$1"
	expect_exit 0 "list $1"
	grep -q "^$2 " "$work/stdout" || fail "list $1 doesn't name $2"
}

lists checks nfs-mount-identity
lists probes vsphere/host
lists profiles onboarding
lists tables migration_path
lists tables vsphere_host
lists formats junit
lists transports netlink
run list checks
[ "$(tail -n +2 "$work/stdout" | wc -l)" -eq "$(find "$source_dir/checks" -name '*.sql' ! -path '*/model/*' | wc -l)" ] ||
	fail "list checks doesn't list every check"

# describes NAME TEXT: `describe NAME` has that text.
describes() {
	run describe "$1"
	expect_exit 0 "describe $1"
	grep -qF -- "$2" "$work/stdout" || fail "describe $1 doesn't say: $2"
}

describes host-connected 'Reconnect the host'
describes nfs-mount-identity host_volume
describes vsphere/vmknic vsphere_vmknic
for probe in local/link vsphere/vm_setting; do
	file=$source_dir/checks/probes/$probe.yaml
	run describe "$probe"
	[ "$(tail -n "$(wc -l <"$file")" "$work/stdout")" = "$(cat "$file")" ] || fail "describe $probe doesn't show its file"
	[ "$(grep -c '^about: ' "$work/stdout")" -eq 1 ] || fail "describe $probe says it twice"
done
describes migration_path 'Spine:'
describes vsphere_vmknic netmask
describes onboarding 'every check'
for pair in host-conected:host-connected vsphere/hots:vsphere/host vsphere_vmknics:vsphere_vmknic hst:host; do
	run describe "${pair%%:*}"
	expect_exit 64 "describe ${pair%%:*}"
	says "(did you mean '${pair#*:}'?)"
done
run describe --requests -i "$work/inventory.yaml"
expect_exit 0 "describe --requests of this machine"
grep -q '^read /proc/' "$work/stdout" || fail "describe --requests doesn't tell which files are read"
run describe --requests --facts "$defective"
grep -q '^POST https://.*/sdk Logout' "$work/stdout" || fail "describe --requests doesn't tell of Logout"

# A host's name makes no line of its own, and nothing of it is for a shell or a terminal.
cp "$defective" "$work/odd.db"
sqlite3 "$work/odd.db" "UPDATE vsphere_host SET name = name || char(10, 27) || '\$(id);id'"
printf '%s\n' 'credentials: {vc: {user: root, password: {env: SECRET}}}' \
	'targets: [{name: vc01, vcenter: "https://vc01.lab.example", credential: vc, ssh: {credential: vc, insecure: true}}]' >"$work/odd.yaml"
SECRET=x run describe --requests --facts "$work/odd.db" -i "$work/odd.yaml"
expect_exit 0 "describe --requests of hosts with odd names"
grep -qF 'ssh -p 22 root@esx01.lab.example\x0a\x1b\x24\x28id\x29\x3bid vmkping' "$work/stdout" || fail "an odd name in a command: $(grep ssh "$work/stdout")"
! grep -F -e '$(id)' -e $'\x1b' "$work/stdout" || fail "an odd name is written as it is"

# --- outputs ---

run check --facts "$defective" -q -f "json=$work/report.json"
expect_exit 1 "-q"
[ ! -s "$work/stdout" ] && [ ! -s "$work/stderr" ] || fail "-q isn't quiet"
run check --facts "$defective" -q
[ -s "$work/stdout" ] && [ ! -s "$work/stderr" ] || fail "-q leaves the report that was asked for"
run check --facts "$defective" -f json
jq -e .verdict "$work/stdout" >/dev/null || fail "standard output is more than the JSON report"
run check --facts "$defective" -f text -f json=-
expect_exit 64 "two reports to standard output"
says "two reports to standard output"

run check -i "$work/inventory.yaml" --log-json -vv -f "json=$work/report.json"
[ -s "$work/stderr" ] || fail "-vv says nothing"
jq -se 'all(.[]; (.time | test("^[0-9-]+T[0-9:.]+Z$")) and .level and .message)' "$work/stderr" >/dev/null || fail "a line of --log-json"
run check -i "$work/no
such" --log-json
jq -se 'length >= 1 and .[0].level == "error"' "$work/stderr" >/dev/null || fail "an error with --log-json"

# full ARGUMENT...: what can't be said must be an error, whatever the verdict.
full() {
	migready_command
	status=0
	"${command[@]}" "$@" >/dev/full 2>"$work/stderr" </dev/null || status=$?
	expect_exit 74 "$* >/dev/full"
	says "No space left"
}

for format in text json junit; do
	full check --facts "$defective" -f "$format"
	full check -i "$work/inventory.yaml" -f "$format"
done
full query --facts "$defective" 'SELECT * FROM host'
full describe --requests --facts "$defective"
full list tables
run check --facts "$defective" -f json=/dev/full -f "junit=$work/report.xml"
expect_exit 74 "one report of two"
[ -s "$work/report.xml" ] || fail "a full disk took the other report with it"
run check --facts "$defective" -f "json=$work/no-such-folder/report.json"
expect_exit 74 "a folder that isn't there"
says "$work/no-such-folder/report.json"

migready_command
status=0
"${command[@]}" check -i - -f "json=$work/report.json" <"$work/inventory.yaml" >"$work/stdout" 2>"$work/stderr" || status=$?
[ "$status" -le 2 ] || fail "an inventory from standard input: exit code $status"
expect "its target" '.targets | map(.name) == ["here"]'
status=0
"${command[@]}" check -i - <<<'targets: [{name: here, lokal: true}]' >"$work/stdout" 2>"$work/stderr" || status=$?
expect_exit 78 "a wrong inventory from standard input"
says ":1:24: "
says "(did you mean 'local'?)"

# --- a profile of one's own ---

cat >"$work/profile.yaml" <<'YAML'
about: logs, stricter
checks: [vm-log-rotate-size, cpu-feature-*]
severity: {vm-log-rotate-size: warning, cpu-feature-parity: critical}
params: {vm-log-rotate-size: {min_bytes: 3000000}}
YAML
check --facts "$defective" -p "$work/profile.yaml"
expect_exit 1 "the CPU check is critical here"
expect "its checks and no others" '[.findings[].check] | unique == ["cpu-feature-parity", "inventory-complete", "vm-log-rotate-size"]'
expect "severities and parameters" '[.findings[] | select(.check == "vm-log-rotate-size" and .status == "fail")] | length == 5
	and all(.[]; .severity == "warning")'
expect "named" '.profile == "profile" and (.profile_digest | test("^sha256:[0-9a-f]{64}$"))'
run list checks -p "$work/profile.yaml"
grep -q '^vm-log-rotate-size .* warning ' "$work/stdout" && ! grep -q '^host-connected' "$work/stdout" || fail "list checks -p"

# wrong LINE:COLUMN TEXT PROFILE_LINE...: a profile of these lines is refused, at that place.
wrong() {
	local place=$1 text=$2
	shift 2
	printf '%s\n' 'about: a test' "$@" >"$work/wrong.yaml"
	check --facts "$defective" -p "$work/wrong.yaml"
	expect_exit 78 "$*"
	says "$work/wrong.yaml:$place: "
	says "$text"
	[ ! -e "$work/report.json" ] || fail "$*: a report all the same"
}

wrong 2:1 "(did you mean 'checks'?)" 'cheks: [host-connected]'
wrong 2:10 "'host-conected' selects no check" 'checks: [host-conected]'
wrong 2:12 "(did you mean 'host-connected'?)" 'severity: {host-conected: info}'
wrong 2:28 'expected critical, warning or info' 'severity: {host-connected: fatal}'
wrong 2:32 'inventory-complete is blocking in every profile' 'severity: {inventory-complete: info}'
wrong 2:27 "has no parameter 'maximum'" 'params: {host-connected: {maximum: 3}}'
wrong 3:35 'expected a whole number' 'params:' '  vm-log-rotate-size: {min_bytes: many}'
wrong 2:9 'at least one check' 'checks: []'
wrong 2:19 "no check is of the family 'hosts' (did you mean 'host'?)" 'checks: [{family: hosts}]'
wrong 2:11 'inventory-complete is blocking' 'exclude: [inventory-complete]'
wrong 2:10 "unknown profile 'onbording' (did you mean 'onboarding'?)" 'extends: onbording'
wrong 2:10 'extends itself' 'extends: wrong.yaml'

cat >"$work/extension.yaml" <<'YAML'
extends: profile.yaml
checks: [{family: cpu, id: cpu-f*, severity: critical}]
YAML
check --facts "$defective" -p "$work/extension.yaml"
expect_exit 1 "the CPU check is critical in what it extends"
expect "selected by the severity given there" '[.findings[].check] | unique == ["cpu-feature-parity", "inventory-complete"]'
run describe "$work/extension.yaml"
expect_exit 0 "describe a profile's file"
grep -q '^cpu-feature-parity .* critical ' "$work/stdout" && ! grep -q '^vm-log' "$work/stdout" || fail "describe: its checks"
grep -q '^vsphere/cpu_feature ' "$work/stdout" && ! grep -q '^vsphere/vm_setting' "$work/stdout" || fail "describe: its probes"
grep -q '^POST https://VCENTER/sdk RetrievePropertiesEx HostSystem: ' "$work/stdout" || fail "describe: what they send"
run check --facts "$defective" -p onbording
expect_exit 78 "an unknown profile"
says "(did you mean 'onboarding'?)"

# --- the command line ---

for arguments in "" "check" "chekc" "check -i" "check -i x -i y" "check -x" "check --facts x -i y" "check -i x --deadline 0" "query" "list" \
	"list x" "describe" "collect -i x" "check -i x --exit-codes x" "check -i x -f" "check -i x --colour=x" "check -i x extra" "check -i x --all=1"; do
	run $arguments
	expect_exit 64 "migready $arguments"
	[ -s "$work/stderr" ] && [ ! -s "$work/stdout" ] || fail "migready $arguments: says it on standard output"
done
