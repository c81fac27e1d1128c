#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What KVM hosts' networks are predicted to do to a migration, and what it then really does: the networks of guests, the addresses and
# ports of their displays, the MTU of bridges, the route that migrations take, errors on their way, and encryption.
. "$(dirname "$0")/lib.sh"
. "$e2e/kvm.sh"

"$kvm" start 2 "$hosts"

# predict CHECK STATUS [OBSERVED]: migready says so of kvm01's guest, path or pair towards kvm02, or of kvm01 itself.
predict() {
	printf 'about: one check\nchecks: [{id: %s}]\n' "$1" >"$work/profile.yaml"
	migready_command
	status=0
	"$kvm" exec "$hosts" "${command[@]}" check -i "$hosts/inventory.yaml" -p "$work/profile.yaml" --all -f "json=$work/report.json" \
		>"$work/stdout" 2>"$work/stderr" </dev/null || status=$?
	expect "$1: $2 ${3-}" '[.findings[] | select(.check == $c and .host == "kvm01" and (.peer == null or .peer == "kvm02"))]
		| length == 1 and .[0].status == $s and ($o == "" or .[0].observed == $o)' --arg c "$1" --arg s "$2" --arg o "${3-}"
}

# really GUEST OPTION... WORDS: migrates; it fails with these words, or, where they are empty, works, and the guest goes back.
really() {
	local words=${*: -1}
	migrate "${@:1:$#-1}"
	if [ -n "$words" ]; then
		[ "$status" -ne 0 ] || fail "$1 migrated, and should have failed: $words"
		says "$words"
	else
		[ "$status" -eq 0 ] || fail "$1 did not migrate"
		on kvm02 virsh -q migrate --live "${@:2:$#-2}" "$1" qemu+tcp://kvm01/system >/dev/null || fail "$1 did not come back"
	fi
}

end() { on kvm01 virsh -q destroy "$1"; on kvm01 virsh -q undefine "$1"; }

# ---- networks and bridges ----

"$kvm" guest "$hosts" kvm01 net network=lab
predict vm-network-parity pass
really net ""
"$kvm" fault "$hosts" network-inactive kvm02
predict vm-network-parity fail "network lab is not started"
really net "network 'lab' is not active"
"$kvm" heal "$hosts" network-inactive
"$kvm" fault "$hosts" network-missing kvm02
predict vm-network-parity fail "no network lab"
really net "no network with matching name 'lab'"
"$kvm" heal "$hosts" network-missing
on kvm01 ip link set labbr mtu 9000
predict bridge-mtu-parity fail "lab 9000 here, 1500 there"
really net "" # and the guest's large packets would be lost
on kvm01 ip link set labbr mtu 1500
predict bridge-mtu-parity pass
end net

"$kvm" guest "$hosts" kvm01 bridged bridge=labbr
on kvm02 ip link set labbr down
predict vm-network-parity fail "bridge labbr is down"
really bridged "" # and the guest is cut off
on kvm02 ip link set labbr up
"$kvm" fault "$hosts" bridge-missing kvm02
predict vm-network-parity fail "no bridge labbr"
really bridged "Cannot get interface MTU on 'labbr': No such device"
"$kvm" heal "$hosts" bridge-missing
end bridged

# ---- displays ----

"$kvm" guest "$hosts" kvm01 seen vnc=10.79.0.1
predict vm-display-address fail "no address 10.79.0.1 there"
really seen "Cannot assign requested address"
end seen
"$kvm" guest "$hosts" kvm01 seen vnc=0.0.0.0
predict vm-display-address pass
really seen ""
end seen

# ---- the way that migrations take ----

"$kvm" guest "$hosts" kvm01 plain
predict migration-route pass "by migr, from 10.77.0.1"
really plain ""
on kvm01 ip route del 10.77.0.0/24
predict migration-route fail "no route: Network is unreachable"
really plain "Network is unreachable"
on kvm01 ip route add 10.77.0.0/24 dev migr src 10.77.0.1
predict link-errors pass
"$kvm" fault "$hosts" port-mtu kvm01 1500 migr
on kvm01 timeout 20 ping -q -i 0.01 -M "do" -s 8000 10.77.0.2 >/dev/null & # each is dropped, and counted
predict link-errors warn
kill %1 2>/dev/null || true
wait
"$kvm" heal "$hosts" port-mtu

# ---- encryption ----

# certificate HOST PURPOSE: signed by the CA, in the host's libvirt settings, which hold them for this test.
certificate() {
	local at=$hosts/hosts/$1/libvirt/pki/$2
	openssl req -newkey rsa:2048 -nodes -keyout "$at-key.pem" -out "$work/request" -subj "/CN=$1" 2>/dev/null
	printf 'subjectAltName=DNS:%s,IP:10.77.0.%s\n' "$1" "${1#kvm0}" >"$work/names"
	openssl x509 -req -in "$work/request" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 30 -extfile "$work/names" \
		-out "$at-cert.pem" 2>/dev/null
}

predict migration-tls na
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/ca.key" -out "$work/ca.pem" -days 30 -subj /CN=lab 2>/dev/null
for h in kvm01 kvm02; do
	mkdir "$hosts/hosts/$h/libvirt/pki"
	cp "$work/ca.pem" "$hosts/hosts/$h/libvirt/pki/ca-cert.pem"
	certificate "$h" server
	certificate "$h" client
	printf 'migrate_tls_x509_cert_dir = "/etc/libvirt/pki"\nmigrate_tls_force = 1\n' >>"$hosts/hosts/$h/libvirt/qemu.conf"
	"$kvm" fault "$hosts" libvirtd-down "$h"
	"$kvm" heal "$hosts" libvirtd-down "$h"
done
predict migration-tls pass
really plain "allows migration only with VIR_MIGRATE_TLS flag"
really plain --tls ""
mv "$hosts/hosts/kvm01/libvirt/pki/client-cert.pem" "$work"
predict migration-tls fail "client-cert.pem here: absent"
really plain --tls "job 'migration out' failed"
mv "$work/client-cert.pem" "$hosts/hosts/kvm01/libvirt/pki"
rm "$hosts/hosts/kvm02/libvirt/pki/server-cert.pem"
predict migration-tls fail "server-cert.pem there: absent"
really plain --tls "Unable to access credentials"
