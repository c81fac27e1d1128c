#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# esxcli through the vSphere API: what the simulator and the scripted server answer, that another client reads the simulator's
# answers alike, and what becomes of hosts that refuse, fail, hang or talk nonsense.
. "$(dirname "$0")/lib.sh"
. "$e2e/esxcli.sh"
need "$tools/vcsim" "$tools/govc"

cat >"$work/own/lab_ping.yaml" <<'END'
about: pings to an address that answers, and to one that nobody has, of a size that fits and one that is too large
transport: esxcli
scope: host
for_each: >
  SELECT s.host, s.address, d.column1 AS ip, z.column1 AS size FROM host_shell AS s
   CROSS JOIN (VALUES ('10.1.0.11'), ('10.99.0.1')) AS d CROSS JOIN (VALUES (8972), (8973)) AS z
command: network diag ping --interface=vmk1 --host=${ip:ip} --size=${size:int} --df --count=2
fault: "sendto() failed (*)"
timeout: 3s
tables:
  lab_ping:
    columns:
      host: $host
      ip: $each.ip
      size: {path: $each.size, type: integer}
      sent: {path: Summary.Transmitted, type: integer}
      received: {path: Summary.Recieved, type: integer}
      fault: {path: fault.reason, unset: none}
      via: $via
      error: $error
  lab_reply:
    rows: Trace[]
    columns:
      host: $host
      ip: $each.ip
      size: {path: $each.size, type: integer}
      seq: {path: ICMPSeq, type: integer}
      rtt_us: {path: RoundtripTimeMS, type: integer}
      dup: {path: Dup, type: boolean}
END
listed lab_interface "network ip interface list" Name MTU NetstackInstance Portgroup Enabled
listed lab_nfs "storage nfs list" VolumeName Server=Host Share Accessible
listed lab_path "storage core path list" UID RuntimeName Device State
listed lab_cpu "hardware cpu global get" CPUPackages CPUCores CPUThreads HV=HVSupport
sed -i '/rows:/d' "$work/own/lab_cpu.yaml" # one structure
listed lab_unknown "network nothing like this list" Name

# has NAME PATTERN COUNT: so many rows match.
has() {
	[ "$(grep -cE -- "$2" "$work/$1.csv")" -eq "$3" ] || { cat "$work/$1.csv" >&2; fail "$1: not $3 rows with $2"; }
}

pings='SELECT count(DISTINCT host) AS hosts, ip, size, sent, received, fault, via, error FROM lab_ping GROUP BY 2, 3, 4, 5, 6, 7, 8'
everything="SELECT 'cpu', host, cpupackages, cpucores, cputhreads, hv, via FROM lab_cpu
	UNION ALL SELECT 'interface', host, name, mtu, netstackinstance, portgroup, enabled FROM lab_interface
	UNION ALL SELECT 'nfs', host, volumename, server, share, accessible, error FROM lab_nfs
	UNION ALL SELECT 'path', host, uid, runtimename, device, state, error FROM lab_path
	UNION ALL SELECT 'reply', host, ip, size, seq, rtt_us, dup FROM lab_reply ORDER BY 1, 2, 3, 4, 5, 6, 7"

# ---- both servers answer the same ----

lab_inventory vcsim
simulator=$url
inventory "$work/inventory.yaml" "vc01=$simulator"
ask vcsim "$everything"
expect_exit 0 "everything is answered"
has vcsim '^cpu,vc01/host-1[0-3],2,32,64,3,api$' 4
has vcsim '^interface,vc01/host-1[0-3],vmk1,9000,defaultTcpipStack,vMotion,true$' 4
has vcsim '^reply,vc01/host-1[0-3],10.1.0.11,8972,[01],2[01]0,0$' 8
ask pings "$pings"
rows pings "4,10.1.0.11,8972,2,2,none,api," '4,10.1.0.11,8973,,,Message too long,api,' \
	"4,10.99.0.1,8972,2,0,none,api," '4,10.99.0.1,8973,,,Message too long,api,'

lab_scripted server
inventory "$work/inventory.yaml" "vc01=$url"
ask server "$everything"
expect_exit 0 "everything is answered"
diff "$work/vcsim.csv" "$work/server.csv" >&2 || fail "the two servers don't answer the same"
[ "$(requests "$work/server.jsonl" RetrieveManagedMethodExecuter)" -eq 4 ] || fail "hosts were asked for their executers more than once"

# ---- govc reads them alike ----

export GOVC_URL=$simulator GOVC_USERNAME=user GOVC_PASSWORD=$lab_password GOVC_TLS_CA_CERTS=$work/lab.ca.pem GOVC_HOME=$work
export GOVC_PERSIST_SESSION=false
host=$("$tools/govc" find -type h -name 'esx01*')

