#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# peers.sh - prints what `migready check -p properties.yaml` takes beside other clients that read the same properties from the
# genuine simulator. Figures, no verdict; takes ten minutes and more. Nothing else should run meanwhile. MIGREADY: figures.sh.
#
# The floor is libcurl sending migready's own requests again and throwing the answers away: one after the other, and four at
# once as migready does. migready and the floor: medians of three runs after one that warms up; the others: of one run.
set -euo pipefail

. "$(dirname "$0")/figures.sh"
need "$tools/vcsim" "$tools/govc" "$lab_python" jq

# serve NAME ARGUMENT...: the simulator with the saved inventory; writes the inventory file.
serve() {
	local name=$1 started=$EPOCHREALTIME
	shift
	lab_patience_s=300 lab_vcsim "$name" -api-version 8.0.3.0 -load "$work/saved" -log "$work/requests.jsonl" "$@"
	row "the simulator has loaded it (s, MiB)" "$(awk -v a="$started" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')" \
		"" "$(mib "$(awk '/^VmHWM/ { print $2 }' "/proc/$lab_pid/status")")"
	inventory "$work/inventory.yaml" "vc01=$url"
}

# migready_itself: keeps its requests in once.jsonl, what they are for in types.tsv, and its exit code, for the runs that follow.
migready_itself() {
	local check=("${command[@]}" check -p "$bench/properties.yaml" -i "$work/inventory.yaml" -f "json=$work/report.json")
	: >"$work/requests.jsonl"
	expected=0
	"${check[@]}" 2>"$work/stderr" || expected=$?
	[ "$expected" -le 2 ] || fail "exit code $expected"
	cp "$work/requests.jsonl" "$work/once.jsonl"
	jq -r 'select(.method == "RetrievePropertiesEx" and (.body | contains("ContainerView"))).body
		| [capture("<type>(?<t>[^<]*)").t, ([scan("<pathSet>([^<]*)")[0]] | join(" "))] | @tsv' \
		"$work/once.jsonl" >"$work/types.tsv"
	ran "migready check -p properties.yaml" "${check[@]}"
	expected=0
	my_wall=$wall_ms my_user=$user_ms my_peak=$peak_kib
}

floor() {
	ran "libcurl, the same requests, $1" "$tests/bench_floor" "$url" "$work/lab.ca.pem" "$work/once.jsonl" "$2"
	row "  migready / this" "$(ratio "$my_wall" "$wall_ms")"
}

peer() {
	RUNS=1 ran "$@"
	row "  migready / this" "$(ratio "$my_wall" "$wall_ms")" "$(ratio "$my_user" "$user_ms")" "$(ratio "$my_peak" "$peak_kib")"
}

# One collection a type, as JSON: how govc reads the properties of many objects.
govc_all() {
	env GOVC_URL="$url" GOVC_USERNAME=user GOVC_TLS_CA_CERTS="$work/lab.ca.pem" GOVC_PERSIST_SESSION=false HOME="$work" \
		bash -c 'export GOVC_PASSWORD=$LAB_PASSWORD
			while IFS=$'"'\\t'"' read -r type paths; do "$0" object.collect -json -type "$type" / $paths; done <"$1"' \
		"$tools/govc" "$work/types.tsv"
}

others() {
	export -f govc_all
	export url work tools
	peer "govc object.collect -json, a type at a time" bash -c govc_all
	peer "pyVmomi, pages of 100" "$lab_python" "$bench/pyvmomi_pages.py" "$url" "$work/lab.ca.pem" "$work/once.jsonl"
}

# Where migready's own time goes: all that it does on recorded facts, and what is left of it without the judging.
judging() {
	local facts="$work/facts.db" code=0
	"${command[@]}" collect -p "$bench/properties.yaml" -i "$work/inventory.yaml" -o "$facts" 2>"$work/stderr" || code=$?
	[ "$code" -le 2 ] || fail "collect: exit code $code"
	code=0
	"${command[@]}" check -p "$bench/properties.yaml" --facts "$facts" --as-of-facts -vv -f "json=$work/replay.json" 2>"$work/stderr" || code=$?
	expected=$code ran "migready check --facts: judging and reporting alone" \
		"${command[@]}" check -p "$bench/properties.yaml" --facts "$facts" --as-of-facts -f "json=$work/replay.json"
	sed -n 's/.*judged .*: [0-9]* findings in \([0-9.]*\) ms$/\1/p' "$work/stderr" |
		awk '{ n++; sum += $1; if ($1 > max) max = $1 } END { print n, sum, max }' >"$work/judged"
	read -r checks sum max <"$work/judged"
	row "  checks, all of them and the slowest (ms)" "$checks" "$sum" "$max"
}

# size CLUSTERS HOSTS VMS: figures of one estate, near and 20 ms away.
size() {
	echo
	rm -rf "$work/saved"
	python3 "$lab/make_inventory.py" --clusters "$1" --hosts "$2" --vms "$3" --big "$work/saved"
	row "$(($1 * $2)) hosts, $(($1 * $3)) VMs" "wall, ms" "user CPU, ms" "peak, MiB"
	serve near
	migready_itself
	floor "one at a time" 1
	floor "four at once" 4
	others
	judging
	lab_stop
	row "each request 20 ms later" "wall, ms" "user CPU, ms" "peak, MiB"
	serve far -delay 20ms
	migready_itself
	floor "one at a time" 1
	floor "four at once" 4
	lab_stop
}

machine peers.sh
size 2 50 500
size 20 50 500
