#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# record.sh - records docs/example/defective-cluster.db again: the lab's simulated vCenter with the defects of `combined`.
# Needs tests/setup.sh test and a built program: docs/example/record.sh [MIGREADY]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab=$here/../../tests/lab
migready=${1:-$here/../../build/release/migready}

bash "$lab/start.sh" combined >/dev/null
trap 'bash "$lab/stop.sh"' EXIT
sed -i 's/name: lab$/name: vc01/' "$lab/.run/inventory.yaml"
"$migready" collect -i "$lab/.run/inventory.yaml" -o "$here/defective-cluster.db"
sqlite3 "$here/defective-cluster.db" \
	"UPDATE run_target SET address = 'https://vc01.lab.example'; PRAGMA page_size = 1024; VACUUM"
