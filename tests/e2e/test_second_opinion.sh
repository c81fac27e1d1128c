#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What vCenter's own check says of migrations: one task for a cluster, waited for, compared with the checks; a server that doesn't answer
# makes it unknown, and stops nothing. The scripted server's answers are read by pyVmomi too.
. "$(dirname "$0")/lib.sh"
need "$lab_python"

# serve NAME FAULT...: the scripted server with these faults.
serve() {
	local name=$1 fault arguments=()
	shift
	for fault; do
		arguments+=(--fault "$fault")
	done
	lab_scripted "$name" "${arguments[@]}"
	log=$work/$name.jsonl
	inventory "$work/inventory.yaml" "vc01=$url"
}

# agreement STATUS FILTER [jq argument...]: app01-02's finding; everybody else's is a pass or not applicable.
agreement() {
	local status=$1 filter=$2
	shift 2
	expect "$status" 'any(.findings[]; .check == "vcenter-agrees" and .vm == "app01-02" and .status == $s and ('"$filter"'))' \
		--arg s "$status" "$@"
	expect "the others" 'all(.findings[]; (.check == "vcenter-agrees" and .vm == "app01-02") or .status == "pass" or .status == "na")'
}

opinion() {
	LAB_PASSWORD=$lab_password "$lab_python" "$lab/client.py" "$url" "$work/lab.ca.pem" --opinion >"$work/opinion.json"
}

# Nothing to say: every running VM's candidates were judged.
serve agrees
check -i "$work/inventory.yaml"
expect_exit 0 "both are content"
expect "every running VM" '[.findings[] | select(.check == "vcenter-agrees" and .status == "pass") | .vm] | sort ==
	["app01-01", "app01-02", "app01-03", "app01-04", "app01-05"]'
[ "$(requests "$log" QueryVMotionCompatibilityEx_Task)" = 1 ] || fail "not one task for the cluster"
jq -se 'all(.[] | select(.method == "QueryVMotionCompatibilityEx_Task") | .body; contains("<host type=\"HostSystem\">host-13</host></Query")
	and ([scan("<vm type=\"VirtualMachine\">vm-[0-9]+</vm>")] | length == 5)
	and ([scan("<host type=")] | length == 4))' "$log" >/dev/null || fail "the arguments aren't references"
[ "$(requests "$log" CancelTask)" = 0 ] || fail "a task that ended was cancelled"

# It refuses what nothing here speaks against, in the words that another client reads.
for type in FeatureRequirementsNotMet CannotAccessVmDevice; do
	serve "refuses-$type" "opinion=$type"
	opinion
	check -i "$work/inventory.yaml"
	expect_exit 0 "another opinion doesn't make the verdict"
	agreement fail '.observed == "vCenter refuses \($t): esx03.lab.example" and .detail == $pair.error[0][1]' --arg t "$type" \
		--argjson pair "$(jq '."vm-31 host-12"' "$work/opinion.json")"
	jq -e --arg t "vim.fault.$type" '."vm-31 host-12".error[0][0] == $t' "$work/opinion.json" >/dev/null || fail "pyVmomi reads another $type"
done

# A warning refuses nothing.
serve warns opinion=VMotionLinkCapacityLow
opinion
check -i "$work/inventory.yaml"
expect "a warning" 'all(.findings[]; .status == "pass" or .status == "na")'
run query -i "$work/inventory.yaml" "SELECT vm, candidate, warnings FROM vsphere_second_opinion WHERE warnings <> 'none'"
grep -q 'vc01/vm-31 *vc01/host-12 *VMotionLinkCapacityLow' "$work/stdout" || fail "the warning is not among the facts"

# A check here rules a host out, vCenter doesn't.
lab_scripted ruled-out --defect vmotion-vmknic-missing
inventory "$work/inventory.yaml" "vc01=$url"
check -i "$work/inventory.yaml"
expect_exit 1 "no vMotion adapter on esx02"
expect "vCenter sees nothing" 'all(.findings[] | select(.check == "vcenter-agrees" and .status != "na");
	.status == "warn" and (.detail | contains("vmotion-vmknic-present")))'

# An answer with a hole.
serve hole pair-missing
check -i "$work/inventory.yaml"
expect_exit 0 "a hole in the answer"
agreement unknown '.detail == "vCenter'\''s answer does not cover all candidates"'

# Tasks that take their time are waited for, with growing intervals.
serve slow tasks-slow=6
check -i "$work/inventory.yaml"
expect_exit 0 "slow tasks"
expect "all judged" 'all(.findings[]; .status == "pass" or .status == "na")'

