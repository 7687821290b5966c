"""Runs a command on a pseudo terminal, as a person would.

Arguments: the columns and lines of the terminal, then the command. Standard input: a JSON list of pairs. The second text
of a pair is typed as soon as the terminal has shown the first one. Prints everything that the terminal has shown, and
ends as the command ends. What is not shown within two minutes is an error (exit code 99).
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

columns, lines, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
steps = json.load(sys.stdin)
process, terminal = pty.fork()
if process == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    os.execvp(command[0], command)

shown, end = b"", time.monotonic() + 120


def fail(what):
    os.kill(process, signal.SIGKILL)
    sys.stdout.buffer.write(shown)
    print(f"\n{what}")
    sys.exit(99)


def read():
    """Reads what the terminal shows next; false at its end."""
    global shown
    ready, _, _ = select.select([terminal], [], [], max(0, end - time.monotonic()))
    if not ready:
        fail("the terminal shows nothing more")
    try:
        more = os.read(terminal, 65536)
    except OSError:  # Linux: all processes have closed the terminal.
        return False
    shown += more
    return bool(more)


def text():
    """What the terminal has shown, with plain line ends."""
    return shown.replace(b"\r\n", b"\n")


at = 0
for awaited, typed in steps:
    while awaited.encode() not in text()[at:]:
        if not read():
            fail(f"the terminal has ended before it has shown {awaited!r}")
    at = text().index(awaited.encode(), at) + len(awaited.encode())
    os.write(terminal, typed.encode())
while read():
    pass
sys.stdout.buffer.write(text())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
