"""`limits=` as an option: of models, entries, routers, route files and embeddings."""

from __future__ import annotations

import pickle
from copy import deepcopy
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from scout_adapters import Limits, ScoutEmbeddings, ScoutGroqChatModel, ScoutRouterChatModel
from scout_adapters.errors import ConfigurationError
from scout_adapters.testing import Emulator
from tests.support.clock import FakeTime

GROQ = "groq/llama-3.3-70b-versatile"


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"rpm": 0}, "rpm=0 of limits must be a number above 0"),
        ({"rpm": -3}, "rpm=-3"),
        ({"tpm": float("nan")}, "tpm=nan"),
        ({"concurrency": 1.5}, "concurrency=1.5 of limits must be a whole number"),
        ({"rpm": True}, "rpm=True"),
        ({"rmp": 3}, "did you mean rpm"),
        ({}, "limit nothing"),
        ({"rpm": 3, "per": "user"}, "per='user' of limits must be one of key, account"),
        ({"rpm": 3, "burst_seconds": 61}, "burst_seconds=61"),
        ({"rpm": 10**400}, "rpm=10000"),
        ({"concurrency": 10**5000}, "concurrency="),
        (30, "no int"),
    ],
)
def test_limits_that_mean_nothing_are_refused(limits: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        ScoutGroqChatModel(model="m", limits=limits)
    with pytest.raises(ConfigurationError, match=message):
        ScoutRouterChatModel(models=[GROQ], limits={"groq": limits})
    with pytest.raises(ConfigurationError, match=message):
        ScoutRouterChatModel(models=[{"model": GROQ, "limits": limits}])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gorq", "did you mean 'groq'"),
        ("groq/llama-3.3-70b", f"did you mean '{GROQ}'"),
        ("anthropic", f"write one of groq, {GROQ}"),
    ],
)
def test_a_name_that_no_entry_has_is_refused(name: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        ScoutRouterChatModel(models=[GROQ], limits={name: {"rpm": 1}})


def test_a_chat_model_of_another_package_has_limits_in_its_entry() -> None:
    time = FakeTime()
    entry = {"model": GenericFakeChatModel(messages=repeat(AIMessage("Hi"))), "limits": {"rpm": 30}}
    model = ScoutRouterChatModel(models=[entry], clock=time.clock)
    model.invoke("Hello")
    model.invoke("Hello")
    assert time.slept == pytest.approx([2.0])
    with pytest.raises(ConfigurationError, match="did you mean rpm"):
        ScoutRouterChatModel(models=[{**entry, "limits": {"rpn": 30}}])


def test_embeddings_keep_to_the_limits_of_their_entry() -> None:
    time, emulator = FakeTime(), Emulator()
    entry = {"model": "openai/text-embedding-3-small", "transport": emulator.transport()}
    limits = Limits(rpm=30, tpm=60_000)
    embeddings = ScoutEmbeddings(
        models=[{**entry, "api_key": "k", "limits": limits}], clock=time.clock
    )
    embeddings.embed_query("Hello")
    embeddings.embed_query("Hello")
    assert time.slept == pytest.approx([2.0])


def test_a_route_file_has_limits_of_entries_and_names(tmp_path: Path) -> None:
    path = tmp_path / "route.yaml"
    path.write_text(f"""
models:
  - model: {GROQ}
    limits: {{rpm: 30, concurrency: 2}}
options:
  limits: {{groq: {{tpm: 6000, per: provider}}, "tag:batch": {{rpm: 1}}}}
""")
    model = ScoutRouterChatModel.from_file(path)
    assert model.limits == {
        "groq": Limits(tpm=6000, per="provider"),
        "tag:batch": Limits(rpm=1),
    }
    (candidate,) = model._route().candidates
    assert [rule.limits for rule in candidate.limits] == [
        Limits(rpm=30, concurrency=2),
        Limits(tpm=6000, per="provider"),
    ]


def test_a_copy_and_a_pickle_keep_their_limits() -> None:
    limits = Limits(rpm=3)
    for model in (
        ScoutGroqChatModel(model="m", limits=limits),
        ScoutRouterChatModel(models=[{"model": GROQ, "limits": limits}], limits={"groq": limits}),
    ):
        for copied in (pickle.loads(pickle.dumps(model)), model.model_copy(), deepcopy(model)):
            (candidate,) = copied._route().candidates
            assert {rule.limits for rule in candidate.limits} == {limits}
        assert "limits" not in str(model._identifying_params)
