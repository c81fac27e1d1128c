#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh - installs what the tests need, builds with AddressSanitizer and UBSan, and runs every test.
#
# usage: tests/run.sh [PRESET [CTEST-OPTION ...]]      PRESET of CMakePresets.json; default dev
# Ends with a line that counts what passed, failed and was skipped; a skipped test says why above it.
set -euo pipefail
export LC_ALL=C

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
preset=${1:-dev}
[ $# -eq 0 ] || shift

cd "$top"
bash tests/setup.sh test
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset"

log=build/$preset/ctest.log
status=0
ctest --preset "$preset" -j 2 "$@" 2>&1 | tee "$log" || status=$?

count() {
	grep -cE "$1" "$log" || :
}
passed=$(count '^ *[0-9]+/[0-9]+ Test +#[0-9]+: .* Passed ')
skipped=$(count '^ *[0-9]+/[0-9]+ Test +#[0-9]+: .*\*\*\*Skipped')
all=$(count '^ *[0-9]+/[0-9]+ Test +#[0-9]+: ')
echo "$skipped" >"build/$preset/skipped"
echo "$passed passed, $((all - passed - skipped)) failed, $skipped skipped" | tee "build/$preset/summary"
exit "$status"
