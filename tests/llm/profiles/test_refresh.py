"""The command that takes profiles out of wheels, on wheels made here."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import orjson
import pytest

from scout_adapters.llm.profiles.lookup import DATA
from scout_adapters.llm.profiles.refresh_data import DATES, SOURCES, write
from scout_adapters.llm.providers import registry

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
TABLE = """\
\"\"\"Made by a program.\"\"\"

from typing import Any

_PROFILES: dict[str, dict[str, Any]] = {
    "minimax/MiniMax-M9": {"tool_calling": True, "max_input_tokens": 9, "max_output_tokens": 5},
    "another": {"max_input_tokens": 1_000, "status": None, "image_inputs": False},
}
"""


def wheel(folder: Path, package: str, number: str, table: str = TABLE) -> None:
    name = package.replace("-", "_")
    with ZipFile(folder / f"{name}-{number}-py3-none-any.whl", "w") as packed:
        packed.writestr(f"{name}/data/_profiles.py", table)
        packed.writestr(f"{name}-{number}.dist-info/licenses/LICENSE", "MIT License")


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    for package in {source.package for source in SOURCES.values()}:
        wheel(folder, package, "1.2.3")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_the_same_wheels_make_the_same_bytes(wheels: Path, tmp_path: Path) -> None:
    write(wheels, tmp_path / "one", MONDAY)
    write(wheels, tmp_path / "two", MONDAY)
    first = contents(tmp_path / "one")
    assert first == contents(tmp_path / "two")
    write(wheels, tmp_path / "one", TUESDAY)
    assert contents(tmp_path / "one") == first


def test_a_newer_wheel_brings_its_version_and_the_day(wheels: Path, tmp_path: Path) -> None:
    write(wheels, tmp_path / "data", MONDAY)
    (wheels / "langchain_groq-1.2.3-py3-none-any.whl").unlink()
    wheel(wheels, "langchain-groq", "1.3.0")
    write(wheels, tmp_path / "data", TUESDAY)
    profiles = orjson.loads((tmp_path / "data" / "groq.json").read_bytes())
    assert (profiles["source"], profiles["taken"]) == ("langchain-groq 1.3.0", "2026-11-24")
    other = orjson.loads((tmp_path / "data" / "xai.json").read_bytes())
    assert (other["source"], other["taken"]) == ("langchain-xai 1.2.3", "2026-11-23")


def test_what_is_unknown_is_left_out_and_what_is_false_stays(wheels: Path, tmp_path: Path) -> None:
    write(wheels, tmp_path / "data", MONDAY)
    profiles = orjson.loads((tmp_path / "data" / "groq.json").read_bytes())
    assert profiles["models"]["another"] == {"max_input_tokens": 1000, "image_inputs": False}


def test_a_maker_without_a_package_gets_the_models_of_its_prefix_and_none_of_the_hosts_limits(
    wheels: Path, tmp_path: Path
) -> None:
    write(wheels, tmp_path / "data", MONDAY)
    profiles = orjson.loads((tmp_path / "data" / "minimax.json").read_bytes())
    assert profiles["models"] == {"MiniMax-M9": {"tool_calling": True, "max_input_tokens": 9}}
    assert "OpenRouter" in profiles["note"]


def test_the_wheels_are_read_and_not_run(wheels: Path, tmp_path: Path) -> None:
    (wheels / "langchain_groq-1.2.3-py3-none-any.whl").unlink()
    running = f"import pathlib\nT: dict = pathlib.Path({str(tmp_path / 'ran')!r}).touch() or {{}}\n"
    wheel(wheels, "langchain-groq", "1.2.3", running)
    with pytest.raises(ValueError, match="malformed"):
        write(wheels, tmp_path / "data", MONDAY)
    assert not (tmp_path / "ran").exists()


def test_a_missing_wheel_is_named(wheels: Path, tmp_path: Path) -> None:
    (wheels / "langchain_xai-1.2.3-py3-none-any.whl").unlink()
    with pytest.raises(ValueError, match="one wheel of langchain-xai, found 0"):
        write(wheels, tmp_path / "data", MONDAY)


def test_what_is_shipped_names_its_source_its_day_and_its_license() -> None:
    assert {file.stem for file in DATA.glob("*.json")} == set(SOURCES)
    assert set(SOURCES) <= set(registry.list_providers())
    for provider, source in SOURCES.items():
        profiles = orjson.loads((DATA / f"{provider}.json").read_bytes())
        assert profiles["source"].startswith(f"{source.package} ")
        assert date.fromisoformat(profiles["taken"]) >= MONDAY
        assert "models.dev" in profiles["origin"]
        assert profiles["models"]
    for folder in (DATA, DATES):
        assert "Permission is hereby granted" in (folder / "LICENSE").read_text()


def test_shipped_names_differ_by_more_than_their_case() -> None:
    for file in DATA.glob("*.json"):
        names = list(orjson.loads(file.read_bytes())["models"])
        assert len({name.lower() for name in names}) == len(names), os.fspath(file)
