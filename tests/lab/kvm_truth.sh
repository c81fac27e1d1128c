#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kvm_truth.sh - what really happens: each scenario of kvm/scenarios is set up in a lab of KVM hosts, and its guest really migrated.
#
# usage: kvm_truth.sh [--predict COMMAND] [SCENARIO...]
# COMMAND is run before each migration, with the lab's DIR, the guest's name and the options of virsh migrate; the line that it prints is
# the prediction. Standard output gets a table in Markdown: scenario, prediction, what really happened.
# Exit code 1: something happened that the scenarios don't say.
set -euo pipefail
umask 077
export LC_ALL=C

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
limit_s=10
predict=
if [ "${1-}" = --predict ]; then
	predict=$2
	shift 2
fi

work=$(mktemp -d)
dir=$work/lab
trap '"$lab/kvm.sh" stop "$dir"; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

kvm() { "$lab/kvm.sh" "$1" "$dir" "${@:2}"; }

# virsh HOST ARGUMENT...
virsh() { "$dir/in_host" "$1" virsh -q "${@:2}"; }

monitor() { virsh "$1" qemu-monitor-command "$name" --hmp "$2" 2>&1; }

# each_fault FAULTS COMMAND...: for faults "name argument...; name argument..." the command with each.
each_fault() {
	local fault words
	while IFS= read -r -d ';' fault; do
		read -ra words <<<"${fault//NAME/$name}"
		[ ${#words[@]} -eq 0 ] || "${@:2}" "${words[@]}"
	done <<<"$1;"
}

# What the guest is: the pass that it is in, what its processor has, the data on its disk.
pass() { printf '%d' "$(monitor "$1" 'xp /1wx 0x1000000' | sed -n 's/^[0-9a-f]*: \(0x[0-9a-f]*\).*/\1/p')"; }

processor() {
	virsh "$1" qemu-monitor-command "$name" '{"execute":"qom-get","arguments":{"path":"/machine/unattached/device[0]","property":"feature-words"}}' |
		sed 's/,"id":.*//'
}

# What qemu-io prints is in QEMU's log.
data() { [[ $guest != *disk=* ]] || monitor "$1" "qemu-io -d /machine/peripheral/ua-data/virtio-backend \"$2 -P 0x5a 0 4096\"" >/dev/null; }

reads_data() {
	[[ $guest == *disk=* ]] || return 0
	data kvm02 read
	! "$dir/in_host" kvm02 grep -q '^Pattern verification failed' "/var/log/libvirt/qemu/$name.log"
}

running() { [ "$(virsh "$1" domstate "$name" 2>/dev/null)" = running ]; }

# goes_on HOST PASS: it gets beyond that pass, within seconds.
goes_on() {
	local i
	for ((i = 0; i < 50; i++)); do
		running "$1" || return 1
		[ "$(pass "$1")" -le "$2" ] || return 0
		sleep 0.05
	done
	return 1
}

# Sets happened: what virsh said, and whether that is true.
migrate() {
	local before=0 had status=0 late
	[[ $guest == *firmware=* ]] || before=$(pass kvm01)
	had=$(processor kvm01)
	[[ $options == *--desturi* ]] || options+=" --desturi qemu+tcp://kvm02/system"
	rm -f "$work/late"
	(sleep "$limit_s" && touch "$work/late" && virsh kvm01 domjobabort "$name") >/dev/null 2>&1 &
	late=$!
	virsh kvm01 migrate --live "$name" $options >"$work/said" 2>&1 </dev/null || status=$?
	kill "$late" 2>/dev/null || true
	wait "$late" 2>/dev/null || true
	if [ "$status" -eq 0 ]; then
		happened=$(harm "$before" "$had")
	elif [ -e "$work/late" ]; then
		happened=endless
	else
		happened="fails: $(reason)"
	fi
	[ "$status" -eq 0 ] || [[ $guest == *firmware=* ]] || goes_on kvm01 "$before" || happened+=" (and the guest is lost)"
}

# The first error, or where that is only that the other end is gone, what QEMU said there; less what is another one each time.
reason() {
	local said
	said=$(sed -n 's/^error: //p' "$work/said" | head -n 1)
	[[ $said != *"Unable to write to socket"* ]] ||
		said=$("$dir/in_host" kvm02 grep 'qemu-system-x86_64: ' "/var/log/libvirt/qemu/$name.log" | head -n 1)
	sed -E 's/internal error: //; s/(qemu unexpectedly closed the monitor|process exited while connecting to monitor): //
		s/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z qemu-system-x86_64: //; s/[0-9a-f]{8}-[0-9a-f-]{27}/UUID/; s/ \(as uid:[^)]*\)//' <<<"$said"
}

# harm PASS PROCESSOR: whether the guest that was in that pass, with that processor, is still itself at the destination.
harm() {
	if ! [[ $guest == *firmware=* ]] && ! { goes_on kvm02 "$1" && goes_on kvm02 "$(pass kvm02)"; }; then
		echo "harmed: the guest ended at the destination"
	elif [ "$(processor kvm02)" != "$2" ]; then
		echo "harmed: its processor lacks features at the destination"
	elif ! reads_data; then
		echo "harmed: it reads other data from its disk at the destination"
	else
		echo migrates
	fi
}

# as_told OUTCOME: whether that is what happened.
as_told() {
	[[ $happened == "${1%%:*}"* ]] || return 1
	[[ $1 != *:* ]] || grep -q -- "${1#*: }" <<<"$happened"
}

remove_guest() {
	local host
	for host in kvm01 kvm02; do
		virsh "$host" "destroy $name; undefine --nvram --snapshots-metadata $name" >/dev/null 2>&1 || true
	done
	rm -f "$dir"/shared/"$name".* "$dir"/hosts/*/images/"$name".*
}

# scenario NAME GUEST BEFORE BROKEN OPTIONS OUTCOME
scenario() {
	local name=$1 guest=${2//NAME/$1} options=$5 happened predicted=-
	if [[ $guest == *type=kvm* ]] && ! [ -c /dev/kvm ]; then
		echo "| $name | - | not run: there is no /dev/kvm |"
		return
	fi
	each_fault "$3" kvm fault >/dev/null
	kvm guest kvm01 "$name" $guest
	each_fault "$4" kvm fault >/dev/null
	data kvm01 write
	[ -z "$predict" ] || predicted=$($predict "$dir" "$name" "$options")
	migrate
	echo "| $name | $predicted | $happened |"
	as_told "$6" || surprise "told: $6; happened: $happened"
	if [ -n "$4" ] && [[ $happened == fails* || $happened == endless ]]; then
		repaired "$4"
	else
		remove_guest
		each_fault "$4" kvm heal >/dev/null
	fi
	each_fault "$3" kvm heal >/dev/null
}

# repaired BROKEN: that was all that held the guest.
repaired() {
	each_fault "$1" kvm heal >/dev/null
	migrate
	[ "$happened" = migrates ] || surprise "repaired, but: $happened"
	remove_guest
}

surprise() {
	wrong=1
	echo "kvm_truth.sh: $name: $*" >&2
	sed 's/^/  /' "$work/said" >&2
}

# field N: that of the line, without spaces around.
field() {
	local text
	text=$(cut -d '|' -f "$1" <<<"$line")
	text=${text#"${text%%[! ]*}"}
	echo "${text%"${text##*[! ]}"}"
}

wrong=0
"$lab/kvm.sh" start 2 "$dir"
begun=$SECONDS
echo "| scenario | predicted | really happened |"
echo "| --- | --- | --- |"
while IFS= read -r line <&3; do
	[[ $line == [a-z]* ]] || continue
	[ $# -eq 0 ] || [[ " $* " == *" $(field 1) "* ]] || continue
	scenario "$(field 1)" "$(field 2)" "$(field 3)" "$(field 4)" "$(field 5)" "$(field 6)"
done 3<"$lab/kvm/scenarios"
echo "kvm_truth.sh: $((SECONDS - begun)) s" >&2
exit "$wrong"
