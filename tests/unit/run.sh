#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh PROGRAM - runs a cmocka program; 77 when it passed but skipped something, so that ctest shows it.
set -u
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
TMPDIR=$dir
export TMPDIR
"$1" >"$dir/.out" 2>&1
status=$?
cat "$dir/.out"
[ "$status" -eq 0 ] || exit 1
grep -q 'SKIPPED' "$dir/.out" && exit 77
exit 0
