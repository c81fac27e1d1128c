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
