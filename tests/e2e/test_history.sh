#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The history of runs: where it is, who may read it, what it keeps, and that nothing that was reported as recorded is ever lost:
# not by kill -9, not by other processes, not on a full disk.
. "$(dirname "$0")/lib.sh"

defective=$source_dir/docs/example/defective-cluster.db
printf 'checks: [host-connected]\n' >"$work/quick.yaml"
history=$MIGREADY_HISTORY

# sql HISTORY SQL: what SQLite itself says of the file.
sql() {
	python3 - "$@" <<'PYTHON'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=10)
for row in db.execute(sys.argv[2]):
    print(*row, sep="|")
db.commit()
PYTHON
}

# replay ARGUMENT...: a quick run over recorded facts.
replay() {
	run check --facts "$defective" -p "$work/quick.yaml" "$@"
}

# sound HISTORY: SQLite finds nothing wrong with the file, and every record matches its digest.
sound() {
	[ "$(sql "$1" 'PRAGMA integrity_check')" = ok ] || fail "$1: SQLite finds it damaged"
	run list runs --history "$1"
	expect_exit 0 "list runs"
	! grep -q damaged "$work/stdout" || fail "a record doesn't match its digest: $(cat "$work/stdout")"
}

# --- a run is recorded ---

check --facts "$defective" -v
expect_exit 1 "the defective cluster"
id=$(jq -r .run "$work/report.json")
says "recorded run $id in $history"
[ "$(stat -c %a "$history")" = 600 ] || fail "others may read the history"
[ "$(sql "$history" 'PRAGMA journal_mode')" = wal ] || fail "no write-ahead log"
[ "$(sql "$history" "SELECT replay, verdict, profile FROM run WHERE run = '$id'")" = "1|not-ready|onboarding" ] || fail "what was recorded"
sql "$history" "SELECT body FROM document JOIN run ON document.digest = findings" >"$work/findings.json"
jq -e --slurpfile report "$work/report.json" '([.[].check] | unique) == ([$report[0].findings[]
	| select(.status != "pass" and .status != "na") | .check] | unique)' "$work/findings.json" >/dev/null || fail "other findings"
sql "$history" "SELECT summary FROM run" | jq -e --slurpfile report "$work/report.json" '. == $report[0].summary' >/dev/null || fail "the counts"
run list runs
expect_exit 0 "list runs"
grep -q "^$id .* not-ready, replay .* vc01 .* all " "$work/stdout" || fail "list runs: $(cat "$work/stdout")"

replay --no-history
[ "$(sql "$history" 'SELECT count(*) FROM run')" -eq 1 ] || fail "--no-history"

# --- where it is ---

# at_home VARIABLE=VALUE...: a run that isn't told where its history is.
at_home() {
	env -i PATH=/usr/bin:/bin MIGREADY_DATA="$source_dir" "$@" "$MIGREADY" check --facts "$defective" -p "$work/quick.yaml" -q \
		-f "json=$work/report.json" || [ $? -le 2 ] || fail "a run with $*"
}

at_home HOME="$work" XDG_STATE_HOME="$work/state"
[ "$(stat -c %a "$work/state/migready" "$work/state/migready/history.db" | tr '\n' ' ')" = "700 600 " ] || fail "XDG_STATE_HOME"
if [ "$(id -u)" -ne 0 ]; then
	at_home HOME="$work/home"
	[ -s "$work/home/.local/state/migready/history.db" ] || fail "HOME"
fi
replay --history "$work/other.db"
[ -s "$work/other.db" ] || fail "--history"

# --- what keeps a run from being recorded: the report is written, and the exit code says so ---

# refused HISTORY TEXT: not recorded, with that text and a way out.
refused() {
	rm -f "$work/report.json"
	replay --history "$1" -f "json=$work/report.json"
	expect_exit 74 "$1"
	[ -s "$work/report.json" ] || fail "$1: no report either"
	says "$2"
	says "--no-history"
}

refused "$work/no-such-folder/history.db" "No such file or directory"
refused "$work" "not even a file"
cp "$source_dir/LICENSE" "$work/text.db"
chmod 600 "$work/text.db"
refused "$work/text.db" "not a history of migready"
cmp -s "$source_dir/LICENSE" "$work/text.db" || fail "a file that is no history was changed"
cp "$defective" "$work/facts.db"
chmod 600 "$work/facts.db"
refused "$work/facts.db" "not a history of migready"
cmp -s "$defective" "$work/facts.db" || fail "recorded facts were changed"
cp "$history" "$work/trigger.db"
sql "$work/trigger.db" "CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM run; END"
refused "$work/trigger.db" "not a history of migready"
cp "$history" "$work/future.db"
sql "$work/future.db" "UPDATE history_info SET value = 'migready-history/2' WHERE key = 'schema'"
refused "$work/future.db" "another version (this one keeps migready-history/1)"
cp "$history" "$work/open.db"
chmod 666 "$work/open.db"
refused "$work/open.db" "anybody may write to it"
python3 - "$history" "$work/torn.db" <<'PYTHON'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[4096:] = bytes(len(data) - 4096)
open(sys.argv[2], "wb").write(data)
PYTHON
chmod 600 "$work/torn.db"
refused "$work/torn.db" "torn.db"
cp "$history" "$work/odd.db"
sql "$work/odd.db" "UPDATE run SET started = -9223372036854775808, ended = 9223372036854775807"
run list runs --history "$work/odd.db"
expect_exit 0 "runs that nobody could have made"
grep -q " damaged " "$work/stdout" || fail "what is said of them: $(cat "$work/stdout")"
for file in text facts trigger future open torn; do
	run list runs --history "$work/$file.db"
	[ "$status" -ge 64 ] && [ -s "$work/stderr" ] || fail "list runs of $file.db: exit code $status"
