#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every JSON report that the other tests could see is one that the published schema describes, and JUnit is well-formed.
. "$(dirname "$0")/lib.sh"
need xmllint

valid() {
	python3 - "$source_dir/report/migready-report-1.schema.json" "$work/report.json" <<-'END' || fail "$1: the schema refuses the report"
		import json, sys
		import jsonschema
		schema, report = (json.load(open(p, encoding="utf-8")) for p in sys.argv[1:])
		jsonschema.Draft202012Validator.check_schema(schema)
		errors = sorted(jsonschema.Draft202012Validator(schema).iter_errors(report), key=lambda e: list(e.path))
		for e in errors[:10]:
		    print("/".join(map(str, e.path)), e.message[:200], file=sys.stderr)
		sys.exit(bool(errors))
	END
	xmllint --noout "$work/report.xml" || fail "$1: JUnit"
}

both() {
	rm -f "$work/report.json" "$work/report.xml"
	run check "${@:2}" -f "json=$work/report.json" -f "junit=$work/report.xml"
	[ "$status" -le 2 ] || fail "$1: exit code $status"
	valid "$1"
}

/usr/bin/python3 -c 'import jsonschema' 2>/dev/null || { echo "skipped: python3-jsonschema is missing"; exit 77; }
python3() { /usr/bin/python3 "$@"; }

lab_scripted healthy
inventory "$work/healthy.yaml" "vc01=$url"
both "healthy" -i "$work/healthy.yaml"
both "healthy, all findings" -i "$work/healthy.yaml" --all
both "a scope" -i "$work/healthy.yaml" --host 'esx0[12]*' --exclude 'esx02*' --vm 'app*'
lab_scripted defective --defect combined --defect log-rotate-size-text
inventory "$work/defective.yaml" "vc01=$url"
both "defects" -i "$work/defective.yaml"
for fault in unavailable no-permission truncated; do
	lab_scripted "$fault" --page-size 3 --fault "$fault"
	inventory "$work/bad.yaml" "vc01=$url"
	both "$fault" -i "$work/bad.yaml" --all
done
run collect -i "$work/defective.yaml" -o "$work/facts.db"
expect_exit 0 "collect"
both "recorded facts" --facts "$work/facts.db"
printf 'targets:\n  - {local: true}\n' >"$work/local.yaml"
both "this machine" -i "$work/local.yaml" --all
