#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill_runs.py - kills a command with SIGKILL again and again while it writes to a history, and prints what it had reported.

kill_runs.py TIMES HISTORY COMMAND...

Every other time the command dies at a random moment of its usual time, else right after HISTORY's write-ahead log was seen to
change, which is the middle of a write. Prints the id of each run that was reported as recorded, one a line, and at last on
standard error how many commands were killed, and how many of these in the middle of a write."""

import os
import random
import re
import subprocess
import sys
import tempfile
import time

LIMIT_S = 60


def stamp(path):
    try:
        st = os.stat(path)
        return st.st_ino, st.st_size, st.st_mtime_ns
    except OSError:
        return None


def run(command, history, delay):
    """Kills after DELAY seconds; with DELAY None after a change of the log. Returns (reported ids, killed, in a write, seconds)."""
    before, wrote = stamp(history + "-wal"), False
    with tempfile.TemporaryFile() as said:
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, stdin=subprocess.DEVNULL)
        while process.poll() is None:
            passed = time.monotonic() - started
            if passed > LIMIT_S:
                sys.exit(f"kill_runs.py: no end after {LIMIT_S} s")
            if stamp(history + "-wal") not in (before, None):
                wrote = True
            if (delay is None and wrote) or (delay is not None and passed >= delay):
                if delay is None:
                    time.sleep(random.choice((0, 0, 0.0005, 0.002, 0.005)))
                process.kill()
                break
            time.sleep(0.0002)
        seconds = time.monotonic() - started
        killed = process.wait() < 0
        said.seek(0)
        ids = re.findall(r"recorded run ([0-9A-Z]{26}) ", said.read().decode(errors="replace"))
    return ids, killed, killed and wrote, seconds


def main():
    times, history, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    ids, killed, written, usual = [], 0, 0, 0.0
    for i in range(times):
        delay = 10 * LIMIT_S if i == 0 else None if i % 2 else random.uniform(0, usual)
        more, died, wrote, seconds = run(command, history, delay)
        if i == 0:
            usual = seconds
        ids += more
        killed += died
        written += wrote
    print("\n".join(ids))
    print(f"{killed} {written}", file=sys.stderr)


main()
