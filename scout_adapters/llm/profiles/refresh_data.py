"""Takes the newest profiles out of LangChain's partner packages: `make profiles`.

The wheels are downloaded, and their data read as text; nothing of them is installed or run.
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

from scout_adapters.llm.profiles.lookup import DATA

ORIGIN = "https://github.com/sst/models.dev (MIT), augmented by LangChain"
LICENSE = "LICENSE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a provider's profiles come from."""

    package: str
    prefix: str = ""
    """The beginning of the names that are the provider's; the names are kept without it."""

    without: tuple[str, ...] = ()
    """What the source says of its own hosts, and not of the model."""

    note: str = ""
    """What a reader must know of the difference between the source and the provider."""


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
    packages = sorted({source.package for source in SOURCES.values()})
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary", ":all:", "--disable-pip-version-check", "--dest", folder]
        subprocess.run([*command, *packages], check=True)  # noqa: S603  # the list is the one above
        write(Path(folder), DATA, datetime.now(UTC).date())
    for file in sorted(DATA.glob("*.json")):
        made = orjson.loads(file.read_bytes())
        print(f"{file.name}: {len(made['models'])} models, {made['source']}")  # noqa: T201  # a command


def write(wheels: Path, folder: Path, today: date) -> None:
    """Write the profiles in these wheels: the same wheels make the same bytes.

    A file keeps its date for as long as its package's version is the same. Raises `ValueError`
    where a wheel is missing or does not hold what it should.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for provider, source in SOURCES.items():
        wheel = _wheel(wheels, source.package)
        file = folder / f"{provider}.json"
        file.write_bytes(_rendered(source, wheel, _taken(file, _named(wheel)) or f"{today}"))
    (folder / LICENSE).write_bytes(_license(_wheel(wheels, "langchain-openai")))


def _wheel(wheels: Path, package: str) -> Path:
    found = sorted(wheels.glob(f"{package.replace('-', '_')}-*.whl"))
    if len(found) != 1:
        raise ValueError(f"expected one wheel of {package}, found {len(found)}")
    return found[0]


def _named(wheel: Path) -> str:
    name, number, *_ = wheel.name.split("-")
    return f"{name.replace('_', '-')} {number}"


def _taken(file: Path, source: str) -> str | None:
    """Return the date of the file that is there, if it was made of the same version."""
    made = orjson.loads(file.read_bytes()) if file.is_file() else {}
    return made["taken"] if made.get("source") == source else None


def _rendered(source: Source, wheel: Path, taken: str) -> bytes:
    """Make the file: a head that names the source, then a line for each model."""
    head = {"source": _named(wheel), "taken": taken, "origin": ORIGIN, "license": f"MIT: {LICENSE}"}
    head |= {"note": source.note} if source.note else {}
    lines = [f'"{name}": {_text(value)}' for name, value in head.items()]
    models = ",\n".join(f"{_text(name)}: {_text(facts)}" for name, facts in _models(source, wheel))
    return ("{\n" + ",\n".join(lines) + ',\n"models": {\n' + models + "\n}}\n").encode()


def _text(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _models(source: Source, wheel: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, facts in sorted(_published(wheel).items()):
        if name.startswith(source.prefix):
            kept = (word for word in facts if word not in source.without)
            known = {word: facts[word] for word in kept if facts[word] is not None}
            yield name.removeprefix(source.prefix), known


def _published(wheel: Path) -> dict[str, dict[str, Any]]:
    """Read the one table in a wheel's `data/_profiles.py`, as text."""
    with ZipFile(wheel) as packed:
        (name,) = (n for n in packed.namelist() if n.endswith("/data/_profiles.py"))
        module = ast.parse(packed.read(name))
    (table,) = (
        part.value for part in module.body if isinstance(part, ast.AnnAssign) and part.value
    )
    read: dict[str, dict[str, Any]] = ast.literal_eval(table)
    return read


def _license(wheel: Path) -> bytes:
    with ZipFile(wheel) as packed:
        (name,) = (n for n in packed.namelist() if n.endswith("/LICENSE"))
        return packed.read(name)


if __name__ == "__main__":
    main()
