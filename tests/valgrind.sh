#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# valgrind.sh - unit tests and a whole replay under Valgrind: an error or a definite leak fails.
# usage: tests/valgrind.sh BUILD-DIR     (a build without sanitizers)
set -euo pipefail
export LC_ALL=C

build=$1
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check HIGHEST-EXIT-CODE PROGRAM ...
check() {
	local code=0 highest=$1
	shift
	[ -x "$1" ] || { echo "valgrind: $1 is not built" >&2; exit 1; }
	valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
		--log-file="$work/log" "$@" >"$work/out" 2>&1 || code=$?
	[ "$code" -le "$highest" ] && [ ! -s "$work/log" ] && return
	echo "valgrind: exit code $code: $*" >&2
	tail -n 20 "$work/out" >&2
	cat "$work/log" >&2
	exit 1
}

n=0
for test in "$build"/tests/test_{plan,judge,facts,row,template,decode_xml,decode_json,decode_regex,yaml,inventory,report}; do
	check 0 "$test"
	n=$((n + 1))
done
export MIGREADY_DATA=$top MIGREADY_HISTORY=$work/history.db
check 2 "$build/migready" check --facts "$top/docs/example/defective-cluster.db" --all
printf 'targets:\n  - local: true\n' >"$work/inventory.yaml"
check 2 "$build/migready" check -i "$work/inventory.yaml"
echo "valgrind: $((n + 2)) programs, no error, no leak"
