# SPDX-License-Identifier: Apache-2.0
# faults.sh fault|heal DIR NAME [ARGUMENT...] - breaks something in a running lab of KVM hosts, or repairs it. Runs within the lab;
# held/fault.sh tells how a fault is written.
set -euo pipefail

lab_command=kvm.sh
migration_device=migr
. "$(dirname "$0")/../held/fault.sh"
. "$held/network_faults.sh"

# host NAME: sets h to kvm03, given that or 3.
host() {
	h=${1-}
	[[ $h =~ ^[0-9]+$ ]] && h=$(printf 'kvm%02d' "$((10#$h))")
	[ -n "$h" ] && [ -d "$dir/hosts/$h" ] || die "no such host: ${1-}"
	files=$dir/hosts/$h
}

# port DEVICE: the switch's end of the cable to that adapter of the host.
port() {
	case $1 in
	mgmt) echo "${h}m" ;;
	migr) echo "${h}v" ;;
	*) die "no such adapter: $1" ;;
	esac
}

obey_fault "$@"
