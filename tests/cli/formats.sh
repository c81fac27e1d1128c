#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# formats.sh - docs/formats.md and docs/writing-checks.md name every key, type and column that the program knows and none
# that it doesn't, and their examples run.
set -u

docs=$SOURCE_DIR/docs
formats=$docs/formats.md
writing=$docs/writing-checks.md
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export HOME="$dir"
: >"$dir/complaints"

# Through a file, since the end of a pipeline is a shell of its own.
complain() {
	echo "$*" | tee -a "$dir/complaints"
}

# What stands between "ARRAY[] = {" and the next "};", as one line.
array() {
	awk -v start=" $2[] = {" '
		!on && (i = index($0, start)) { on = 1; $0 = substr($0, i + length(start)) }
		on { printf "%s ", $0 }
		on && /};/ { exit }' "$SOURCE_DIR/$1"
}

# The rows of a table of yaml_keys as "NAME TYPE REQUIRED".
keys() {
	array "$1" "$2" | sed 's/{\.name = /\n&/g' | awk '/^{\.name = / {
		split($0, part, "\"")
		match($0, /YAML_T_[A-Z]*/)
		print part[2], substr($0, RSTART + 7, RLENGTH - 7), (/\.required = true/ ? "yes" : "no")
	}'
}

# The first text of every row of an array of structs; every text of an array of texts.
firsts() {
	array "$1" "$2" | sed 's/{"/\n&/g' | sed -n 's/^{"\([^"]*\)".*/\1/p'
}

texts() {
	array "$1" "$2" | grep -o '"[^"]*"' | tr -d '"'
}

# The tables under a heading: the rows' cells, without their backquotes, as "NAME|SECOND|THIRD".
cells() {
	awk -v heading="$2" '
		/^```/ { code = !code }
		!code && /^##/ { sub(/^#+ /, ""); on = ($0 == heading); next }
		on && !code && /^\| `/ { print }' "$1" |
		awk -F ' *\\| *' '{ gsub(/`/, ""); print $2 "|" $3 "|" $4 }'
}

# same WHAT HEADING FILE - names on standard input and first cells of the heading's table are the same set.
same() {
	sort >"$dir/known"
	cells "$3" "$2" | cut -d '|' -f 1 | sort >"$dir/documented"
	[ -s "$dir/known" ] || complain "$1: nothing was found in the sources"
	for name in $(comm -23 "$dir/known" "$dir/documented"); do
		complain "$1: '$name' is not under '$2' in ${3##*/}"
	done
	for name in $(comm -13 "$dir/known" "$dir/documented"); do
		complain "$1: '$name' is under '$2' in ${3##*/}, and doesn't exist"
	done
}

# same_keys SOURCE ARRAY HEADING FILE - as same(), with type and whether it must be there.
same_keys() {
	keys "$1" "$2" >"$dir/keys"
	cut -d ' ' -f 1 "$dir/keys" | same "$1" "$3" "$4"
	while read -r name type required; do
		case $type in
		TEXT) type=text ;; INT) type=integer ;; BOOL) type=boolean ;; DURATION) type=duration ;;
		SEQ) type=list ;; MAP) type=mapping ;; ANY) type=any ;;
		esac
		[ "$required" = yes ] || required=
		cells "$4" "$3" | grep -qxF "$name|$type|$required" ||
			complain "$1: '$name' is of type $type, required: ${required:-no}; ${4##*/} says something else"
	done <"$dir/keys"
}

same_keys agent/inventory.c inventory_keys 'Inventory keys' "$formats"
same_keys agent/inventory.c target_keys 'Target keys' "$formats"
same_keys agent/inventory.c tls_keys 'TLS keys' "$formats"
same_keys agent/inventory_ssh.c ssh_keys 'SSH keys' "$formats"
same_keys agent/inventory_ssh.c proxy_keys 'Proxy keys' "$formats"
same_keys agent/inventory_credential.c credential_keys 'Credential keys' "$formats"
firsts agent/inventory_credential.c sources | same agent/inventory_credential.c 'Password references' "$formats"
same_keys agent/profile.c keys 'Profile keys' "$formats"
same_keys agent/profile.c selector_keys 'Selector keys' "$formats"
"$MIGREADY" list profiles | sed '1d; s/ .*//' | same 'list profiles' 'Built-in profiles' "$formats"
same_keys agent/waiver.c file_keys 'Waiver file keys' "$formats"
same_keys agent/waiver.c waiver_keys 'Waiver keys' "$formats"
array agent/waiver.c subject_keys | grep -o '"[^"]*", \.type' | sed 's/"\([^"]*\)".*/\1/' | same agent/waiver.c 'Waiver subject keys' "$formats"
same_keys agent/check.c keys 'Check keys' "$formats"
same_keys agent/probe.c common_keys 'Probe keys' "$formats"
same_keys agent/probe_items.c search_keys 'Search keys' "$formats"
same_keys agent/probe_table.c table_keys 'Table keys' "$formats"
same_keys agent/probe_table.c column_keys 'Column keys' "$formats"
same_keys tests/checks/case_file.c file_keys 'Case file keys' "$writing"
same_keys tests/checks/case_file.c case_keys 'Case keys' "$writing"
same_keys tests/checks/case_file.c gap_keys 'Gap keys' "$writing"
same_keys tests/checks/case_file.c exception_keys 'Exception keys' "$writing"

