#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Paths between KVM hosts, with real packets between genuine sshds: healthy; a black hole in the trunk and at a host's port, found by the
# pairs that fail and named; packets lost one way; a trunk that is down; a source whose TCP finds a way around; a host without an address
# in the migration network; and without such a network what libvirt would tell the source.
. "$(dirname "$0")/lib.sh"
. "$e2e/kvm.sh"

"$kvm" start 4 "$hosts"
cat >"$work/paths.yaml" <<END
about: paths
checks: [jumbo-frames-path, path-latency, path-loss, path-culprit, migration-address-present, migration-port-open]
END
eval "$(declare -f migready_command | sed '1s/migready_command/plain_command/')"
migready_command() {
	plain_command
	command=("$kvm" exec "$hosts" "${command[@]}")
}

# judged [INVENTORY]: the report of a run.
judged() { limit=240 check -i "${1-$hosts/inventory.yaml}" -p "$work/paths.yaml"; }

broken() {
	fault=$*
	"$kvm" fault "$hosts" "$@"
	judged
}
healed() { "$kvm" heal "$hosts" "${fault%% *}"; }

# pairs CHECK STATUS PAIR...: exactly these, as 1>2, have that status.
pairs() {
	local check=$1 status=$2 got
	shift 2
	got=$(jq -r --arg c "$check" --arg s "$status" '[.findings[] | select(.check == $c and .status == $s)
		| (.host | sub("kvm0"; "")) + ">" + (.peer | sub("kvm0"; ""))] | sort | join(" ")' "$work/report.json")
	[ "$got" = "$*" ] || fail "$fault: $check is $status for '$got' instead of '$*'"
}

# culprit TEXT: the sentence has it.
culprit() {
	expect "$fault: the culprit is '$1'" '.findings[] | select(.check == "path-culprit") | .status == "fail" and (.detail | contains($t))' --arg t "$1"
}

all="1>2 1>3 1>4 2>1 2>3 2>4 3>1 3>2 3>4 4>1 4>2 4>3"
across="1>3 1>4 2>3 2>4 3>1 3>2 4>1 4>2"

fault=none
judged
expect_exit 0 "$fault"
pairs jumbo-frames-path pass $all
pairs path-latency pass $all
pairs path-loss pass $all
pairs migration-port-open pass $all
expect "none: every path works" '.findings[] | select(.check == "path-culprit") | .status == "pass" and .observed == "12 of 12 paths work"'
expect "none: the addresses" '[.findings[] | select(.check == "migration-address-present") | .observed] == ["migr 10.77.0.1", "migr 10.77.0.2", "migr 10.77.0.3", "migr 10.77.0.4"]'

broken trunk-mtu
expect_exit 1 "$fault"
pairs jumbo-frames-path fail $across
expect "trunk-mtu: the path MTU, to the byte" '[.findings[] | select(.check == "jumbo-frames-path" and .status == "fail") | .observed]
	| all(. == "path MTU 1500: nothing larger gets across")'
culprit "Full-size pings between {kvm01, kvm02} and {kvm03, kvm04}, in either direction, don't get through (path MTU 1500), while they pass inside each group: look at the MTU of the trunk between their switches"
# A source whose TCP looks for a smaller size: slower, and no failure.
"$kvm" fault "$hosts" tcp-mtu-probing kvm01
fault="trunk-mtu and TCP that finds out"
judged
pairs jumbo-frames-path warn "1>3" "1>4"
"$kvm" heal "$hosts" tcp-mtu-probing
fault=trunk-mtu
healed

broken port-mtu kvm02
expect_exit 1 "$fault"
pairs jumbo-frames-path fail "1>2" "2>1" "2>3" "2>4" "3>2" "4>2"
culprit "Full-size pings from and to kvm02 don't get through"
healed

# What is asked is lost one way; what is answered is fragmented, and passes.
broken trunk-one-way 1
expect_exit 1 "$fault"
pairs jumbo-frames-path fail "1>3" "1>4" "2>3" "2>4"
pairs jumbo-frames-path pass "1>2" "2>1" "3>1" "3>2" "3>4" "4>1" "4>2" "4>3"
healed

broken trunk-down
expect_exit 1 "$fault"
pairs jumbo-frames-path fail $across
expect "trunk-down: the hosts say so" '[.findings[] | select(.check == "jumbo-frames-path" and .status == "fail") | .observed]
	| all(startswith("no reply, not even to small packets"))'
culprit "look at the trunk between their switches, and whether it carries the VLAN"
healed

# ---- the port that migrations come in on ----

broken port-closed kvm02 49152-49215
expect_exit 1 "$fault"
pairs migration-port-open fail "1>2" "3>2" "4>2"
expect "dropped" '[.findings[] | select(.check == "migration-port-open" and .status == "fail") | .observed] | all(. == "TCP 49215 does not answer")'
pairs jumbo-frames-path pass $all
healed
broken port-closed kvm03 49152-49215 reject
expect_exit 1 "$fault"
pairs migration-port-open fail "1>3" "2>3" "4>3"
expect "rejected" '[.findings[] | select(.check == "migration-port-open" and .status == "fail") | .observed] | all(. == "TCP 49215 refuses")'
healed

# ---- whose address is it ----

fault="no address in the migration network"
on kvm03 ip addr flush dev migr
judged
expect_exit 1 "$fault"
expect "$fault" '.findings[] | select(.check == "migration-address-present" and .host == "kvm03") | .status == "fail" and .observed == "no address in 10.77.0.0/24"'
pairs jumbo-frames-path na "1>3" "2>3" "3>1" "3>2" "3>4" "4>3"
on kvm03 ip addr add 10.77.0.3/24 dev migr

sed '/migration_network/d' "$hosts/inventory.yaml" >"$work/unsaid.yaml"
fault="no migration network in the inventory"
judged "$work/unsaid.yaml"
expect_exit 0 "$fault"
expect "$fault: migration_host counts" '[.findings[] | select(.check == "migration-address-present") | .observed] | .[0] == "migr 10.77.0.1 (migration_host: 10.77.0.1)"'
pairs jumbo-frames-path pass $all
for h in kvm01 kvm02 kvm03 kvm04; do "$kvm" fault "$hosts" no-migration-host "$h"; done
fault="no migration network, and no migration_host"
judged "$work/unsaid.yaml"
expect_exit 0 "$fault"
expect "$fault: the name counts" '[.findings[] | select(.check == "migration-address-present") | .observed] | .[0] == "mgmt 10.79.0.1 (its name: kvm01)"'
expect "$fault: the management network" '[.findings[] | select(.check == "jumbo-frames-path") | .observed] | length == 12 and all(. == "3 of 3 packets of 1500 bytes got across")'

"$kvm" fault "$hosts" nameless kvm01
fault="a host that calls itself localhost"
judged "$work/unsaid.yaml"
expect_exit 1 "$fault"
expect "$fault" '.findings[] | select(.check == "migration-address-present" and .host == "kvm01") | .status == "fail" and (.detail | contains("libvirt refuses"))'
pairs jumbo-frames-path unknown "1>2" "1>3" "1>4" "2>1" "3>1" "4>1"
