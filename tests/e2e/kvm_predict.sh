#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kvm_predict.sh DIR GUEST OPTIONS - what migready says of moving that guest of the lab in DIR from kvm01 to kvm02 with these options of
# virsh migrate: "migrates", or "fails" or "unknown" and the critical checks that say so. Needs MIGREADY and SOURCE_DIR; ASAN_OPTIONS and
# LSAN_OPTIONS are handed on.
set -euo pipefail

dir=$1
guest=$2
options=${3-}
report=$dir/report.json

# What the options ask for is a matter of the profile, and so is what the link carries, of which the adapter tells more.
converges="measure: 1"
parameters=
case $options in
*--copy-storage-all*) parameters="vm-disk-shared: {copy: 1}, " ;;
*--tls*) parameters="migration-tls: {demand: 1}, " ;;
*--tunnelled*) parameters="migration-port-open: {tunnelled: 1}, " ;;
*--auto-converge*) converges+=", auto_converge: 1" ;;
*--postcopy*) converges+=", postcopy: 1" ;;
esac
mbit=$(sed -n 's/.* \([0-9]*\)mbit$/\1/p' "$dir/faults/link-rate" 2>/dev/null || true)
[ -z "$mbit" ] || converges+=", bandwidth_mib_s: $((mbit * 125000 / 1048576))"
cat >"$dir/profile.yaml" <<END
about: one migration
extends: onboarding
severity: {vm-converges: critical}
params: {${parameters}vm-converges: {$converges}}
END

rm -f "$report"
"$SOURCE_DIR/tests/lab/kvm.sh" exec "$dir" env -i PATH=/usr/bin:/bin HOME="$dir" LC_ALL=C TZ=UTC MIGREADY_DATA="$SOURCE_DIR" \
	${ASAN_OPTIONS:+ASAN_OPTIONS="$ASAN_OPTIONS"} ${LSAN_OPTIONS:+LSAN_OPTIONS="$LSAN_OPTIONS"} \
	timeout 60 "$MIGREADY" check -i "$dir/inventory.yaml" -p "$dir/profile.yaml" --no-history --all -f "json=$report" >"$dir/predict.log" 2>&1 </dev/null || true
[ -s "$report" ] || { sed 's/^/  /' "$dir/predict.log" >&2; echo "no report"; exit; }

# The checks of that guest, of the two hosts, and of the way from one to the other; not what is concluded from them.
jq -r --arg vm "$guest" '
	[.findings[] | select(.severity == "critical" and .check != "vm-has-destination") | select(
		(.vm == null or .vm == $vm) and
		(.host == null or .host == "kvm01" or (.host == "kvm02" and .peer == null)) and
		(.peer == null or .peer == "kvm02"))]
	| def say($status): [.[] | select(.status == $status) | .check] | unique | join(", ");
	if any(.[]; .status == "fail") then "fails: " + say("fail")
	elif any(.[]; .status == "unknown") then "unknown: " + say("unknown")
	elif length == 0 then "nothing judged"
	else "migrates" end' "$report"
