"""Measures one command as a whole process, and the other work on the machine."""

import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

# How many bytes of the output of a failed command are shown.
SHOWN = 4_000


class Failed(Exception):
    """Ends the comparison with a message for the user."""


@dataclass
class Run:
    """CPU seconds (user and system), wall seconds, and peak resident memory in GB (10^9 bytes)."""

    cpu: float
    wall: float
    peak: float

    def __str__(self) -> str:
        return f"{self.cpu:.1f} CPU s, {self.wall:.1f} wall s, {self.peak:.2f} GB"


def run(name: str, command: Sequence[object]) -> Run:
    """Runs a command to its end; its output is shown only if it fails."""
    with tempfile.TemporaryFile() as output:
        start = time.monotonic()
        process = subprocess.Popen([str(part) for part in command], stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        # The process has been waited for already.
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(max(output.seek(0, os.SEEK_END) - SHOWN, 0))
            printed = output.read().decode(errors="replace").strip()
            raise Failed(f"{name} ended with exit code {process.returncode}:\n{printed}")
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024 / 1e9)


class OtherWork:
    """The work of the machine from now on, without this process and the processes that it waits for."""

    def __init__(self) -> None:
        self.start, self.busy = time.monotonic(), self._busy()

    def share(self) -> float:
        """The share of all cores that the other work takes."""
        elapsed = time.monotonic() - self.start
        return max(self._busy() - self.busy, 0) / (elapsed * os.cpu_count())

    @staticmethod
    def _busy() -> float:
        """CPU seconds of all processes since the machine started, minus those of this comparison."""
        with open("/proc/stat") as stat:
            user, nice, system, _idle, _wait, irq, softirq, steal = map(int, stat.readline().split()[1:9])
        everybody = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
        ours = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return everybody - sum(usage.ru_utime + usage.ru_stime for usage in ours)
