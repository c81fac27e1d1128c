#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# On this machine virt-host-validate and migready agree, point by point.
. "$(dirname "$0")/lib.sh"
need virt-host-validate

printf 'targets:\n  - local: true\n' >"$work/local.yaml"
run query -i "$work/local.yaml" -f csv "SELECT name || char(9) || status AS point FROM virt_host_point"
expect_exit 0 "query"
tail -n +2 "$work/stdout" | tr -d "\r" | sort >"$work/ours"

# Its two lines about /dev/kvm are one point here: the device that doesn't open is no better than the one that isn't there.
{ virt-host-validate qemu 2>/dev/null || true; } | awk '
	match($0, /: (PASS|WARN|FAIL|NOTE)/) {
		status = substr($0, RSTART + 2, 4)
		name = ""
		if (/for hardware virtualization/) name = "hardware virtualization"
		else if (/\/dev\/kvm/) name = "/dev/kvm"
		else if (/\/dev\/vhost-net/) name = "/dev/vhost-net"
		else if (/\/dev\/net\/tun/) name = "/dev/net/tun"
		else if (match($0, /cgroup .[a-z]+/)) name = "cgroup " substr($0, RSTART + 8, RLENGTH - 8)
		else if (/device assignment IOMMU/) name = "IOMMU"
		else if (/IOMMU is enabled by kernel/) name = "IOMMU enabled"
		else if (/secure guest/) name = "secure guests"
		else print "a point that nobody knows\t" $0
		if (name != "" && (!(name in of) || status == "FAIL")) of[name] = status
	}
	END { for (name in of) print name "\t" (of[name] == "NOTE" ? "warn" : tolower(of[name])) }' | sort >"$work/theirs"
[ "$(wc -l <"$work/theirs")" -ge 8 ] || fail "virt-host-validate said little: $(cat "$work/theirs")"
diff "$work/theirs" "$work/ours" || fail "virt-host-validate (<) and migready (>) don't agree"
echo "agreed on $(wc -l <"$work/ours") points"
