"""Our messages and the official packages', made of the same recorded answers, are alike.

`make test` reads a sample in which everything that was recorded of a provider occurs; all of it
reads `SCOUT_DIFFERENTIAL=all pytest -s tests/system/peers`, which also prints a summary.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

import pytest

from tests.support import recordings
from tests.system.peers.answers import ours, replaying, theirs
from tests.system.peers.comparison import Difference, differences
from tests.system.peers.deviations import GROQ, OPENAI, OPENROUTER, REFUSALS, Deviation
from tests.system.peers.deviations_anthropic import ANTHROPIC
from tests.system.peers.deviations_google import GOOGLE
from tests.system.peers.records import PROVIDERS, Record, recorded

TABLE = [*ANTHROPIC, *GOOGLE, *GROQ, *OPENAI, *OPENROUTER, *REFUSALS]
ALL = os.environ.get("SCOUT_DIFFERENTIAL") == "all"
OF_EACH_CAUSE = 5
"""How many records of a row's cause a sample has: not each of them shows the difference."""

pytestmark = recordings.needed


def sample(records: Iterable[Record], rows: Iterable[Deviation]) -> Iterator[Record]:
    """Choose records so that each feature, whole and streamed, and each row's cause occurs."""
    all_records = list(records)
    caused = [islice(filter(row.cause, all_records), OF_EACH_CAUSE) for row in rows]
    chosen = {record for each in caused for record in each}
    seen: set[tuple[str, bool]] = set()
    for record in all_records:
        new = {(feature, record.streamed) for feature in record.features} - seen
        if new or record in chosen:
            seen |= new
            yield record


@dataclass
class Summary:
    """What came of the records of one provider."""

    provider: str
    records: int = 0
    equal: int = 0
    shared: int = 0
    """Equal in every field that the official package sets; ours may have more."""

    official_failed: int = 0
    explained: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, differences: list[Difference], rows: list[Deviation]) -> None:
        """Count a record, and look up each of its differences."""
        self.records += 1
        self.equal += not differences
        self.shared += all(difference.adds for difference in differences)
        reasons: set[str] = set()
        for difference in differences:
            match [row.name for row in rows if row.explains(difference)]:
                case [name]:
                    reasons.add(name)
                case []:
                    self.wrong.append(f"unexplained: {difference}")
                case names:
                    self.wrong.append(f"explained by {names}: {difference}")
        self.explained.update(reasons)

    def __str__(self) -> str:
        head = (
            f"{self.provider}: {self.records} records, {self.equal} equal in every field,"
            f" {self.shared} in every field that the official package sets,"
            f" {len(self.wrong)} differences unexplained,"
            f" the official package failed on {self.official_failed} good answers"
        )
        rows = (f"    {times:5d} {name}" for name, times in self.explained.most_common())
        return "\n".join([head, *rows])


def compare(provider: str, rows: list[Deviation]) -> Summary:
    """Let both read the records of a provider."""
    records = recorded(provider) if ALL else sample(recorded(provider), rows)
    summary = Summary(provider)
    with replaying() as base:
        for record in records:
            mine, other = ours(record), theirs(record, base)
            failed = isinstance(other, Exception) and not record.refused
            if failed and not isinstance(mine, Exception):
                summary.records += 1
                summary.official_failed += 1
            else:
                summary.add(differences(record, mine, other), rows)
    return summary


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_message_is_the_official_one_but_for_what_the_table_explains(provider: str) -> None:
    rows = [row for row in TABLE if row.provider == provider]
    summary = compare(provider, rows)
    sys.stdout.write(f"\n{summary}\n")
    assert summary.records
    assert summary.wrong == []
    assert [row.name for row in rows if row.name not in summary.explained] == []


def test_every_row_of_the_table_has_a_name_and_a_reason_of_its_own() -> None:
    names = [(row.provider, row.name) for row in TABLE]
    assert len(set(names)) == len(names)
    assert all(row.reason.strip() and row.fields for row in TABLE)
