#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""measure.py EXIT_CODE COMMAND... - runs a command once to warm up, then three times, or $RUNS times.

Prints the medians of wall and user CPU time in ms and of the peak of resident memory in KiB. It must exit with EXIT_CODE each
time. What it says on standard error in those runs is kept in the file $STDERR.
"""

import os
import statistics
import subprocess
import sys
import time

RUNS = int(os.environ.get("RUNS", 3))


def run_once(code, command, file):
    started = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=file)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != code:
        file.seek(0)
        sys.exit(f"measure.py: exit code {process.returncode} instead of {code}: {' '.join(command)}\n"
                 + file.read().decode(errors="replace"))
    return wall * 1e3, usage.ru_utime * 1e3, usage.ru_maxrss


def main():
    code, command = int(sys.argv[1]), sys.argv[2:]
    with open(os.environ["STDERR"], "a+b") as file:
        runs = []
        for n in range(1 + RUNS):
            if n <= 1:
                file.truncate(0)
            runs.append(run_once(code, command, file))
    print(*(f"{statistics.median(column):.1f}" for column in zip(*runs[1:])))


if __name__ == "__main__":
    main()