# govc NAME COMMAND: its values as rows to $work/NAME.csv; fields are in their names' order.
govc() {
	# shellcheck disable=SC2086 # the command's words
	"$tools/govc" host.esxcli -json -host "$host" -- $2 >"$work/govc.json" || fail "govc: $2"
	jq -r "$3" "$work/govc.json" >"$work/$1.csv"
}

inventory "$work/inventory.yaml" "vc01=$simulator"
govc govc_interface "network ip interface list" '.values[] | [.Name[0], .MTU[0], .Portgroup[0]] | join(",")'
ask interface "SELECT name, mtu, portgroup FROM lab_interface WHERE host = 'vc01/host-10'"
diff "$work/govc_interface.csv" "$work/interface.csv" >&2 || fail "govc reads other interfaces"
govc govc_path "storage core path list" '.values[] | [.UID[0], .RuntimeName[0], .Device[0], .State[0]] | join(",")'
ask path "SELECT uid, runtimename, device, state FROM lab_path WHERE host = 'vc01/host-10'"
diff "$work/govc_path.csv" "$work/path.csv" >&2 || fail "govc reads other paths"
govc govc_cpu "hardware cpu global get" '.values[0] | [.CPUPackages[0], .CPUCores[0], .CPUThreads[0], .HVSupport[0]] | join(",")'
ask cpu "SELECT cpupackages, cpucores, cputhreads, hv FROM lab_cpu WHERE host = 'vc01/host-10'"
diff "$work/govc_cpu.csv" "$work/cpu.csv" >&2 || fail "govc reads other processors"
"$tools/govc" host.esxcli -host "$host" -- network diag ping -H 10.1.0.11 -I vmk1 -s 8972 -d true >"$work/govc.out" || fail "govc can't ping"
"$tools/govc" host.esxcli -host "$host" -- network diag ping -H 10.1.0.11 -I vmk1 -s 8973 -d true 2>"$work/govc.err" && fail "too long"
grep -qF 'sendto() failed (Message too long)' "$work/govc.err" || fail "govc says: $(cat "$work/govc.err")"

# What the simulator itself answers, without our part of it: a table of two sockets on each host.
listed lab_socket "network ip connection list --type=tcp" Proto LocalAddress State WorldName
ask socket 'SELECT proto, localaddress, state, worldname, count(DISTINCT host) FROM lab_socket GROUP BY 1, 2, 3, 4'
rows socket 'tcp,0.0.0.0:443,LISTEN,envoy,4' 'udp,127.0.0.1:123,"",ntpd,4'

# ---- answers that a program prints ----

cat >"$work/answer" <<'END'
#!/bin/bash
host=$1
shift
sleep 1
case $* in
"network ip interface list")
	echo '<?xml version="1.0" encoding="utf-8"?><output xmlns="http://www.vmware.com/Products/ESX/5.0/esxcli"><root><list type="structure">
<structure typeName="NetworkInterface"><field name="Enabled"><boolean>true</boolean></field><field name="MTU"><integer>1400</integer></field>
<field name="Name"><string>'"$host"' &lt;&amp;&gt;</string></field></structure></list></root></output>' ;;
"storage core path list") # as many as a host may have
	awk 'BEGIN {
		printf "<output xmlns=\"http://www.vmware.com/Products/ESX/5.0/esxcli\"><root><list type=\"structure\">"
		for (i = 1; i <= 4096; i++) {
			printf "<structure typeName=\"Path\"><field name=\"Device\"><string>naa.%032d</string></field>", i
			for (k = 1; k <= 8; k++)
				printf "<field name=\"Field%d\"><string>as long as what a host says of it, or so</string></field>", k
			printf "<field name=\"RuntimeName\"><string>vmhba64:C0:T0:L%d</string></field><field name=\"State\">", i
			printf "<string>active</string></field><field name=\"UID\"><string>fc.%032d</string></field></structure>", i
		}
		printf "</list></root></output>"
	}' ;;
"network diag ping --count=2 --df --host="*)
	echo "sendto() failed (Host is down)" >&2
	exit 1 ;;
*)
	echo "Error: Unknown command or namespace $*"
	exit 1 ;;
esac
END
chmod +x "$work/answer"
lab_inventory program
lab_vcsim program -api-version 8.0.3.0 -load "$work/program.inventory" -esxcli "$work/answer"
inventory "$work/inventory.yaml" "vc01=$url"
ask program 'SELECT name, mtu FROM lab_interface ORDER BY 1'
rows program 'esx01.lab.example <&>,1400' 'esx02.lab.example <&>,1400' 'esx03.lab.example <&>,1400' 'esx04.lab.example <&>,1400'
ask paths "SELECT count(*), count(DISTINCT uid), count(DISTINCT host), max(state) FROM lab_path"
rows paths 16384,4096,4,active
started=$SECONDS
ask pings "$pings"
[ $((SECONDS - started)) -lt 10 ] || fail "16 commands of a second each took $((SECONDS - started)) s"
rows pings "4,10.1.0.11,8972,,,Host is down,api," "4,10.1.0.11,8973,,,Host is down,api," \
	"4,10.99.0.1,8972,,,Host is down,api," "4,10.99.0.1,8973,,,Host is down,api,"

