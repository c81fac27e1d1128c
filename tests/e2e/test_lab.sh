#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The lab itself: pyVmomi, a client that shares no code with the rest, reads the same estate from the genuine simulator and
# from the scripted server, whole and with each defect.
. "$(dirname "$0")/lib.sh"
need "$tools/vcsim" "$lab_python"

read_estate() {
	LAB_PASSWORD=$lab_password "$lab_python" "$lab/client.py" "$url" "$work/lab.ca.pem"
}

# The simulator rewrites a datastore's URL to a folder of its own, and gives unset properties without a value, or as empty lists.
comparable() {
	jq 'walk(if type == "object" and ."xsi:type"? == "vim.Datastore.Summary" then del(.url) else . end)
		| map_values(with_entries(select(.value != "None" and .value != [])))'
}

lab_inventory vcsim
read_estate | comparable >"$work/healthy"
hosts=$(jq '[keys[] | select(startswith("host-"))] | length' "$work/healthy")
vms=$(jq '[keys[] | select(startswith("vm-"))] | length' "$work/healthy")
[ "$hosts $vms" = "4 8" ] || fail "the healthy estate has $hosts hosts and $vms VMs"
lab_scripted scripted
read_estate | comparable | diff "$work/healthy" - || fail "the servers differ on the healthy estate"
lab_stop

for defect in $(python3 "$lab/make_inventory.py" --list all); do
	lab_inventory vcsim "$defect"
	read_estate | comparable >"$work/simulated"
	diff -q "$work/healthy" "$work/simulated" >/dev/null && fail "$defect changes nothing"
	lab_scripted scripted --defect "$defect"
	read_estate | comparable | diff "$work/simulated" - || fail "the servers differ on $defect"
	lab_stop
done
