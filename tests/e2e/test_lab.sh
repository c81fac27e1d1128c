#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The lab itself: pyVmomi, a client that shares no code with the rest, reads the same estate from the genuine simulator and
# from the scripted server, whole and with each defect.
. "$(dirname "$0")/lib.sh"
need "$tools/vcsim" "$lab_python"

# read_estates URL,...: a JSON document for each.
read_estates() {
	LAB_PASSWORD=$lab_password "$lab_python" "$lab/client.py" "$1" "$work/lab.ca.pem"
}

# The simulator rewrites a datastore's URL to a folder of its own, and gives unset properties without a value, or as empty lists.
comparable() {
	jq 'walk(if type == "object" and ."xsi:type"? == "vim.Datastore.Summary" then del(.url) else . end)
		| map_values(with_entries(select(.value != "None" and .value != [])))'
}

lab_inventory vcsim
simulated=$url
lab_scripted scripted
read_estates "$simulated,$url" | comparable | jq -s . >"$work/both"
lab_stop
jq '.[0]' "$work/both" >"$work/healthy"
jq '.[1]' "$work/both" | diff "$work/healthy" - || fail "the servers differ on the healthy estate"
hosts=$(jq '[keys[] | select(startswith("host-"))] | length' "$work/healthy")
vms=$(jq '[keys[] | select(startswith("vm-"))] | length' "$work/healthy")
[ "$hosts $vms" = "4 8" ] || fail "the healthy estate has $hosts hosts and $vms VMs"

# compare DEFECT...: some at a time, as most of the time goes into starting the client.
compare() {
	local defect urls=()
	for defect; do
		lab_inventory "$defect" "$defect"
		urls+=("$url")
		lab_scripted "$defect.scripted" --defect "$defect"
		urls+=("$url")
	done
	read_estates "$(IFS=,; echo "${urls[*]}")" | comparable | jq -s . >"$work/both"
	lab_stop
	jq -e --slurpfile healthy "$work/healthy" '(length == 2 * ($ARGS.positional | length)) and
		all(range(0; length; 2) as $i | $ARGS.positional[$i / 2] as $defect |
			(if .[$i] == $healthy[0] then "\($defect) changes nothing\n" | stderr | false else true end) and
			(if .[$i] == .[$i + 1] then true
			 else "\($defect): \([(.[$i] | to_entries) - (.[$i + 1] | to_entries), (.[$i + 1] | to_entries) - (.[$i] | to_entries)])\n"
				| stderr | false end); .)' "$work/both" --args "$@" >"$work/jq.out" || fail "the servers differ, or a defect changes nothing"
}

python3 "$lab/make_inventory.py" --list all >"$work/defects"
while mapfile -n 10 -t defects && [ "${#defects[@]}" -gt 0 ]; do
	compare "${defects[@]}"
done <"$work/defects"
