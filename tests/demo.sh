#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# demo.sh - installs what is needed, builds, and checks two real things: this machine, and the recorded facts of a small
# vSphere cluster with defects in it. Needs no vCenter. Reports go to build/demo.
set -euo pipefail
export LC_ALL=C

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top"
bash tests/setup.sh build
cmake --preset release --compile-no-warning-as-error >/dev/null
cmake --build --preset release --target migready

out=build/demo
mkdir -p "$out"
export MIGREADY_HISTORY=$out/history.db
printf 'targets:\n  - local: true\n' >"$out/this-machine.yaml"

# A verdict is an exit code: 0 ready, 1 not ready, 2 unknown. Anything else is an error of the program.
verdict() {
	local code=0
	"$@" || code=$?
	[ "$code" -le 2 ] || exit "$code"
	case $code in
	0) said=ready ;;
	1) said='not ready' ;;
	2) said=unknown ;;
	esac
}

echo
echo "== This machine"
verdict build/release/migready check -i "$out/this-machine.yaml" -f text -f json="$out/this-machine.json"
machine=$said
echo
echo "== Recorded facts of a vSphere cluster with defects"
verdict build/release/migready check --facts docs/example/defective-cluster.db --as-of-facts \
	-f text -f json="$out/defective-cluster.json" -f junit="$out/defective-cluster.xml"
cluster=$said

echo
echo "this machine:       $machine"
echo "recorded cluster:   $cluster"
echo "reports:            $top/$out"
echo "the program:        $top/build/release/migready"
