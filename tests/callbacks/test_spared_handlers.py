"""Handlers to which attempts suffice cost nothing for each token of a stream."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler, CallbackManager
from langchain_core.callbacks.base import LLMManagerMixin

from scout_adapters import ScoutAuditCallbackHandler, ScoutCostCallbackHandler
from scout_adapters.audit import read_rows
from scout_adapters.errors import ScoutError
from scout_adapters.testing import Emulator
from tests.callbacks.budgets import groq
from tests.support.verbs import call_model

FORMS = {"list": list, "manager": lambda handlers: CallbackManager(handlers, [*handlers])}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("verb", ["stream", "astream"])
async def test_core_calls_only_the_others_for_tokens(
    verb: str, form: str, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[Any] = []
    monkeypatch.setattr(
        LLMManagerMixin, "on_llm_new_token", lambda handler, *_, **__: called.append(handler)
    )
    other = BaseCallbackHandler()
    costs, audit = ScoutCostCallbackHandler(), ScoutAuditCallbackHandler(tmp_path / "audit.jsonl")
    answer = await call_model(
        groq(emulator), verb, "hi", {"callbacks": FORMS[form]([costs, other, audit])}
    )
    assert answer.text
    assert set(called) == {other}
    assert costs.calls == 1
    assert [row["event"] for row in read_rows(audit.audit.path)] == ["llm_intent", "llm_attempt"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("verb", ["invoke", "stream", "ainvoke", "astream"])
async def test_a_call_that_ends_before_any_attempt_is_logged_once(
    verb: str, form: str, emulator: Emulator, tmp_path: Path
) -> None:
    audit = ScoutAuditCallbackHandler(tmp_path / "audit.jsonl")
    model = groq(emulator)
    with pytest.raises(ScoutError):
        await call_model(model, verb, "hi", {"callbacks": FORMS[form]([audit])}, temprature=1)
    audit.audit.close()
    assert [row["event"] for row in read_rows(audit.audit.path)] == ["llm_error"]
