#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Commands over SSH on genuine OpenSSH servers: every way to log in, host keys, what commands do, and servers that misbehave.
. "$(dirname "$0")/lib.sh"
. "$e2e/ssh.sh"
trap 'ssh_stop; lab_stop; rm -rf "$work"' EXIT
ssh_setup

# probe COMMAND [ADDRESS...]: a probe of one's own that runs it on each address; $decode and $timeout are optional.
probe() {
	local command=$1 address rows=""
	shift
	for address in "${@:-127.0.0.1}"; do
		rows+="${rows:+ UNION ALL }SELECT 'vc/host-${address##*.}' AS host, '$address' AS address, 'it''s \$(id) \"x\" ;y' AS odd"
	done
	mkdir -p "$work/own/probes"
	cat >"$work/own/probes/said.yaml" <<-END
		about: what a command says
		transport: ssh
		platform: vsphere
		scope: host
		timeout: ${timeout:-20s}
		for_each: >
		  $rows
		command: >-
		  $command
		decode: ${decode:-text}
		tables:
		  said:
		    columns: {host: \$host, address: \$each.address, text: "${path:-.}", error: \$error}
	END
}

# login CREDENTIAL [SSH]: the inventory; SSH are further keys of `ssh:`.
login() {
	ssh_inventory "$work/inventory.yaml" https://127.0.0.1:1 \
		"{credential: esx, port: $ssh_port, ${2-known_hosts: $work/known}}" "$1"
}

# said: runs the probe; what it brought is $work/said.json.
said() {
	run query -v -i "$work/inventory.yaml" --checks "$work/own" -f json 'SELECT * FROM said ORDER BY host, text'
	cp "$work/stdout" "$work/said.json"
}

# answers TEXT: it ran, and every host said TEXT.
answers() {
	said
	expect_exit 0 "$1"
	jq -e --arg text "$1" 'length > 0 and all(.[]; .text == $text and .error == null)' "$work/said.json" >/dev/null ||
		fail "not '$1': $(cat "$work/said.json")"
}

# fails WORD...: no host has an answer, and the reason has every one of the words.
fails() {
	local word
	said
	for word; do
		jq -e --arg word "$word" 'length > 0 and all(.[]; .text == null and (.error | contains($word)))' "$work/said.json" \
			>/dev/null || fail "the reason lacks '$word': $(cat "$work/said.json")"
	done
}

key="{user: $ssh_user, key: $ssh_dir/id_ed25519}"
export SSH_PW=$ssh_password
password="{user: $ssh_user, password: {env: SSH_PW}}"

ssh_server main "PasswordAuthentication yes" "KbdInteractiveAuthentication no"
main_pid=$ssh_pid main_port=$ssh_port
ssh_known "$work/known" "$ssh_port" ed25519 127.0.0.{1,2,3}

# ---- what is run, and how ----

login "$key"
probe 'echo hello' 127.0.0.{1,2,3}
answers hello
login "$key" "known_hosts: $work/known, sessions: 1, starts: 1"
answers hello
login "$key"
probe "printf '%s|' \${odd:text} last"
answers "it's \$(id) \"x\" ;y|last|"
probe 'tty; cat; echo $LC_ALL; case $PATH in /bin:/sbin:/usr/lib/vmware/bin:*) echo path;; esac'
answers "not a tty
C
path"
probe 'echo; echo two >&2; echo one'
decode=lines path=lines[] probe 'printf "a\nb\n"'
sed -i 's/  said:/  said:\n    rows: "lines[]"/; s/text: "lines\[\]"/text: "."/' "$work/own/probes/said.yaml"
said
jq -e 'map(.text) == ["a", "b"]' "$work/said.json" >/dev/null || fail "lines: $(cat "$work/said.json")"

probe 'echo to nobody >&2; exit 3'
fails "127.0.0.1" "exit status 3: to nobody"
probe '/no/such/command'
fails "exit status 127" "not found"
probe 'cat /etc/shadow'
fails "exit status 1" "Permission denied"
probe 'echo half; kill -9 $$$$'
fails "killed by signal KILL: half"
probe "sh -c 'echo half; kill -9 \$\$\$\$'"
fails "killed by signal 9: "
probe "head -c 100000000 /dev/zero | tr '\\\\0' x"
fails "printed more than"
measured 60000 query -i "$work/inventory.yaml" --checks "$work/own" 'SELECT * FROM said'
timeout=1s probe 'sleep 30'
fails "$ssh_user@127.0.0.1:$ssh_port: the command did not end within 1000 ms"