# Tasks that fail, with the reason; what they would have told is unknown, and nothing else is.
serve denied task-error=NoPermission
check -i "$work/inventory.yaml"
expect_exit 0 "no right to ask"
expect "the outcome" '[.probes[] | select(.probe == "vsphere/second_opinion")] | length > 0 and all(.[]; .outcome == "denied"
	and (.error | contains("Resource.HotMigrate")))'
expect "unknown, for that reason" 'any(.findings[]; .check == "vcenter-agrees" and .status == "unknown" and (.detail | contains("Resource.HotMigrate")))
	and all(.findings[]; .check == "vcenter-agrees" or .status == "pass" or .status == "na")'

# A server without the check, as ESXi: nobody is asked.
serve none no-checker
check -i "$work/inventory.yaml"
expect_exit 0 "no such check"
expect "not applicable" 'all(.findings[] | select(.check == "vcenter-agrees"); .status == "na")'
[ "$(requests "$log" QueryVMotionCompatibilityEx_Task)" = 0 ] || fail "a method that isn't there was called"

# Tasks that never end: the probe's own limit, and the task is cancelled; the session is closed.
mkdir "$work/own"
sed -e '/^tables:/,$d' -e 's/^timeout: .*/timeout: 1s/' "$source_dir/checks/probes/vsphere/second_opinion.yaml" >"$work/own/opinion.yaml"
printf '%s\n' 'tables:' '  own_opinion:' '    rows: returnval[]' '    columns:' '      cluster: $each.cluster' '      vm: {path: vm, type: ref}' \
	'      error: $error' >>"$work/own/opinion.yaml"
serve hangs tasks-hang
run query -i "$work/inventory.yaml" --checks "$work/own" 'SELECT error FROM own_opinion'
expect_exit 2 "tasks that never end"
grep -q 'did not end within 1 s' "$work/stdout" || fail "the reason is missing"
[ "$(requests "$log" CancelTask)" = 1 ] || fail "$(requests "$log" CancelTask) tasks were cancelled"
[ "$(requests "$log" Logout)" = "$(requests "$log" Login)" ] || fail "the session stayed open"
looks=$(jq -s 'map(select(.asked.Task)) | length' "$log")
[ "$looks" -ge 2 ] && [ "$looks" -le 10 ] || fail "$looks looks at a task in a second"

# Ctrl-C while a task runs: soon over, its task is cancelled, the session is closed. Packets between hosts would be cut off, too.
printf 'about: no packets\nextends: onboarding\nexclude: [host-vcenter-agree]\nnever: [{family: path}]\n' >"$work/configured.yaml"
serve interrupted tasks-hang
migready_command
rm -f "$work/report.json"
setsid "${command[@]}" check -i "$work/inventory.yaml" -p "$work/configured.yaml" -f "json=$work/report.json" >"$work/stdout" 2>"$work/stderr" </dev/null &
pid=$!
for ((i = 0; i < 200; i++)); do
	[ "$(jq -s 'map(select(.asked.Task)) | length' "$log")" -ge 1 ] && break
	sleep 0.05
done
started=$SECONDS
python3 -c 'import os, signal, sys; os.kill(int(sys.argv[1]), signal.SIGINT)' "$pid"
status=0
wait "$pid" || status=$?
[ $((SECONDS - started)) -le 5 ] || fail "Ctrl-C took $((SECONDS - started)) s"
expect_exit 0 "Ctrl-C: all that is critical was judged before"
expect "Ctrl-C: what wasn't answered is unknown" '(.complete | not) and all(.findings[] | select(.check == "vcenter-agrees"); .status == "unknown")'
[ "$(requests "$log" CancelTask)" = 1 ] || fail "Ctrl-C: $(requests "$log" CancelTask) tasks were cancelled"
[ "$(requests "$log" Logout)" = 1 ] || fail "Ctrl-C: the session stayed open"

# The session ends while tasks run: they are started again in another one.
serve expires tasks-slow=3 session-expires=14
check -i "$work/inventory.yaml" -p "$work/configured.yaml"
expect_exit 0 "the session expired"
[ "$(requests "$log" Login)" = 2 ] || fail "$(requests "$log" Login) logins"
[ "$(requests "$log" QueryVMotionCompatibilityEx_Task)" = 2 ] || fail "the task was not started again: $(jq -r .method "$log" | tr '\n' ' ')"
expect "all judged after all" 'all(.findings[]; .status == "pass" or .status == "na")'

# What is sent is announced.
run describe --requests -i "$work/inventory.yaml"
for line in 'QueryVMotionCompatibilityEx_Task on content.vmProvisioningChecker: vm:VirtualMachine\[\]=${vms:moid\[\]}' \
	'RetrievePropertiesEx Task: info' CancelTask; do
	grep -q "$line" "$work/stdout" || fail "describe --requests doesn't tell of $line"
done
