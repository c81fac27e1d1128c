#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# 1,000 hosts and 10,000 VMs, each VM with 20 devices and 40 settings: everything is judged, in bounded memory, with few
# requests. A probe and a check of a user's folder make it ask for the devices too, which no built-in check reads yet.
. "$(dirname "$0")/lib.sh"

limit=200
mkdir "$work/user"
cat >"$work/user/all_devices.yaml" <<'END'
about: every device and every setting of every VM
transport: vsphere
scope: target
object: VirtualMachine
tables:
  all_devices:
    rows: config.hardware.device[]
    columns: {vm: $ref, key: {path: key, type: integer}, label: deviceInfo.label}
  all_settings:
    rows: config.extraConfig[]
    set: true
    columns: {vm: $ref, key: key, value: value}
END
cat >"$work/user/all-listed.sql" <<'END'
/*
title: Every device and setting arrived
subject: vm
depends: own
severity: critical
platforms: [vsphere]
symptom: none
fix: none
refs: []
*/
WITH device AS MATERIALIZED (SELECT vm, count(key) AS n FROM all_devices GROUP BY vm),
     setting AS MATERIALIZED (SELECT set_id, count(*) AS n FROM all_settings_set GROUP BY set_id)
SELECT v.id AS vm, CASE WHEN d.n = 20 AND s.n = 40 THEN 'pass' WHEN d.n + s.n > 0 THEN 'fail' ELSE 'unknown' END AS status,
       d.n || ' devices, ' || s.n || ' settings' AS observed
  FROM vm AS v
  LEFT JOIN device AS d ON d.vm = v.id
  LEFT JOIN all_settings AS l ON l.vm = v.id LEFT JOIN setting AS s ON s.set_id = l.set_id
END

lab_scripted big --model big
inventory "$work/inventory.yaml" "vc01=$url"
# Without the packets between hosts: this server answers 49,000 pings one after the other.
printf 'about: no packets\nextends: onboarding\nnever: [{family: path}]\n' >"$work/configured.yaml"
measured 65536 check -p "$work/configured.yaml" -i "$work/inventory.yaml" --checks "$work/user" -f "json=$work/report.json"
expect_exit 0 "the large inventory"
expect "all of it is judged" '.summary | .pass == .expected and .expected > 70000'
expect "every VM brought its devices" 'any(.probes[]; .outcome == "ok" and .rows >= 200000)'
tasks=$(jq -s 'map(select(.method == "QueryVMotionCompatibilityEx_Task" or (.asked | has("Task")))) | length' "$work/big.jsonl")
commands=$(($(requests "$work/big.jsonl" RetrieveManagedMethodExecuter) + $(requests "$work/big.jsonl" ExecuteSoap)))
[ "$commands" -eq 3000 ] || fail "$commands requests for two commands on each host"
[ $(($(wc -l <"$work/big.jsonl") - tasks - commands)) -lt 200 ] || fail "$(wc -l <"$work/big.jsonl") requests, $tasks of them about tasks"
[ "$(requests "$work/big.jsonl" QueryVMotionCompatibilityEx_Task)" -le 60 ] || fail "more than three tasks for 50 hosts and 500 VMs"
