#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""peak_memory.py FILE COMMAND... - runs a command, writes its peak resident memory in KiB to FILE, exits as it did."""

import resource
import subprocess
import sys

status = subprocess.run(sys.argv[2:], check=False).returncode
with open(sys.argv[1], "w", encoding="ascii") as file:
    file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(status if status >= 0 else 128 - status)
