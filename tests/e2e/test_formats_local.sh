#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The formats of probe and check files, each feature in a folder of one's own on this machine: work lists and typed
# placeholders, $ names, unset, set, keep, prefer, findings as a table, and checks that are broken.
. "$(dirname "$0")/lib.sh"

local_inventory "$work/inventory.yaml"
own=$work/own

# folder: an empty folder for checks and probes.
folder() {
	rm -rf "$own" "$work"/ran.*
	mkdir "$own"
}

# program NAME: a program $work/NAME from standard input, which leaves its arguments in $work/ran.NAME, one call a line.
program() {
	{
		printf '#!/bin/bash\nprintf "<%%s>" "$@" >>%q; echo >>%q\n' "$work/ran.$1" "$work/ran.$1"
		cat
	} >"$work/$1"
	chmod +x "$work/$1"
}

# probe NAME and check_file NAME COLUMNS_AND_FROM: files of the folder; a probe comes from standard input.
probe() {
	{
		echo "about: a test"
		cat
	} >"$own/$1.yaml"
}

check_file() {
	printf '/*\ntitle: A test\nsubject: host\ndepends: own\nseverity: critical\nplatforms: [kvm]\nfix: none\n*/\n%s\n' "$2" >"$own/$1.sql"
}

# asked SQL FILTER [jq argument...]: what SQL gives over freshly probed facts; the filter must hold for its rows.
asked() {
	local sql=$1 filter=$2
	shift 2
	run query -i "$work/inventory.yaml" --checks "$own" -f json "$sql"
	# 2: not everything was answered, which most of these work lists are made for
	[ "$status" -eq 0 ] || [ "$status" -eq 2 ] || fail "exit code $status: $sql"
	jq -e "$@" "$filter" "$work/stdout" >/dev/null || { cat "$work/stdout" >&2; fail "$sql: $filter"; }
}

# judged CHECK...: a check with these alone (and inventory-complete).
judged() {
	{
		printf 'about: a test\nchecks:\n'
		printf '  - %s\n' "$@"
	} >"$work/profile.yaml"
	check -i "$work/inventory.yaml" --checks "$own" -p "$work/profile.yaml"
}

# is CHECK STATUS [REGEX]: the one finding of that check.
is() {
	expect "$1 is $2" '[.findings[] | select(.check == $id)] | length == 1
		and .[0].status == $status and ([.[0].detail, .[0].observed] | join(" ") | test($re))' \
		--arg id "$1" --arg status "$2" --arg re "${3-}"
}

# --- a work list with typed placeholders ---

folder
cat >"$work/items.json" <<'JSON'
[{"id": "good", "name": "alpha", "n": 1, "word": "x"},
 {"id": "option", "name": "-rf", "n": 2}, {"id": "option-long", "name": "--help", "n": 2},
 {"id": "blank", "name": "two words", "n": 2}, {"id": "quote", "name": "it's", "n": 2},
 {"id": "double-quote", "name": "a\"b", "n": 2}, {"id": "semicolon", "name": "a;b", "n": 2},
 {"id": "substitution", "name": "$(id)", "n": 2}, {"id": "backtick", "name": "`id`", "n": 2},
 {"id": "placeholder", "name": "${n:int}", "n": 2}, {"id": "newline", "name": "a\nb", "n": 2},
 {"id": "tab", "name": "a\tb", "n": 2}, {"id": "slash", "name": "../x", "n": 2}, {"id": "glob", "name": "*", "n": 2},
 {"id": "empty", "name": "", "n": 2}, {"id": "null", "name": null, "n": 2}, {"id": "absent", "n": 2},
 {"id": "accent", "name": "é", "n": 2},
 {"id": "not-a-number", "name": "beta", "n": "12x"}, {"id": "negative", "name": "beta", "n": -3},
 {"id": "too-big", "name": "beta", "n": "99999999999999999999"}, {"id": "blank-number", "name": "beta", "n": " 4"},
 {"id": "last", "name": "omega.1_x:y@z-", "n": 9223372036854775807}]
JSON
probe item <<YAML
transport: local
file: $work/items.json
decode: json
tables:
  own_item:
    rows: items[]
    columns: {host: \$host, id: id, name: name, n: n}
