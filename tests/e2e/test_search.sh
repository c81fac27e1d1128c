#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A probe with `search:` and `at_once:`, its hosts played by a script: each row's size is found, each attempt leaves a row, nobody
# has more under way than its limit, and what is wrong in the probe file is told by its place.
. "$(dirname "$0")/lib.sh"

local_inventory "$work/inventory.yaml"
mkdir "$work/own" "$work/busy" "$work/limit"

# send FROM TO SIZE: limit/FROM-TO says how much arrives (default all), too-FROM how much FROM sends at all.
cat >"$work/send" <<EOF
#!/bin/bash
: >"$work/busy/\$1.\$\$"
: >"$work/busy/to-\$2.\$\$"
echo "\$(ls "$work/busy" | grep -c "^\$1\\.") \$(ls "$work/busy" | grep -c "^to-\$2\\.")" >>"$work/seen"
sleep 0.05
rm -f "$work/busy/\$1.\$\$" "$work/busy/to-\$2.\$\$"
own=\$(cat "$work/limit/too-\$1" 2>/dev/null || echo 9000)
limit=\$(cat "$work/limit/\$1-\$2" 2>/dev/null || echo 9000)
[ "\$1" != a6 ] || exit 3
if [ "\$3" -gt "\$own" ]; then echo "4 0 Message too long"
elif [ "\$3" -le "\$limit" ]; then echo "4 4 none"
else echo "4 0 none"; fi
EOF
chmod +x "$work/send"
cat >"$work/own/sizes.yaml" <<EOF
about: how much arrives
transport: local
for_each: >
  WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 7)
  SELECT l.host, 'a' || a.i AS src, 'a' || ((a.i + k.i) % 8) AS dst, 8972 AS payload, 1472 AS likely
    FROM linux_host AS l, n AS a, n AS k WHERE k.i > 0 ORDER BY k.i, a.i
at_once: {src: 3, dst: 2}
search: {vary: payload, small: 56, likely: likely, sent: sent, hit: received, error: error, refused: too long, pause: 50ms}
command: $work/send \${src:word} \${dst:word} \${payload:int}
decode: regex
pattern: '(?<sent>\\d+) (?<received>\\d+) (?<error>.*)'
tables:
  own_size:
    columns:
      host: \$host
      src: \$each.src
      dst: \$each.dst
      size: {path: \$each.payload, type: integer}
      attempt: {path: \$each.attempt, type: integer}
      sent: {path: "matches[].sent", type: integer}
      received: {path: "matches[].received", type: integer}
      error: "matches[].error"
EOF
echo 1472 >"$work/limit/a1-a2"
echo 0 >"$work/limit/a1-a3"
echo 1500 >"$work/limit/too-a4"

limit=120 run query -f csv -i "$work/inventory.yaml" --checks "$work/own" \
	"SELECT src, dst, group_concat(size || ':' || coalesce(received, '-'), ' ') FROM (SELECT * FROM own_size ORDER BY attempt) GROUP BY 1, 2"
tr -d '\r' <"$work/stdout" >"$work/found"
[ "$(grep -c . "$work/found")" -eq 57 ] || fail "not each of 56 paths was asked for: $(cat "$work/found")"
found() {
	grep -qxF "$1" "$work/found" || fail "expected $1, got $(grep "^${1%,*}," "$work/found")"
}
found 'a0,a1,8972:4'
found 'a1,a2,8972:0 56:4 8972:0 1472:4 1473:0 1473:0'
found 'a1,a3,8972:0 56:0 56:0'
found 'a6,a0,8972:-'
grep -q '^a4,a5,8972:0 56:4 1472:4 .*1501:0' "$work/found" && grep -q '^a4,a5,.* 1500:4' "$work/found" || fail "a source's own limit was not found"
sort -n "$work/seen" | awk '$1 > 3 || $2 > 2 { bad = 1 } $1 == 3 { three = 1 } END { exit bad || !three }' ||
	fail "more under way than at_once lets, or never as many as it lets: $(sort "$work/seen" | uniq -c)"

# wrong TEXT SED_SCRIPT: the probe file with one mistake.
wrong() {
	rm -rf "$work/bad"
	cp -r "$work/own" "$work/bad"
	sed -i "$2" "$work/bad/sizes.yaml"
	run query -i "$work/inventory.yaml" --checks "$work/bad" 'SELECT * FROM own_size'
	expect_exit 78 "$1"
	says "$work/bad/sizes.yaml:"
	says "$1"
}
wrong "no column 'via', which at_once names" 's/dst: 2}/via: 2}/'
wrong "no column 'bytes', which search names" 's/vary: payload/vary: bytes/'
wrong "did you mean 'vary'" 's/vary: payload/varry: payload/'
wrong "'small'" 's/small: 56, //'
wrong "no table with one row an answer has the columns 'sent', 'got' and 'error'" 's/hit: received/hit: got/'
wrong "must be of type integer" 's/sent: {path: "matches\[\].sent", type: integer}/sent: "matches[].sent"/'
wrong '1 to 512' 's/src: 3/src: 0/'
wrong "\`search:\` repeats the rows of a for_each" '/^for_each/,/^at_once/d'
