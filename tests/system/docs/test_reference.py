"""The reference has every public name under the path that users import."""

from __future__ import annotations

import inspect
import re
from importlib import import_module

import pytest

import scout_adapters
from scout_adapters.audit import read_rows
from scout_adapters.audit.export import MORE
from scout_adapters.callbacks import ScoutAuditCallbackHandler
from scout_adapters.testing import Emulator, Revoked
from scout_adapters.testing.scripts.rule_builder import RuleBuilder
from tests.support.paths import ROOT
from tests.system.test_public_names import PUBLIC
from tools.pages.option_rows import CONFIGURED

FOLDER = ROOT / "docs/reference"
PAGES = {path.name: path.read_text() for path in sorted(FOLDER.glob("*.md"))}
SHOWN = {name for page in PAGES.values() for name in re.findall(r"^::: (\S+)", page, re.MULTILINE)}
"""Names that a page shows, as users import them."""

PACKAGES = [*PUBLIC, *(f"scout_adapters.{name}" for name in ("auth", "store", "strategies"))]
OF_THE_ENGINE = {
    *("BAD_CERTIFICATE", "ProviderRefusal", "malformed", "one_line", "provider_error"),
    "WIRE",  # of a card, not of a call
    "app",  # the command line: docs/commands.md
    "call_mistral_async",  # `call_<provider>_async` of any provider
}
"""Names that packages share and users do not need."""


def is_shown(package: str, name: str) -> bool:
    """Return whether a page shows a name, in this package or another that has the same object."""
    value = getattr(import_module(package), name)
    same = {each for each in SHOWN if each.rpartition(".")[2] == name}
    homes = [import_module(each.rpartition(".")[0]) for each in same]
    return f"{package}.{name}" in SHOWN or any(getattr(home, name) is value for home in homes)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_in_the_reference(package: str) -> None:
    listed = {*PUBLIC.get(package, ()), *getattr(import_module(package), "__all__", ())}
    assert [name for name in sorted(listed - OF_THE_ENGINE) if not is_shown(package, name)] == []


def test_the_front_door_is_shown_by_the_paths_that_users_import() -> None:
    names = {*scout_adapters.__all__, *scout_adapters.WITH_EXTRA} - {"registry", "ScoutError"}
    short = {name for name in names if f"scout_adapters.{name}" in SHOWN}
    assert names - short == {"ProviderSpec"}  # beside the registry


def test_every_verb_of_a_rule_is_documented() -> None:
    verbs = [name for name in vars(RuleBuilder) if not name.startswith("_")]
    assert len(verbs) > 10
    assert [name for name in verbs if not inspect.getdoc(getattr(RuleBuilder, name))] == []


def test_every_column_that_a_call_writes_is_in_the_table(tmp_path: object) -> None:
    log = f"{tmp_path}/audit.jsonl"
    emulator = Emulator(keys={"groq": {"gsk_old": Revoked(), "gsk_new": None}})
    model = scout_adapters.ScoutGroqChatModel(
        model="openai/gpt-oss-120b",
        api_keys=["gsk_old", "gsk_new"],
        transport=emulator.transport(),
        callbacks=[ScoutAuditCallbackHandler(log, prompts=str)],
    )
    model.invoke("hello", {"tags": ["team-a"], "metadata": {"user_id": "ada"}})
    columns = set(re.findall(r"^\| `(\w+)` \|", PAGES["audit.md"], re.MULTILINE))
    written = {name for row in read_rows(log) for name in row}
    assert written - {"text"} <= columns - {MORE}
    assert {"llm_prompt", "llm_answer", "llm_intent", "llm_attempt"} == {
        row["event"] for row in read_rows(log)
    }


def test_the_options_of_handlers_are_described_by_their_own_texts() -> None:
    page = (ROOT / "docs/options.md").read_text()
    assert [text for text in ("Initialize self", "<built-in", "<function") if text in page] == []
    sections = page.partition("### `")[2].split("### `")
    assert [text.partition("`")[0] for text in sections] == [each.__name__ for each in CONFIGURED]
