# SPDX-License-Identifier: Apache-2.0
"""Runs a command on a terminal of its own, as a person would, and writes what appears there to standard output.

usage: terminal.py [--stdout FILE] [--stderr FILE] [--when TEXT KEYS]... [--size ROWSxCOLUMNS] COMMAND...

KEYS are typed when TEXT has appeared (after what an earlier --when waited for); "\\x03" is Ctrl-C. A line "ended: MS" says how
many milliseconds after the last of them, or after its start, the command ended. Its last line says whether the terminal showed
what was typed at each of them, and at the end: "echo: off on". The exit code is the command's, 128 and the signal's number if
one ended it."""
import argparse
import fcntl
import os
import pty
import struct
import sys
import termios
import time

parser = argparse.ArgumentParser()
parser.add_argument("--stdout")
parser.add_argument("--stderr")
parser.add_argument("--when", nargs=2, action="append", default=[])
parser.add_argument("--size", default="50x200")
parser.add_argument("command", nargs=argparse.REMAINDER)
options = parser.parse_args()


def redirect(path, fd):
    if path:
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), fd)


def echoes(fd):
    return "on" if termios.tcgetattr(fd)[3] & termios.ECHO else "off"


# The terminal is held open here too, so that it can be looked at when the command has ended.
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *map(int, options.size.split("x")), 0, 0))
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in 0, 1, 2:
        os.dup2(slave, fd)
    redirect(options.stdout, 1)
    redirect(options.stderr, 2)
    os.closerange(3, 256)
    os.execvp(options.command[0], options.command)

seen, at, shown, status = b"", 0, [], None
started = ended_at = time.monotonic()
os.set_blocking(master, False)
while True:
    ended = status is not None
    try:
        seen += os.read(master, 65536)
        continue
    except BlockingIOError:
        pass
    if ended:
        break
    if options.when and options.when[0][0].encode() in seen[at:]:
        text, keys = options.when.pop(0)
        at = seen.index(text.encode(), at) + len(text)
        shown.append(echoes(slave))
        os.write(master, keys.encode().decode("unicode_escape").encode())
        started = time.monotonic()
    pid, code = os.waitpid(child, os.WNOHANG)
    if pid:
        status, ended_at = code, time.monotonic()
    else:
        time.sleep(0.01)
sys.stdout.buffer.write(seen + f"\nended: {1000 * (ended_at - started):.0f}\necho: {' '.join(shown + [echoes(slave)])}\n".encode())
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)
