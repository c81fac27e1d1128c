#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A VM whose settings vCenter doesn't show: its host's .vmx file tells them over SSH, whole or not at all; where nobody does they are
# unknown.
. "$(dirname "$0")/lib.sh"
. "$e2e/mesh.sh"
"$mesh" start 4 "$hosts"
echo 'checks: [vm-log-rotate-size]' >"$work/rotate.yaml"
LAB_PASSWORD=$lab_password lab_start vc "$mesh" exec "$hosts" python3 "$lab/fault_server.py" --cert "$work/lab.cert.pem" \
	--key "$work/lab.key.pem" --mesh --fault no-permission=config.extraConfig
inventory "$work/api.yaml" "vc01=$url"
sed "s|^credentials:|    ssh: {credential: esx, known_hosts: $hosts/known_hosts}\n&\n  esx: {user: root, key: $hosts/id}|" \
	"$work/api.yaml" >"$work/ssh.yaml"

vmx=$(echo "$hosts"/hosts/vmfs/volumes/*/app01-02/app01-02.vmx)
[ -s "$vmx" ] || fail "no file: $vmx"
cp "$vmx" "$work/whole"

# is WHAT STATUS OBSERVED [DETAIL]: app01-02 so; the others, whose settings vCenter shows, pass or aren't concerned.
is() {
	check -i "$work/${way:-ssh}.yaml" -p "$work/rotate.yaml"
	expect "$1" '[.findings[] | select(.vm == "app01-02") | .status == $s and (.observed // "" | test($o)) and (.detail // "" | test($d))] == [true]' \
		--arg s "$2" --arg o "$3" --arg d "${4-}"
	expect "$1: the others" '[.findings[] | select(.check == "vm-log-rotate-size" and .vm != "app01-02") | .status] | length == 7 and all(. == "pass" or . == "na")'
	cp "$work/whole" "$vmx"
}

# told ERROR: what the outcome of the file's reading says.
told() {
	expect "told: $1" 'any(.probes[]; .probe == "esxi/vmx" and (.error // "" | test($e)))' --arg e "$1"
}

way=api is "without SSH" unknown '^$' 'extraConfig'
is "the size of a healthy VM" pass '^2048000 bytes$'
run collect -i "$work/ssh.yaml" -p "$work/rotate.yaml" -o "$work/facts.db"
! grep -aq "guestinfo" "$work/facts.db" || fail "more than asked for went into the facts"
run query "SELECT count(*), count(DISTINCT vm) FROM vsphere_vm_setting" --facts "$work/facts.db" -f csv
grep -q '^8,8' "$work/stdout" || fail "each VM has its settings once: $(cat "$work/stdout")"

sed -i 's/^log.rotateSize = .*/  LOG.rotatesize="1000"\r/' "$vmx"
is "a small size, oddly written" fail '^1000 bytes$'
sed -i '/^log\./d' "$vmx"
is "not set" pass '^not set$'
echo 'Log.RotateSize = "5000"' >>"$vmx"
is "set twice" unknown 'more than once'

sed -i '/^log.rotateSize/,$d' "$vmx"
printf 'log.rotateSize = "10' >>"$vmx"
is "ends within a line" unknown '^$' 'extraConfig'
told 'is not KEY = "VALUE"'
head -n 2 "$work/whole" >"$vmx"
is "ends between lines" unknown '^$' 'extraConfig'
told 'incomplete: no virtualhw.version'
: >"$vmx"
is "empty" unknown '^$' 'extraConfig'
told 'incomplete: no .encoding'
sed -i '/^log\./d' "$vmx"
echo 'encryption.data = "c2VjcmV0"' >>"$vmx"
is "partly encrypted" unknown '^$' 'extraConfig'
told 'encrypted'
rm "$vmx"
is "no such file" unknown '^$' 'extraConfig'
