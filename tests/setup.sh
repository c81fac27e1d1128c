#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# setup.sh - installs what migready needs on Debian: `build` for building and running, `test` for the tests as well,
# `bench` for what the program is measured against over SSH.
#
# Needs root, or sudo, only for packages that are missing. Go modules and Python packages come through the ordinary clients
# with whatever proxies this machine is set up for. Test tools go to tests/lab/.tools, or to $MIGREADY_TOOLS.
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tools=${MIGREADY_TOOLS:-$here/lab/.tools}

build_packages=(
	gcc libc6-dev cmake ninja-build pkg-config ca-certificates
	libcurl4-openssl-dev libxml2-dev libsqlite3-dev libuv1-dev libyaml-dev libjansson-dev libpcre2-dev libssl-dev
	libnl-3-dev libnl-route-3-dev libssh2-1-dev
)
# Of libvirt no services, which are in libvirt-daemon-system: the lab starts its own daemons.
test_packages=(
	libcmocka-dev clang clang-format clang-tidy libclang-rt-14-dev llvm valgrind
	python3 python3-venv python3-jsonschema python3-yaml
	bash openssl curl openssh-client openssh-server iproute2 nftables iputils-ping netcat-openbsd procps util-linux sqlite3 libxml2-utils jq
	binutils bindfs ethtool libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients qemu-system-x86 qemu-utils seabios ovmf
)

bench_packages=(clustershell pssh ansible-core)

# Go of this version or newer builds the simulator and govc (tests/lab/*/go.mod); an older one can still fetch this one.
go_minimum=1.25
go_toolchain=1.25.9

installed() {
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "setup.sh: run this as root, or install sudo: $*" >&2
		exit 1
	fi
}

install_packages() {
	local missing=() p
	for p in "$@"; do
		installed "$p" || missing+=("$p")
	done
	[ ${#missing[@]} -eq 0 ] && return
	echo "setup.sh: installing ${missing[*]}"
	as_root apt-get update -q
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# Prints the version of the Go command $1 ("1.19.8"), or nothing.
go_version() {
	GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null | sed -n 's/^go\([0-9.]*\).*/\1/p'
}

at_least() {
	[ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

# Sets go to a Go command that is new enough. Debian's is too old to build the simulator, but every Go publishes its
# compilers as a module whose checksum the Go command verifies: the old one fetches the new one. Versions before 1.21
# unpack it without execute permission.
find_go() {
	local old version root
	for go in "$(command -v go || true)" /usr/local/go/bin/go; do
		[ -x "$go" ] || continue
		version=$(go_version "$go")
		[ -n "$version" ] && at_least "$go_minimum" "$version" && return
	done
	command -v go >/dev/null || install_packages golang-go
	old=$(command -v go)
	root=$(cd / && "$old" mod download -json \
		"golang.org/toolchain@v0.0.1-go$go_toolchain.linux-$("$old" env GOARCH)" |
		sed -n 's/^[[:space:]]*"Dir": "\(.*\)",\{0,1\}$/\1/p')
	[ -d "$root/bin" ] || { echo "setup.sh: $old could not fetch Go $go_toolchain" >&2; exit 1; }
	find "$root/bin" "$root/pkg/tool" -type f ! -perm -u+x -exec chmod a+x {} +
	go=$root/bin/go
}

# One digest of everything that a tool is made from: an equal stamp means that it need not be made again.
stamp_of() {
	cat "$@" | sha256sum
}

# install_go_tool NAME: builds tests/lab/NAME.
install_go_tool() {
	local stamp
	stamp=$(stamp_of "$here/lab/$1"/{*.go,go.mod,go.sum})
	[ -x "$tools/$1" ] && [ "$(cat "$tools/$1.stamp" 2>/dev/null)" = "$stamp" ] && return
	find_go
	echo "setup.sh: building $1 with $("$go" version)"
	(cd "$here/lab/$1" && CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS= "$go" build -trimpath -o "$tools/$1" .)
	echo "$stamp" >"$tools/$1.stamp"
}

install_python() {
	local stamp
	stamp=$(stamp_of "$here/lab/requirements.txt")
	[ -x "$tools/python/bin/python" ] && [ "$(cat "$tools/python.stamp" 2>/dev/null)" = "$stamp" ] && return
	echo "setup.sh: installing the Python packages of the tests"
	rm -rf "$tools/python"
	/usr/bin/python3 -m venv --system-site-packages "$tools/python"
	"$tools/python/bin/python" -m pip install -q --disable-pip-version-check --require-hashes \
		-r "$here/lab/requirements.txt"
	echo "$stamp" >"$tools/python.stamp"
}

case ${1-} in
build)
	install_packages "${build_packages[@]}"
	;;
test)
	install_packages "${build_packages[@]}" "${test_packages[@]}"
	mkdir -p "$tools"
	install_go_tool vcsim
	install_go_tool govc
	install_python
	;;
bench)
	install_packages "${build_packages[@]}" "${test_packages[@]}" "${bench_packages[@]}"
	;;
*)
	echo "usage: $0 build|test|bench" >&2
	exit 64
	;;
esac
