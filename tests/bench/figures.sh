# SPDX-License-Identifier: Apache-2.0
# figures.sh - what the benchmarks share: the program to measure, rows of a table, medians. Sourced after `set -euo pipefail`.
#
# Builds the release preset in build/bench. Or MIGREADY=PATH: that program, with tests/bench/bench_* of the same build.

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_dir=$(cd "$bench/../.." && pwd)
if [ -z "${MIGREADY-}" ]; then
	# A warning of a compiler that is newer than the code doesn't stop a measurement.
	cmake -S "$source_dir" --preset release -B "$source_dir/build/bench" -DCMAKE_COMPILE_WARNING_AS_ERROR=OFF >/dev/null
	cmake --build "$source_dir/build/bench" --target migready bench_facts bench_floor >&2
	MIGREADY=$source_dir/build/bench/migready
fi
MIGREADY=$(realpath "$MIGREADY")
tests=$(dirname "$MIGREADY")/tests/bench
for program in bench_facts bench_floor; do
	[ -x "$tests/$program" ] || { echo "$0: no $tests/$program: build the target $program too" >&2; exit 1; }
done
. "$bench/../e2e/lib.sh"
export STDERR=$work/said LAB_PASSWORD=$lab_password
migready_command

# row WHAT TEXT...: a line of the table whose cells stand right.
row() {
	local what=$1
	shift
	printf '  %-48s' "$what"
	printf '%14s' "$@"
	printf '\n'
}

# run_of COMMAND...: sets wall_ms, user_ms and peak_kib of a command that ends with $expected, 0 unless set.
run_of() {
	read -r wall_ms user_ms peak_kib < <(python3 "$bench/measure.py" "${expected:-0}" "$@") || exit 1
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

# machine SCRIPT: what was measured, and on what.
machine() {
	echo "command   bash tests/bench/$1"
	echo "program   $("$MIGREADY" --version | head -n 1), SQLite $(sqlite_version)"
	echo "machine   $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sort -u | head -n 1), $(nproc) cores, Linux $(uname -r)"
	echo "load      $(cut -d ' ' -f 1 /proc/loadavg) before the first run"
}

sqlite_version() {
	"${command[@]}" query --facts "$source_dir/docs/example/defective-cluster.db" -f csv 'SELECT sqlite_version() AS v' | tail -n 1
}
