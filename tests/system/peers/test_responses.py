"""Our messages of the Responses API and ChatOpenAI's, made of the same recorded answers, are alike.

`SCOUT_DIFFERENTIAL=all pytest -s` reads all records, prints a summary, and holds the share of those
that are equal in every field that ChatOpenAI sets. Nothing is left out: answers whose images or
files were shortened compare as they stand, and what no server sent is refused by both.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Iterator
from functools import cache

import httpx
import pytest
from langchain_core.exceptions import ModelError
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI

from scout_adapters import ProviderSpec, init_scout_model, registry
from scout_adapters.llm.wires.openai_responses import WIRE
from tests.support import recordings
from tests.system.peers.answers import Outcome, Replay, ask, replaying
from tests.system.peers.comparison import Difference, differences
from tests.system.peers.deviations_responses import (
    ADDS,
    NOT_IN_V0,
    RESPONSES,
    TABLE,
    V0_ONLY,
    V1_ONLY,
)
from tests.system.peers.records import Record
from tests.system.peers.streams import as_responses_stream
from tests.system.peers.test_official_packages import ALL, Summary, sample

pytestmark = recordings.needed

ROWS_OF_OTHERS = {None: V1_ONLY | V0_ONLY, "v1": V0_ONLY, "v0": V1_ONLY | NOT_IN_V0}
"""The rows of the table that explain nothing in a version."""

IN_STREAMS = 0.985
"""The same of whole answers as streams: in `"v0"`, ChatOpenAI spoils eight more."""

FEW = 3
"""One answer in how many is also read as a stream, unless all are."""

SHARED = 0.99
"""The least share of records that are equal in every field that ChatOpenAI sets."""

CARD = ProviderSpec(
    name=RESPONSES,
    docs="https://platform.openai.com/docs/api-reference/responses",
    wire=WIRE,
    base_url="https://responses.example",
    model_provider="openai",
    prices="openai",
)


@pytest.fixture(autouse=True)
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register a card with this wire, and forget it."""
    monkeypatch.setattr(registry, "_specs", dict(registry._specs))
    monkeypatch.setattr(registry, "_clients", {})
    monkeypatch.setattr(registry, "_special", {})
    registry.register(CARD)


def recorded() -> Iterator[Record]:
    for fields in recordings.records("*responses*"):
        yield Record(RESPONSES, fields)


def ours(record: Record, version: str | None) -> Outcome:
    answer = {"headers": record.headers, "content": record.text.encode()}
    model = init_scout_model(
        f"{RESPONSES}/{record.model.replace(' ', '-')}",
        api_key="k",
        base_url=record.address,
        transport=httpx.MockTransport(lambda _: httpx.Response(record.status, **answer)),
        max_retries=0,
        output_version=version,
    )
    try:
        return ask(model, record)
    except ModelError as error:
        return error


@cache
def official(model: str, base: str, version: str | None) -> BaseChatModel:
    options = {"model": model, "api_key": "k", "max_retries": 0, "output_version": version}
    return ChatOpenAI(base_url=f"{base}/v1", use_responses_api=True, **options)


def theirs(record: Record, base: str, version: str | None) -> Outcome:
    Replay.on = record
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs are not ours to mend
        try:
            return ask(official(record.model, base, version), record)
        except Exception as error:  # noqa: BLE001  # what they raise is anyone's guess
            return error


@cache
def chosen() -> tuple[Record, ...]:
    """Return the records that are compared, in every version the same."""
    return tuple(recorded() if ALL else sample(recorded(), TABLE))


def restreamed() -> list[Record]:
    """Return the whole answers that are compared, each as a stream."""
    ends = ("completed", "incomplete")
    good = [each for each in chosen() if not (each.streamed or each.refused)]
    return [as_responses_stream(each) for each in good if each.bodies[0].get("status") in ends]


def compare(version: str | None, records: Iterable[Record]) -> Summary:
    summary = Summary(f"{RESPONSES} {version}")
    with replaying() as base:
        for record in records:
            mine, other = ours(record, version), theirs(record, base, version)
            failed = isinstance(other, Exception) and not record.refused
            if failed and not isinstance(mine, Exception):
                summary.records += 1
                summary.official_failed += 1
            else:
                found = differences(record, mine, other)
                summary.add(found, TABLE)
                summary.wrong += less_than_stated(found)
    return summary


def less_than_stated(found: list[Difference]) -> list[str]:
    """Name the differences in which ours lacks something, though their rows state that it adds."""
    adding = [row for row in TABLE if row.name in ADDS]
    return [
        f"not only more: {each}"
        for each in found
        if not each.adds and any(row.explains(each) for row in adding)
    ]


@pytest.mark.parametrize("version", [None, "v1", "v0"])
def test_a_message_is_chatopenais_but_for_what_the_table_explains(version: str | None) -> None:
    summary = compare(version, chosen())
    sys.stdout.write(f"\n{summary}\n")
    assert summary.records
    assert summary.wrong == []
    assert not ALL or summary.shared >= SHARED * summary.records
    expected = {row.name for row in TABLE} - ROWS_OF_OTHERS[version]
    assert expected - summary.explained.keys() == set()


@pytest.mark.parametrize("version", [None, "v1", "v0"])
def test_a_whole_answer_in_a_stream_is_chatopenais_too(version: str | None) -> None:
    summary = compare(version, restreamed()[:: 1 if ALL else FEW])
    sys.stdout.write(f"\nwhole answers as streams, {summary}\n")
    assert summary.records
    assert summary.wrong == []
    assert not ALL or summary.shared >= IN_STREAMS * summary.records


def test_every_row_of_the_table_has_a_name_and_a_reason_of_its_own() -> None:
    names = [row.name for row in TABLE]
    assert len(set(names)) == len(names)
    assert all(row.reason.strip() and row.fields for row in TABLE)
