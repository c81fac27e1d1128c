#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A read that blocks in the kernel (a dead file system) can't be ended: the run goes on without it, reports, and leaves.
. "$(dirname "$0")/lib.sh"
need cc

cat >"$work/slow.c" <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

int open(const char *path, int flags, ...)
{
	int (*next)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	if (strcmp(path, "/proc/meminfo") == 0)
		sleep(25);
	return next(path, flags, mode);
}
END
cc -shared -fPIC -o "$work/slow.so" "$work/slow.c"

mkdir "$work/own"
cat >"$work/own/memory_lines.yaml" <<'END'
about: a file that never answers
transport: local
file: /proc/meminfo
decode: lines
tables:
  memory_lines:
    rows: lines[]
    columns: {host: $host, line: .}
END
cat >"$work/own/memory-read.sql" <<'END'
/*
title: The file was read
subject: host
depends: own
severity: critical
platforms: [kvm]
fix: none
*/
SELECT id AS host, CASE WHEN EXISTS (SELECT 1 FROM memory_lines AS m WHERE m.host = h.id) THEN 'pass' ELSE 'unknown' END AS status
  FROM host AS h
END
printf 'targets:\n  - {local: true, timeout: 1s}\n' >"$work/inventory.yaml"

migready_command
command=("${command[@]:0:${#command[@]}-1}" LD_PRELOAD="$work/slow.so" ASAN_OPTIONS=verify_asan_link_order=0 "$MIGREADY")
status=0
SECONDS=0
timeout 20 "${command[@]}" check -i "$work/inventory.yaml" --checks "$work/own" --all -f "json=$work/report.json" \
	>"$work/stdout" 2>"$work/stderr" || status=$?
expect_exit 2
[ "$SECONDS" -lt 10 ] || fail "it took $SECONDS s"
expect "the reason" 'any(.findings[]; .check == "memory-read" and .status == "unknown" and (.detail | test("no answer within")))'
expect "the others are judged" 'any(.findings[]; .check == "link-mtu-parity" and .status == "pass")'