# ---- hosts that refuse ----

lab_vcsim refusing -api-version 8.0.3.0 -load "$work/program.inventory" -esxcli-refuse 'esx02*' -log "$work/refusing.jsonl"
inventory "$work/inventory.yaml" "vc01=$url"
ask refused "SELECT host, sent, fault, error FROM lab_ping WHERE host = 'vc01/host-11' OR size = 8972 AND ip = '10.1.0.11'
	GROUP BY 1, 2, 3, 4 ORDER BY 1"
expect_exit 2 "a host refuses"
rows refused vc01/host-10,2,none, \
	'vc01/host-11,,,esxcli network diag ping on esx02.lab.example: ExecuteSoap: missing privilege Host.Config.Settings' \
	vc01/host-12,2,none, vc01/host-13,2,none,
grep -q 'missing privilege Host.Config.Settings' "$work/stderr" || fail "the privilege isn't told"
[ "$(jq -r 'select(.method == "ExecuteSoap") | .body' "$work/refusing.jsonl" | grep -o '_this type="ManagedMethodExecuter">host-11<' | wc -l)" -le 4 ] ||
	fail "the host that refuses was asked more often than at once"

# ---- hosts that misbehave ----

# faulty FAULT: a scripted server with that fault of host-11.
faulty() {
	lab_scripted server --fault "$1=host-11"
	: >"$work/server.jsonl"
	inventory "$work/inventory.yaml" "vc01=$url"
}

# wrong FAULT OUTCOME TEXT: that host has a row of NULLs with this error, and the others are answered.
wrong() {
	faulty "$1"
	ask "$1" "SELECT host, hv, error FROM lab_cpu ORDER BY host"
	expect_exit 2 "$1"
	has "$1" '^vc01/host-1[023],3,$' 3
	has "$1" "^vc01/host-11,,.*$3" 1
	run collect -i "$work/inventory.yaml" --checks "$work/own" -p "$work/interfaces.yaml" -o "$work/$1.db"
	ask_facts "$1" "$2"
}

# The outcome of the probe for that host.
ask_facts() {
	local outcome
	outcome=$(sqlite3 "$work/$1.db" "SELECT outcome FROM run_outcome WHERE probe = 'lab_interface' AND host = 'vc01/host-11'" 2>&1)
	[ "$outcome" = "$2" ] || fail "$1: outcome $outcome instead of $2"
}
printf '/*\ntitle: interfaces\nsubject: host\ndepends: own\nseverity: info\nplatforms: [vsphere]\nsymptom: none\nfix: none\nrefs: []\n*/
SELECT h.id AS host, CASE WHEN i.mtu > 0 THEN '"'pass'"' ELSE '"'unknown'"' END AS status FROM host AS h LEFT JOIN lab_interface AS i ON i.host = h.id GROUP BY 1\n' \
	>"$work/own/lab-interfaces.sql"
printf 'about: one check\nchecks: [lab-interfaces]\n' >"$work/interfaces.yaml"

wrong esxcli-refused denied 'esxcli hardware cpu global get on esx02.lab.example: RetrieveManagedMethodExecuter: missing privilege Host.Config.Settings'
wrong esxcli-denied denied 'missing privilege Host.Config.Settings'
wrong esxcli-fault failed 'esxcli hardware cpu global get: Unable to connect to the agent'
wrong esxcli-garbage failed 'neither XML nor in UTF-8'
wrong esxcli-truncated failed "esxcli's answer: XML, line 1"
wrong esxcli-doctype failed 'document type not allowed'
wrong esxcli-huge failed 'too many bytes|larger than'
# One that is refused is asked once, whatever is to be asked.
faulty esxcli-refused
ask refused "$pings"
has refused '^3,' 4
has refused '^1,.*Host.Config.Settings' 4
[ "$(requests "$work/server.jsonl" RetrieveManagedMethodExecuter)" -eq 4 ] || fail "a host that refuses was asked again"
# One that hangs holds up no other, and ends by its timeout.
faulty esxcli-hangs
started=$SECONDS
ask hangs "$pings"
has hangs '^3,' 4
has hangs '^1,.*(timed out|no answer|timeout)' 4
[ $((SECONDS - started)) -lt 30 ] || fail "a host that hangs took $((SECONDS - started)) s"
# After four commands in a row that took all their time, it isn't waited for again.
sed '/^for_each/,/^command/d; /^fault/d; s/count=2//' "$work/own/lab_ping.yaml" | sed '/^    columns/,$d; s/lab_ping/lab_many/' >"$work/own/lab_many.yaml"
cat >>"$work/own/lab_many.yaml" <<'END'
    columns: {host: $host, error: $error}