YAML
program say <<<'echo "said $1 $2"'
probe said <<YAML
transport: local
scope: host
for_each: SELECT host, id, name, n FROM own_item
command: $work/say \${name:word} \${n:int}
tables:
  own_said:
    columns: {host: \$host, id: \$each.id, said: ., why: \$error, via: \$via, target: \$target}
YAML
asked 'SELECT * FROM own_said ORDER BY id' 'length == 23
	and ([.[] | select(.said != null) | [.id, .said]]
		== [["good", "said alpha 1"], ["last", "said omega.1_x:y@z- 9223372036854775807"]])
	and all(.[]; .host == "here/local" and .via == "local" and .target == "here" and (.why == null) == (.said != null))
	and any(.[]; .id == "option" and (.why | test("-rf.* starts with .-.")))
	and any(.[]; .id == "newline" and (.why | test("a\\?b")))
	and any(.[]; .id == "null" and (.why | test("no value")))
	and any(.[]; .id == "negative" and (.why | test("n:int")))'
diff <(printf '<alpha><1>\n<omega.1_x:y@z-><9223372036854775807>\n') <(sort "$work/ran.say") ||
	fail "something else reached the command"

# A text stays one word of the command, whatever is in it: there is no shell.
program tell <<<'echo "$# $1"'
sed "s|^command: .*|command: $work/tell \${name:text}|; s/own_said/own_told/" "$own/said.yaml" >"$own/told.yaml"
asked 'SELECT id, said FROM own_told WHERE said IS NOT NULL' '[.[] | {(.id): .said}] | add | .blank == "1 two words"
	and .quote == "1 it\u0027s" and .["double-quote"] == "1 a\"b" and .semicolon == "1 a;b" and .substitution == "1 $(id)"
	and .placeholder == "1 ${n:int}" and .glob == "1 *" and .accent == "1 é"
	and (keys - ["option", "option-long", "newline", "tab", "empty", "null", "absent"] == keys)'

# A table that is stored as sets: equal lists once, `unset` only where the answer left the value out, kept rows only.
program list <<'SH'
case $1 in
a | b) echo '{"color": "red", "items": [{"k": "x1", "v": 1}, {"k": "y1", "v": 2}, {"k": "x2"}]}' ;;
c) echo '{"color": null, "items": [{"k": "x2"}, {"k": "X1", "v": null}]}' ;;
d) echo '{"items": []}' ;;
e) echo '{"color": [], "items": [{"k": "x1", "v": "many"}]}' ;;
f) exit 1 ;;
esac
SH
for name in a b c d e f; do
	echo "{\"id\": \"$name\", \"name\": \"$name\", \"n\": 0}"
done | jq -s . >"$work/items.json"
probe list <<YAML
transport: local
for_each: SELECT host, name FROM own_item
command: $work/list \${name:word}
decode: json
tables:
  own_color:
    columns: {host: \$host, name: \$each.name, color: {path: color, unset: none}}
  own_list:
    rows: items[]
    keep: {k: [x*]}
    columns: {host: \$host, name: \$each.name, k: k, v: {path: v, type: integer, unset: 7}}
  own_shared:
    rows: items[]
    set: true
    columns: {host: \$host, name: \$each.name, k: k, v: {path: v, type: integer, unset: 7}}
YAML
asked 'SELECT name, color FROM own_color ORDER BY name' '[.[] | [.name, .color]]
	== [["a", "red"], ["b", "red"], ["c", null], ["d", "none"], ["e", null], ["f", null]]'
asked 'SELECT name, k, v FROM own_list ORDER BY name, k' '[.[] | [.name, .k, .v]]
	== [["a", "x1", 1], ["a", "x2", 7], ["b", "x1", 1], ["b", "x2", 7], ["c", "X1", null], ["c", "x2", 7],
		["e", "x1", null], ["f", null, null]]'
asked 'SELECT s.name, (SELECT group_concat(k) FROM (SELECT k FROM own_shared_set AS t WHERE t.set_id = s.set_id ORDER BY k)) AS ks,
	s.set_id FROM own_shared AS s ORDER BY name' '[.[] | [.name, .ks]]
	== [["a", "x1,x2,y1"], ["b", "x1,x2,y1"], ["c", "X1,x2"], ["d", null], ["e", "x1"]]
	and .[0].set_id == .[1].set_id and ([.[].set_id] | unique | length == 4)'
