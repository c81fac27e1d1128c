#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Facts equal what independent clients read: every table that a probe fills from properties of objects, row by row and column
# by column, against govc and pyVmomi. The probe files say what is compared, so that a new table is compared as soon as it is
# there. The lab's healthy estate, with its defects, and the simulator's own model.
. "$(dirname "$0")/lib.sh"
need "$tools/vcsim" "$tools/govc" "$lab_python" sqlite3

# A check that reads every table, so that all of them are asked for, in one run and by the same requests as always.
mkdir "$work/checks"
"$lab_python" "$e2e/clients_agree.py" --tables "$source_dir/checks/probes/vsphere" >"$work/tables"
{
	cat <<'END'
/*
title: Every table is read
subject: target
severity: info
platforms: [vsphere]
params: {}
symptom: none
fix: none
refs: []
*/
SELECT t.id AS target, 'pass' AS status, max(0
END
	while read -r table; do
		printf ',\n       (SELECT count(*) FROM %s)' "$table"
	done <"$work/tables"
	printf ') AS observed\n  FROM target AS t\n'
} >"$work/checks/every-table-read.sql"

# compare: both clients read what is at $url, and $work/facts.db must say the same.
compare() {
	LAB_PASSWORD=$lab_password HOME=$work "$lab_python" "$e2e/clients_agree.py" --url "$url" --ca "$work/lab.ca.pem" \
		--govc "$tools/govc" --facts "$work/facts.db" --seen "$work/seen" "$source_dir/checks/probes/vsphere" \
		>"$work/agree.out" 2>&1
}

# agree WHAT: collects from $url, then lets both clients read the same and compares.
agree() {
	inventory "$work/inventory.yaml" "vc01=$url"
	rm -f "$work/facts.db"
	run collect -i "$work/inventory.yaml" --checks "$work/checks" -o "$work/facts.db"
	[ "$status" -le 2 ] && [ -s "$work/facts.db" ] || fail "$1: collect: exit code $status"
	compare || { cat "$work/agree.out" >&2; fail "$1"; }
	echo "$1: $(tail -n 1 "$work/agree.out")"
}

lab_inventory estate
agree "the healthy estate"
for wrong in "UPDATE vsphere_vm SET name = name || 'x' WHERE rowid = 1" "DELETE FROM vsphere_vmknic WHERE rowid = 1" \
	"UPDATE vsphere_host_volume SET capacity_bytes = NULL WHERE rowid = 1" "DELETE FROM vsphere_vm_device WHERE rowid = 1"; do
	cp "$work/facts.db" "$work/right.db"
	sqlite3 "$work/facts.db" "$wrong"
	! compare || fail "no difference is seen after $wrong"
	grep -q "two clients: 2 differences" "$work/agree.out" || { cat "$work/agree.out" >&2; fail "$wrong"; }
	mv "$work/right.db" "$work/facts.db"
done
lab_stop
for part in base network cpu storage vm host; do
	# All that can be planted together.
	together=()
	for defect in $(python3 "$lab/make_inventory.py" --list "$part"); do
		python3 "$lab/make_inventory.py" "${together[@]/#/--defect=}" "--defect=$defect" "$work/tried" 2>/dev/null || continue
		together+=("$defect")
	done
	lab_inventory defects "${together[@]}"
	agree "${#together[@]} defects of $part at once"
	lab_stop
done
lab_vcsim model -cluster 2 -host 3 -standalone-host 1 -vm 2
agree "the simulator's own model"
lab_stop

# A table that no inventory fills agrees without having been compared: the simulator lists no EVC modes.
diff - <("$lab_python" "$e2e/clients_agree.py" --seen "$work/seen" --unseen "$source_dir/checks/probes/vsphere") <<'END' ||
vsphere_evc_mode
vsphere_vmknic_ip6
END
	fail "other tables than expected stayed empty everywhere"
