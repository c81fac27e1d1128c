#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# rooms.sh - the rooms link only leftwards: a decoder knows no network, a transport no tables, neither knows a check.
set -u

failed=0

# keeps_out LIBRARY PATTERN - no object of the library refers to a symbol that begins with PATTERN.
keeps_out() {
	[ -f "$BUILD_DIR/$1" ] || { echo "$1 is not in $BUILD_DIR"; failed=1; return; }
	found=$(nm -u "$BUILD_DIR/$1" | sed -n "s/^ *U \($2.*\)/\1/p" | sort -u)
	[ -z "$found" ] || { echo "$1 refers to:" $found; failed=1; }
}

for outer in curl_ uv_ sqlite3_ nl_ socket connect facts_ run_; do
	keeps_out libmr_base.a "$outer"
	keeps_out libmr_decode.a "$outer"
done
for outer in sqlite3_ facts_ run_ probe_ checks_; do
	keeps_out libmr_transport.a "$outer"
done
keeps_out libmr_core.a curl_
keeps_out libmr_report.a sqlite3_
exit "$failed"
