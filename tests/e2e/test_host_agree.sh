#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What vCenter tells of the hosts' storage beside what esxcli tells on them: the same, a mount and a path that are worse, and hosts
# that refuse.
. "$(dirname "$0")/lib.sh"
need "$tools/vcsim"
echo 'checks: [host-vcenter-agree]' >"$work/agree.yaml"
lab_inventory healthy

# judged ARGUMENT...: with these of the simulator.
judged() {
	lab_stop
	lab_vcsim vc -api-version 8.0.3.0 -load "$work/healthy.inventory" "$@"
	inventory "$work/inventory.yaml" "vc01=$url"
	check -i "$work/inventory.yaml" -p "$work/agree.yaml"
}

# of HOST STATUS OBSERVED DETAIL: its finding.
of() {
	expect "$1" '[.findings[] | select(.check == "host-vcenter-agree" and (.host | startswith($h))) | [.status, .observed, .detail]] == [[$s, $o, $d]]' \
		--arg h "$1" --arg s "$2" --argjson o "$3" --argjson d "$4"
}

judged
expect "all the same" '[.findings[] | select(.check == "host-vcenter-agree") | [.status, .observed]] ==
	[range(4) | ["pass", "0 of 4 NFS datastores and shared LUNs differ"]]'

# The hosts' own words: as vCenter has them, but for what is odd on the second and the third.
cat >"$work/answer" <<'END2'
#!/bin/bash
host=$1
shift
field() { printf '<field name="%s"><%s>%s</%s></field>' "$1" "$2" "$3" "$2"; }
mount() { echo "<structure typeName=\"VolumeNFS\">$(field Accessible boolean "$2")$(field VolumeName string "$1")</structure>"; }
path() { echo "<structure typeName=\"Path\">$(field Device string "$2")$(field RuntimeName string "$1")$(field State string "$3")</structure>"; }
fc=naa.600a098038304a6b0000000077777777 iscsi=naa.60014055b0c9ffe20000000077777777
echo '<?xml version="1.0" encoding="utf-8"?><output xmlns="http://www.vmware.com/Products/ESX/5.0/esxcli"><root><list type="structure">'
case "$* $host" in
"storage nfs list "*)
	mount nfs-01 "$([[ $host = esx02* ]] && echo false || echo true)"
	mount nfs-02 true ;;
"storage core path list "*)
	path vmhba0:C0:T0:L1 naa.5000c500000000010000000077777777 active
	path vmhba64:C0:T0:L1 $fc active
	path vmhba64:C0:T1:L1 $fc "$([[ $host = esx03* ]] && echo dead || echo standby)"
	path vmhba65:C0:T0:L1 $fc active
	path vmhba65:C0:T1:L1 $fc standby
	path vmhba65:C0:T0:L2 $iscsi active
	path vmhba66:C0:T0:L2 $iscsi standby ;;
esac
echo '</list></root></output>'
END2
chmod +x "$work/answer"
judged -esxcli "$work/answer"
of esx01 pass '"0 of 4 NFS datastores and shared LUNs differ"' null
of esx02 fail '"1 of 4 NFS datastores and shared LUNs differ"' '"vCenter says nfs-01 accessible, the host says not"'
of esx03 fail '"1 of 4 NFS datastores and shared LUNs differ"' \
	'"of the paths to naa.600a098038304a6b0000000077777777 vCenter says 4 live, 0 dead, 0 switched off; the host says 3 live, 1 dead, 0 switched off"'
of esx04 pass '"0 of 4 NFS datastores and shared LUNs differ"' null

judged -esxcli-refuse 'esx02*'
expect "a host that refuses" '[.findings[] | select(.host == "esx02.lab.example") | [.status, (.detail | contains("Host.Config.Settings"))]] == [["unknown", true]]'
expect "the others" '[.findings[] | select(.check == "host-vcenter-agree" and .host != "esx02.lab.example") | .status] | length == 3 and all(. == "pass")'

# The profiles for the minutes before a migration leave it out.
for profile in maintenance evacuation; do
	run describe --requests -p $profile -i "$work/inventory.yaml"
	! grep -q 'storage core path list' "$work/stdout" || fail "$profile asks each host for its paths"
done
