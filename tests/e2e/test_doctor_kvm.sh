#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The doctor and KVM hosts: all is well, a host that nobody reaches, a key that is refused, libvirt that is down, an account that may do little, and
# one that may not become root. Whatever fails has a remedy.
. "$(dirname "$0")/lib.sh"
. "$e2e/kvm.sh"

"$kvm" start 2 "$hosts"

# doctor CODE WHAT [INVENTORY]: its report is $work/report.json.
doctor() {
	migready_command
	status=0
	"$kvm" exec "$hosts" timeout 60 "${command[@]}" doctor -i "${3:-$hosts/inventory.yaml}" -f json >"$work/stdout" 2>"$work/stderr" </dev/null || status=$?
	cp "$work/stdout" "$work/report.json"
	expect_exit "$1" "$2"
	expect "$2: what fails has a remedy" 'all(.lines[]; .status != "fail" or .remedy != null)'
}

# line HOST STEP STATUS TEXT: the step of the host has that status, and what was found matches TEXT.
line() {
	expect "$1 $2" '[.lines[] | select(.host == $h and .step == $s)] | length == 1 and .[0].status == $t and (.[0].found | test($x))' \
		--arg h "$1" --arg s "$2" --arg t "$3" --arg x "$4"
}

doctor 0 "all is well"
for h in kvm01 kvm02; do
	line "$h" reachable pass '^SSH answers$'
	line "$h" login pass '^as root$'
	line "$h" libvirt pass '^answers readers and writers$'
	line "$h" privileges pass '^may read all'
	line "$h" clock pass '^[+-][0-9.]* s from'
done

"$kvm" fault "$hosts" ssh-off kvm02
doctor 1 "nobody listens"
line kvm02 reachable fail 'connection refused'
line kvm01 login pass '^as root$'
"$kvm" heal "$hosts" ssh-off kvm02

"$kvm" fault "$hosts" key-refused kvm02
doctor 1 "a key that is refused"
line kvm02 reachable pass '^SSH answers$'
line kvm02 login fail 'refused the key'
"$kvm" heal "$hosts" key-refused kvm02

"$kvm" fault "$hosts" libvirtd-down kvm02
doctor 1 "libvirt is down"
line kvm02 libvirt fail 'Failed to connect socket'
"$kvm" heal "$hosts" libvirtd-down kvm02

# An account without rights, which may not become root either.
for h in kvm01 kvm02; do
	on "$h" sh -c 'echo "ops:x:4711:4711::/tmp:/bin/sh" >>/etc/passwd; echo "ops:*:19000::::::" >>/etc/shadow'
	chmod 755 "$work" "$hosts" "$hosts/hosts" "$hosts/hosts/$h"
	chmod 644 "$hosts/hosts/$h/authorized_keys"
done
sed 's/user: root/user: ops/' "$hosts/inventory.yaml" >"$work/ops.yaml"
doctor 1 "an account without rights" "$work/ops.yaml"
line kvm01 login pass '^as ops$'
line kvm01 libvirt fail 'denied'
line kvm01 privileges warn '/etc/libvirt/qemu.conf'
expect "which checks it costs" 'any(.lines[]; .step == "privileges" and (.remedy | test("vm-disk-lock") and test("sudo -n")))'
on kvm01 sh -c 'printf "#!/bin/sh\necho sorry >&2\nexit 1\n" >/root/no; chmod 755 /root/no; chmod 755 /root'
sed 's|ssh: {|ssh: {become: /root/no, |' "$work/ops.yaml" >"$work/become.yaml"
doctor 1 "who may not become root" "$work/become.yaml"
line kvm01 login fail '/root/no: sorry'
expect "and what to do about it" 'any(.lines[]; .host == "kvm01" and .step == "login" and (.remedy | test("NOPASSWD")))'

sed 's|known_hosts: [^}]*|insecure: true|' "$hosts/inventory.yaml" >"$work/insecure.yaml"
doctor 0 "host keys that nobody looks at" "$work/insecure.yaml"
expect "are told" 'any(.lines[]; .host == null and .step == "hostkeys" and .status == "warn")'
