#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The lab of hosts with real networks: the system's own ping, ssh and nc see it healthy, and see of each fault what that
# claims; the stand-ins print what ESXi's commands print; nothing is left when a lab is stopped, also after a crash.
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin:/sbin
need sshd ssh ping nc nft tc ip nsenter unshare cc xmllint
if ! unshare --mount --net --pid --fork true 2>/dev/null; then
	echo "skipped: no right to make network namespaces; run this as root"
	exit 77
fi

mesh=$lab/mesh.sh
a=$work/a
b=$work/b
trap 'for l in "$a" "$b"; do "$mesh" stop "$l"; done; lab_stop; rm -rf "$work"' EXIT

# What the machine has of everything that a lab makes.
inventory_of_machine() {
	ip netns list
	ip -o link | sed 's/^[0-9]*: \([^:]*\):.*/\1/'
	grep -c "$work" /proc/self/mountinfo || true
	ls -d "$work"/[ab] 2>/dev/null || true
	commands=$(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' || true)
	[[ $commands != *"$work/a"* && $commands != *"$work/b"* ]] || echo "a process"
}

# stopped LAB: stops it, and none of its processes may be there after that.
stopped() {
	local pids namespace pid
	pids=$(cat "$1"/hosts/esx*/pid "$1/holder.pid")
	namespace=$(cat "$1/holder.ns")
	"$mesh" stop "$1"
	for pid in $pids; do
		! grep -qs '^State:.[^ZX]' "/proc/$pid/status" || fail "process $pid is left: $(tr '\0' ' ' <"/proc/$pid/cmdline")"
	done
	! readlink /proc/[0-9]*/ns/mnt | grep -qxF "$namespace" || fail "a process is left in $namespace"
}

on() { "$mesh" host "$a" "$@"; }
from_tester() { "$mesh" exec "$a" "$@"; }

# reaches HOST ADDRESS SIZE [DEVICE]: the system's own ping, without fragmentation.
reaches() { on "$1" ping -n -M do -c 1 -W 0.4 -s "$3" -I "${4:-vmk1}" "$2" >"$work/ping" 2>&1; }
expect_reached() { reaches "$@" || fail "$fault: not reached: $* $(cat "$work/ping")"; }
expect_lost() { ! reaches "$@" || fail "$fault: reached: $*"; }

# said TEXT: what the last ping printed.
said() { grep -qF -- "$1" "$work/ping" || fail "$fault: ping doesn't say '$1': $(cat "$work/ping")"; }

broken() {
	fault=$*
	"$mesh" fault "$a" "$@"
}
healed() { "$mesh" heal "$a" "${fault%% *}"; }

# rtt HOST ADDRESS FIELD: of four pings in a row, in whole milliseconds; 2 is the average, 3 the largest.
rtt() { on "$1" ping -n -M do -c 4 -i 0.05 -s 8972 -I vmk1 "$2" | sed -n 's/^rtt.*= //p' | cut -d/ -f"$3" | cut -d. -f1; }

# lost HOST ADDRESS: how many of 100.
lost() { echo $((100 - $(on "$1" ping -n -M do -c 100 -i 0.003 -W 0.5 -s 8972 -I vmk1 "$2" | sed -n 's/.* \([0-9]*\) received.*/\1/p'))); }

# over_ssh ADDRESS COMMAND...: sets status; what the client said is in $work/ssh.
over_ssh() {
	status=0
	from_tester timeout "${limit:-10}" ssh -F "$a/ssh_config" "$@" >"$work/ssh" 2>"$work/ssh.err" </dev/null || status=$?
}
expect_ssh() {
	[ "$status" -eq "$1" ] || fail "$fault: ssh ends with $status instead of $1: $(cat "$work/ssh.err")"
	grep -qF -- "$2" "$work/ssh" "$work/ssh.err" || fail "$fault: ssh doesn't say '$2': $(cat "$work/ssh.err")"
}
in_order() { over_ssh 10.0.0.12 echo hello; fault="$fault, healed" expect_ssh 0 hello; }

inventory_of_machine >"$work/.before"

# ---- many hosts ----
fault=none
"$mesh" start 32 "$a" --stack
seq 10 41 | xargs -P 8 -I '{}' "$mesh" exec "$a" ssh -F "$a/ssh_config" '10.0.0.{}' \
	'for i in 10 25 26 41; do vmkping -I vmk1 -S vmotion -d -s 8972 -c 1 10.1.0.$i || exit; done' >"$work/many" ||
	fail "not all of 32 hosts reach four of them"
[ "$(grep -c '1 packets transmitted, 1 packets received, 0% packet loss' "$work/many")" -eq 128 ] || fail "not 128 answers"
kill -KILL "$(cat "$a/holder.pid")"
stopped "$a"
inventory_of_machine | diff "$work/.before" - || fail "something is left after a crash"

# ---- two labs at once, one of them with a second vMotion network, the other one routed ----
"$mesh" start 6 "$a" --second
"$mesh" start 4 "$b" --routed
for address in 10.1.0.11 10.1.0.15; do
	expect_reached esx01 "$address" 8972
	expect_lost esx01 "$address" 8973
	said "message too long, mtu=9000"
done
expect_reached esx01 10.2.0.15 8972 vmk2
expect_lost esx01 10.1.0.99 56
on esx01 nc -z -w 1 10.1.0.15 8000 || fail "port 8000 is closed"
on esx01 nc -z -w 1 10.0.0.15 902 || fail "port 902 is closed"
[ "$(from_tester ping -n -c 1 -W 1 10.0.0.15 | grep -c ' 0% packet loss')" -eq 1 ] || fail "management network"
[ "$(from_tester ip -o link | grep -c eth0)" -eq 1 ] || fail "the tester's namespace has other adapters"

# ---- the stand-ins ----
masked() { sed -E 's/time=[0-9.]+/time=T/; s,[0-9.]+/[0-9.]+/[0-9.]+,T/T/T,; s/[0-9]+ us/T us/'; }
over_ssh 10.0.0.10 vmkping -I vmk1 -d -s 8972 -c 2 -i 0.1 10.1.0.15
masked <"$work/ssh" | diff - <(
	cat <<END
PING 10.1.0.15 (10.1.0.15): 8972 data bytes
8980 bytes from 10.1.0.15: icmp_seq=0 ttl=64 time=T ms
8980 bytes from 10.1.0.15: icmp_seq=1 ttl=64 time=T ms

--- 10.1.0.15 ping statistics ---
2 packets transmitted, 2 packets received, 0% packet loss
round-trip min/avg/max = T/T/T ms
END
) || fail "vmkping"
over_ssh 10.0.0.10 vmkping -I vmk1 -d -s 8973 -c 2 -i 0.1 10.1.0.15
[ "$status" -eq 1 ] || fail "vmkping ends with $status"
diff "$work/ssh" - <<END || fail "vmkping of too long a packet"
PING 10.1.0.15 (10.1.0.15): 8973 data bytes
sendto() failed (Message too long)
sendto() failed (Message too long)

--- 10.1.0.15 ping statistics ---
2 packets transmitted, 0 packets received, 100% packet loss
END
over_ssh 10.0.0.10 vmkping -I vmk7 10.1.0.15
expect_ssh 1 "Unknown interface 'vmk7'"
over_ssh 10.0.0.10 esxcli network diag ping -I vmk1 -H 10.1.0.15 -d -s 8972 -c 1
masked <"$work/ssh" | diff - <(
	cat <<END
   Trace: 
         Received Bytes: 8980
         Host: 10.1.0.15
         ICMP Seq: 0
         TTL: 64
         Round-trip Time: T us
         Dup: false
         Detail: 
   Summary: 
         Host Addr: 10.1.0.15
         Transmitted: 1
         Recieved: 1
         Duplicated: 0
         Packet Lost: 0
         Round-trip Min: T us
         Round-trip Avg: T us
         Round-trip Max: T us
END
) || fail "esxcli network diag ping"
over_ssh 10.0.0.10 esxcli storage nfs list
diff "$work/ssh" - <<END || fail "a table"
Volume Name  Host               Share        Accessible  Mounted  Read-Only   isPE  Hardware Acceleration
-----------  -----------------  -----------  ----------  -------  ---------  -----  ---------------------
nfs-01       nas01.lab.example  /export/ds1        true     true      false  false  Not Supported
nfs-02       nas01.lab.example  /export/ds2        true     true      false  false  Not Supported
END
for command in "system version get" "network nic list" "network ip interface list" "network ip interface ipv4 get" \
	"network ip neighbor list" "storage nfs list" "storage core path list" "hardware cpu global get" \
	"network firewall ruleset list" "network diag ping --interface=vmk1 --host=10.1.0.15 --count=1 --interval=0.1"; do
	on esx01 esxcli --formatter=xml $command | xmllint --noout - || fail "XML of $command"
done
over_ssh 10.0.0.10 esxcli graphics host refresh
expect_ssh 1 "Error: Unknown command or namespace graphics host refresh"
over_ssh 10.0.0.10 cat /vmfs/volumes/nfs-01/app01-01/app01-01.vmx
expect_ssh 0 'log.rotateSize = "2048000"'

# ---- the network's faults ----
broken trunk-mtu
expect_lost esx01 10.1.0.15 8972
said "0 received, 100% packet loss"
expect_reached esx01 10.1.0.15 1472
expect_lost esx01 10.1.0.15 1473
expect_reached esx01 10.1.0.11 8972
expect_reached esx01 10.2.0.15 8972 vmk2
healed
broken trunk-mtu 1500 vmk2
expect_lost esx01 10.2.0.15 8972 vmk2
expect_reached esx01 10.1.0.15 8972
healed
for side in 1 2; do
	broken trunk-one-way $side
	if [ "$side" = 1 ]; then expect_lost esx01 10.1.0.15 8972; else expect_reached esx01 10.1.0.15 8972; fi
	if [ "$side" = 2 ]; then expect_lost esx06 10.1.0.10 8972; else expect_reached esx06 10.1.0.10 8972; fi
	expect_reached esx01 10.1.0.15 1472
	healed
done
broken trunk-down
expect_lost esx01 10.1.0.15 56
expect_reached esx01 10.1.0.11 8972
healed
broken port-mtu esx03
expect_lost esx03 10.1.0.10 8972
expect_lost esx01 10.1.0.12 8972
expect_reached esx01 10.1.0.12 1472
expect_reached esx01 10.1.0.15 8972
healed
broken port-one-way esx03 in
expect_lost esx01 10.1.0.12 8972
expect_reached esx03 10.1.0.10 8972
healed
broken port-one-way esx03 out
expect_lost esx03 10.1.0.10 8972
expect_reached esx01 10.1.0.12 8972
healed
broken wrong-switch esx03
expect_lost esx03 10.1.0.10 56
expect_lost esx01 10.1.0.12 56
on esx01 vmkping -I vmk1 -c 3 -i 0.2 10.1.0.12 >"$work/ping" || true
said "sendto() failed (Host is down)"
healed
broken vmk-mtu esx03
expect_lost esx03 10.1.0.10 8972
said "message too long, mtu=1500"
expect_lost esx01 10.1.0.12 8972
expect_reached esx01 10.1.0.12 1472
healed
broken vmk-down esx03 vmk2
expect_lost esx03 10.2.0.10 56 vmk2
expect_lost esx01 10.2.0.12 56 vmk2
expect_reached esx01 10.1.0.12 8972
healed
expect_reached esx03 10.2.0.10 8972 vmk2
broken loss esx03 30
n=$(lost esx01 10.1.0.12)
[ "$n" -gt 10 ] && [ "$n" -lt 55 ] || fail "$n of 100 packets lost instead of about 30"
[ "$(lost esx01 10.1.0.15)" -eq 0 ] || fail "others lose packets, too"
healed
broken trunk-loss 20
n=$(lost esx01 10.1.0.15)
[ "$n" -gt 15 ] && [ "$n" -lt 60 ] || fail "$n of 100 packets lost instead of about 36"
healed
broken slow esx03 500kbit
n=$(rtt esx01 10.1.0.12 3)
[ "$n" -ge 50 ] || fail "at most $n ms on a slow link"
healed
broken latency esx03 80
n=$(rtt esx01 10.1.0.12 2)
[ "$n" -ge 160 ] && [ "$n" -lt 400 ] || fail "$n ms instead of 160"
on esx01 nc -z -w 2 10.1.0.12 8000 || fail "TCP doesn't pass"
healed
n=$(rtt esx01 10.1.0.12 3)
[ "$n" -lt 50 ] || fail "still $n ms"
broken port-closed esx03 8000
! on esx01 nc -z -w 1 10.1.0.12 8000 || fail "port 8000 is open"
on esx01 nc -z -w 1 10.0.0.12 902 || fail "port 902 is closed, too"
healed
on esx01 nc -z -w 1 10.1.0.12 8000 || fail "port 8000 is still closed"

# ---- SSH's faults ----
broken host-key-changed esx03
over_ssh 10.0.0.12 true
expect_ssh 255 "Host key for 10.0.0.12 has changed"
healed
in_order
broken host-key-unknown 10.0.0.12
over_ssh 10.0.0.12 true
expect_ssh 255 "host key is known for 10.0.0.12"
healed
in_order
broken key-refused 3
over_ssh 10.0.0.12 true
expect_ssh 255 "Permission denied (publickey,keyboard-interactive)"
printf '#!/bin/sh\ncat "%s/password"\n' "$a" >"$work/.askpass"
chmod 700 "$work/.askpass"
export DISPLAY=none SSH_ASKPASS=$work/.askpass SSH_ASKPASS_REQUIRE=force
by_password=(-o BatchMode=no -o PreferredAuthentications=keyboard-interactive -o NumberOfPasswordPrompts=1 10.0.0.12)
over_ssh "${by_password[@]}" echo hello
expect_ssh 0 hello
broken password-changed esx03
over_ssh "${by_password[@]}" echo hello
expect_ssh 255 "Permission denied"
healed
over_ssh "${by_password[@]}" echo hello
expect_ssh 0 hello
fault=key-refused healed
in_order
broken ssh-off esx03
over_ssh 10.0.0.12 true
expect_ssh 255 "Connection refused"
healed
in_order
broken ssh-startups esx03
from_tester bash -c 'exec 3<>/dev/tcp/10.0.0.12/22; read -r _ <&3; sleep 1' &
sleep 0.3
over_ssh 10.0.0.12 true
expect_ssh 255 "kex_exchange_identification"
wait $!
in_order
healed
broken ssh-sessions esx03
from_tester ssh -F "$a/ssh_config" -M -S "$work/.master" -fN 10.0.0.12
from_tester ssh -F "$a/ssh_config" -S "$work/.master" 10.0.0.12 sleep 1 &
sleep 0.3
over_ssh -S "$work/.master" -o ControlMaster=no -o ProxyCommand=false 10.0.0.12 echo hello
expect_ssh 255 "ession"
wait $!
from_tester ssh -S "$work/.master" -O exit 10.0.0.12 2>/dev/null
healed
broken banner esx03
over_ssh 10.0.0.12 echo hello
expect_ssh 0 "100% private"
healed
[ "$(over_ssh 10.0.0.12 echo hello; cat "$work/ssh")" = hello ] || fail "still a banner"
broken esxcli-dies esx03
over_ssh 10.0.0.12 esxcli network nic list
expect_ssh 139 "PING"
healed
broken esxcli-floods esx03
[ "$(from_tester ssh -F "$a/ssh_config" 10.0.0.12 esxcli network nic list | wc -c)" -eq 100000000 ] || fail "not 100 MB"
healed
broken esxcli-hangs esx03
limit=1 over_ssh 10.0.0.12 esxcli network nic list
[ "$status" -eq 124 ] && [ ! -s "$work/ssh" ] || fail "esxcli answers"
over_ssh 10.0.0.12 echo hello
expect_ssh 0 hello
healed
broken ssh-freezes esx03
limit=1 over_ssh 10.0.0.12 vmkping -I vmk1 10.1.0.10
expect_ssh 124 "PING"
healed
over_ssh 10.0.0.12 esxcli network nic list
expect_ssh 0 vmnic0
broken host-dead esx06
expect_lost esx01 10.1.0.15 56
limit=2 over_ssh 10.0.0.15 true
[ "$status" -ne 0 ] || fail "a dead host lets in"

# ---- the routed lab ----
on() { "$mesh" host "$b" "$@"; }
fault=none
expect_reached esx01 10.3.0.13 8972
"$mesh" fault "$b" router-mtu
fault=router-mtu
expect_lost esx01 10.3.0.13 8972
said "Frag needed and DF set (mtu = 1500)"
expect_reached esx04 10.1.0.10 1472
on esx02 vmkping -I vmk1 -d -s 8972 -c 2 -i 0.1 10.3.0.13 >"$work/ping" || true
said "frag needed and DF set (MTU 1500)"
"$mesh" fault "$b" router-silent
fault=router-silent
on esx02 ip route flush cache
expect_lost esx02 10.3.0.13 8972
said "0 received, 100% packet loss"
"$mesh" heal "$b" router-silent
"$mesh" heal "$b" router-mtu
expect_reached esx01 10.3.0.13 8972
stopped "$b"

# ---- esxcli as vCenter has it run ----
on() { "$mesh" host "$a" "$@"; }
if [ -x "$tools/vcsim" ] && [ -x "$tools/govc" ]; then
	VCSIM_PASSWORD=$lab_password lab_start vcsim "$mesh" exec "$a" "$tools/vcsim" -tlscert "$work/lab.cert.pem" \
		-tlskey "$work/lab.key.pem" -api-version 8.0.3.0 -load "$a/inventory" -esxcli "$a/esxcli"
	from_tester env GOVC_URL="$url" GOVC_USERNAME=user GOVC_PASSWORD="$lab_password" GOVC_TLS_CA_CERTS="$work/lab.ca.pem" HOME="$work" \
		"$tools/govc" host.esxcli -json -host 10.0.0.10 network diag ping --interface=vmk1 --host=10.1.0.11 --df=true --size=8972 \
		--count=1 >"$work/govc.json"
	grep -q 8980 "$work/govc.json" || fail "govc: $(cat "$work/govc.json")"
fi

# ---- stopped, with a client still in it ----
"$mesh" exec "$a" sleep 1000 &
sleep 0.3
stopped "$a"
inventory_of_machine | diff "$work/.before" - || fail "something is left"