texts agent/check.c subjects | same agent/check.c Subjects "$formats"
texts agent/plan_need.c plan_columns | same agent/plan_need.c 'Columns of a check' "$formats"
texts agent/probe_table.c names | same agent/probe_table.c 'Column types' "$formats"
firsts agent/template.c types | same agent/template.c 'Placeholder types' "$formats"
texts agent/row_path.c known | grep -v 'type$' | same agent/row_path.c 'Path names' "$formats"
sed -n 's/^\tEXIT_[A-Z]* = \([0-9]*\).*/\1/p' "$SOURCE_DIR/agent/command.h" | same agent/command.h 'Exit codes' "$formats"
sed -n 's/.*directive(line, "\([a-z]*\)").*/-- \1/p' "$SOURCE_DIR/agent/model.c" | sort >"$dir/known"
cells "$formats" 'View directives' | sed 's/[:|].*//' | sort | cmp -s - "$dir/known" ||
	complain "agent/model.c: its directives and those under 'View directives' in formats.md differ"

# The columns of a table of the history; the reasons that the gate gives.
for table in history_info document run; do
	array agent/history.c schema | sed 's/" *"//g' | grep -o "CREATE TABLE $table(.*" | sed 's/[^(]*(//; s/) STRICT.*//' | tr , '\n' |
		awk '{ print $1 }' | same agent/history.c "$table" "$formats"
done
grep -h 'gate_add(' "$SOURCE_DIR"/agent/gate*.c "$SOURCE_DIR/agent/cmd_gate.c" | grep -o '"[a-z-]*"' | tr -d '"' | sort -u |
	same "agent/gate*.c" 'Reasons of the gate' "$formats"

"$MIGREADY" list formats | sed '1d; s/ .*//' | same 'list formats' 'Report formats' "$formats"
for transport in $("$MIGREADY" list transports | sed '1d; s/ .*//'); do
	grep -l "const struct transport transport_$transport = " "$SOURCE_DIR"/agent/transport/*.c >"$dir/source"
	source=$(sed "s|^$SOURCE_DIR/||" "$dir/source")
	grep -q 'request_key keys\[\] = {{0}};' "$SOURCE_DIR/$source" && continue # there is nothing to say to it
	firsts "$source" keys | same "transport $transport" "Request keys of $transport" "$formats"
	array "$source" keys | sed 's/{"/\n&/g' | sed -n 's/^{"\([^"]*\)".* true}.*/\1/p' | sort >"$dir/known"
	cells "$formats" "Request keys of $transport" | sed -n 's/|yes|.*//p' | sort | cmp -s - "$dir/known" ||
		complain "transport $transport: formats.md is wrong about which keys may hold placeholders"
done

# What the program itself makes of it: a facts file of this machine, and the examples.
awk -v dir="$dir" '/^```[a-z]+ / { file = dir "/" $2; folder = file; sub("/[^/]*$", "", folder)
                                   system("mkdir -p " folder); next }
                   /^```/ { file = ""; next } file != "" { print >file }' "$formats" "$writing"
cd "$dir" || exit 1
echo 'targets: [{local: true}]' >here.yaml

"$MIGREADY" check -i here.yaml --waivers waivers.yaml -f json=waived.json 2>errors
grep -qs '"check": "cpu-virtualization-enabled", "subject": "host lab\*"' waived.json || complain "the example waivers: $(cat errors)"
"$MIGREADY" collect -i here.yaml -o facts.db 2>errors
[ -f facts.db ] || complain "collect: $(cat errors)"
for table in run_info run_target run_outcome run_filled run_gap; do
	"$MIGREADY" query "SELECT * FROM $table" --facts facts.db -f csv | sed 1q | tr -d '\r' | tr , '\n' |
		same 'a facts file' "$table" "$formats"
done
"$MIGREADY" query "SELECT name FROM sqlite_schema WHERE name LIKE 'run\\_%' ESCAPE '\\' AND type = 'table'" --facts facts.db -f csv |
	sed 1d | tr -d '\r' | while read -r table; do
	grep -qx "### $table" "$formats" || echo "$table"
done >missing
[ ! -s missing ] || complain "tables of a facts file that formats.md lacks: $(cat missing)"

"$MIGREADY" describe --requests -i inventory.yaml -p ./profile.yaml --checks own >requests 2>errors ||
	complain "the example inventory and profile: $(cat errors)"
grep -q '^POST https://vc01.example.com/sdk Login' requests || complain 'the example inventory asks no vCenter'
printf 'checks: [host-memory-known, own-mtu-known]\n' >own.yaml
"$MIGREADY" check -i here.yaml -p ./own.yaml --checks own --all -f json=report.json >errors 2>&1
grep -qs '"check": "host-memory-known", "status": "pass"' report.json ||
	complain "the example check host-memory-known does not pass here: $(cat errors)"
# An interface of another test may vanish between the list and the look; the loopback interface stays.
grep -qs '"check": "own-mtu-known", "status": "\(pass\|unknown\)"' report.json && ! grep -qs "could not be run" report.json ||
	complain "the example check own-mtu-known was not judged: $(cat errors)"
grep -qs '"probe": "link-mtu", .*"outcome": "ok"' report.json || complain 'the example probe was not answered'

# Files of the tree that the pages show are shown as they are.
for shown in checks/*/*.sql tests/checks/*/*.yaml; do
	[ ! -f "$shown" ] || cmp "$shown" "$SOURCE_DIR/$shown" || complain "writing-checks.md shows another $shown"
done
[ ! -s complaints ]