# bashrc TEXT: what the user's shell does first.
bashrc() {
	printf "$1" >"$ssh_home/.bashrc"
	chmod 644 "$ssh_home/.bashrc"
}

# A shell that talks, and one that never comes to the command.
bashrc 'echo welcome; echo warning >&2; echo migready-\n'
probe 'echo hello'
answers hello
probe 'echo no good >&2; exit 1'
fails "exit status 1: no good"
bashrc 'echo This account is not available.; exit 1\n'
fails "the login shell runs no commands, but says: This account is not available."
bashrc 'yes\n'
fails "printed more than"
rm "$ssh_home/.bashrc"

# ---- ways to log in ----

probe 'echo hello'
login "{user: $ssh_user, key: $ssh_dir/id_ecdsa}"
answers hello
login "{user: $ssh_user, key: $ssh_dir/id_rsa}"
case $(pkg-config --modversion libssh2 2>/dev/null || echo 1.10) in
1.10*) fails "refused the RSA key $ssh_dir/id_rsa of $ssh_user" "signs with SHA-1" "ssh-keygen -t ecdsa" ;;
*) answers hello ;;
esac
cp "$ssh_dir/id_ecdsa" "$ssh_dir/id_locked"
ssh-keygen -q -p -P '' -N 'open sesame' -f "$ssh_dir/id_locked" >/dev/null
export SSH_PP='open sesame'
login "{user: $ssh_user, key: $ssh_dir/id_locked, passphrase: {env: SSH_PP}}"
answers hello
SSH_PP=wrong
fails "the key $ssh_dir/id_locked can't be used" "passphrase"
login "{user: $ssh_user, key: $ssh_dir/id_locked}"
fails "the key $ssh_dir/id_locked can't be used" "passphrase"
ssh-keygen -q -t ed25519 -N '' -f "$ssh_dir/id_other"
login "{user: $ssh_user, key: $ssh_dir/id_other}"
fails "refused the key $ssh_dir/id_other of $ssh_user"
login "{user: $ssh_user, key: $ssh_dir/id_none}"
fails "$ssh_dir/id_none: No such file"
chmod 644 "$ssh_dir/id_other"
login "{user: $ssh_user, key: $ssh_dir/id_other}"
fails "others can read the key" "chmod 600"
chmod 600 "$ssh_dir/id_other.pub"
login "{user: $ssh_user, key: $ssh_dir/id_other.pub}"
fails "a public one: name the file without .pub"

login "{user: $ssh_user, agent: true}"
fails "SSH_AUTH_SOCK is not set"
eval "$(ssh-agent -a "$work/agent")" >/dev/null
echo "$SSH_AGENT_PID" >>"$work/pids"
fails "the SSH agent has no key"
ssh-add -q "$ssh_dir/id_rsa" "$ssh_dir/id_ecdsa"
answers hello
probe 'echo hello' 127.0.0.{1,2,3}
answers hello
ssh-add -q -D
chmod 600 "$ssh_dir/id_other"
ssh-add -q "$ssh_dir/id_other"
fails "refused 1 of the agent's 1 keys for $ssh_user"
ssh-add -q -D
ssh-add -q -c "$ssh_dir/id_ecdsa"
SSH_ASKPASS=/bin/false fails "the agent refused to sign"
SSH_AUTH_SOCK=$work/nobody fails "the SSH agent at SSH_AUTH_SOCK"

probe 'echo hello'
login "$password"
answers hello
attempts=$(grep -c 'Failed password' "$ssh_dir/main/log" || true)
SSH_PW=wrong-canary
probe 'echo hello' 127.0.0.{1,1,1}
fails "refused the password of $ssh_user (credential 'esx'); it is not tried again"
[ "$(grep -c 'Failed password' "$ssh_dir/main/log")" -eq $((attempts + 1)) ] || fail "a wrong password was tried again"
! grep -q wrong-canary "$work/stdout" "$work/stderr" || fail "the password is shown"
SSH_PW=$ssh_password
probe 'echo hello'

