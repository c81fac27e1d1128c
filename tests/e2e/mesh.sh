# SPDX-License-Identifier: Apache-2.0
# mesh.sh - what the tests of the mesh share; sourced after lib.sh. A lab of N hosts with real networks between them, the simulator
# in front of them, and migready where both can be reached: esxcli through the API, vmkping over SSH.

PATH=$PATH:/usr/sbin:/sbin
need "$tools/vcsim" sshd ssh-keygen ping nft tc ip nsenter unshare cc
if ! unshare --mount --net --pid --fork true 2>/dev/null; then
	echo "skipped: no right to make network namespaces; run this as root"
	exit 77
fi
mesh=$lab/mesh.sh
hosts=$work/hosts
trap 'lab_stop; "$mesh" stop "$hosts"; rm -rf "$work"' EXIT

# What the SSH library loses of every ECDSA key that it reads is known; only a whole call stack shows that it is the library.
mesh_env=()
if grep -q __asan_init "$MIGREADY"; then
	echo leak:libssh2.so >"$work/leaks"
	mesh_env=(ASAN_OPTIONS=fast_unwind_on_malloc=0 "LSAN_OPTIONS=suppressions=$work/leaks:print_suppressions=0")
fi
eval "$(declare -f migready_command | sed '1s/migready_command/plain_command/')"
migready_command() {
	plain_command
	command=("$mesh" exec "$hosts" env -i "${mesh_env[@]}" "${command[@]:2}")
}

# mesh_start N [OPTION...]: a lab, its simulator, and the inventories $work/api.yaml and $work/ssh.yaml.
mesh_start() {
	lab_stop
	"$mesh" stop "$hosts"
	"$mesh" start "$1" "$hosts" "${@:2}"
	VCSIM_PASSWORD=$lab_password lab_start vc "$mesh" exec "$hosts" "$tools/vcsim" -tlscert "$work/lab.cert.pem" \
		-tlskey "$work/lab.key.pem" -api-version 8.0.3.0 -load "$hosts/inventory" -esxcli "$hosts/esxcli"
	inventory "$work/api.yaml" "vc01=$url"
	sed "s|^credentials:|    ssh: {credential: esx, known_hosts: $hosts/known_hosts}\n&\n  esx: {user: root, key: $hosts/id}|" \
		"$work/api.yaml" >"$work/ssh.yaml"
}

# profile NAME [MORE_CHECKS]: $work/NAME.yaml, a profile of the checks of paths.
profile() {
	printf "about: paths\nchecks: [jumbo-frames-path, path-latency, path-loss%s]\n" "${2-}" >"$work/$1.yaml"
}

# judged WAY [ARGUMENT...]: the report of a run that asks that way.
judged() {
	way=$1
	limit=240 check -i "$work/$way.yaml" -p "$work/paths.yaml" "${@:2}"
	[ -s "$work/report.json" ] || fail "$fault, $way: no report"
}

broken() {
	fault=$*
	"$mesh" fault "$hosts" "$@"
}

healed() { "$mesh" heal "$hosts" "${fault%% *}"; }

# paths CHECK NUMBER STATUS TEXT [FILTER]: so many paths (of FILTER) have that status and observed text, all with a way told.
paths() {
	expect "$fault, $way: $2 paths $3 $1: $4" '[.findings[] | select(.check == $c and .status == $s and ((.observed // "") | test($t))
		and (.host as $h | .peer as $p | '"${5-true}"'))] | length == ($n | tonumber) and all(.via == $w)' \
		--arg c "$1" --arg n "$2" --arg s "$3" --arg t "$4" --arg w "$way"
}

# says_why TEXT: the details of all failed paths of jumbo-frames-path have it.
says_why() {
	expect "$fault, $way: the details say '$1'" '[.findings[] | select(.check == "jumbo-frames-path" and .status == "fail") | .detail // ""]
		| length > 0 and all(test($t))' --arg t "$1"
}