asked 'SELECT count(*) AS n FROM own_shared_set' '.[0].n == 3 + 2 + 1'

# --- unfilled work lists, and failed items ---

folder
echo '[{"name": "ok"}, {"name": "bad"}]' >"$work/items.json"
probe item <<YAML
transport: local
command: /bin/cat $work/items.json
decode: json
tables:
  own_item:
    rows: items[]
    columns: {host: \$host, name: name}
YAML
program answer <<<'[ "$1" = ok ] && echo fine || { echo "no such thing" >&2; exit 3; }'
probe answer <<YAML
transport: local
for_each: SELECT host, name FROM own_item
command: $work/answer \${name:word}
tables:
  own_answer:
    columns: {host: \$host, name: \$each.name, text: ., why: \$error}
YAML
check_file each "SELECT host.id AS host, a.name AS object, CASE WHEN a.text = 'fine' THEN 'pass' ELSE 'unknown' END AS status,
	a.why AS detail FROM host LEFT JOIN own_answer AS a ON a.host = host.id"
check_file none "SELECT host.id AS host, 'pass' AS status FROM host
	WHERE (SELECT count(*) FROM own_answer AS a WHERE a.host = host.id) >= 0"
judged each
expect_exit 2 "one item failed"
expect "only its row is unknown" '[.findings[] | select(.check == "each") | [.object, .status]] | sort == [["bad", "unknown"], ["ok", "pass"]]'
expect "with the program's own words" 'any(.findings[]; .object == "bad" and (.detail | test("exit status 3: no such thing")))'
rm "$work/items.json"
check_file whole "SELECT target.id AS target, 'pass' AS status FROM target WHERE (SELECT count(*) FROM own_answer) >= 0"
sed -i 's/^subject: host/subject: target/' "$own/whole.sql"
judged each none whole
expect_exit 2 "the work list's table is unfilled"
is none unknown 'item.*No such file'
is each unknown 'item.*No such file'
is whole unknown 'item.*No such file'

# --- prefer: the next probe is asked only when the one before can't be asked here ---

