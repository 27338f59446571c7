"""Run the project in `examples/testing` as a user does: `python -m tools.testing_example`.

The wheel is installed in a fresh venv with what the project names. Its tests run four times:
as they stand, by two processes, and twice in random order; all runs must pass the same tests.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLUGINS = ("pytest-xdist", "pytest-randomly")
RUNS: tuple[tuple[str, ...], ...] = (
    ("-p", "no:randomly"),
    ("-n", "2"),
    ("-p", "randomly", "-p", "no:xdist"),
    ("-n", "2", "-p", "randomly"),
)


def run(*command: str | Path, folder: Path) -> str:
    """Run a command without keys; return what it prints, or end with it if the command fails."""
    variables = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    done = subprocess.run(  # noqa: S603  # our own commands
        [*map(str, command)],
        cwd=folder,
        env=variables | pip,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def make_venv(folder: Path) -> Path:
    """Build the wheel, install it in a new venv, and return the venv's Python."""
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT, folder=folder)
    (wheel,) = folder.glob("scout_adapters-*.whl")
    run(sys.executable, "-m", "venv", folder / "venv", folder=folder)
    python = folder / "venv" / "bin" / "python"
    packages = (f"{wheel}[testing,cli]", f"{folder / 'shop'}[test]", *PLUGINS)
    run(python, "-m", "pip", "install", "-q", *packages, folder=folder)
    return python


def main() -> int:
    """Print the outcome of each run; return 1 if they differ."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = shutil.copytree(ROOT / "examples/testing", folder / "shop")
        python = make_venv(folder)
        outcomes = []
        for arguments in RUNS:
            start = time.perf_counter()
            output = run(python, "-m", "pytest", "-rA", *arguments, folder=project)
            outcomes.append(sorted(re.findall(r"^PASSED (\S+)", output, re.MULTILINE)))
            seconds = time.perf_counter() - start
            print(f"{' '.join(arguments):32} {len(outcomes[-1])} passed in {seconds:.1f} s")
        print(run(python, "-m", "scout_adapters.cli", "cassettes", "check", folder=project).strip())
    return int(any(outcome != outcomes[0] or not outcome for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
