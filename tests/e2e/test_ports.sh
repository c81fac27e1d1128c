#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# vMotion's port and that of file copies: by what the hosts' own firewalls are set to where there is no SSH, and tried from each
# host over SSH, with real firewalls in the way.
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin:/sbin
need "$tools/vcsim"
echo 'checks: [migration-port-open, nfc-port-open]' >"$work/ports.yaml"
ports=migration-port-open
copies=nfc-port-open

# found CHECK HOST PEER STATUS OBSERVED DETAIL: the finding about those, with the detail's beginning.
found() {
	expect "$1 from $2 to $3" '[.findings[] | select(.check == $c and (.host | startswith($h)) and (.peer | startswith($p)))] |
		length == 1 and (.[0] | .status == $s and .observed == $o and ((.detail // "") | startswith($d)))' \
		--arg c "$1" --arg h "$2" --arg p "$3" --arg s "$4" --arg o "$5" --arg d "$6"
}

# all_else STATUS OBSERVED FILTER: all other findings.
all_else() {
	expect "the rest" '[.findings[] | select(.check != "inventory-complete") | select('"$3"' | not)] |
		length > 0 and all(.status == $s and .observed == $o)' --arg s "$1" --arg o "$2"
}

# ---- what the firewalls are set to ----

checked=()
configured="configured, not tried"
open="both hosts' own firewalls let it through; one in between would not be seen. Not tried: the host can't be asked over SSH"
# configured NAME EXIT FILTER: a defect of the lab whose consequences are those that the filter names.
configured() {
	lab_inventory "x$1" $([ "$1" = - ] || echo "$1")
	inventory "$work/inventory.yaml" "vc01=$url"
	check -i "$work/inventory.yaml" -p "$work/ports.yaml"
	expect_exit "$2" "$1"
	all_else pass "$configured" "$3"
	lab_stop
	checked+=("$1")
}
third='(.host + .peer | contains("esx03"))'

configured - 0 false
found $ports esx01 esx02 pass "$configured" "$open"
found $copies esx01 esx02 pass "$configured" "$open"
configured vmotion-ruleset-off 1 ".check == \"$ports\" and $third"
found $ports esx01 esx03 fail "blocked by configuration" \
	"the firewall of esx03.lab.example lets nothing in to TCP 8000: ruleset vMotion is off. Not tried"
found $ports esx03 esx04 fail "blocked by configuration" \
	"the firewall of esx03.lab.example lets nothing out to TCP 8000: ruleset vMotion is off. Not tried"
configured vmotion-ruleset-narrow 1 ".check == \"$ports\" and $third and (.host + .peer | contains(\"esx02\"))"
found $ports esx02 esx03 fail "blocked by configuration" \
	"the firewall of esx03.lab.example lets nothing in from 10.1.0.11: ruleset vMotion allows other addresses only. Not tried"
configured nfc-ruleset-off 0 ".check == \"$copies\" and $third"
found $copies esx01 esx03 fail "blocked by configuration" \
	"the firewall of esx03.lab.example lets nothing in to TCP 902: ruleset NFC is off. Not tried"
diff <(printf '%s\n' "${checked[@]:1}" | sort) <(python3 "$lab/make_inventory.py" --list port | sort) ||
	fail "a defect of the lab has no expectation here"

lab_scripted scripted --defect vmotion-ruleset-off
inventory "$work/inventory.yaml" "vc01=$url"
check -i "$work/inventory.yaml" -p "$work/ports.yaml"
expect_exit 1 "the scripted server"
all_else pass "$configured" ".check == \"$ports\" and $third"
lab_stop

# ---- tried over SSH ----

need nc
. "$e2e/mesh.sh"

# cluster ARGUMENT...: six hosts.
cluster() {
	mesh_start 6 "$@"
	tried
}

tried() {
	limit=120 check -i "$work/ssh.yaml" -p "$work/ports.yaml"
}

cluster
expect_exit 0 "every port is open"
expect "vMotion's port was tried along every path" '[.findings[] | select(.check == $c and .status == "pass" and .observed == "TCP 8000 answers")] |
	length == 30' --arg c $ports
expect "that of file copies between every pair" '[.findings[] | select(.check == $c and .status == "pass" and .observed == "TCP 902 answers")] |
	length == 30' --arg c $copies

for fault in "port-closed 2 8000" "port-closed 3 8000 reject" "port-closed 4 902" "ssh-off 5" "key-refused 6"; do
	# shellcheck disable=SC2086 # a fault and its arguments
	"$mesh" fault "$hosts" $fault
done
tried
expect_exit 1 "closed ports"
found $ports 10.0.0.10 10.0.0.11 fail "TCP 8000 does not answer" "a firewall on the way drops it: neither of the two hosts' own is known to"
found $ports 10.0.0.10 10.0.0.12 fail "TCP 8000 refuses" "nothing listens there, as when vMotion is not enabled on that adapter, or a firewall rejects it"
found $ports 10.0.0.11 10.0.0.10 pass "TCP 8000 answers" ""
found $ports 10.0.0.10 10.0.0.13 pass "TCP 8000 answers" ""
found $copies 10.0.0.10 10.0.0.13 fail "TCP 902 does not answer" "a firewall on the way drops it"
found $copies 10.0.0.13 10.0.0.10 pass "TCP 902 answers" ""
found $ports 10.0.0.14 10.0.0.10 pass "$configured" "$open"
found $ports 10.0.0.14 10.0.0.11 pass "$configured" "$open"
expect "a host that refuses the key is unknown" '[.findings[] | select(.host == "10.0.0.15")] | length == 10 and all(.status == "unknown")'
expect "and says so" 'any(.findings[]; .host == "10.0.0.15" and (.detail | test("key|credential|refused|denied|password"; "i")))'

# A host without nc, or with another one, proves nothing.
for fault in "port-closed" "ssh-off" "key-refused"; do
	"$mesh" heal "$hosts" "$fault"
done
printf '#!/bin/sh\necho "usage: nc [-46DdhklnrStUuvzC]"\nexit 1\n' >"$hosts/nc"
chmod 755 "$hosts/nc"
"$mesh" host "$hosts" esx01 mount --bind "$hosts/nc" "$(readlink -f "$(command -v nc)")"
tried
expect_exit 2 "another nc"
all_else unknown "usage: nc [-46DdhklnrStUuvzC]" '(.host != "10.0.0.10")'
"$mesh" host "$hosts" esx01 umount "$(readlink -f "$(command -v nc)")"

cluster --stack
expect_exit 0 "vMotion on a TCP/IP stack of its own"
found $ports 10.0.0.10 10.0.0.11 pass "$configured" \
	"both hosts' own firewalls let it through; one in between would not be seen. Not tried: the host's shell has no way into the TCP/IP stack vmotion"
found $copies 10.0.0.10 10.0.0.11 pass "TCP 902 answers" ""
