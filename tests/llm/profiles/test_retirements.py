"""When models end: the shipped dates, the default models, the warning, `explain(on=)`."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import orjson
import pytest

from scout_adapters import ScoutOpenAIChatModel, ScoutRouterChatModel, registry
from scout_adapters.audit import AuditLog
from scout_adapters.doctor import examine
from scout_adapters.doctor.retirements_check import check_models
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.profiles.refresh_data import write_retirements
from scout_adapters.llm.profiles.refresh_retirements import MAP, MORE
from scout_adapters.llm.profiles.retirements import (
    NOTICE,
    is_deprecated,
    retirement_data,
    retirement_of,
)
from scout_adapters.llm.router.functions import candidate
from scout_adapters.llm.router.retirement_notices import warn_of_retirements
from tests.cli.shell import run
from tests.support.fake_http import OPENAI

OPENAI_CARD = registry.spec("openai")
ENDED = min(retirement_data().models["openai"], key=lambda n: retirement_data().models["openai"][n])
"""The model of OpenAI that ended first."""


@pytest.mark.parametrize("provider", registry.list_providers())
def test_no_default_model_has_fewer_than_90_days_by_the_date_of_the_data(provider: str) -> None:
    spec, limit = registry.spec(provider), retirement_data().taken + timedelta(days=NOTICE)
    retirement = spec.default_model and retirement_of(spec, spec.default_model)
    assert not retirement or retirement.ends >= limit
    assert not is_deprecated(spec, spec.default_model)


def test_a_claude_model_with_an_earliest_date_alone_has_no_end() -> None:
    for provider, model in (("vertex", "claude-haiku-4-5"), ("vertex", "claude-sonnet-5")):
        assert retirement_of(registry.spec(provider), model) is None


def test_the_data_name_source_date_page_and_replacement() -> None:
    data = retirement_data()
    assert data.source.startswith("litellm ")
    mini = retirement_of(OPENAI_CARD, "gpt-5-mini")
    assert mini is not None
    assert (mini.ends, mini.replacement) == (date(2026, 12, 11), "gpt-5.6-terra")
    assert mini.source.startswith("https://")
    assert retirement_of(OPENAI_CARD, "no-such-model") is None
    assert retirement_of(registry.spec("ollama"), "llama3.2") is None
    assert set(data.models) <= set(registry.list_providers())


@pytest.mark.parametrize(
    ("name", "deprecated"),
    [
        ("google/gemini-2.0-flash", True),  # genai-prices
        ("xai/grok-2-1212", True),  # genai-prices
        ("openai/gpt-6-luna", False),
        ("groq/openai/gpt-oss-120b", False),
    ],
)
def test_a_model_may_be_deprecated_without_a_date(name: str, deprecated: bool) -> None:
    provider, _, model = name.partition("/")
    assert is_deprecated(registry.spec(provider), model) is deprecated


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 11, 30), "ends on 2026-12-11, in 11 days"),
        (date(2026, 12, 10), "ends on 2026-12-11, in 1 day"),
        (date(2026, 12, 11), "ended on 2026-12-11"),
    ],
)
def test_an_end_is_described_by_date_and_days(day: date, text: str) -> None:
    mini = retirement_of(OPENAI_CARD, "gpt-5-mini")
    assert mini is not None
    assert mini.describe(day) == text


def wheel(folder: Path, number: str, models: dict[str, Any]) -> Path:
    path = folder / f"litellm-{number}-py3-none-any.whl"
    with ZipFile(path, "w") as packed:
        packed.writestr(MAP, orjson.dumps(models))
        packed.writestr(f"litellm-{number}.dist-info/licenses/LICENSE", "MIT License")
    return path


def row(provider: str, ends: str, **more: str) -> dict[str, str]:
    return {"litellm_provider": provider, "mode": "chat", "deprecation_date": ends, **more}


def test_dates_come_out_of_the_wheel_under_our_names(tmp_path: Path) -> None:
    models = {
        "gpt-x": row(
            "openai", "2027-01-01", successor_model="gpt-y", deprecation_source="https://p"
        ),
        "gemini/g": row("gemini", "2027-02-02", successor_model="gemini/h"),
        "vertex_ai/claude": row("vertex_ai-anthropic_models", "2027-03-03"),
        "azure_ai/claude-z": row("azure_ai", "2027-04-04", deprecation_source="https://q"),
        "vertex_ai/claude-haiku-9": row("vertex_ai-anthropic_models", "2027-04-04"),  # not sooner
        "azure/eu/gpt-x": row("azure", "2027-05-05"),
        "together_ai/a/b": row("together_ai", "2027-06-06"),
        "unknown/m": row("unknown", "2027-07-07"),
        "gpt-image": row("openai", "2027-08-08") | {"mode": "image_generation"},
        "undated": {"litellm_provider": "openai", "mode": "chat"},
    }
    write_retirements(wheel(tmp_path, "9.9", models), tmp_path, date(2026, 11, 30))
    written = orjson.loads((tmp_path / "retirements.json").read_bytes())
    assert (written["source"], written["taken"]) == ("litellm 9.9", "2026-11-30")
    for provider in MORE:  # of the table of dates that LiteLLM does not have
        del written["models"][provider]
    assert written["models"] == {
        "azure_anthropic": {"claude-z": {"ends": "2027-04-04", "source": "https://q"}},
        "google": {"g": {"ends": "2027-02-02", "replacement": "h"}},
        "openai": {"gpt-x": {"ends": "2027-01-01", "replacement": "gpt-y", "source": "https://p"}},
        "together": {"a/b": {"ends": "2027-06-06"}},
        "vertex": {"claude": {"ends": "2027-03-03"}},
    }
    first = (tmp_path / "retirements.json").read_bytes()
    write_retirements(wheel(tmp_path, "9.9", models), tmp_path, date(2026, 12, 24))
    assert (tmp_path / "retirements.json").read_bytes() == first


@pytest.mark.parametrize(
    ("today", "warnings"), [(date(2026, 11, 30), 1), (date(2026, 11, 1), 0), (date(2027, 1, 1), 1)]
)
def test_a_model_that_ends_within_30_days_is_warned_of_once(
    today: date, warnings: int, caplog: pytest.LogCaptureFixture
) -> None:
    mini = candidate("openai", "gpt-5-mini")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            warn_of_retirements([mini, candidate("groq", "openai/gpt-oss-120b")], today)
    found = [r.getMessage() for r in caplog.records if "2026-12-11" in r.getMessage()]
    assert len(found) == warnings
    assert all("openai/gpt-5-mini end" in text and "use gpt-5.6-terra" in text for text in found)


@pytest.mark.parametrize("way", ["sync", "async"])
async def test_a_route_that_uses_an_ended_model_warns_once_for_all_its_calls(
    way: str, providers, wire, caplog: pytest.LogCaptureFixture
) -> None:
    providers.on(OPENAI, wire.say("hello"))
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            model = ScoutOpenAIChatModel(
                model=ENDED, api_key="k", transport=providers.transport, use_responses_api=False
            )
            for _ in range(2):
                answer = await model.ainvoke("hi") if way == "async" else model.invoke("hi")
                assert answer.text == "hello"
    ended = [r for r in caplog.records if "ended on" in r.getMessage()]
    assert len(ended) == 1


def test_explain_leaves_out_what_has_ended_by_a_day() -> None:
    entries = [{"model": f"openai/{name}", "api_key": "k"} for name in ("gpt-5-mini", "gpt-6-luna")]
    route = ScoutRouterChatModel(models=entries)
    before = route.explain("hi", on="2026-12-10")
    assert [row.model for row in before if row.outcome != "skipped"] == ["gpt-5-mini", "gpt-6-luna"]
    after = route.explain("hi", on=date(2026, 12, 12))
    assert after.chosen is not None
    assert after.chosen.model == "gpt-6-luna"
    (left_out,) = [row for row in after if row.model == "gpt-5-mini"]
    assert (left_out.outcome, left_out.reason) == (
        "skipped",
        "ended on 2026-12-11: use gpt-5.6-terra",
    )
    alone = ScoutOpenAIChatModel(model="gpt-5-mini", api_key="k").explain("hi", on="2026-12-12")
    assert (alone.chosen, len(alone)) == (None, 1)


def test_the_doctor_finds_models_that_end() -> None:
    names, today = ["openai/gpt-5-mini", "openai/gpt-6-luna"], date(2026, 11, 30)
    (finding,) = check_models(names, ["groq"], registry, today)
    assert (finding.subject, finding.wrong) == ("openai/gpt-5-mini", True)
    assert (finding.what, finding.fix) == ("ends on 2026-12-11, in 11 days", "use gpt-5.6-terra")
    (early,) = check_models(names, [], registry, date(2026, 10, 1))
    assert not early.wrong
    assert list(check_models(names, [], registry, date(2026, 8, 1))) == []


def test_the_doctor_reads_from_the_audit_log_which_models_are_used(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    fields = {"provider": "openai", "key_id": "8d8aaa63", "outcome": "ok", "number": 1}
    log.log("llm_attempt", **fields, model=ENDED, run_id="1")
    log.close()
    findings = examine(audit=tmp_path / "audit.jsonl")
    (finding,) = [found for found in findings if found.subject == f"openai/{ENDED}"]
    assert (finding.wrong, finding.what[:9]) == (True, "ended on ")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--on", "2026-11-30"), 1),
        (("--on", "2026-10-01"), 0),
        (("--on", "2026-10-01", "--within", "90"), 1),
    ],
)
def test_the_command_exits_with_1_if_a_model_ends_soon(
    arguments: tuple[str, ...], code: int
) -> None:
    done = run("models", "openai/gpt-5-mini", "groq/openai/gpt-oss-120b", *arguments)
    assert done.code == code
    assert "2026-12-11" in done.out
    assert "gpt-5.6-terra" in done.out


def test_no_default_model_ends_soon_in_the_command_either() -> None:
    assert run("models", "--on", f"{retirement_data().taken}").code == 0


def test_a_day_that_is_no_date_is_refused_with_an_example() -> None:
    with pytest.raises(ConfigurationError, match="on= is no date: 'soon'; write it as"):
        ScoutOpenAIChatModel(model="gpt-5-mini", api_key="k").explain("hi", on="soon")
