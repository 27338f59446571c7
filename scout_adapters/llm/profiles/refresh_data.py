"""`make profiles`: extract the newest profiles from LangChain's partner packages, and retirements.

The wheels are downloaded and their data parsed as text; nothing is installed or executed.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import orjson

from scout_adapters.llm.profiles import refresh_retirements
from scout_adapters.llm.profiles.lookup import DATA

ORIGIN = "https://github.com/sst/models.dev (MIT), augmented by LangChain"
LICENSE = "LICENSE"
DATES = DATA.with_name("dates")
RETIREMENTS = "retirements.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a provider's profiles come from."""

    package: str
    prefix: str = ""
    """The prefix of the provider's model names in the source; removed from the names."""

    without: tuple[str, ...] = ()
    """Fields that describe the source's own hosts and not the model."""

    note: str = ""
    """How the source differs from the provider, for readers of the file."""


SOURCES: Mapping[str, Source] = {
    "anthropic": Source(package="langchain-anthropic"),
    "deepseek": Source(package="langchain-deepseek"),
    "fireworks": Source(package="langchain-fireworks"),
    "google": Source(package="langchain-google-genai"),
    "groq": Source(package="langchain-groq"),
    "minimax": Source(
        package="langchain-openrouter",
        prefix="minimax/",
        without=("max_output_tokens", "structured_output", "tool_call_streaming"),
        note="As OpenRouter describes MiniMax's models, for want of a package about MiniMax's own "
        "API: names without its prefix, windows as it states them, nothing about its hosts.",
    ),
    "mistral": Source(package="langchain-mistralai"),
    "openai": Source(package="langchain-openai"),
    "openrouter": Source(package="langchain-openrouter"),
    "xai": Source(package="langchain-xai"),
}


def main() -> None:
    """Download the newest wheels and write one file for each provider."""
    packages = sorted(
        {*(source.package for source in SOURCES.values()), refresh_retirements.PACKAGE}
    )
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary", ":all:", "--disable-pip-version-check", "--dest", folder]
        subprocess.run([*command, *packages], check=True)  # noqa: S603  # the list is the one above
        today = datetime.now(UTC).date()
        write(Path(folder), DATA, today)
        write_retirements(_wheel(Path(folder), refresh_retirements.PACKAGE), DATES, today)
    for file in sorted([*DATA.glob("*.json"), DATES / RETIREMENTS]):
        written = orjson.loads(file.read_bytes())
        print(f"{file.name}: {len(written['models'])} entries, {written['source']}")  # noqa: T201  # a command


def write(wheels: Path, folder: Path, today: date) -> None:
    """Write the profiles in these wheels; the same wheels give the same bytes.

    A file keeps its date as long as its package's version is the same.

    Raises: `ValueError` if a wheel is missing or does not contain profiles.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for provider, source in SOURCES.items():
        wheel = _wheel(wheels, source.package)
        file = folder / f"{provider}.json"
        file.write_bytes(
            _file_content(
                source, wheel, _existing_date(file, _name_and_version(wheel)) or f"{today}"
            )
        )
    (folder / LICENSE).write_bytes(_license(_wheel(wheels, "langchain-openai")))


def write_retirements(wheel: Path, folder: Path, today: date) -> None:
    """Write the dates at which models end; the file keeps its date as in `write`."""
    file = folder / RETIREMENTS
    folder.mkdir(parents=True, exist_ok=True)
    head = {
        "source": _name_and_version(wheel),
        "taken": _existing_date(file, _name_and_version(wheel)) or f"{today}",
        "origin": refresh_retirements.ORIGIN,
        "license": f"MIT: {LICENSE}",
    }
    rows = refresh_retirements.retirements(wheel)
    file.write_bytes(refresh_retirements.file_content(rows, head))
    (folder / LICENSE).write_bytes(_license(wheel))


def _wheel(wheels: Path, package: str) -> Path:
    files = sorted(wheels.glob(f"{package.replace('-', '_')}-*.whl"))
    if len(files) != 1:
        raise ValueError(f"expected one wheel of {package}, found {len(files)}")
    return files[0]


def _name_and_version(wheel: Path) -> str:
    name, number, *_ = wheel.name.split("-")
    return f"{name.replace('_', '-')} {number}"


def _existing_date(file: Path, source: str) -> str | None:
    """Return the date in the existing file if it is of the same version, else None."""
    existing = orjson.loads(file.read_bytes()) if file.is_file() else {}
    return existing["taken"] if existing.get("source") == source else None


def _file_content(source: Source, wheel: Path, taken: str) -> bytes:
    """Return a file: fields that name the source, then one line for each model."""
    head = {
        "source": _name_and_version(wheel),
        "taken": taken,
        "origin": ORIGIN,
        "license": f"MIT: {LICENSE}",
    }
    head |= {"note": source.note} if source.note else {}
    lines = [f'"{name}": {_text(value)}' for name, value in head.items()]
    models = ",\n".join(f"{_text(name)}: {_text(facts)}" for name, facts in _models(source, wheel))
    return ("{\n" + ",\n".join(lines) + ',\n"models": {\n' + models + "\n}}\n").encode()


def _text(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _models(source: Source, wheel: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, facts in sorted(_published(wheel).items()):
        if name.startswith(source.prefix):
            fields = (field for field in facts if field not in source.without)
            known = {field: facts[field] for field in fields if facts[field] is not None}
            yield name.removeprefix(source.prefix), known


def _published(wheel: Path) -> dict[str, dict[str, Any]]:
    """Return the table in a wheel's `data/_profiles.py`, parsed without executing it."""
    with ZipFile(wheel) as packed:
        (name,) = (n for n in packed.namelist() if n.endswith("/data/_profiles.py"))
        module = ast.parse(packed.read(name))
    (table,) = (
        part.value for part in module.body if isinstance(part, ast.AnnAssign) and part.value
    )
    profiles: dict[str, dict[str, Any]] = ast.literal_eval(table)
    return profiles


def _license(wheel: Path) -> bytes:
    with ZipFile(wheel) as packed:
        (name,) = (n for n in packed.namelist() if n.endswith("/LICENSE"))
        return packed.read(name)


if __name__ == "__main__":
    main()
