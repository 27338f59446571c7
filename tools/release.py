"""Build a release, and try it: `python -m tools.release [3.11 3.12 ...]`.

Sdist and wheel are built twice, at the time of the last commit, and must be equal byte by byte.
Their metadata are checked by twine. Then the wheel is installed into an empty environment of each
Python that is named and installed (default: this one), where the demo and examples run outside of
the clone.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
EXAMPLES = ("quickstart", "failover", "audit_log", "custom_provider", "custom_wire", "agent_budget")
"""Examples that need no package but the wheel with its extras `cli` and `agents`."""


def run(*command: object, **options: object) -> None:
    """Run a command; end with its exit code if it fails."""
    done = subprocess.run([str(part) for part in command], check=False, **options)  # type: ignore[call-overload]  # noqa: S603  # our own commands
    if done.returncode:
        raise SystemExit(done.returncode)


def build(folder: Path) -> dict[str, str]:
    """Build sdist and wheel; return their digests by name."""
    command = ["git", "log", "-1", "--format=%ct"]
    seconds = subprocess.check_output(command, cwd=ROOT, text=True).strip()  # noqa: S603  # as above
    variables = {**os.environ, "SOURCE_DATE_EPOCH": seconds}
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, env=variables, stdout=-3)
    files = sorted(folder.iterdir())
    return {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in files}


def starts(python: str) -> bool:
    """Return whether a Python is installed; a shim of pyenv may be there without one."""
    path = shutil.which(python)
    return bool(path) and not subprocess.call([path, "--version"], stdout=-3, stderr=-3)  # noqa: S603  # as above


def try_wheel(python: str, wheel: Path) -> None:
    """Install the wheel into an empty environment; run the demo and examples from it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(python, "-m", "venv", folder / "venv")
        binaries = folder / "venv/bin"
        run(binaries / "pip", "install", "--quiet", f"{wheel}[cli,agents]")
        variables = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
        options = {"cwd": folder, "env": variables, "stdout": subprocess.DEVNULL}
        run(binaries / "scout-adapters", "demo", **options)
        for example in EXAMPLES:
            run(binaries / "python", ROOT / f"examples/{example}.py", **options)
    print(f"{python}: demo and {len(EXAMPLES)} examples ran from the wheel")


def main() -> None:
    """Build, compare, check, try."""
    shutil.rmtree(DIST, ignore_errors=True)
    first = build(DIST)
    with tempfile.TemporaryDirectory() as folder:
        if (second := build(Path(folder))) != first:
            raise SystemExit(f"two builds differ: {first} and {second}")
    for name, digest in first.items():
        print(digest, name)
    run(sys.executable, "-m", "twine", "check", "--strict", *DIST.iterdir())
    (wheel,) = DIST.glob("*.whl")
    for python in [f"python{version}" for version in sys.argv[1:]] or [sys.executable]:
        if starts(python):
            try_wheel(python, wheel)
        else:
            print(f"{python}: not installed, not tried")


if __name__ == "__main__":
    main()