# two FIRST_COMMAND [CHANGE]: two probes of one table, and a check that reads it, judged after that change.
two() {
	folder
	program second <<<'echo second'
	probe first <<<"{transport: local, prefer: 1, command: $1, tables: {own_way: {columns: {host: \$host, way: .}}}}"
	probe second <<<"{transport: local, prefer: 2, command: $work/second, tables: {own_way: {columns: {host: \$host, way: .}}}}"
	sed -i 's/^about: a test$/# a test/; s/^{/{about: a test, /' "$own"/*.yaml
	check_file way "SELECT h.id AS host, w.way AS observed, CASE WHEN w.way IS NOT NULL THEN 'pass' ELSE 'unknown' END AS status
		FROM host AS h LEFT JOIN own_way AS w ON w.host = h.id"
	${2+eval "$2"}
	judged way
}

second_ran() {
	[ "$(cat "$work/ran.second" 2>/dev/null | wc -l)" -eq "$1" ] || fail "$2"
}

outcomes() {
	expect "outcomes" '[.probes[] | select(.user) | [.probe, .outcome]] | sort == $is' --argjson is "$1"
}

two "$work/no-such-program"
is way pass second
outcomes '[["first", "unsupported"], ["second", "ok"]]'
second_ran 1 "after an unsupported probe the second must be asked"
echo 'echo forbidden' >"$work/forbidden" # not executable
two "$work/forbidden"
is way pass second
outcomes '[["first", "denied"], ["second", "ok"]]'
two "$work/no-such-program" 'rm "$work/second"'
is way unknown 'no such command'
outcomes '[["first", "unsupported"], ["second", "unsupported"]]'
program first <<<'echo first'
two "$work/first"
is way pass first
outcomes '[["first", "ok"]]'
second_ran 0 "the first probe answered, so the second must not be asked"
program first <<<'echo "out of order" >&2; exit 3'
two "$work/first"
expect_exit 2 "the first probe failed"
is way unknown 'exit status 3: out of order'
outcomes '[["first", "failed"]]'
second_ran 0 "a probe that fails otherwise is no reason to ask another one"

# The same for a work list: the second is asked when no item of the host could be asked.
folder
echo '[{"name": "a"}, {"name": "b"}]' >"$work/items.json"
probe item <<YAML
transport: local
file: $work/items.json
decode: json
tables: {own_item: {rows: "items[]", columns: {host: \$host, name: name}}}
YAML
for way in first second; do
	program $way <<<"echo $way \$1"
	probe $way <<YAML
transport: local
prefer: $([ $way = first ] && echo 1 || echo 2)
for_each: SELECT host, name FROM own_item
command: $work/$way \${name:word}
tables: {own_way: {columns: {host: \$host, name: \$each.name, way: ., why: \$error}}}
YAML
done
asked 'SELECT * FROM own_way' '[.[].way] | sort == ["first a", "first b"]'
second_ran 0 "every item was answered, so the second must not be asked"
rm "$work/first"
asked 'SELECT * FROM own_way' '[.[].way] | sort == ["second a", "second b"]'
check_file way "SELECT h.id AS host, w.way AS observed, w.name AS object, CASE WHEN w.way IS NOT NULL THEN 'pass' ELSE 'unknown' END AS status
	FROM host AS h LEFT JOIN own_way AS w ON w.host = h.id"
judged way
expect "the second way fills the table" '[.findings[] | select(.check == "way") | .status] == ["pass", "pass"]'
program first <<<'[ "$1" = a ] && echo first a || exit 3'
rm "$work/ran.second"
asked 'SELECT * FROM own_way' '[.[] | [.name, .way]] | sort == [["a", "first a"], ["b", null]]'
second_ran 0 "an item that failed otherwise is no reason to ask another way"

# --- scope ---

folder
probe scoped <<<'{}'
printf 'about: a test\ntransport: local\nscope: host\nfile: /proc/version\ntables: {own_version: {columns: {host: $host, text: .}}}\n' >"$own/scoped.yaml"
asked 'SELECT host, text FROM own_version' '.[0].host == "here/local" and (.[0].text | test("^Linux version"))'
sed -i 's/scope: host/scope: target/' "$own/scoped.yaml"
run query -i "$work/inventory.yaml" --checks "$own" 'SELECT 1'
expect_exit 78 "the local transport asks hosts"
says "$own/scoped.yaml:3:8: the local transport asks hosts; expected scope: host"

# --- findings are a table ---

folder
check_file aa-reader "SELECT f.host, CASE f.status WHEN 'fail' THEN 'pass' ELSE 'unknown' END AS status, f.observed
	FROM finding_zz_read AS f"
check_file zz-read "SELECT id AS host, 'fail' AS status, 'seen' AS observed FROM host"
judged aa-reader
expect_exit 0 "a check that is only read doesn't gate"
is aa-reader pass seen
expect "and isn't reported" 'all(.findings[]; .check != "zz-read")'
judged aa-reader zz-read
expect_exit 1 "both selected"
check_file zz-read "SELECT host, 'fail' AS status FROM finding_aa_reader"
judged aa-reader
expect_exit 78 "findings in a cycle"
says 'aa-reader -> zz-read -> aa-reader'

# --- broken checks: theirs is unknown, the others are judged ---

folder
check_file endless "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)
	SELECT id AS host, 'pass' AS status FROM host WHERE (SELECT max(n) FROM r) > 0"
check_file stranger "SELECT id AS host, 'pass' AS status FROM host UNION ALL SELECT 'here/other', 'pass'"
check_file impossible "SELECT id AS host, 'excellent' AS status FROM host"
check_file silent "SELECT id AS host, 'pass' AS status FROM host WHERE 0"
check_file overflow "SELECT id AS host, 'pass' AS status FROM host WHERE abs(-9223372036854775807 - 1) > 0"
check_file fine "SELECT id AS host, 'pass' AS status FROM host"
started=$SECONDS
judged endless stranger impossible silent overflow fine
expect_exit 2 "broken checks"
[ $((SECONDS - started)) -lt 30 ] || fail "the budget of a query isn't kept"
is endless unknown 'ran over its budget of 10 s'
is stranger unknown 'not a subject: here/other'
is impossible unknown
is silent unknown 'no row for this subject'
is overflow unknown 'overflow'
is fine pass
expect "the whole is unknown" '.verdict == "unknown"'
