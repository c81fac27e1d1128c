#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh - prints what inserting, asking, judging and planning cost. Figures, no verdict; takes about two minutes.
#
# Builds the release preset in build/bench. Or MIGREADY=PATH: that program, with tests/bench/bench_facts of the same build.
# Nothing else should run meanwhile. Every figure is the median of three runs after one that warms up.
set -euo pipefail

bench=$(cd "$(dirname "$0")" && pwd)
source_dir=$(cd "$bench/../.." && pwd)
if [ -z "${MIGREADY-}" ]; then
	# A warning of a compiler that is newer than the code doesn't stop a measurement.
	cmake -S "$source_dir" --preset release -B "$source_dir/build/bench" -DCMAKE_COMPILE_WARNING_AS_ERROR=OFF >/dev/null
	cmake --build "$source_dir/build/bench" --target migready bench_facts >&2
	MIGREADY=$source_dir/build/bench/migready
fi
MIGREADY=$(realpath "$MIGREADY")
bench_facts=$(dirname "$MIGREADY")/tests/bench/bench_facts
[ -x "$bench_facts" ] || { echo "run.sh: no $bench_facts: build the target bench_facts too" >&2; exit 1; }
. "$bench/../e2e/lib.sh"
export STDERR=$work/said

# row WHAT TEXT...: a line of the table whose cells stand right.
row() {
	local what=$1
	shift
	printf '  %-44s' "$what"
	printf '%14s' "$@"
	printf '\n'
}

# run_of COMMAND...: sets wall_ms, user_ms and peak_kib of a command that ends with 0.
run_of() {
	read -r wall_ms user_ms peak_kib < <(python3 "$bench/measure.py" 0 "$@") || exit 1
}

mib() {
	awk -v kib="$1" 'BEGIN { printf "%.1f", kib / 1024 }'
}

ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'
}

# ran WHAT COMMAND...: a line with what a command took.
ran() {
	local what=$1
	shift
	run_of "$@"
	row "$what" "$(printf %.0f "$wall_ms")" "$(printf %.0f "$user_ms")" "$(mib "$peak_kib")"
}

machine() {
	echo "command   bash tests/bench/run.sh"
	echo "program   $("$MIGREADY" --version | head -n 1), SQLite $(sqlite_version)"
	echo "machine   $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sort -u | head -n 1), $(nproc) cores, Linux $(uname -r)"
	echo "load      $(cut -d ' ' -f 1 /proc/loadavg) before the first run"
}

sqlite_version() {
	"${command[@]}" query --facts "$source_dir/docs/example/defective-cluster.db" -f csv 'SELECT sqlite_version() AS v' | tail -n 1
}

inserting() {
	local name rows facts bare stored
	row "inserting, in one transaction" rows "facts, row/s" "bare, row/s" "facts/bare" "rows stored"
	while IFS=$'\t' read -r name rows facts bare stored; do
		case $name in
		narrow) name="narrow table: 4 columns" ;;
		wide) name="wide table: 20 columns" ;;
		features) name="set: 998 hosts, 300 features, 22 lists" ;;
		esac
		row "$name" "$rows" "$facts" "$bare" "$(ratio "$facts" "$bare")" "$stored"
	done < <("$bench_facts")
}

# The first three are the same work, whole and in its two halves.
asking() {
	local check=("${command[@]}" check --checks "$bench/devices" -f "json=$work/report.json") whole_ms whole_kib pages
	row "1,000 hosts, 10,000 VMs" "wall, ms" "user CPU, ms" "peak, MiB"
	"${check[@]}" -i "$work/inventory.yaml" # its requests are what fetch_pages.py repeats
	cp "$work/big.jsonl" "$work/once.jsonl"
	ran "check: ask, judge, report" "${check[@]}" -i "$work/inventory.yaml"
	whole_ms=$wall_ms whole_kib=$peak_kib
	ran "  ask alone: collect -o FACTS" \
		"${command[@]}" collect -i "$work/inventory.yaml" --checks "$bench/devices" -o "$work/facts.db"
	ran "  judge and report alone: check --facts FACTS" "${check[@]}" --facts "$work/facts.db" --as-of-facts -vv
	judged=$(cat "$STDERR")
	: >"$work/big.jsonl"
	LAB_PASSWORD=$lab_password ran "floor: read the same pages, throw them away" \
		python3 "$bench/fetch_pages.py" "$url" "$work/lab.ca.pem" "$work/once.jsonl"
	pages=$(grep -c RetrievePropertiesEx "$work/once.jsonl")
	[ "$((pages * 4))" -eq "$(grep -c RetrievePropertiesEx "$work/big.jsonl")" ] || fail "the floor isn't the same pages"
	row "check / floor" "$(ratio "$whole_ms" "$wall_ms")"
	row "check / promise of 64 MiB" "" "" "$(ratio "$whole_kib" 65536)"
	row "pages of properties: number" "$pages"
	row "facts file: MiB" "$(mib "$(($(stat -c %s "$work/facts.db") / 1024))")"
}

# Three lines a check, sorted by their time: the second is the median.
judging() {
	local name findings ms
	row "judging, by check (replay, -vv)" findings ms "us a finding"
	while read -r name findings ms; do
		row "$name" "$findings" "$ms" "$(awk -v ms="$ms" -v n="$findings" 'BEGIN { printf "%.1f", n ? ms * 1000 / n : 0 }')"
	done < <(sed -n 's/.*judged \(.*\): \([0-9]*\) findings in \([0-9.]*\) ms$/\1 \2 \3/p' <<<"$judged" |
		sort -k 1,1 -k 3,3n | awk 'NR % 3 == 2' | sort -k 3,3nr)
}

planning() {
	local start_ms
	row "planning" "wall, ms" "user CPU, ms"
	run_of "${command[@]}" --version
	start_ms=$wall_ms
	row "start and end of the program: --version" "$wall_ms" "$user_ms"
	run_of "${command[@]}" describe --requests -i "$work/inventory.yaml"
	row "load and plan all checks: describe --requests" "$wall_ms" "$user_ms"
	row "difference" "$(awk -v a="$wall_ms" -v b="$start_ms" 'BEGIN { printf "%.1f", a - b }')"
}

migready_command
machine
echo
inserting
echo
lab_scripted big --model big
inventory "$work/inventory.yaml" "vc01=$url"
asking
echo
judging
echo
planning
