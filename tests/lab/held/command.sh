# SPDX-License-Identifier: Apache-2.0
# command.sh - what mesh.sh and kvm.sh share: a lab that hangs from one process, in process, mount and network namespaces of its own.
# Sourced. That process, the holder, builds the lab: when it ends, also after a crash, nothing is left but the files in DIR.

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

holder() {
	local pid
	pid=$(cat "$1/holder.pid" 2>/dev/null) && [ -d "/proc/$pid" ] && [ "$(readlink "/proc/$pid/ns/mnt")" = "$(cat "$1/holder.ns")" ] ||
		die "no lab is running in $1"
	echo "$pid"
}

# within DIR NAMESPACE COMMAND...: replaces this process.
within() {
	local pid
	pid=$(holder "$1")
	[ -z "$2" ] || set -- "$1" "--net=/proc/$pid/root/run/netns/$2" "${@:3}"
	exec nsenter -t "$pid" -m -u ${2:+"$2"} --wdns="$PWD" -- "${@:3}"
}

wait_until_built() {
	local i
	for ((i = 0; i < 1200; i++)); do
		[ -e "$1/ready" ] && return
		[ -d "/proc/$2" ] || break
		sleep 0.05
	done
	cat "$1/holder.log" >&2
	die "the lab did not start"
}

# hold DIR HOLDER ARGUMENT...: starts the holder, a script, with these arguments and in its environment no more than what the array
# settings has (NAME=VALUE); waits until it has built the lab.
hold() {
	env -i PATH="$PATH" LC_ALL=C "${settings[@]}" setsid unshare --mount --pid --net --uts --fork --kill-child \
		bash "${@:2}" </dev/null >"$1/holder.log" 2>&1 &
	building=$!
	wait_until_built "$1" "$building"
	trap - EXIT
}

# new_lab DIR: sets dir to that folder, which it makes; what fails between this and hold's end leaves nothing behind. The script that
# sources this has a function stop DIR.
new_lab() {
	[ "$(id -u)" -eq 0 ] || die "needs root, to make network namespaces"
	mkdir -p "$1"
	dir=$(cd "$1" && pwd -P)
	building=
	[ ! -e "$dir/holder.pid" ] || die "$dir holds a lab already; stop it with: ${0##*/} stop $dir"
	[[ $dir != /run/* ]] || die "DIR can't be below /run, which is the lab's own"
	trap 'give_up "$dir"' EXIT
	trap 'exit 130' INT TERM
}

# What was begun, and is not to be finished.
give_up() {
	[ -z "$building" ] || kill -KILL "$building" 2>/dev/null || true
	stop "$1"
}

# members NAMESPACE: the processes in that mount namespace, named as /proc does: mnt:[4026532939].
members() {
	local number=${1//[^0-9]/}
	[ -z "$number" ] || { find /proc/[0-9]*/ns/mnt -lname "mnt:\\[$number\\]" 2>/dev/null || true; } | cut -d/ -f3
}

# ending PID: it was killed, but the kernel still ends those whom it held.
ending() {
	[ -r "/proc/$1/stat" ] && [ -z "$(cat "/proc/$1/cmdline" 2>/dev/null | tr -d '\0')" ] &&
		! grep -qs '^State:.[ZX]' "/proc/$1/status"
}

# end DIR: also when the lab was left by a crash, or broke down while it was built. Whom the holder holds the kernel ends with it; the
# others are what was run in the lab from outside.
end() {
	local dir=$1 pid namespace left i
	pid=$(cat "$dir/holder.pid" 2>/dev/null || true)
	namespace=$(cat "$dir/holder.ns" 2>/dev/null || true)
	[ "$(readlink "/proc/$pid/ns/mnt" 2>/dev/null)" != "$namespace" ] || kill -KILL "$pid" 2>/dev/null || true
	for ((i = 0; i < 250; i++)); do
		left=$(members "$namespace")
		[ -n "$left" ] || ending "$pid" || break
		[ -z "$left" ] || kill -KILL $left 2>/dev/null || true
		sleep 0.02
	done
}

# forget DIR FILE...: removes what start made there, these files too; and DIR, if nothing else is in it.
forget() {
	local dir=$1 file
	for file in "${@:2}" bin hosts faults hosts.tsv id id.pub known_hosts ssh_config in_host holder.pid holder.ns holder.log ready; do
		rm -rf "${dir:?}/$file"
	done
	rmdir "$dir" 2>/dev/null || true
}

# obey FAULTS COMMAND DIR [ARGUMENT...]: does what the user asks; FAULTS is the script that breaks things. The script that sources
# this has functions usage, start and stop.
obey() {
	[ $# -ge 3 ] || usage
	[ "$2" = start ] || dir=$(cd "$3" 2>/dev/null && pwd -P) || dir=$3
	case $2 in
	start) start "${@:3}" ;;
	exec) within "$dir" tester "${@:4}" ;;
	host) exec "$dir/in_host" "${@:4}" ;;
	fault | heal) within "$dir" "" bash "$1" "$2" "$dir" "${@:4}" ;;
	stop) stop "$dir" ;;
	*) usage ;;
	esac
}
