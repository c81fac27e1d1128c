#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What goes over the wire: a profile asks only for what its checks read, sessions are closed whatever happens, pages are
# followed to the last.
. "$(dirname "$0")/lib.sh"

# profile CHECK...: a profile of these checks, $work/profile.yaml.
profile() {
	{
		echo "about: a test"
		echo "checks:"
		printf '  - %s\n' "$@"
	} >"$work/profile.yaml"
}

# asked TYPE: the sorted paths of that type that the server was asked for, on one line.
asked() {
	jq -rs --arg t "$1" '[.[] | select(.method == "RetrievePropertiesEx") | .asked[$t] // [] | .[]] | unique | join(" ")' "$log"
}

# same_sessions N WHAT: as many logouts as logins; a view ends with its session.
same_sessions() {
	[ "$(requests "$log" Login)" = "$1" ] || fail "$2: $(requests "$log" Login) logins"
	[ "$(requests "$log" Logout)" = "$1" ] || fail "$2: $(requests "$log" Logout) logouts for $1 logins"
}

serve() {
	lab_scripted "$@"
	log=$work/$1.jsonl
	inventory "$work/inventory.yaml" "vc01=$url"
}

# One check reads the state of hosts: nothing else of them is asked for. Every run also counts VMs, for inventory-complete.
serve one-check
profile host-connected
check -i "$work/inventory.yaml" -p "$work/profile.yaml"
expect_exit 0 "one check"
same_sessions 1 "one check"
for path in runtime.connectionState runtime.inMaintenanceMode runtime.powerState name; do
	[[ " $(asked HostSystem) " == *" $path "* ]] || fail "host-connected reads $path, which nobody asked for"
done
[[ "$(asked HostSystem)" != *config.* ]] || fail "host-connected doesn't read the hosts' configuration: $(asked HostSystem)"
[ "$(asked VirtualMachine)" = "config.template name runtime.host" ] || fail "VMs are only counted: $(asked VirtualMachine)"
[ -z "$(asked Datastore)" ] || fail "host-connected reads nothing of datastores: $(asked Datastore)"

# Another one reads the file systems of hosts, and no more of VMs.
serve another-check
profile nfs-mount-identity
check -i "$work/inventory.yaml" -p "$work/profile.yaml"
expect_exit 0 "another check"
[[ " $(asked HostSystem) " == *" config.fileSystemVolume.mountInfo "* ]] || fail "nobody asked for the file systems"
[[ "$(asked HostSystem)" != *config.featureCapability* ]] || fail "nfs-mount-identity reads no CPU features"
[ "$(asked VirtualMachine)" = "config.template name runtime.host" ] || fail "VMs are only counted: $(asked VirtualMachine)"

# What `describe --requests` announces is what is sent.
serve announced
check -i "$work/inventory.yaml"
expect_exit 0 "all checks"
run describe --requests -i "$work/inventory.yaml"
expect_exit 0 "describe --requests"
for type in HostSystem VirtualMachine ComputeResource; do
	for path in $(asked "$type"); do
		grep -qwF -- "$path" "$work/stdout" || fail "describe --requests doesn't name $path of $type"
	done
done

# Objects share requests; what is called on each host by itself is not counted.
few=$(jq -s 'map(select(.method != "QueryVMotionCompatibilityEx_Task" and .method != "RetrieveManagedMethodExecuter" and .method != "ExecuteSoap"
	and .method != "QueryNetworkHint" and (.asked | has("Task") | not))) | length' "$log")
[ "$few" -le 17 ] || fail "$few requests for an inventory of 15 objects, without the tasks and esxcli"
cp "$work/report.json" "$work/whole.json"

# Of recorded facts a list of VMs is written out: the placeholders are gone, but for what no row asks for (IPv6).
run collect -i "$work/inventory.yaml" -o "$work/facts.db"
expect_exit 0 "collect"
run describe --requests --facts "$work/facts.db"
expect_exit 0 "describe --requests --facts"
grep -q 'QueryVMotionCompatibilityEx_Task on .*: vm:VirtualMachine\[\]=vm-[0-9]*,vm-[0-9,vm-]* host:HostSystem\[\]=host-[0-9,host-]*$' "$work/stdout" ||
	fail "the list of VMs isn't written out: $(grep QueryVMotion "$work/stdout")"
left=$(grep '\${' "$work/stdout" | grep -v -e --ipv6) && fail "placeholders are left: $left"

# Pages: the server cuts them to one object, and every object arrives.
serve pages --page-size 1
check -i "$work/inventory.yaml"
expect_exit 0 "pages of one object"
expect "the same findings" '[.findings[] | del(.fingerprint)] == [$whole[0].findings[] | del(.fingerprint)]' --slurpfile whole "$work/whole.json"
[ "$(requests "$log" ContinueRetrievePropertiesEx)" -ge 10 ] || fail "tokens were not followed"
same_sessions 1 "pages"

# A large inventory is asked for in pages of the client's own choice.
jq -se 'map(select(.method == "RetrievePropertiesEx") | .max_objects | tonumber) | all(. > 0 and . <= 1000)' "$log" >/dev/null ||
	fail "maxObjects isn't set"
grep -qi 'accept-encoding: [^"]*gzip' "$log" || fail "answers aren't asked for compressed"

# Faults in the middle: the session is closed all the same.
for fault in fault-in-page truncated no-permission; do
	serve "after-$fault" --page-size 3 --fault "$fault"
	check -i "$work/inventory.yaml"
	expect_exit 2 "$fault"
	same_sessions 1 "$fault"
done

# Ctrl-C in the middle: soon over, the report is written, the session is closed.
for signal in INT TERM; do
	serve "signal-$signal" --page-size 3 --fault hangs=3
	migready_command
	rm -f "$work/report.json"
	setsid "${command[@]}" check -i "$work/inventory.yaml" -f "json=$work/report.json" >"$work/stdout" 2>"$work/stderr" </dev/null &
	pid=$!
	for ((i = 0; i < 200; i++)); do
		[ "$(requests "$log" RetrievePropertiesEx)" -gt 0 ] && [ "$(jq -s 'map(select(.page >= 3)) | length' "$log")" -gt 0 ] && break
		sleep 0.05
	done
	started=$SECONDS
	python3 -c 'import os, signal, sys; os.kill(int(sys.argv[1]), getattr(signal, "SIG" + sys.argv[2]))' "$pid" "$signal"
	status=0
	wait "$pid" || status=$?
	[ $((SECONDS - started)) -le 5 ] || fail "SIG$signal took $((SECONDS - started)) s"
	expect_exit 2 "SIG$signal"
	expect "SIG$signal: a report of what is known" '.verdict == "unknown" and (.complete | not)'
	same_sessions 1 "SIG$signal"
done
