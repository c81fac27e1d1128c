# SPDX-License-Identifier: Apache-2.0
# defects.sh - plants one defect of the lab's estate in the genuine simulator and looks at what the checks make of it; sourced
# after lib.sh by test_vcsim_defects*.sh.

checked=()

# defect NAME EXIT CHECK STATUS FILTER [CHECK...]: exactly the findings of CHECK for which FILTER holds have STATUS; all others
# pass or are not applicable. What follows from the defect is told by the checks named last, by vm-has-destination, and by those
# that send packets: they are free. EXIT "-": whatever the verdict is.
sending=(jumbo-frames-path path-latency path-loss path-culprit standby-uplink-proven migration-port-open path-sample nfc-path-loss nfc-port-open)
defect() {
	local name=$1 code=$2 id=$3 wanted=$4 filter=$5
	shift 5
	lab_inventory "$name" "$name"
	inventory "$work/inventory.yaml" "vc01=$url"
	check -i "$work/inventory.yaml"
	[ "$code" = - ] || expect_exit "$code" "$name"
	expect "$name" "def concerned: .check == \$id and ($filter);
		([.findings[] | select(concerned)] | length > 0)
		and all(.findings[] | select(.check as \$c | \$free | index(\$c) == null or \$c == \$id);
			if concerned then .status == \$status else .status == \"pass\" or .status == \"na\" end)" \
		--arg id "$id" --arg status "$wanted" --argjson free "$(printf '%s\n' vm-has-destination "${sending[@]}" "$@" | jq -R . | jq -s .)"
	lab_stop
	checked+=("$name")
}

# all_checked PART: every defect of that part of the estate was planted.
all_checked() {
	diff <(printf '%s\n' "${checked[@]}" | sort) <(python3 "$lab/make_inventory.py" --list "$1" | sort) ||
		fail "a defect of the lab has no expectation here"
}
