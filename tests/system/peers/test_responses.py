"""Our messages of the Responses API and ChatOpenAI's, made of the same recorded answers, are alike.

`SCOUT_DIFFERENTIAL=all pytest -s` reads all records and prints a summary.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from functools import cache

import httpx
import pytest
from langchain_core.exceptions import ModelError
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI

from scout_adapters import ProviderSpec, init_scout_model, registry
from scout_adapters.llm.wires.openai_responses import WIRE
from tests.llm.wires.openai_responses.recorded import NOT_OF_THIS_API
from tests.support import recordings
from tests.system.peers.answers import Outcome, Replay, ask, replaying
from tests.system.peers.comparison import differences
from tests.system.peers.deviations_responses import NOT_IN_V0, RESPONSES, TABLE, V0_ONLY, V1_ONLY
from tests.system.peers.records import UNASKED, Record
from tests.system.peers.test_official_packages import ALL, Summary, sample

pytestmark = recordings.needed

ROWS_OF_OTHERS = {None: V1_ONLY | V0_ONLY, "v1": V0_ONLY, "v0": V1_ONLY | NOT_IN_V0}
"""The rows of the table that explain nothing in a version."""

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
        record = Record(RESPONSES, fields)
        if fields["id"] in NOT_OF_THIS_API:
            continue
        if not UNASKED & record.features and not fields.get("truncated_response"):
            yield record


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


def compare(version: str | None) -> Summary:
    summary = Summary(f"{RESPONSES} {version}")
    with replaying() as base:
        for record in chosen():
            mine, other = ours(record, version), theirs(record, base, version)
            failed = isinstance(other, Exception) and not record.refused
            if failed and not isinstance(mine, Exception):
                summary.records += 1
                summary.official_failed += 1
            else:
                summary.add(differences(record, mine, other), TABLE)
    return summary


@pytest.mark.parametrize("version", [None, "v1", "v0"])
def test_a_message_is_chatopenais_but_for_what_the_table_explains(version: str | None) -> None:
    summary = compare(version)
    sys.stdout.write(f"\n{summary}\n")
    assert summary.records
    assert summary.wrong == []
    expected = {row.name for row in TABLE} - ROWS_OF_OTHERS[version]
    assert expected - summary.explained.keys() == set()


def test_every_row_of_the_table_has_a_name_and_a_reason_of_its_own() -> None:
    names = [row.name for row in TABLE]
    assert len(set(names)) == len(names)
    assert all(row.reason.strip() and row.fields for row in TABLE)
