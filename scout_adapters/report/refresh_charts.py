"""Takes the newest Chart.js from npm, as it is: `make charts`.

The package is downloaded and read as an archive; nothing of it is installed or run.
"""

from __future__ import annotations

import subprocess
import tarfile
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from scout_adapters.report.page import CHARTS

PACKAGE = "chart.js"
ORIGIN = "https://www.npmjs.com/package/chart.js"
FILES = {"package/dist/chart.umd.min.js": CHARTS.name, "package/LICENSE.md": "LICENSE.md"}
ABOUT = "about.json"


def main() -> None:
    """Download the newest package and take the library and its licence out of it."""
    with TemporaryDirectory() as folder:
        command = ["npm", "pack", f"{PACKAGE}@latest", "--json", "--ignore-scripts"]
        command += ["--pack-destination", folder]
        (told,) = orjson.loads(subprocess.check_output(command))  # noqa: S603  # the list is above
        about = write(
            Path(folder) / told["filename"], told, CHARTS.parent, datetime.now(UTC).date()
        )
    print(f"{CHARTS.name}: {about['source']}, taken {about['taken']}")  # noqa: T201  # a command


def write(archive: Path, told: dict[str, Any], folder: Path, today: date) -> dict[str, str]:
    """Write the files of an archive that npm has told of, and say where they are from.

    The date stays for as long as the version does. Raises `ValueError` where a file is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    source = f"{told['name']} {told['version']}"
    about = {
        "source": source,
        "taken": _taken(folder / ABOUT, source) or f"{today}",
        "origin": ORIGIN,
        "integrity": told["integrity"],
        "license": "MIT: LICENSE.md",
    }
    for name, content in _contents(archive).items():
        (folder / name).write_bytes(content)
    (folder / ABOUT).write_bytes(orjson.dumps(about, option=orjson.OPT_INDENT_2) + b"\n")
    return about


def _contents(archive: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with tarfile.open(archive) as packed:
        for member in packed:
            file = packed.extractfile(member) if member.name in FILES else None
            if file is not None:
                found[FILES[member.name]] = file.read()
    if missing := set(FILES.values()) - set(found):
        raise ValueError(f"not in {archive.name}: {', '.join(sorted(missing))}")
    return found


def _taken(file: Path, source: str) -> str | None:
    """Return the date of the files that are there, if they are of the same version."""
    known = orjson.loads(file.read_bytes()) if file.is_file() else {}
    return known["taken"] if known.get("source") == source else None


if __name__ == "__main__":
    main()
