#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage.sh - the command line: help, version, exit codes, and errors that say what was expected.
set -u

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0

# expect CODE TEXT ARGUMENT... - the program exits with CODE and says TEXT on one of its outputs.
expect() {
	code=$1 text=$2
	shift 2
	"$MIGREADY" "$@" >"$dir/out" 2>&1 </dev/null
	is=$?
	if [ "$is" -ne "$code" ]; then
		echo "migready $*: exit code $is, expected $code"
		cat "$dir/out"
		failed=1
	elif ! grep -qF -e "$text" "$dir/out"; then
		echo "migready $*: '$text' is not in:"
		cat "$dir/out"
		failed=1
	fi
}

expect 64 'Commands:'
expect 0 'migready check -i inventory.yaml' help
expect 0 'Commands:' --help
expect 0 'migready 0.1.0' --version
expect 0 '--deadline TIME' help check
expect 0 '--deadline TIME' check --help
expect 0 'Examples:' help query
expect 64 "unknown command 'chekc' (did you mean 'check'?)" chekc
expect 64 "unknown command 'chekc' (did you mean 'check'?)" help chekc
expect 64 'stands before the command' --facts x check
expect 64 "(did you mean '--inventory'?)" check --inventroy x
expect 64 'an inventory (-i FILE) or recorded facts (--facts FILE) are needed' check
expect 64 'exclude each other' check -i x --facts y
expect 64 "unexpected argument 'esx01'" check -i x esx01
expect 64 "unknown format 'jsno' (did you mean 'json'?)" check -i x -f jsno
expect 64 'two reports to standard output' check -i x -f text -f json=-
expect 64 'two reports to r.json' check -i x -f text=r.json -f json=r.json
expect 64 'names no file' check -i x -f json=
expect 64 '--as-of-facts is for --facts' check -i x --as-of-facts
expect 64 'is not between 1 and 86400 seconds' check -i x --deadline 0
expect 3 'two reports' check -i x -f text -f json --exit-codes nagios
expect 64 'a file for the facts is needed' collect -i x
expect 64 'the SQL is missing' query --facts x
expect 64 "there is no list of 'check' (did you mean 'checks'?)" list check
expect 64 'what to list is missing: checks, probes, profiles, tables, formats, transports, functions, runs' list
expect 64 'a name is missing' describe
expect 64 "no check, probe, table, view or profile is named 'no-such-thing'" describe no-such-thing
expect 74 '/nonexistent' check -i "$dir/nonexistent.yaml"
expect 0 'FORMAT' list formats
expect 64 "(did you mean 'host'?)" describe hosst
expect 0 'filled by kvm/link local/link' describe linux_link
expect 0 'view host' describe host
expect 0 'table linux_cpu_feature_set (each distinct set once)' describe linux_cpu_feature
expect 0 'table linux_cpu_feature_set (each distinct set once)' describe linux_cpu_feature_set
expect 64 "is named 'linux_link_set'" describe linux_link_set
expect 64 "(did you mean 'linux_cpu_feature_set'?)" describe linux_cpu_feature_sets
expect 0 'linux_cpu_feature_set ' list tables
expect 0 'run_gap ' list tables
expect 0 'every check' describe onboarding
expect 0 'junit' list formats
expect 0 'onboarding' list profiles
for list in checks probes profiles tables formats transports functions; do
	expect 0 '' list "$list"
done

# What couldn't be said has to be an error, whatever the command.
"$MIGREADY" list formats >/dev/full 2>"$dir/out"
is=$?
if [ "$is" -ne 74 ] || ! grep -q 'No space left' "$dir/out"; then
	echo "list formats >/dev/full: exit code $is, expected 74 and a reason"
	failed=1
fi
exit "$failed"
