#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Predictions are proven: before each real migration of tests/lab/kvm/scenarios migready is asked, and then the guest is migrated. What it
# calls possible must be so, and what it calls impossible must fail, or harm the guest; kvm_exceptions lists where it doesn't, and why.
# docs/kvm-predictions.md is the table that this test prints.
. "$(dirname "$0")/lib.sh"
. "$e2e/kvm.sh"

# Half of the scenarios in one lab, half in another: much of the time is waiting. Those with huge pages, which the machine has but once,
# are in the second half.
halves() {
	sed -n 's/^\([a-z][^ ]*\) |.*/\1/p' "$lab/kvm/scenarios" >"$work/names"
	grep -v hugepages "$work/names" | head -n 35 >"$work/half1"
	grep -vxFf "$work/half1" "$work/names" >"$work/half2"
}

export MIGREADY SOURCE_DIR=$source_dir
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait; rm -rf "$work"' EXIT
halves
for half in 1 2; do
	"$lab/kvm_truth.sh" --predict "$e2e/kvm_predict.sh" $(cat "$work/half$half") >"$work/table$half" 2>"$work/said$half" &
	pids[half]=$!
done
for half in 1 2; do
	wait "${pids[half]}" || echo "lab $half: $(cat "$work/said$half")"
done
cat "$work"/table[12] | awk '!seen[$0]++' >"$work/table"

# words TABLE: its rows as "scenario|prediction|outcome", each cut down to its first word: migrates, fails, unknown, harmed, endless.
words() { sed -n '/^| scenario/d; s/^| \([a-z][a-z0-9-]*\) | \([a-z-]*\)[^|]*| \([a-z]*\).*/\1|\2|\3/p' "$1"; }

# Those of the table that went otherwise than predicted.
untrue() {
	local scenario predicted happened
	words "$work/table" | while IFS='|' read -r scenario predicted happened; do
		case $predicted/$happened in
		migrates/migrates | fails/fails | fails/endless | fails/harmed | */not) ;;
		*) echo "$scenario $predicted/$happened" ;;
		esac
	done
}

sed -n 's/^\([a-z][^ ]*\) |.*/\1/p' "$e2e/kvm_exceptions" | sort >"$work/excepted"

# How fast a guest writes, and whether it ended within some seconds, depends on what else this machine does: what went otherwise than said
# has a second chance, by itself. What goes otherwise then is so.
{
	untrue | cut -d ' ' -f 1 | sort | comm -23 - "$work/excepted"
	sed -n 's/^kvm_truth.sh: \([a-z][a-z0-9-]*\): .*/\1/p' "$work"/said[12]
} | sort -u >"$work/again"
if [ -s "$work/again" ]; then
	echo "once more: $(tr '\n' ' ' <"$work/again")"
	"$lab/kvm_truth.sh" --predict "$e2e/kvm_predict.sh" $(cat "$work/again") >"$work/table3" 2>"$work/said3" ||
		fail "not all went as the scenarios say: $(cat "$work/said3")"
	sed 's/.*/^| & |/' "$work/again" >"$work/rows"
	{ grep -vf "$work/rows" "$work/table"; grep -f "$work/rows" "$work/table3"; } >"$work/both"
	mv "$work/both" "$work/table"
fi
cat "$work/table"
words "$work/table" >"$work/words"
[ "$(wc -l <"$work/words")" -ge 30 ] || fail "not even thirty scenarios"
untrue >"$work/wrong"

cut -d ' ' -f 1 "$work/wrong" | sort >"$work/untrue"
comm -13 "$work/untrue" "$work/excepted" | sed 's/^/no exception any more: /'
comm -23 "$work/untrue" "$work/excepted" >"$work/difference"
[ ! -s "$work/difference" ] || fail "predictions that didn't come true: $(grep -wFf "$work/difference" "$work/wrong")"

words "$source_dir/docs/kvm-predictions.md" | cut -d '|' -f 1 | sort >"$work/documented"
cut -d '|' -f 1 "$work/words" | sort | diff "$work/documented" - >&2 || fail "docs/kvm-predictions.md lists other scenarios"
