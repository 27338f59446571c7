"""Commands that run a module of the tests as a program in a new process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from tests.support.paths import ROOT


def command(module: ModuleType, *arguments: object) -> list[str]:
    """Return the command that runs a module; start it with `environment()`."""
    return [sys.executable, "-m", module.__name__, *map(str, arguments)]


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment, in which `tests` can be imported from any folder."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **more}


def all_written(paths: Iterable[Path]) -> bool:
    """Return whether something stands in each of some files."""
    return all(path.stat().st_size for path in paths)
