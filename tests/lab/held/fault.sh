# SPDX-License-Identifier: Apache-2.0
# fault.sh - how a lab is broken and repaired; sourced by the lab's faults.sh, which runs within the lab.
#
# A fault is a function fault_NAME, and heal_NAME undoes it, given the same arguments; "-" in a name is "_" there. The comment above
# each is its help. What is broken is listed in DIR/faults/NAME, a line of arguments each.

held=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

die() {
	echo "${lab_command:?}: $*" >&2
	exit 1
}

known() {
	declare -F "fault_${1//-/_}" >/dev/null
}

list() {
	sed -n 's/^# \([a-z0-9-]*\( [^:]*\)\{0,1\}: .*\)$/\1/p' "$0" "$held/network_faults.sh" | while IFS= read -r line; do
		known "${line%%[: ]*}" && echo "$line"
	done
}

# A name for the rules of this fault with these arguments.
table_name() {
	local text="$*"
	echo "${text//[^a-zA-Z0-9]/_}"
}

break_one() {
	if grep -qsxF -- "$*" "$dir/faults/$name"; then
		die "that is broken already: $name $*"
	fi
	table=$(table_name "$name" "$@")
	"fault_${name//-/_}" "$@"
	echo "$*" >>"$dir/faults/$name"
}

heal_all() {
	local line arguments
	[ -s "$dir/faults/$name" ] || die "nothing of that name is broken: $name"
	while IFS= read -r line; do
		read -ra arguments <<<"$line"
		heal_one "${arguments[@]}"
	done < <(cat "$dir/faults/$name")
}

heal_one() {
	grep -qxF -- "$*" "$dir/faults/$name" || die "that is not broken: $name $*"
	table=$(table_name "$name" "$@")
	"heal_${name//-/_}" "$@"
	{ grep -vxF -- "$*" "$dir/faults/$name" || true; } >"$dir/faults/new"
	mv "$dir/faults/new" "$dir/faults/$name"
}

# obey_fault fault|heal DIR [NAME [ARGUMENT...]]: does it; without a name it lists the faults.
obey_fault() {
	local verb=$1
	dir=$2
	name=${3-}
	shift 3 || shift $#
	[ -n "$name" ] || { list; return; }
	known "$name" || die "no such fault: $name"
	mkdir -p "$dir/faults"
	case $verb in
	fault) break_one "$@" ;;
	heal) if [ $# -gt 0 ]; then heal_one "$@"; else heal_all; fi ;;
	esac
}
