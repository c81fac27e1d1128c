#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# mesh.sh - wall time of the whole mesh for 8, 16 and 32 hosts: it must grow with the hosts, not with their pairs.
# The lab's own hosts share the machine: behind the API each ping is six processes of theirs, so that the processors set the pace.
# usage: MIGREADY=build/release/migready tests/bench/mesh.sh     as root, on a machine that does nothing else
. "$(dirname "$0")/../e2e/lib.sh"
. "$e2e/mesh.sh"

printf 'about: paths\nchecks: [jumbo-frames-path]\n' >"$work/paths.yaml"
TIMEFORMAT='%U %S'
printf '%-5s %6s %6s %9s %9s\n' way hosts paths wall_ms cpu_ms
for hosts_n in 8 16 32; do
	mesh_start "$hosts_n"
	for way in api ssh; do
		{ time check -i "$work/$way.yaml" -p "$work/paths.yaml"; } 2>"$work/cpu"
		expect_exit 0 "$way, $hosts_n hosts"
		cpu=$(awk '{ printf "%d", ($1 + $2) * 1000 }' "$work/cpu")
		printf '%-5s %6d %6d %9d %9d\n' "$way" "$hosts_n" $((hosts_n * (hosts_n - 1))) "$(jq .duration_ms "$work/report.json")" "$cpu"
		jq -r .duration_ms "$work/report.json" >>"$work/$way.wall"
	done
done
# twice the hosts are four times the pairs
awk 'NR > 1 && $1 > 3 * last { printf "%d ms after %d ms\n", $1, last; bad = 1 } { last = $1 } END { exit bad }' "$work/ssh.wall" ||
	fail "the wall time grows with the pairs"
