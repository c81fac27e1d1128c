# SPDX-License-Identifier: Apache-2.0
# lib.sh - what the end-to-end tests share: a folder of their own, the lab's servers, inventories, runs and expectations.
#
# $MIGREADY is the program. It runs in an empty environment; servers are on 127.0.0.1 with verified certificates; everything
# is stopped and removed at the end. A test that lacks a tool exits with 77.
set -euo pipefail
export LC_ALL=C TZ=UTC
umask 077

e2e=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_dir=${SOURCE_DIR:-$(cd "$e2e/../.." && pwd)}
work=$(mktemp -d)
export MIGREADY_HISTORY=$work/history.db
. "$e2e/../lab/lab.sh"
trap 'lab_stop; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

fail() {
	echo "FAIL: $*" >&2
	[ -s "$work/stderr" ] && sed 's/^/  stderr: /' "$work/stderr" >&2
	exit 1
}

need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || { echo "skipped: $tool is missing; tests/setup.sh test installs it"; exit 77; }
	done
}

: "${MIGREADY:?the program to test}"
need jq python3 openssl

# inventory FILE NAME=URL...: targets that trust the lab's CA; the password comes from the variable VC_PASSWORD.
inventory() {
	local file=$1 pair
	shift
	{
		echo "targets:"
		for pair; do
			printf '  - name: %s\n    vcenter: %s\n    credential: lab\n    tls: {ca: %s}\n' \
				"${pair%%=*}" "${pair#*=}" "$work/lab.ca.pem"
		done
		printf 'credentials:\n  lab: {user: user, password: {env: VC_PASSWORD}}\n'
	} >"$file"
}

# The command that runs migready with nothing but what it needs; VC_PASSWORD may be set by the caller.
migready_command() {
	command=(env -i PATH=/usr/bin:/bin HOME="$work" LC_ALL=C TZ=UTC MIGREADY_DATA="$source_dir" MIGREADY_HISTORY="$MIGREADY_HISTORY"
		VC_PASSWORD="${VC_PASSWORD-$lab_password}" "$MIGREADY")
}

# run ARGUMENT...: runs migready with a limit of time; sets status. Output is in $work/stdout and $work/stderr.
run() {
	migready_command
	status=0
	timeout "${limit:-60}" "${command[@]}" "$@" >"$work/stdout" 2>"$work/stderr" </dev/null || status=$?
}

# check ARGUMENT...: `migready check` whose report is $work/report.json with every finding.
check() {
	rm -f "$work/report.json"
	run check "$@" --all -f "json=$work/report.json"
}

# measured LIMIT_KIB ARGUMENT...: like run, and the peak of resident memory must stay below the limit. A program built with
# AddressSanitizer needs several times the memory, so there the limit says nothing.
measured() {
	local limit_kib=$1 peak
	shift
	migready_command
	status=0
	timeout "${limit:-60}" python3 "$e2e/peak_memory.py" "$work/peak" "${command[@]}" "$@" \
		>"$work/stdout" 2>"$work/stderr" </dev/null || status=$?
	peak=$(cat "$work/peak") || fail "more than ${limit:-60} s"
	[ "$peak" -lt "$limit_kib" ] || grep -q __asan_init "$MIGREADY" || fail "$peak KiB of memory instead of at most $limit_kib"
}

expect_exit() {
	[ "$status" -eq "$1" ] || fail "exit code $status instead of $1${2:+: $2}"
}

# expect WHAT FILTER [jq argument...]: the jq filter over the report must be true.
expect() {
	local what=$1 filter=$2
	shift 2
	[ -s "$work/report.json" ] || fail "$what: no report"
	jq -e "$@" "$filter" "$work/report.json" >"$work/jq.out" 2>&1 && return
	jq -c '.verdict, .summary, (.findings[] | select(.status != "pass" and .status != "na")
		| [.status, .check, .target, .host, .peer, .vm, .object, .observed, .detail]), .probes[]' "$work/report.json" | head -n 40 >&2 || true
	fail "$what: $filter $*"
}

# requests LOG METHOD: how many requests of that kind a scripted server got.
requests() {
	jq -s --arg m "$2" 'map(select(.method == $m)) | length' "$1"
}

# local_inventory FILE: this machine, under the name "here".
local_inventory() {
	printf 'targets:\n  - {name: here, local: true}\n' >"$1"
}

# says TEXT: one line of standard error has it.
says() {
	grep -qF -- "$1" "$work/stderr" || fail "standard error doesn't say: $1"
}
