#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh - builds the fuzz targets with libFuzzer and runs each for some seconds from its corpus.
# usage: tests/fuzz/run.sh [SECONDS]     default 60. What it finds is left in build/fuzz-found.
set -euo pipefail
export LC_ALL=C

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
seconds=${1:-60}
cd "$top"
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz
mkdir -p build/fuzz-found
for target in build/fuzz/tests/fuzz_*; do
	[ -x "$target" ] && [ -f "$target" ] || continue
	name=${target##*/fuzz_}
	new=build/fuzz-found/corpus-$name
	mkdir -p "$new"
	"$target" -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=2048 -timeout=20 -print_final_stats=0 \
		-artifact_prefix=build/fuzz-found/ "$new" "tests/fuzz/corpus/$name" >"build/fuzz-found/$name.log" 2>&1 || {
		tail -n 40 "build/fuzz-found/$name.log" >&2
		echo "fuzz: $name failed" >&2
		exit 1
	}
	echo "fuzz: $name: $(grep -oE '^Done [0-9]+ runs' "build/fuzz-found/$name.log")"
done