for_each: >
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) SELECT host, address, i FROM host_shell CROSS JOIN n
command: network diag ping --interface=vmk1 --host=10.1.0.11 --size=${i:int}
END
started=$SECONDS
ask many "SELECT count(*), error IS NULL FROM lab_many GROUP BY 2 ORDER BY 1"
rows many 40,0 120,1
[ $((SECONDS - started)) -lt 20 ] || fail "a host that hangs took $((SECONDS - started)) s for 40 commands"
[ "$(jq -r 'select(.method == "ExecuteSoap") | .body' "$work/server.jsonl" | grep 'executer-host-11' | grep -c -- 'size')" -le 12 ] ||
	fail "a host that hangs was asked on and on"
# Nothing said is no row: not a reason to take anything for known.
faulty esxcli-empty
ask empty "SELECT host, count(*) FROM lab_interface GROUP BY 1 ORDER BY 1"
rows empty vc01/host-10,2 vc01/host-12,2 vc01/host-13,2

# ---- what it proves: virtualization on a host that runs nothing, where the API is silent ----

# virtualization STATUS TEXT: of the fourth host, that no VM proves it of; it alone was asked.
virtualization() {
	inventory "$work/inventory.yaml" "vc01=$url"
	check -i "$work/inventory.yaml"
	expect "virtualization: $1" '[.findings[] | select(.check == "cpu-virtualization-enabled" and .host == "esx04.lab.example")]
		| length == 1 and .[0].status == $s and (.[0].observed + " " + (.[0].detail // "") | test($t))' --arg s "$1" --arg t "$2"
	expect "virtualization: $1: nobody else was asked" '[.probes[] | select(.probe == "esxi/cpu")] | length == 1'
}

lab_inventory unproven cpu-vt-unproven
virtualization pass 'esxcli: HV Support 3'
vcsim_options=(-esxcli-refuse '*')
lab_inventory refused cpu-vt-unproven
virtualization unknown 'on esx04.lab.example: ExecuteSoap: missing privilege Host.Config.Settings'
cat >"$work/firmware" <<'END'
#!/bin/sh
echo '<output><root><structure typeName="CpuGlobalInfo"><field name="HVSupport"><integer>2</integer></field></structure></root></output>'
END
chmod +x "$work/firmware"
vcsim_options=(-esxcli "$work/firmware")
lab_inventory firmware cpu-vt-unproven
virtualization fail 'esxcli: HV Support 2 switched off in the firmware'
vcsim_options=()

# ---- a session that expires, and Ctrl-C ----

lab_scripted server --fault session-expires=9
inventory "$work/inventory.yaml" "vc01=$url"
ask expired "$pings"
expect_exit 0 "a session that expires is made again"
has expired '^4,' 4
# A command that no host has.
ask unknown "SELECT count(*), error FROM lab_unknown GROUP BY 2"
rows unknown '4,esxcli network nothing like this list: The object or item referred to could not be found.'
faulty esxcli-hangs
migready_command
timeout -s INT -k 20 2 "${command[@]}" query -i "$work/inventory.yaml" --checks "$work/own" "SELECT host, error FROM lab_cpu" >"$work/stdout" 2>"$work/stderr" &&
	fail "interrupted, and yet all is well"
says interrupted

# ---- what would be sent, and what may not be ----

run describe --requests -i "$work/inventory.yaml" --checks "$work/own" -p "$work/interfaces.yaml"
grep -qF 'esxcli network ip interface list on each host via API' "$work/stdout" || fail "describe --requests: $(cat "$work/stdout")"
inventory "$work/inventory.yaml" "vc01=$simulator"
run collect -i "$work/inventory.yaml" --checks "$work/own" -p "$work/interfaces.yaml" -o "$work/hosts.db"
expect_exit 0 "facts of hosts"
run describe --requests --facts "$work/hosts.db" --checks "$work/own" -p "$work/interfaces.yaml"
[ "$(grep -cE 'esxcli network ip interface list on esx0[1-4].lab.example via API' "$work/stdout")" -eq 4 ] ||
	fail "describe --requests --facts: $(cat "$work/stdout")"
sed -i 's/network ip interface list/network firewall set --enabled=false/' "$work/own/lab_interface.yaml"
run query -i "$work/inventory.yaml" --checks "$work/own" "SELECT * FROM lab_interface"
expect_exit 78 "a command that changes something"
says "lab_interface.yaml:1:1: command: 'network firewall set' is not ... get, ... list or network diag ping: probes change nothing"
