#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Whom a run is about: --host, --cluster and --vm narrow the subjects, --exclude takes a dead host out as subject and as
# destination, and a scope that matches nothing is a mistake. Live and over recorded facts alike.
. "$(dirname "$0")/lib.sh"
need "$tools/vcsim"

lab_inventory vc01 host-disconnected
inventory "$work/inventory.yaml" "vc01=$url"

check -i "$work/inventory.yaml"
expect_exit 1 "a host is disconnected"
run collect -i "$work/inventory.yaml" -o "$work/facts.db"
expect_exit 0 "collect"

# judged NAME VALUE... in TWO ways: $work/report.json of the live run; the replay has the same findings.
judged() {
	run check --facts "$work/facts.db" --as-of-facts "$@" --all -f "json=$work/replay.json"
	local replay=$status
	check -i "$work/inventory.yaml" "$@"
	[ "$status" -eq "$replay" ] || fail "$*: $status, and $replay as a replay"
	expect "$*: a replay finds the same" '.findings == $replay[0].findings and .summary == $replay[0].summary
		and .verdict == $replay[0].verdict and .scope == $replay[0].scope' --slurpfile replay "$work/replay.json"
}

hosts() {
	expect "$1" '[.findings[].host | select(. != null)] | unique == $hosts' --argjson hosts "$2"
}

judged
expect "all" '.scope == {"hosts": [], "clusters": [], "vms": [], "excluded": []}
	or ([.scope[]] | flatten | length == 0)'
judged --host esx01.lab.example
expect_exit 0 "one healthy host"
expect "only it is a subject" '[.findings[] | select(.check == "host-connected") | .host] == ["esx01.lab.example"]'
expect "the report says so" '.scope.hosts == ["esx01.lab.example"]'
expect "pairs that it is one end of" '[.findings[] | select(.check == "nfs-mount-identity")] | length > 0
	and all(.[]; .host == "esx01.lab.example" or .peer == "esx01.lab.example")'
judged --host 'ESX0[13].*'
expect_exit 0 "a glob, case ignored"
expect "both" '[.findings[] | select(.check == "host-connected") | .host] == ["esx01.lab.example", "esx03.lab.example"]'
judged --host 'esx01*' --host 'esx04*'
expect_exit 1 "two globs, one for the dead host"
judged --cluster 'PROD-?'
expect_exit 1 "its cluster"
judged --vm 'APP01-0[12]'
expect_exit 1 "two VMs, in the cluster of the dead host"
judged --vm 'APP01-0[12]' --exclude 'esx04*'
expect_exit 0 "two VMs without it"
expect "only they" '[.findings[] | select(.check == "vm-log-rotate-size") | .vm] == ["app01-01", "app01-02"]'

# --exclude: the dead host is no subject and no destination, its VMs aren't subjects, and the verdict says so.
judged --exclude 'Esx04.*'
expect_exit 0 "the dead host is excluded"
expect "listed as excluded" '.verdict == "ready" and .scope.excluded == ["Esx04.*"]'
expect "nowhere in the findings" '[.findings[] | .host, .peer] | all(. == null or (startswith("esx04") | not))'
expect "the count isn't fooled by it" 'any(.findings[]; .check == "inventory-complete" and .status == "pass"
	and (.observed | test("^hosts 4, VMs 8")))'
run check -i "$work/inventory.yaml" --exclude 'esx04*'
grep -q 'esx04\*' "$work/stdout" || fail "the text report doesn't tell who is excluded"
check -i "$work/inventory.yaml" --host 'esx04*' --exclude 'esx04*'
expect_exit 64 "nobody is left"
judged --exclude '*'
expect_exit 2 "every host is excluded"
expect "clusters alone are no verdict" '.verdict == "unknown" and all(.findings[]; .host == null)'

# A target's name keeps its capitals, and --exclude its aim.
inventory "$work/capital.yaml" "VC01=$url"
check -i "$work/capital.yaml" --exclude 'esx04*'
expect_exit 0 "excluded from a target with a name in capitals"
expect "nowhere in its findings" '[.findings[] | .host, .peer] | all(. == null or (startswith("esx04") | not))'

# A scope that matches nothing names the option; nothing is reported.
for option in host cluster vm exclude; do
	for source in "-i $work/inventory.yaml" "--facts $work/facts.db"; do
		check $source "--$option" 'no-such-*'
		expect_exit 64 "$option $source"
		says "--$option 'no-such-*'"
		[ ! -e "$work/report.json" ] || fail "--$option: a report all the same"
	done
done
check -i "$work/inventory.yaml" --host 'esx01*' --host 'esx1*'
expect_exit 64 "one of two globs matches nothing"
says "--host 'esx1*'"
lab_stop

# Counting is against what the server itself counts, with or without the excluded one.
lab_inventory hidden hosts-unlisted
inventory "$work/inventory.yaml" "vc01=$url"
check -i "$work/inventory.yaml" --exclude 'esx04*'
expect_exit 2 "two hosts are not listed, one is excluded"
expect "not complete" 'any(.findings[]; .check == "inventory-complete" and .status == "unknown")'
check -i "$work/inventory.yaml" --host 'esx01*'
expect_exit 2 "a scope doesn't hide it either"
lab_stop

# What a host that is left out didn't answer concerns nobody, and neither does what its VMs didn't.
lab_scripted silent --fault no-permission
inventory "$work/inventory.yaml" "vc01=$url"
check -i "$work/inventory.yaml"
expect_exit 2 "a host and its VM don't answer"
expect "both are unknown" 'any(.findings[]; .status == "unknown" and .host == "esx02.lab.example" and .vm == null)
	and any(.findings[]; .status == "unknown" and .vm == "app01-02")'
printf 'about: no packets\nextends: onboarding\nnever: [{family: path}]\n' >"$work/configured.yaml"
check -i "$work/inventory.yaml" -p "$work/configured.yaml" --exclude 'esx02*'
expect_exit 0 "the host that doesn't answer is excluded"
expect "and so is its VM" 'all(.findings[]; .vm != "app01-02" and .status != "unknown")'
