#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kvm.sh - prints what it takes to ask many KVM hosts, beside an Ansible playbook that runs the same commands on them: requests a host, wall
# time, and CPU time of the client and of all that it starts; and what it takes to check this machine, beside virt-host-validate.
# Figures, no verdict. `tests/setup.sh bench` installs Ansible. Nothing else should run meanwhile; it needs root. $HOSTS (100), $RUNS (3 after one
# that warms up), $MIGREADY: the program.
#
# The hosts are those of the lab: namespaces with a genuine libvirtd and sshd each, and a VM that is shut off. Their own work is the same for
# both clients, but on one machine it takes its CPU from them. Ansible may work on all hosts at once, keeps its connections, and pipelines.
set -euo pipefail

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_dir=$(cd "$bench/../.." && pwd)
if [ -z "${MIGREADY-}" ]; then
	cmake -S "$source_dir" --preset release -B "$source_dir/build/bench" -DCMAKE_COMPILE_WARNING_AS_ERROR=OFF >/dev/null
	cmake --build "$source_dir/build/bench" --target migready >&2
	MIGREADY=$source_dir/build/bench/migready
fi
MIGREADY=$(realpath "$MIGREADY")
export MIGREADY SOURCE_DIR=$source_dir
. "$bench/../e2e/lib.sh"
. "$bench/../e2e/kvm.sh"
need ansible-playbook virt-host-validate
count=${HOSTS:-100}
runs=${RUNS:-3}
own="env MIGREADY_DATA=$source_dir MIGREADY_HISTORY=$work/history.db $MIGREADY"

# in_lab COMMAND...: where the hosts can be reached.
in_lab() { "$kvm" exec "$hosts" "$@"; }

# A VM that is shut off on every host: its definition is read, its image looked for everywhere.
define() {
	local h
	for h in $(cut -f 1 "$hosts/hosts.tsv"); do
		cat <<-END | on "$h" virsh -q define /dev/stdin
			<domain type='qemu'><name>vm-$h</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
			<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>
			<disk type='file' device='disk'><driver name='qemu' type='raw' cache='none'/>
			<source file='/var/lib/libvirt/shared/$h.raw'/><target dev='vda' bus='virtio'/></disk></devices></domain>
		END
		truncate -s 1M "$hosts/shared/$h.raw"
	done
}

"$kvm" start "$count" "$hosts"
define

in_lab $own collect -i "$hosts/inventory.yaml" -p configuration -o "$work/facts.db" >/dev/null
in_lab $own describe --requests -i "$hosts/inventory.yaml" --facts "$work/facts.db" -p configuration >"$work/requests"
mkdir "$work/playbook"
commands=$(python3 "$bench/kvm_playbook.py" "$work/playbook" <"$work/requests")
sent=$($own query --facts "$work/facts.db" -f csv "SELECT value FROM run_info WHERE key = 'requests'" | tail -n 1 | tr -d '\r')
echo "$count hosts, $commands commands, $((commands / count)) a host; $sent requests were sent"

export ANSIBLE_PIPELINING=1 ANSIBLE_FORKS=$count ANSIBLE_STDOUT_CALLBACK=minimal ANSIBLE_HOME=$work/ansible ANSIBLE_LOCAL_TEMP=$work/ansible
export ANSIBLE_SSH_ARGS="-F $hosts/ssh_config -o ControlMaster=auto -o ControlPersist=60s"
in_lab python3 "$bench/ssh_clients.py" "$runs" "$count" "" \
	"migready collect|$own collect -i $hosts/inventory.yaml -p configuration -o $work/again.db" \
	"migready check|sh -c '$own check -i $hosts/inventory.yaml -p configuration; true'" \
	"ansible-playbook|ansible-playbook -i $work/playbook/hosts $work/playbook/playbook.yaml"

printf 'targets:\n  - local: true\n' >"$work/local.yaml"
echo "this machine"
python3 "$bench/ssh_clients.py" "$runs" 1 "" "migready check|sh -c '$own check -i $work/local.yaml -p configuration --no-history; true'" \
	"virt-host-validate|sh -c 'virt-host-validate qemu; true'"
