"""What the comparisons share: building, the virtual environment of the peers, and the table of results."""

import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import venv
from pathlib import Path

from measure import Failed, Run, run

PEERS = Path(__file__).resolve().parent
PROJECT = PEERS.parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "datafusion-engagement"
REQUIREMENTS = PEERS / "requirements.txt"
# The Python package of each peer.
DATABASES = {"DuckDB": "duckdb", "Polars": "polars", "ClickHouse": "chdb-core"}
OURS = "this project"


def build(profile: str) -> dict[str, Path]:
    """Builds the measured programs and the generator; returns their paths as reported by cargo."""
    command = ["cargo", "build", "--profile", profile, "--bin", "engagement", "--example", "generate", "--example", "decode"]
    print("building", file=sys.stderr)
    built = subprocess.run([*command, "--message-format=json-render-diagnostics"], cwd=PROJECT, stdout=subprocess.PIPE)
    if built.returncode:
        raise Failed("the build failed, as shown above")
    messages = map(json.loads, built.stdout.splitlines())
    return {message["target"]["name"]: Path(message["executable"]) for message in messages if message.get("executable")}


def environment() -> Path:
    """The Python of a virtual environment with the peers; created again if the requirements changed."""
    folder = CACHE / "peers"
    installed = folder / "requirements.txt"
    if not installed.exists() or installed.read_text() != REQUIREMENTS.read_text():
        print("installing the peers", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if subprocess.run([*pip, "-r", REQUIREMENTS]).returncode:
            raise Failed(f"the peers could not be installed into {folder}, as shown above")
        shutil.copy(REQUIREMENTS, installed)
    return folder / "bin" / "python"


def generate(generator: Path, folder: Path, arguments: list[str]) -> Path:
    """The folder with generated data, generated if missing. An incomplete one is never used."""
    if not folder.exists():
        part = folder.with_name(folder.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        print(f"generating {folder}", file=sys.stderr)
        if subprocess.run([generator, part, *arguments], stdout=sys.stderr).returncode:
            raise Failed("the data could not be generated, as shown above")
        part.rename(folder)
    return folder


def in_turn(commands: dict[str, list], times: int, after=lambda name: None) -> dict[str, list[Run]]:
    """Runs the commands in turn, so that other work on the machine affects all of them. `after` is called after each."""
    results: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(1, times + 1):
        for name, command in commands.items():
            measured = run(name, command)
            results[name].append(measured)
            print(f"run {number}: {name}: {measured}", file=sys.stderr)
            after(name)
    return results


def read_once(data: Path) -> None:
    """Reads the data once, so that no program has to wait for the disk."""
    for path in filter(Path.is_file, data.rglob("*")):
        with open(path, "rb") as file:
            while file.read(1 << 24):
                pass


def versions(python: Path) -> dict[str, str]:
    """The measured version of each peer."""
    script = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    packages = DATABASES.values()
    found = subprocess.run([python, "-c", script, *packages], stdout=subprocess.PIPE, text=True, check=True)
    return dict(zip(DATABASES, found.stdout.split(), strict=True))


def table(results: dict[str, list[Run]], title: str, versions: dict[str, str], others: float) -> str:
    """The medians, and their ratios to those of this project."""
    median = lambda name, what: statistics.median(getattr(one, what) for one in results[name])
    lines = [
        f"| {title} | CPU s | wall s | peak GB | CPU, × ours | wall, × ours | peak, × ours |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in results:
        label = f"{name} {versions[name]}" if name in versions else name
        figures = [median(name, what) for what in ("cpu", "wall", "peak")]
        ratios = [figure / median(OURS, what) for figure, what in zip(figures, ("cpu", "wall", "peak"), strict=True)]
        cells = [f"{figures[0]:.1f}", f"{figures[1]:.1f}", f"{figures[2]:.2f}", *(f"{ratio:.2f}" for ratio in ratios)]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    times = len(next(iter(results.values())))
    return "\n".join([*lines, "", f"Medians of {times} run{'s' * (times > 1)} on {machine()}; other work took {others:.0%} of it."])


def machine() -> str:
    """The machine and the date of the measurements."""
    cpu = next(
        (line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    return (
        f"{cores} cores of {cpu}, {memory:.0f} GB, {platform.system()} {platform.release().split('-')[0]}, "
        f"{datetime.date.today()}"
    )
