#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A target that can't be reached: the report for people gives the reason once, not with each check; the others give every finding.
. "$(dirname "$0")/lib.sh"

cat >"$work/inventory.yaml" <<END
targets:
  - vcenter: 127.0.0.1:1
    name: gone
    credential: nobody
    tls: {insecure: true}
credentials:
  nobody: {user: nobody, password: {command: echo secret}}
END
run check -i "$work/inventory.yaml" --no-history
expect_exit 2 "an unreachable target"
[ "$(grep -c 'connection refused' "$work/stdout")" -eq 2 ] || fail "the reason is not told once under each heading"
grep -q '^  UNKNOWN  gone, by [0-9]* checks: ' "$work/stdout" || fail "it doesn't say how many checks could judge nothing"
run check -i "$work/inventory.yaml" --no-history --all
[ "$(grep -c '^  UNKNOWN  gone: ' "$work/stdout")" -gt 20 ] || fail "--all doesn't list each check"
run check -i "$work/inventory.yaml" --no-history -f json
jq -e '.verdict == "unknown" and (.findings | length) > 20' "$work/stdout" >/dev/null || fail "the JSON report lacks findings"
