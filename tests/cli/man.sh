#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# man.sh - the man page documents every command and each of its options, and nothing that isn't there.
set -eu

page=$SOURCE_DIR/docs/migready.1
failed=0

# The part of the page about one command: from its ".Ss NAME" to the next.
section() {
	awk -v name="$1" '/^\.S[sh] / { on = ($2 == name) } on' "$page"
}

commands=$("$MIGREADY" help | awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }')
[ -n "$commands" ] || { echo "help lists no commands"; exit 1; }
for command in $commands; do
	helped=$("$MIGREADY" help "$command" | sed -n 's/^ *\(-[a-z], \)\{0,1\}--\([a-z-]*\).*/\2/p' | sort)
	[ -n "$helped" ] || { echo "$command: help lists no options"; failed=1; }
	documented=$(section "$command" | sed -n 's/^\.It .*Fl -\([a-z-]*\).*/\1/p' | sort)
	common=$(section COMMON | sed -n 's/^\.It .*Fl -\([a-z-]*\).*/\1/p')
	for option in $helped; do
		printf '%s\n' $documented $common | grep -qx -e "$option" ||
			{ echo "$command: --$option is not in the man page"; failed=1; }
	done
	for option in $documented; do
		printf '%s\n' $helped | grep -qx -e "$option" ||
			{ echo "$command: the man page has --$option, which doesn't exist"; failed=1; }
	done
done
exit "$failed"