done
run list runs --history "$work/none.db"
expect_exit 74 "no history"
[ ! -e "$work/none.db" ] || fail "reading made a history"
replay --history "$work/h.db" --no-history
expect_exit 64 "both"
for keep in 0 -1 x 5x '' 99999999d; do
	replay "--history-keep=$keep"
	expect_exit 64 "--history-keep=$keep"
done

# --- what is kept ---

for ((i = 0; i < 4; i++)); do
	replay --history "$work/keep.db" --history-keep 2
done
[ "$(sql "$work/keep.db" 'SELECT min(seq), max(seq), count(*) FROM run')" = "3|4|2" ] || fail "--history-keep 2"
[ "$(sql "$work/keep.db" 'SELECT count(*) FROM document WHERE digest NOT IN (SELECT hosts FROM run UNION SELECT findings FROM run)')" = 0 ] ||
	fail "documents of forgotten runs"
[ "$(sql "$work/keep.db" 'SELECT count(*) FROM document')" -eq 2 ] || fail "equal documents are kept once"
sleep 1.1
replay --history "$work/keep.db" --history-keep 10 --history-keep 1h
[ "$(sql "$work/keep.db" 'SELECT count(*) FROM run')" -eq 3 ] || fail "an age that no run has"
# The clock of the old ones, set back by two days, so that they don't match their digests any more: they go all the same.
sql "$work/keep.db" "UPDATE run SET started = started - 2 * 86400000 WHERE seq < 5"
replay --history "$work/keep.db" --history-keep 1d
[ "$(sql "$work/keep.db" 'SELECT min(seq), count(*) FROM run')" = "5|2" ] || fail "--history-keep 1d"

# --- hostile names ---

name=$'evil\033[31m\nname'
cp "$work/quick.yaml" "$work/$name.yaml"
run check --facts "$defective" -p "$work/$name.yaml" --history "$work/evil.db" -q
run list runs --history "$work/evil.db"
! grep -q $'\033' "$work/stdout" && [ "$(wc -l <"$work/stdout")" -eq 2 ] || fail "list runs writes what a terminal obeys"

# --- several processes at once ---

migready_command
for ((i = 0; i < 16; i++)); do
	"${command[@]}" check --facts "$defective" -p "$work/quick.yaml" -v --history "$work/many.db" >/dev/null 2>"$work/many.$i" &
	jobs[i]=$!
done
for ((i = 0; i < 16; i++)); do
	status=0
	wait "${jobs[i]}" || status=$?
	[ "$status" -le 2 ] || fail "one of several: exit code $status: $(cat "$work/many.$i")"
done
sound "$work/many.db"
[ "$(sql "$work/many.db" 'SELECT count(*), max(seq) FROM run')" = "16|16" ] || fail "not every process's run is there"

# --- kill -9 in mid-write, a hundred times ---

migready_command
python3 "$e2e/kill_runs.py" 100 "$work/kill.db" "${command[@]}" check --facts "$defective" -p "$work/quick.yaml" -v \
	--history "$work/kill.db" >"$work/reported" 2>"$work/killed" || fail "kill_runs.py: $(cat "$work/killed")"
read -r killed writing <"$work/killed"
[ "$killed" -ge 50 ] && [ "$writing" -ge 25 ] || fail "only $killed were killed, $writing of them while writing"
sound "$work/kill.db"
while read -r id; do
	[ "$(sql "$work/kill.db" "SELECT count(*) FROM run WHERE run = '$id'")" = 1 ] || fail "run $id was reported as recorded, and is lost"
done <"$work/reported"
replay --history "$work/kill.db" -v
says "recorded run"
sound "$work/kill.db"
echo "killed $killed, $writing while writing; $(wc -l <"$work/reported") had reported, $(sql "$work/kill.db" 'SELECT count(*) FROM run') are there"

# --- a full disk ---

if [ "$(id -u)" -eq 0 ] && unshare -m true; then
	mkdir "$work/small"
	cat >"$work/full.sh" <<-'SH'
		mount -t tmpfs -o size=4m tmpfs "$1" || exit 99
		shift
		"$@" --history "$work/small/h.db" -v || code=$?
		head -c 8M /dev/zero >"$work/small/ballast" 2>/dev/null
		"$@" --history "$work/small/h.db" -f "json=$work/full.json" || code=$?
		[ "$code" -eq 74 ] || exit 98
		rm "$work/small/ballast"
		"$@" --history "$work/small/h.db" -v || [ $? -le 2 ] || exit 97
		cp "$work/small/h.db"* "$work/"
	SH
	migready_command
	status=0
	rm -f "$work/full.json"
	work=$work unshare -m bash "$work/full.sh" "$work/small" "${command[@]}" check --facts "$defective" >"$work/stdout" 2>"$work/stderr" || status=$?
	expect_exit 0 "a full disk"
	says "free space"
	[ -s "$work/full.json" ] || fail "a full disk of the history kept the report from being written"
	sound "$work/h.db"
	[ "$(sql "$work/h.db" 'SELECT count(*) FROM run')" -eq 2 ] || fail "the runs before and after the disk was full"
fi