ssh_server esxi "UsePAM yes" "PasswordAuthentication no" "KbdInteractiveAuthentication yes"
ssh_known "$work/known" "$ssh_port"
login "$password"
answers hello
attempts=$(grep -c 'Failed keyboard' "$ssh_dir/esxi/log" || true)
SSH_PW=wrong-canary
fails "refused the password of $ssh_user"
[ "$(grep -c 'Failed keyboard' "$ssh_dir/esxi/log")" -eq $((attempts + 1)) ] || fail "a wrong password was tried again"
SSH_PW=$ssh_password
ssh_server keys "PasswordAuthentication no" "KbdInteractiveAuthentication no"
ssh_known "$work/known" "$ssh_port"
login "$password"
fails "takes no password of $ssh_user, only publickey"

# ---- host keys ----

ssh_port=$main_port
login "$key"
ssh_known "$work/known" "$ssh_port" ecdsa
answers hello
ssh-keygen -q -H -f "$work/known" >/dev/null 2>&1
answers hello
: >"$work/known"
fails "unknown host key ssh-ed25519 $(ssh-keygen -lf "$ssh_dir/host_ed25519" | cut -d ' ' -f 2)" \
	"add to $work/known: [127.0.0.1]:$ssh_port $(cut -d ' ' -f 1,2 "$ssh_dir/host_ed25519.pub")"
jq -r '.[0].error' "$work/said.json" | sed "s/.*add to [^:]*: //" >"$work/known"
answers hello
rm "$work/known"
fails "unknown host key"
{ echo; printf '[127.0.0.1]:%s %s\n' "$ssh_port" "$(cut -d ' ' -f 1,2 "$ssh_dir/id_ed25519.pub")"; } >"$work/known"
fails "HOST KEY CHANGED" "$work/known:2" "ssh-keygen -f $work/known -R '[127.0.0.1]:$ssh_port'"
printf '@revoked * %s\n' "$(cut -d ' ' -f 1,2 "$ssh_dir/host_ed25519.pub")" >"$work/known"
fails "revoked by $work/known:1"
login "$key" "insecure: true"
answers hello
check -i "$work/inventory.yaml"
expect "reports say so" '.targets[0].tls | contains("SSH host keys not verified")'
printf '[127.0.0.1]:%s %s\n' "$ssh_port" "$(cut -d ' ' -f 1,2 "$ssh_dir/host_rsa.pub")" >"$work/known"
login "$key"
fails "a key of another type" "$work/known:1"

# ---- servers that can't be reached, or don't play along ----

ssh_known "$work/known" "$ssh_port" ed25519 127.0.0.{1,2,3}
probe 'echo hello' no-such-host.invalid
fails "$ssh_user@no-such-host.invalid:$ssh_port: the name has no address"
ssh_port=$(free_port)
login "$key"
probe 'echo hello'
fails "$ssh_user@127.0.0.1:$ssh_port: connection refused"
python3 -m http.server --bind 127.0.0.1 "$ssh_port" >/dev/null 2>&1 &
echo $! >>"$work/pids"
for ((i = 0; i < 100; i++)); do
	! (: <"/dev/tcp/127.0.0.1/$ssh_port") 2>/dev/null || break
	sleep 0.05
done
fails "no SSH server"

ssh_port=$main_port
login "$key"
probe 'kill -9 $PPID; sleep 5'
fails "$ssh_user@127.0.0.1:$ssh_port" "the connection was lost"
probe 'echo hello'
answers hello
timeout=1s probe 'test $PPID -gt 1 && kill -STOP $PPID; sleep 30'
fails "did not end within 1000 ms"
pkill -CONT -u 4711 sshd || true

# A connection on which a command runs is asked whether it is still there: one that answers may take its time, one that doesn't is dead.
ssh_server alive "LogLevel DEBUG1"
ssh_known "$work/known" "$ssh_port"
login "$key"
sed -i 's/    credential: lab/    credential: lab\n    timeout: 2s/' "$work/inventory.yaml"
timeout=60s probe 'sleep 7; echo hello'
answers hello
[ "$(grep -c 'rtype keepalive@' "$ssh_dir/alive/log")" -ge 2 ] || fail "nobody asked whether the server is still there"
started=$SECONDS
timeout=60s probe 'test $PPID -gt 1 && kill -STOP $PPID; sleep 30'
fails "the host stopped answering"
[ $((SECONDS - started)) -lt 20 ] || fail "a dead connection was waited for $((SECONDS - started)) s"
pkill -CONT -u 4711 sshd || true

