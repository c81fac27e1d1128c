#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A file system that fills up while a report or facts are written: exit 74, never half a file under the name, never an exit 0.
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" -eq 0 ] || { echo "skipped: mounting a small file system needs root"; exit 77; }
if [ "${1-}" != inside ]; then
	unshare -m true || { echo "skipped: no mount namespace of our own"; exit 77; }
	lab_stop
	rm -rf "$work"
	trap - EXIT
	exec unshare -m bash "$0" inside
fi

mkdir "$work/small"
mount -t tmpfs -o size=1m tmpfs "$work/small"
trap 'lab_stop; umount "$work/small"; rm -rf "$work"' EXIT

printf 'targets:\n  - local: true\n' >"$work/inventory.yaml"
echo '{"verdict": "old"}' >"$work/small/report.json"
head -c 1040000 /dev/zero >"$work/small/ballast" || : # what fits, fits

for format in json junit text; do
	run check --facts "$source_dir/docs/example/defective-cluster.db" --all -f "$format=$work/small/report.json"
	expect_exit 74 "$format on a full disk"
	grep -q "report.json" "$work/stderr" || fail "$format: the error doesn't name the file"
	grep -q '"old"' "$work/small/report.json" || fail "$format: the old report is gone"
	[ "$(ls "$work/small")" = "$(printf 'ballast\nreport.json')" ] || fail "$format: something was left behind: $(ls "$work/small")"
done

run collect -i "$work/inventory.yaml" -o "$work/small/facts.db"
expect_exit 74 "facts on a full disk"
[ ! -e "$work/small/facts.db" ] || fail "half a facts file has the name of a whole one"
[ "$(ls "$work/small")" = "$(printf 'ballast\nreport.json')" ] || fail "facts: something was left behind: $(ls "$work/small")"

# With room again the same command works.
rm "$work/small/ballast"
run check --facts "$source_dir/docs/example/defective-cluster.db" -f "json=$work/small/report.json"
expect_exit 1 "room again"
jq -e '.verdict == "not-ready"' "$work/small/report.json" >/dev/null || fail "the report isn't whole"

# A folder that isn't there is told before anybody is asked.
run check -i "$work/inventory.yaml" -v -f "json=$work/no-such-folder/report.json"
expect_exit 74 "no such folder"
[ ! -s "$work/stdout" ] || fail "something was reported"
