#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A host that answers nothing, though its vCenter calls it connected: it is unknown, and no destination; the others are judged.
. "$(dirname "$0")/lib.sh"

silent='def silent: . == "esx02.lab.example"; def about_silent: (.host | silent) or (.peer | silent);'

# destinations WHAT VMS [WIDER]: elsewhere so many VMs have the two others to go to, not the silent one; nothing critical is unknown
# that isn't about the silent host, or of the check WIDER.
destinations() {
	expect "$1: VMs elsewhere have a destination" "$silent [.findings[] | select(.check == \"vm-has-destination\"
		and .status != \"na\" and (.host | silent | not))]
		| length == \$n and all(.[]; .status == \"pass\" and .observed == \"2 of 3 candidates\"
			and (.detail | test(\"host-connected: esx02\")))" --argjson n "$2"
	expect "$1: nothing else is unknown" "$silent all(.findings[] | select(.severity == \"critical\" and .status == \"unknown\");
		about_silent or .check == \$wider)" --arg wider "${3:-}"
}

# excluded: without the silent host everything is as it should be.
excluded() {
	check -i "$work/inventory.yaml" --exclude esx02.lab.example
	expect_exit 0 "the silent host is excluded"
	expect "the silent host is excluded" "$silent all(.findings[]; about_silent | not)"
}

lab_scripted silent --fault host-silent=2
inventory "$work/inventory.yaml" "vc01=$url"
check -i "$work/inventory.yaml"
expect_exit 2 "a silent host"
destinations "a silent host" 5
expect "the silent host's own VMs are unknown" "$silent [.findings[] | select(.check == \"vm-has-destination\" and (.host | silent)) | .status]
	| length == 2 and all(. == \"unknown\")"
expect "what concerns it is unknown" "$silent all(.findings[] | select(about_silent and .vm == null
	and (.check | IN(\"vmotion-ip-unique\", \"cpu-virtualization-enabled\", \"vmotion-vmknic-subnet\", \"host-connected\"))); .status == \"unknown\")"
excluded

# Emptying another host needs no answer of the silent one: that it may have the same address is told as unknown, of it alone.
check -i "$work/inventory.yaml" -p maintenance --host esx01.lab.example
expect_exit 0 "another host is emptied"
expect "another host is emptied" "$silent [.findings[] | select(.status == \"unknown\" and .check == \"vmotion-ip-unique\")]
	| length > 0 and all(.[]; about_silent)"
check -i "$work/inventory.yaml" -p maintenance --host esx02.lab.example
expect_exit 2 "the silent host is emptied"

# Its VMs are silent, too: how many of them are templates is then not known, and so not whether all VMs are listed.
lab_stop
lab_scripted quiet --fault host-silent=2+vms
inventory "$work/inventory.yaml" "vc01=$url"
check -i "$work/inventory.yaml"
expect_exit 2 "a silent host with silent VMs"
destinations "a silent host with silent VMs" 5 inventory-complete
excluded
