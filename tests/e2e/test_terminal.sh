#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a terminal changes: progress and colour are for it alone, passwords are asked for on it unseen, Ctrl-C ends a run soon
# and still gives a report.
. "$(dirname "$0")/lib.sh"

defective=$source_dir/docs/example/defective-cluster.db
escape=$'\033'

# on_terminal [terminal.py OPTION...] -- ARGUMENT...: migready on a terminal; what it shows is in $work/screen. The variables
# in the array `set` are its environment too.
set=()
on_terminal() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	migready_command
	status=0
	timeout 50 python3 "$e2e/terminal.py" "${options[@]}" "${command[@]:0:2}" "${set[@]}" "${command[@]:2}" "$@" \
		>"$work/screen" 2>"$work/stderr" </dev/null || status=$?
}

shows() {
	grep -qE -- "$1" "$work/screen" || { cat -v "$work/screen" >&2; fail "${2:-not on the terminal: $1}"; }
}

hides() {
	! grep -qE -- "$1" "$work/screen" || { cat -v "$work/screen" >&2; fail "${2:-on the terminal: $1}"; }
}

# --- colour ---

on_terminal -- check --facts "$defective"
expect_exit 1 "on a terminal"
shows "$escape\[[0-9;]*31m" "a failure isn't red"
on_terminal -- check --facts "$defective" --colour never
hides "$escape" "--colour never"
set=(NO_COLOR=1)
on_terminal -- check --facts "$defective"
hides "$escape" "NO_COLOR"
on_terminal -- check --facts "$defective" --colour always
shows "$escape" "--colour always is stronger than NO_COLOR"
set=()
on_terminal --stdout "$work/report" -- check --facts "$defective"
grep -q 'NOT READY' "$work/report" || fail "no report in the file"
! grep -q "$escape" "$work/report" || fail "colour in a file"
run check --facts "$defective"
! grep -q "$escape" "$work/stdout" || fail "colour in a pipe"
run check --facts "$defective" --colour always
grep -q "$escape" "$work/stdout" || fail "--colour always in a pipe"
on_terminal -- check --facts "$defective" -f json
hides "$escape" "colour in JSON"
on_terminal -- check -i "$work/no-such-file"
shows "$escape\[31m.*error" "an error isn't red"

# What is prose and what was found is wrapped to the terminal's width; in a pipe a finding stays one line, for grep.
on_terminal --size 50x80 -- check --facts "$defective" --colour never
shows '^       [a-zA-Z]' "a long fix isn't wrapped"
[ "$(tr -d '\r' <"$work/screen" | grep -E '^  (fix|symptom): |^       ' | awk 'length > n { n = length } END { print n }')" -le 80 ] ||
	fail "prose is wider than the terminal"
[ "$(tr -d '\r' <"$work/screen" | grep -E '^  (FAIL|WARN|UNKNOWN)  |^            ' | awk 'length > n { n = length } END { print n }')" -le 80 ] ||
	fail "a finding is wider than the terminal"
run check --facts "$defective" --all
tr -d '\r' <"$work/screen" | sed -nE 's/^  (FAIL|WARN) +([^ ]+ .{20}).*/\2/p' | head -20 | while read -r start; do
	grep -qF -- "$start" "$work/stdout" || fail "another text on the terminal: $start"
done
grep -qE '^  (FAIL|WARN) .{100}' "$work/stdout" || fail "a finding is wrapped in a pipe"

# --- progress ---

lab_scripted slow --fault slow=0.4
inventory "$work/slow.yaml" "vc01=$url"
on_terminal -- check -i "$work/slow.yaml"
expect_exit 0 "a slow server"
shows '[0-9]+ of [0-9]+ requests done' "no progress on a terminal"
on_terminal --stdout "$work/report" -- check -i "$work/slow.yaml"
shows 'requests done' "no progress when only the report goes to a file"
! grep -q 'requests done' "$work/report" || fail "progress in the report"
on_terminal --stderr "$work/log" -- check -i "$work/slow.yaml"
hides 'requests done' "progress on standard output"
[ ! -s "$work/log" ] || fail "progress or more in a file"
for option in -q --log-json; do
	on_terminal -- check -i "$work/slow.yaml" $option
	hides 'requests done' "progress in spite of $option"
done
lab_stop

# --- a password asked for ---

lab_scripted server
inventory "$work/inventory.yaml" "vc01=$url"
sed 's/{env: VC_PASSWORD}/{prompt: true}/' "$work/inventory.yaml" >"$work/prompt.yaml"
on_terminal --when 'Password of user' "$lab_password\\n" -- check -i "$work/prompt.yaml" -f text -f "json=$work/report.json"
expect_exit 0 "the right password"
shows '^echo: off on' "the terminal showed the password, or doesn't show what is typed afterwards"
hides "$lab_password" "the password"
! grep -q -- "$lab_password" "$work/report.json" || fail "the password is in the report"
on_terminal --stdout "$work/report" --stderr "$work/log" --when 'Password of user' "$lab_password\\n" -- check -i "$work/prompt.yaml"
expect_exit 0 "asked on the terminal though all outputs are files"
! grep -q 'Password of' "$work/report" "$work/log" || fail "the question went to a file"

before=$(requests "$work/server.jsonl" Login)
on_terminal --when 'Password of user' 'wrong\n' -- check -i "$work/prompt.yaml"
expect_exit 2 "a wrong password"
shows 'refused the password' "a wrong password isn't told"
[ "$(requests "$work/server.jsonl" Login)" -eq $((before + 1)) ] || fail "a wrong password was tried more than once"

before=$(wc -l <"$work/server.jsonl")
on_terminal --when 'Password of user' '\x03' -- check -i "$work/prompt.yaml"
expect_exit 130 "Ctrl-C at the question"
shows '^echo: off on' "Ctrl-C leaves the terminal mute"
migready_command
status=0
setsid -w "${command[@]}" check -i "$work/prompt.yaml" --all -f "json=$work/report.json" >"$work/stdout" 2>"$work/stderr" </dev/null || status=$?
expect_exit 2 "no terminal"
says "no terminal to ask for the password on"
expect "each probe says so" 'all(.probes[]; .error | test("no terminal"))'
[ "$(wc -l <"$work/server.jsonl")" -eq "$before" ] || fail "something was sent without a password"
lab_stop

# --- Ctrl-C while nothing comes ---

for fault in login-hangs hangs=2; do
	lab_scripted "${fault%=*}" --page-size 2 --fault "$fault"
	inventory "$work/inventory.yaml" "vc01=$url"
	sed -i '1a\  - {name: here, local: true}' "$work/inventory.yaml"
	rm -f "$work/report.json"
	on_terminal --when 'requests done' '\x03' -- check -i "$work/inventory.yaml" -f text -f "json=$work/report.json"
	ms=$(sed -n "s/^ended: //p" "$work/screen")
	expect_exit 2 "Ctrl-C: $fault"
	[ "$ms" -lt 3500 ] || fail "Ctrl-C: $fault: $ms ms"
	shows 'interrupted: ending sessions' "Ctrl-C: $fault: it doesn't say so"
	shows 'UNKNOWN' "Ctrl-C: $fault: no report on the terminal"
	expect "Ctrl-C: $fault: unknown, and why" '.verdict == "unknown" and (.complete | not)
		and any(.findings[]; .status == "unknown" and .target == "vc01" and (.detail | test("interrupted")))
		and any(.probes[]; .target == "vc01" and .error == "interrupted")'
	expect "what had been answered is judged" 'any(.probes[]; .target == "here" and .outcome == "ok")'
	lab_stop
done
