#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A canary for a password: it may be in the one Login request and nowhere else, whichever way it came and however the run ends.
# The same for a secret that an administrator left in a VM's settings.
. "$(dirname "$0")/lib.sh"

canary="canary-$RANDOM-<&\"'>-$RANDOM"
setting=canary-in-a-setting-4f7a
lab_password=$canary
lab_scripted served
log=$work/served.jsonl

# with SOURCE: an inventory whose password comes from there.
with() {
	inventory "$work/inventory.yaml" "vc01=$url"
	sed -i "s|password: {env: VC_PASSWORD}|password: {$1}|" "$work/inventory.yaml"
}

# sweep WHAT: neither secret is in anything that was written or sent.
sweep() {
	local file found=
	for file in "$work"/{stdout,stderr,report.json,report.xml,facts.db*,served.jsonl,bad.jsonl,refused.jsonl}; do
		[ -e "$file" ] || continue
		python3 - "$file" "$canary" "$setting" <<-'END' || found="$found $file"
			import html, json, sys, urllib.parse
			data = open(sys.argv[1], "rb").read()
			for secret in sys.argv[2:]:
			    for form in {secret, html.escape(secret), html.escape(secret, False), json.dumps(secret)[1:-1],
			                 urllib.parse.quote(secret)}:
			        if form.encode() in data:
			            sys.exit(1)
		END
	done
	[ -z "$found" ] || fail "$1: a secret is in$found"
}

tries() {
	rm -f "$work"/{report.json,report.xml,facts.db}
	run check -i "$work/inventory.yaml" -v --all -f text -f "json=$work/report.json" -f "junit=$work/report.xml"
	expect_exit 0 "$1"
	sweep "$1"
	run collect -i "$work/inventory.yaml" -o "$work/facts.db"
	expect_exit 0 "$1: collect"
	sweep "$1: collect"
}

# The sweep itself can fail: the simulator of an inventory that keeps the setting, and a file that has the password.
printf 'x%sx' "$canary" >"$work/report.xml"
(sweep "a planted secret") 2>/dev/null && fail "the sweep overlooks a planted secret"
rm "$work/report.xml"

export VC_PASSWORD=$canary
with "env: VC_PASSWORD"
tries "from the environment"
unset VC_PASSWORD

export VC_PASSWORD=
printf '%s\n' "$canary" >"$work/password"
chmod 600 "$work/password"
with "file: $work/password"
tries "from a file"
chmod 644 "$work/password"
run check -i "$work/inventory.yaml"
expect_exit 2 "a file that others can read is refused"
[ "$(requests "$log" Login)" = 4 ] || fail "a password from a file that others can read was used"
grep -q "$work/password" "$work/stderr" || fail "the message doesn't name the file"
sweep "a file that others can read"
chmod 600 "$work/password"

with "command: cat $work/password"
tries "from a command"

mkdir "$work/credentials"
cp "$work/password" "$work/credentials/vc"
with "systemd: vc"
MIGREADY_BINARY=$MIGREADY
cat >"$work/with-credentials" <<END
#!/bin/sh
CREDENTIALS_DIRECTORY=$work/credentials exec $MIGREADY_BINARY "\$@"
END
chmod 700 "$work/with-credentials"
MIGREADY=$work/with-credentials
tries "from systemd's credentials"
MIGREADY=$MIGREADY_BINARY

# Whatever goes wrong after the login, and a login that is refused.
with "file: $work/password"
for fault in fault-in-page malformed; do
	rm -f "$work/bad.jsonl"
	lab_scripted bad --page-size 3 --fault "$fault"
	inventory "$work/inventory.yaml" "vc01=$url"
	sed -i "s|password: {env: VC_PASSWORD}|password: {file: $work/password}|" "$work/inventory.yaml"
	run check -i "$work/inventory.yaml" -v --log-json -f "json=$work/report.json"
	expect_exit 2 "$fault"
	sweep "$fault"
done
lab_password=another lab_scripted refused
inventory "$work/inventory.yaml" "vc01=$url"
sed -i "s|password: {env: VC_PASSWORD}|password: {file: $work/password}|" "$work/inventory.yaml"
run check -i "$work/inventory.yaml" -v -f "json=$work/report.json"
expect_exit 2 "a refused login"
sweep "a refused login"

# While it runs: not in the arguments, and no core dump.
lab_scripted slow --fault hangs=1
inventory "$work/inventory.yaml" "vc01=$url"
sed -i "s|password: {env: VC_PASSWORD}|password: {file: $work/password}|" "$work/inventory.yaml"
migready_command
"${command[@]}" check -i "$work/inventory.yaml" >"$work/stdout" 2>"$work/stderr" </dev/null &
pid=$!
for ((i = 0; i < 100; i++)); do
	grep -q RetrievePropertiesEx "$work/slow.jsonl" && break
	sleep 0.05
done
tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qF -- "$canary" && fail "the password is among the arguments"
grep -q '^Max core file size  *0  *0 ' "/proc/$pid/limits" || fail "core dumps are possible"
kill "$pid"
wait "$pid" || true
