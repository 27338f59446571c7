"""Copy the newest Chart.js from npm, unchanged: `make charts`.

The package is downloaded and read as an archive; it is neither installed nor run.
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
    """Download the newest package and copy the library and its licence."""
    with TemporaryDirectory() as folder:
        command = ["npm", "pack", f"{PACKAGE}@latest", "--json", "--ignore-scripts"]
        command += ["--pack-destination", folder]
        (package,) = orjson.loads(subprocess.check_output(command))  # noqa: S603  # the list is above
        about = write(
            Path(folder) / package["filename"], package, CHARTS.parent, datetime.now(UTC).date()
        )
    print(f"{CHARTS.name}: {about['source']}, taken {about['taken']}")  # noqa: T201  # a command


def write(archive: Path, package: dict[str, Any], folder: Path, today: date) -> dict[str, str]:
    """Write the files of an archive, and `about.json` with their source; return its contents.

    `package` is npm's description of the archive. The date changes only with the version.

    Raises:
        ValueError: if a file is missing in the archive.
    """
    folder.mkdir(parents=True, exist_ok=True)
    source = f"{package['name']} {package['version']}"
    about = {
        "source": source,
        "taken": _taken(folder / ABOUT, source) or f"{today}",
        "origin": ORIGIN,
        "integrity": package["integrity"],
        "license": "MIT: LICENSE.md",
    }
    for name, content in _contents(archive).items():
        (folder / name).write_bytes(content)
    (folder / ABOUT).write_bytes(orjson.dumps(about, option=orjson.OPT_INDENT_2) + b"\n")
    return about


def _contents(archive: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    with tarfile.open(archive) as packed:
        for member in packed:
            file = packed.extractfile(member) if member.name in FILES else None
            if file is not None:
                files[FILES[member.name]] = file.read()
    if missing := set(FILES.values()) - set(files):
        raise ValueError(f"not in {archive.name}: {', '.join(sorted(missing))}")
    return files


def _taken(file: Path, source: str) -> str | None:
    """Return the date of the existing files if they are of the same version, else None."""
    about = orjson.loads(file.read_bytes()) if file.is_file() else {}
    return about["taken"] if about.get("source") == source else None


if __name__ == "__main__":
    main()
