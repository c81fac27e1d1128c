# SPDX-License-Identifier: Apache-2.0
# esxcli.sh - what the tests of esxcli share; sourced after lib.sh. Probes of a folder of one's own, and the rows that they bring.

mkdir "$work/own"

# listed NAME COMMAND FIELD...: a probe of a command that gives a list, to $work/own/NAME.yaml. A field is a heading, or COLUMN=HEADING.
listed() {
	local path
	{
		printf '%s\n' "about: one command" "transport: esxcli" "scope: host" "for_each: SELECT host, address FROM host_shell" "command: $2" \
			"tables:" "  $1:" '    rows: "[]"' "    columns:" '      host: $host' '      via: $via' '      error: $error'
		for path in "${@:3}"; do
			printf '      %s: %s\n' "$(tr '[:upper:]' '[:lower:]' <<<"${path%=*}")" "${path#*=}"
		done
	} >"$work/own/$1.yaml"
}

# ask_of INVENTORY NAME SQL: the rows of a query to $work/NAME.csv, without the header.
ask_of() {
	run query -i "$1" --checks "$work/own" -f csv "$3"
	tail -n +2 "$work/stdout" | tr -d '\r' >"$work/$2.csv"
}

ask() { ask_of "$work/inventory.yaml" "$@"; }

# rows NAME ROW...: exactly these.
rows() {
	local name=$1
	shift
	printf '%s\n' "$@" | diff - "$work/$name.csv" >"$work/diff" || { cat "$work/diff" "$work/stderr" >&2; fail "$name"; }
}
