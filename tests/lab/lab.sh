# SPDX-License-Identifier: Apache-2.0
# lab.sh - starts the servers of the lab; sourced by tests/e2e/lib.sh and start.sh.
#
# Everything listens on 127.0.0.1 only and lives in $work, which the caller makes. The certificate is signed by a CA made
# for this run, so that clients verify it. Started processes are listed in $work/pids; lab_stop ends them.

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tools=${MIGREADY_TOOLS:-$lab/.tools}
lab_python=$tools/python/bin/python
lab_password=${LAB_PASSWORD:-lab-$RANDOM$RANDOM$RANDOM}
export PYTHONDONTWRITEBYTECODE=1

# lab_make_ca NAME [SUBJECT_ALT_NAMES]: a CA and a server certificate of it, $work/NAME.{ca,cert,key}.pem.
lab_make_ca() {
	local base=$work/$1 new=(openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
	"${new[@]}" -x509 -days 2 -subj "/CN=$1 CA" -keyout "$base.cakey.pem" -out "$base.ca.pem" 2>/dev/null
	"${new[@]}" -subj /CN=localhost -keyout "$base.key.pem" -out "$base.csr" 2>/dev/null
	echo "subjectAltName=${2-DNS:localhost,IP:127.0.0.1}" >"$base.ext"
	openssl x509 -req -days 2 -in "$base.csr" -CA "$base.ca.pem" -CAkey "$base.cakey.pem" -CAcreateserial \
		-extfile "$base.ext" -out "$base.cert.pem" 2>/dev/null
}

# lab_start NAME COMMAND...: runs it in the background, in a folder of its own (the simulator makes one for each datastore),
# and sets url to the first line it prints; waits lab_patience_s for it.
lab_start() {
	local name=$1 i
	shift
	[ -e "$work/lab.ca.pem" ] || lab_make_ca lab
	rm -rf "$work/$name.run"
	mkdir "$work/$name.run"
	: >"$work/$name.out"
	(cd "$work/$name.run" && TMPDIR=. exec "$@") >"$work/$name.out" 2>"$work/$name.err" </dev/null &
	lab_pid=$!
	echo "$lab_pid" >>"$work/pids"
	for ((i = 0; i < ${lab_patience_s:-30} * 20; i++)); do
		url=$(head -n 1 "$work/$name.out")
		[ -n "$url" ] && return
		kill -0 "$lab_pid" 2>/dev/null || break
		sleep 0.05
	done
	echo "lab: $name did not start:" >&2
	cat "$work/$name.err" >&2
	return 1
}

# lab_vcsim NAME ARGUMENT...: the genuine simulator; user "user".
lab_vcsim() {
	local name=$1
	shift
	VCSIM_PASSWORD=$lab_password lab_start "$name" "$tools/vcsim" -tlscert "$work/lab.cert.pem" -tlskey "$work/lab.key.pem" "$@"
}

# lab_inventory NAME [DEFECT...]: the genuine simulator with the estate of estate.py, less its health; vcsim_options may hold more
# arguments of it.
vcsim_options=()
lab_inventory() {
	local name=$1 folder=$work/$1.inventory defect arguments=()
	shift
	for defect; do
		arguments+=(--defect "$defect")
	done
	python3 "$lab/make_inventory.py" "${arguments[@]}" "$folder"
	lab_vcsim "$name" -api-version 8.0.3.0 -load "$folder" "${vcsim_options[@]}"
}

# lab_scripted NAME ARGUMENT...: the scripted server; its log of requests is $work/NAME.jsonl.
lab_scripted() {
	local name=$1
	shift
	LAB_PASSWORD=$lab_password lab_start "$name" python3 "$lab/fault_server.py" --cert "$work/lab.cert.pem" \
		--key "$work/lab.key.pem" --log "$work/$name.jsonl" "$@"
}

lab_stop() {
	local pid
	[ -e "$work/pids" ] || return 0
	while read -r pid; do
		kill "$pid" 2>/dev/null || true
	done <"$work/pids"
	while read -r pid; do
		wait "$pid" 2>/dev/null || true
	done <"$work/pids"
	rm -f "$work/pids"
}