# A server that ends the channel without a word of how the command ended, while that runs on: what came may be a part.
ssh_server forgetful "ChannelTimeout session:command=1"
ssh_known "$work/known" "$ssh_port"
login "$key"
probe 'echo part; sleep 4; exit 7'
fails "$ssh_user@127.0.0.1:$ssh_port: the host closed the channel before the command ended"
probe 'echo hello'
answers hello

ssh_server few "MaxSessions 1"
ssh_known "$work/known" "$ssh_port"
login "$key"
probe 'sleep 0.1; echo hello' 127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1
answers hello
[ "$(grep -c 'Accepted publickey' "$ssh_dir/few/log")" -eq 1 ] || fail "more than one connection to a host"
! grep -q 'Timeout' "$ssh_dir/few/log" || fail "a session timed out"

timeout=1s probe 'sleep 0.7; echo hello' 127.0.0.1 127.0.0.1 127.0.0.1 127.0.0.1
answers hello

# What was given up still counts as a session for the server: then the next command gets a connection of its own.
timeout=1s probe 'sleep ${n:int}; echo hello'
sed -i "s/^  SELECT .*/  SELECT 'vc\/host-' || column1 AS host, '127.0.0.1' AS address, column1 AS n FROM (VALUES (9), (8), (0))/" \
	"$work/own/probes/said.yaml"
said
jq -e 'map(.text) == ["hello", null, null]' "$work/said.json" >/dev/null || fail "behind a command that was given up: $(cat "$work/said.json")"

ssh_server busy "MaxStartups 2:100:2" "LoginGraceTime 2"
ssh_known "$work/known" "$ssh_port" ed25519 127.0.0.{1,2,3}
login "$key"
exec 7<>"/dev/tcp/127.0.0.1/$ssh_port" 8<>"/dev/tcp/127.0.0.1/$ssh_port"
probe 'echo hello' 127.0.0.{1,2,3}
answers hello
exec 7>&- 8>&-
grep -q 'MaxStartups' "$ssh_dir/busy/log" || fail "the server refused nobody"

# ---- through a jump host ----

ssh_server jump "AllowTcpForwarding yes"
jump_port=$ssh_port
ssh_port=$main_port
{
	printf '[127.0.0.3]:%s %s\n' "$jump_port" "$(cut -d ' ' -f 1,2 "$ssh_dir/host_ed25519.pub")"
	printf '[127.0.0.%s]:%s %s\n' 1 "$main_port" "$(cut -d ' ' -f 1,2 "$ssh_dir/host_ecdsa.pub")" \
		2 "$main_port" "$(cut -d ' ' -f 1,2 "$ssh_dir/host_ed25519.pub")"
} >"$work/known"
login "$key" "known_hosts: $work/known, proxy: '127.0.0.3:$jump_port'"
probe 'echo hello' 127.0.0.{1,2}
answers hello
[ "$(grep -c 'Accepted publickey' "$ssh_dir/jump/log")" -eq 1 ] || fail "more than one connection to the jump host"
grep -q "from 127.0.0.1.*Accepted\|Accepted publickey" "$ssh_dir/jump/log" || fail "not through the jump host"
probe "head -c 3000000 /dev/zero | tr '\\\\0' x | wc -c; sleep 0.1" 127.0.0.{1,2}
answers 3000000
decode=lines probe "yes 0123456789 | head -n 200000" 127.0.0.{1,2}
path="."
sed -i 's/  said:/  said:\n    rows: "lines[]"/' "$work/own/probes/said.yaml"
run query -i "$work/inventory.yaml" --checks "$work/own" -f csv 'SELECT count(*), count(DISTINCT text) FROM said'
grep -q '^400000,1' "$work/stdout" || fail "bytes are lost in the tunnel: $(cat "$work/stdout" "$work/stderr")"
unset path
probe 'echo hello' 127.0.0.9
login "$key" "known_hosts: $work/known, proxy: '127.0.0.3:$jump_port'"
fails "$ssh_user@127.0.0.9:$ssh_port: through the jump host" "connect failed"

# A host that never answers keeps neither the others nor the jump host's connection.
python3 - "$main_port" <<-'END' &
	import socket, sys, time
	full = socket.socket()
	full.bind(("127.0.0.8", int(sys.argv[1])))
	full.listen(0)
	waiting = [socket.socket() for _ in range(4)]
	for s in waiting:
	    s.setblocking(False)
	    s.connect_ex(full.getsockname())
	time.sleep(60)
