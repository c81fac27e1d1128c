#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh - prints what inserting, asking, judging and planning cost. Figures, no verdict; takes about two minutes.
#
# Nothing else should run meanwhile. Every figure is the median of three runs after one that warms up. MIGREADY: figures.sh.
set -euo pipefail

. "$(dirname "$0")/figures.sh"

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
	done < <("$tests/bench_facts")
}

# The first three are the same work, whole and in its two halves.
asking() {
	local check=("${command[@]}" check -p "$bench/properties.yaml" --checks "$bench/devices" -f "json=$work/report.json") whole_ms whole_kib pages
	row "1,000 hosts, 10,000 VMs" "wall, ms" "user CPU, ms" "peak, MiB"
	"${check[@]}" -i "$work/inventory.yaml" # its requests are what bench_floor repeats
	cp "$work/big.jsonl" "$work/once.jsonl"
	ran "check: ask, judge, report" "${check[@]}" -i "$work/inventory.yaml"
	whole_ms=$wall_ms whole_kib=$peak_kib
	ran "  ask alone: collect -o FACTS" \
		"${command[@]}" collect -p "$bench/properties.yaml" -i "$work/inventory.yaml" --checks "$bench/devices" -o "$work/facts.db"
	ran "  judge and report alone: check --facts FACTS" "${check[@]}" --facts "$work/facts.db" --as-of-facts -vv
	judged=$(cat "$STDERR")
	: >"$work/big.jsonl"
	ran "floor: libcurl reads the same pages, no more" \
		"$tests/bench_floor" "$url" "$work/lab.ca.pem" "$work/once.jsonl" 1
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

machine run.sh
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
