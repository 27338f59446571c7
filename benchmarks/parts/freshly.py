"""What an import and the first call cost a process that has just begun."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable

from canned.serving import HERE, clean_environment
from measuring.figures import table
from measuring.fresh import IMPORTS

from parts import Run

PART = "fresh"
BASE = "core + httpx"
FIELDS = ("import_wall", "import_cpu", "construct", "import_rss", "call_rss")
FRONT = "import scout_adapters; scout_adapters.ScoutRouterChatModel"
CORE = "import langchain_core.language_models.chat_models, httpx"
SHOWN = 15


def measure(run: Run) -> None:
    """Begin a process for each subject, round after round; the first round fills the caches."""
    for number in range(run.rounds(7) + 1):
        run_round(run, run.there(IMPORTS), counts=number > 0)
        run.report(f"{PART}: round {number}")


def run_round(run: Run, names: Iterable[str], *, counts: bool) -> None:
    """Begin one process for each subject."""
    for name in names:
        if (figures := _measured(run, name)) and counts:
            run.figures.add(PART, name, **figures)


def _measured(run: Run, name: str) -> dict[str, float] | None:
    command = [run.python, "-m", "measuring.fresh", name, run.served.address]
    done = _run(command)
    if done.returncode:
        run.figures.failures[PART, name] = done.stderr.strip().splitlines()[-1]
        return None
    figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=HERE, env=clean_environment(), capture_output=True, text=True, check=False
    )


def beyond(run: Run, name: str, field: str) -> list[float]:
    """Return round by round how much more a subject takes than core and httpx."""
    base = run.figures.of(PART, BASE, field)
    return [own - core for own, core in zip(run.figures.of(PART, name, field), base, strict=False)]


def own_modules(python: str) -> list[tuple[float, str]]:
    """Return what our front door imports beyond core and httpx, in milliseconds, longest first."""
    core = {module for _, module in _import_times(python, CORE)}
    ours = [row for row in _import_times(python, FRONT) if row[1] not in core]
    return sorted(ours, reverse=True)


def _import_times(python: str, code: str) -> list[tuple[float, str]]:
    """Read `-X importtime`: each module's own milliseconds, without the garbage collector's.

    Its runs would be booked on whatever module is being imported just then.
    """
    code = f"import gc; gc.disable(); {code}"
    lines = _run([python, "-X", "importtime", "-c", code]).stderr.splitlines()
    rows = [line.removeprefix("import time:").split("|") for line in lines if "|" in line]
    return [(int(own) / 1e3, name.strip()) for own, _, name in rows[1:]]


def section(run: Run) -> list[str]:
    """Write the tables."""
    rows = [
        [name, *(run.figures.shown(PART, name, field) for field in FIELDS)]
        for name in run.figures.subjects(PART)
    ]
    head = ["a new process", "import, ms", "import, CPU ms", "first construction, ms"]
    modules = own_modules(run.python)
    total = sum(own for own, _ in modules)
    top = [[f"`{name}`", f"{own:.1f}"] for own, name in modules[:SHOWN]]
    return [
        f"`{BASE}` is `{CORE}`,",
        "then one call of the fake model and one of httpx. Memory is the resident one, in MiB.",
        "What a package imports only to construct is in the construction.",
        "",
        *table([*head, "memory, imported", "memory, called"], rows),
        "",
        f"`{FRONT}` beyond that, by `-X importtime`, the garbage collector off:",
        f"{len(modules)} modules, {total:.0f} ms.",
        "",
        *table(["module", "own ms"], top),
    ]
