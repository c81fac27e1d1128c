#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Work lists over the vSphere API, against the genuine simulator: a method called on the object that another probe found says
# the same as the property does; only methods that read are let through.
. "$(dirname "$0")/lib.sh"
need "$tools/vcsim"

lab_vcsim vcsim -cluster 2 -host 3 -standalone-host 1
inventory "$work/inventory.yaml" "vc01=$url"
own=$work/own
mkdir "$own"

cat >"$own/manager.yaml" <<'YAML'
about: the object of every host that knows its services
transport: vsphere
scope: host
object: HostSystem
tables:
  own_manager:
    columns: {host: $ref, manager: configManager.virtualNicManager, class: configManager.virtualNicManager.$reftype}
YAML
cat >"$own/service.yaml" <<'YAML'
about: which adapters carry a service, asked of that object
transport: vsphere
scope: host
for_each: SELECT host, manager, column1 AS nic FROM own_manager, (VALUES ('management'), ('no-such-service'), ('two words'))
method: QueryNetConfig
this: HostVirtualNicManager ${manager:moid}
arguments: nicType=${nic:word}
tables:
  own_service:
    rows: returnval.selectedVnic[]
    columns: {host: $host, nic: $each.nic, vnic: ., service: /returnval.nicType, via: $via, why: $error}
  own_candidate:
    rows: returnval.candidateVnic[]
    columns: {host: $host, nic: $each.nic, device: device, mtu: {path: spec.mtu, type: integer}, why: $error}
YAML

# asked SQL FILTER: the rows of SQL over freshly probed facts hold.
asked() {
	limit=20 run query -i "$work/inventory.yaml" --checks "$own" -f json "$1"
	# 2: not everything was answered, which most of these work lists are made for
	[ "$status" -eq 0 ] || [ "$status" -eq 2 ] || fail "exit code $status: $1"
	jq -e "$2" "$work/stdout" >/dev/null || { cat "$work/stdout" >&2; fail "$1: $2"; }
}

asked 'SELECT * FROM own_manager' 'length == 7 and all(.[]; .class == "HostVirtualNicManager" and (.manager | test("^[a-z]+-[0-9]+$")))'

# The same from the method as from the property; what the server or the placeholder refuses fails alone.
asked "SELECT host, vnic FROM own_service WHERE why IS NULL EXCEPT SELECT host, vnic FROM vsphere_nic_service WHERE service = 'management'" \
	'length == 0'
asked "SELECT host, vnic FROM vsphere_nic_service WHERE service = 'management' EXCEPT SELECT host, vnic FROM own_service" 'length == 0'
# The simulator's method knows fewer candidates than its property; each that it names is one.
asked "SELECT c.host, c.device FROM own_candidate AS c JOIN vsphere_nic_candidate AS n ON n.host = c.host AND n.device = c.device
	WHERE n.service = 'management' AND c.mtu = 1500" 'length == 7 and all(.[]; .device == "vmk0")'
asked 'SELECT nic, count(*) AS n, count(vnic) AS answered, min(via) AS via, min(service) AS service, min(why) AS why
	FROM own_service GROUP BY nic ORDER BY nic' '
	map([.nic, .n, .answered, .via, .service]) == [["management", 7, 7, "vsphere", "management"],
		["no-such-service", 7, 0, "vsphere", null], ["two words", 7, 0, "vsphere", null]]
	and (.[1].why | test("QueryNetConfig: InvalidArgument")) and (.[2].why | test("arguments: .*nic:word.*two words"))'

# A round that ends in a timer ends all the same: no run waits for the deadline.
for ((i = 0; i < 30; i++)); do
	limit=10 run query -i "$work/inventory.yaml" --checks "$own" 'SELECT count(*) FROM own_service'
	expect_exit 2 "run $i of a work list, some of whose items are refused"
	! grep -q interrupted "$work/stderr" || fail "run $i of a work list waited for nothing"
done

# describe --requests tells them with their placeholders.
cat >"$own/own-service.sql" <<'SQL'
/*
title: A test
subject: host
severity: info
platforms: [vsphere]
fix: none
*/
SELECT DISTINCT host, 'pass' AS status FROM own_service
SQL
run describe --requests -i "$work/inventory.yaml" --checks "$own"
expect_exit 0 "describe --requests"
grep -q 'QueryNetConfig on HostVirtualNicManager ${manager:moid}' "$work/stdout" || fail "describe --requests doesn't tell the method"
rm "$own/own-service.sql"

# refused METHOD TEXT: a probe with that method isn't loaded.
refused() {
	sed "s/^method: .*/method: $1/" "$work/service.yaml" >"$own/service.yaml"
	run query -i "$work/inventory.yaml" --checks "$own" 'SELECT 1'
	expect_exit 78 "$1"
	says "$own/service.yaml:"
	says "$2"
}

mv "$own/service.yaml" "$work/service.yaml"
for method in ReconfigVM_Task SelectVnic Destroy_Task PowerOffVM_Task EnterMaintenanceMode_Task Logout UpdateNetworkConfig \
	RetrieveX_Task FindX_Task Check_TaskX Checkout queryNetConfig; do
	refused "$method" "method: '$method' is not one of Query..., Retrieve..."
done
refused "'QueryNetConfig><x'" 'is not one of'
sed '/^this:/d' "$work/service.yaml" >"$own/service.yaml"
run query -i "$work/inventory.yaml" --checks "$own" 'SELECT 1'
expect_exit 78 "a method without an object"
says "needs \`this:\`"
sed 's/^arguments: .*/arguments: nicType=<x>/' "$work/service.yaml" >"$own/service.yaml"
run query -i "$work/inventory.yaml" --checks "$own" 'SELECT 1'
expect_exit 78 "markup in arguments"
