#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Of a large cluster some paths are tried, among them one each way between any two groups of hosts that the same physical switches
# connect, where the genuine simulator's hosts hear these; the report says what was tried. A host that doesn't tell makes nothing unknown.
. "$(dirname "$0")/lib.sh"
need "$tools/vcsim"

cat >"$work/sample.yaml" <<'END'
about: paths, of which not all are tried
checks: [jumbo-frames-path, path-sample]
params: {jumbo-frames-path: {sample_above: 4}}
END
python3 "$lab/make_inventory.py" --hosts 8 "$work/estate"

# hint NUMBER: what that host hears. Its first adapter is the active one.
hint() { echo "$work/estate/HostNetworkSystem-networkSystem-$1/QueryNetworkHint.xml"; }

# sampled [ARGUMENT...]: a run against the estate as it is.
sampled() {
	lab_vcsim vc -api-version 8.0.3.0 -load "$work/estate"
	inventory "$work/inventory.yaml" "vc01=$url"
	check -i "$work/inventory.yaml" -p "$work/sample.yaml" "$@"
	lab_stop
}

# tried NUMBER: so many paths were, and all of them pass; the others were left out for that reason.
tried() {
	expect "$1 paths were tried" '[.findings[] | select(.check == "jumbo-frames-path")] | length == 56
		and (map(select(.status == "pass")) | length == ($n | tonumber))
		and all(.status == "pass" or (.status == "na" and (.detail | test("^not sampled: "))))' --arg n "$1"
	expect "$1 pings" '[.probes[] | select(.probe == "esxi/ping")] | length == ($n | tonumber)' --arg n "$1"
	expect "the report says so" '[.findings[] | select(.check == "path-sample") | [.status, .observed]] == [["warn", $t]]' \
		--arg t "$1 of 56 paths are tried"
}

# path STATUS FROM TO: of that path.
path() {
	expect "esx$2 -> esx$3: $1" '[.findings[] | select(.check == "jumbo-frames-path" and .status == $s
		and .host == "esx\($h).lab.example" and .peer == "esx\($p).lab.example")] | length == 1' --arg s "$1" --arg h "$2" --arg p "$3"
}

# says TEXT: the report about the sample.
sample_says() {
	expect "the report says $1" '[.findings[] | select(.check == "path-sample") | .detail] | length == 1 and (.[0] | test($t))' --arg t "$1"
}

# ---- two switches, each with many hosts: the plain sample takes both ----

sampled
expect_exit 0 "a sample is enough"
tried 40
path na 01 04
sample_says 'a path from each of the 2 groups of switches that adapters lead to, to each$'

# ---- two hosts with a switch each: between these the plain sample has no path ----

for pair in 1:x 4:y; do
	sed -i "0,/<chassisId>[^<]*/s//<chassisId>00:1c:73:00:01:0${pair#*:}/" "$(hint "${pair%:*}")"
done
sampled
expect_exit 0 "with two small groups"
tried 42
path pass 01 04
path pass 04 01
path na 01 06
sample_says 'a path from each of the 4 groups of switches that adapters lead to, to each$'

# ---- the same, where one of them can't be asked: what it is connected to isn't known, and nothing else depends on that ----

sed -i 's/>networkSystem-4</>networkSystem-44</' "$work"/estate/*-HostSystem-*.xml
sampled
expect_exit 0 "one host can't be asked"
tried 42
expect "it was asked" '[.probes[] | select(.probe == "vsphere/network_hint" and .outcome != "ok") | .host] == ["esx04.lab.example"]'
expect "nothing that a finding rests on is missing" .complete
sample_says 'where 1 adapters lead \(esx04.lab.example vmk1\) is told neither by LLDP nor by CDP, so that two groups of hosts may have no path'

rm "$work"/estate/HostNetworkSystem-*/QueryNetworkHint.xml
sampled
expect_exit 0 "no host tells"
tried 40
path na 01 04
sample_says 'where 8 adapters lead .* is told neither by LLDP nor by CDP'

# ---- hosts that are named have all of their paths tried ----

sampled --host esx01
expect "all of its paths" '[.findings[] | select(.check == "jumbo-frames-path" and .status == "pass")] | length == 14'
expect "and the report says that" '[.findings[] | select(.check == "path-sample") | [.status, .observed]] == [["pass", "14 of 14 paths are tried"]]'
