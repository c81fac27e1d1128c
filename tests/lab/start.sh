#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# start.sh [DEFECT...] - a simulated vCenter to try migready on; writes its inventory file and tells how to use it.
# `make_inventory.py --list all` names the defects. stop.sh ends it.
set -euo pipefail
umask 077

work=$(cd "$(dirname "$0")" && pwd)/.run
if [ -e "$work/pids" ]; then
	echo "start.sh: already running; end it with $(dirname "$0")/stop.sh" >&2
	exit 1
fi
rm -rf "$work"
mkdir "$work"
. "$(dirname "$0")/lab.sh"

lab_inventory vcsim "$@"
printf '%s' "$lab_password" >"$work/password"
cat >"$work/inventory.yaml" <<END
targets:
  - name: lab
    vcenter: $url
    credential: lab
    tls: {ca: $work/lab.ca.pem}
credentials:
  lab: {user: user, password: {file: $work/password}}
END
echo "a simulated vCenter listens on $url; try:"
echo "  migready check -i $work/inventory.yaml"
