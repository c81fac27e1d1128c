#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ssh_clients.py RUNS HOSTS WORD NAME|COMMAND... - measures the commands in turn, RUNS times after a round that warms up.

Prints the medians of wall time and of CPU time (user and system, with all processes that a command started and waited for),
and the first one's share of each. WORD, unless empty, must stand in what a command prints as often as there are hosts.
"""

import os
import resource
import shlex
import statistics
import subprocess
import sys
import time


def cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run_once(name, command, word, hosts):
    before, started = cpu(), time.monotonic()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    wall, used = time.monotonic() - started, cpu() - before
    said = done.stdout.decode(errors="replace")
    if done.returncode != 0 or (word and said.count(word) < hosts):
        sys.exit(f"{name}: exit code {done.returncode}, {said.count(word) if word else '-'} answers\n"
                 + said[:2000] + done.stderr.decode(errors="replace")[:2000])
    return wall * 1e3, used * 1e3


def main():
    runs, hosts, word = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    commands = [(name, shlex.split(line)) for name, _, line in (a.partition("|") for a in sys.argv[4:])]
    figures = {name: [] for name, _ in commands}
    for n in range(1 + runs):
        for name, command in commands:
            figure = run_once(name, command, word, hosts)
            if n > 0:
                figures[name].append(figure)
    print(f"  {'':24}{'wall, ms':>12}{'CPU, ms':>12}{'migready/wall':>16}{'migready/CPU':>16}")
    own = None
    for name, _ in commands:
        wall, used = (statistics.median(column) for column in zip(*figures[name]))
        own = own or (wall, used)
        print(f"  {name:24}{wall:12.0f}{used:12.0f}{own[0] / wall:16.2f}{own[1] / used:16.2f}")


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C.UTF-8"
    main()