END
echo $! >>"$work/pids"
sleep 0.5
sed -i 's/    credential: lab/    credential: lab\n    timeout: 3s/' "$work/inventory.yaml"
timeout=3s probe 'echo hello' 127.0.0.{8,1,2}
said
jq -e 'map(.text) == ["hello", "hello", null] and (.[2].error | contains("127.0.0.8") and contains("no answer within 3000 ms"))' \
	<(jq 'sort_by(.host | ltrimstr("vc/host-") | tonumber)' "$work/said.json") >/dev/null || fail "one that hangs: $(cat "$work/said.json")"
probe 'echo hello' 127.0.0.1
ssh_server closed "AllowTcpForwarding no"
printf '[127.0.0.3]:%s %s\n' "$ssh_port" "$(cut -d ' ' -f 1,2 "$ssh_dir/host_ed25519.pub")" >>"$work/known"
jump_port=$ssh_port ssh_port=$main_port
login "$key" "known_hosts: $work/known, proxy: '127.0.0.3:$jump_port'"
fails "through the jump host" "prohibited"
login "$key" "known_hosts: $work/known, proxy: {host: 127.0.0.3, port: $(free_port)}"
fails "through the jump host" "connection refused"
login "$key" "known_hosts: $work/known, proxy: nobody@127.0.0.3:$jump_port"
fails "through the jump host" "nobody@127.0.0.3:$jump_port" "refused the key"

# ---- interrupted, and told beforehand ----

ssh_port=$main_port
ssh_known "$work/known" "$ssh_port"
login "$key"
timeout=60s probe 'sleep 50'
migready_command
sessions=$(grep -c 'Starting session' "$ssh_dir/main/log")
"${command[@]}" query -i "$work/inventory.yaml" --checks "$work/own" 'SELECT * FROM said' \
	>"$work/stdout" 2>"$work/stderr" </dev/null &
pid=$!
for ((i = 0; i < 600; i++)); do
	[ "$(grep -c 'Starting session' "$ssh_dir/main/log")" -eq "$sessions" ] || break
	sleep 0.05
done
start=$SECONDS
kill -INT "$pid"
wait "$pid" || true
[ $((SECONDS - start)) -lt 15 ] || fail "Ctrl-C waits for a command"
grep -q interrupted "$work/stdout" || fail "Ctrl-C is no reason: $(cat "$work/stdout")"

# Every command for every host, quoted as it would be sent.
mkdir -p "$work/own/checks"
cat >"$work/own/checks/said.sql" <<'END'
/*
title: A host says something
subject: host
depends: own
severity: info
platforms: [vsphere]
symptom: none
fix: none
refs: ["none"]
*/
SELECT l.id AS host, CASE WHEN s.text IS NULL THEN 'unknown' ELSE 'pass' END AS status
  FROM host_listed AS l LEFT JOIN said AS s ON s.host = l.id
END
probe "printf '%s|' \${odd:text} last" 127.0.0.{1,2}
run describe --requests -i "$work/inventory.yaml" --checks "$work/own"
grep -qxF "ssh -p $ssh_port $ssh_user@ADDRESS printf '%s|' \${odd:text} last" "$work/stdout" || fail "no template"
run collect -i "$work/inventory.yaml" --checks "$work/own" -o "$work/facts.db"
sed -i "s/    ssh: {/    ssh: {proxy: hop@bastion, /" "$work/inventory.yaml"
run describe --requests -i "$work/inventory.yaml" --facts "$work/facts.db" --checks "$work/own"
for host in 127.0.0.{1,2}; do
	grep -qxF "ssh -J hop@bastion:22 -p $ssh_port $ssh_user@$host printf '%s|' 'it'\\''s \$(id) \"x\" ;y' last" "$work/stdout" ||
		fail "not the command for $host: $(grep ssh "$work/stdout")"
done

# Without a way to the hosts the reason says so.
if [ -x "$tools/vcsim" ]; then
	lab_vcsim simulator -api-version 8.0.3.0
	inventory "$work/inventory.yaml" "vc=$url"
	check -i "$work/inventory.yaml" --checks "$work/own"
	expect "the reason" '[.findings[] | select(.check == "said")] | length > 0 and all(.[]; .status == "unknown"
		and (.detail | contains("the inventory gives vc no `ssh:`")))'
fi
