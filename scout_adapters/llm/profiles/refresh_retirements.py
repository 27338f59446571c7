"""`make profiles`: extract the dates at which models end from LiteLLM's wheel.

LiteLLM publishes a map of models with `deprecation_date`, the page that has it, and a successor:
https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import orjson

PACKAGE = "litellm"
MAP = "litellm/model_prices_and_context_window_backup.json"
ORIGIN = "https://github.com/BerriAI/litellm (MIT), and pages of providers"
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
CLAUDE = re.compile(r"claude-(?!3)")
"""Models of which a date without a page is the earliest possible one, and no end."""

MODES = frozenset({"chat", "responses", "completion", "embedding"})

PROVIDERS: Mapping[str, str] = {
    "anthropic": "anthropic",
    "azure": "azure",
    "baseten": "baseten",
    "bedrock": "bedrock",
    "bedrock_converse": "bedrock",
    "bedrock_mantle": "bedrock",
    "cerebras": "cerebras",
    "codestral": "mistral",
    "databricks": "databricks",
    "deepseek": "deepseek",
    "fireworks_ai": "fireworks",
    "gemini": "google",
    "groq": "groq",
    "mistral": "mistral",
    "moonshot": "moonshot",
    "openai": "openai",
    "scaleway": "scaleway",
    "together_ai": "together",
    "wandb": "wandb",
    "xai": "xai",
}
"""LiteLLM's names of providers, and ours; Vertex and Foundry are in `_provider`."""

MORE: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "nvidia": {  # no page lists them: from refusals of ended models, which contain the date
        "deepseek-ai/deepseek-v4-pro": {
            "ends": "2026-08-07",
            "source": "https://github.com/diegosouzapw/OmniRoute/issues/9824",
        },
        "minimaxai/minimax-m2.7": {
            "ends": "2026-07-27",
            "source": "https://github.com/tashfeenahmed/freellmapi/issues/634",
        },
        "meta/llama-3.3-70b-instruct": {"ends": "2026-08-26"},
        "minimaxai/minimax-m3": {"ends": "2026-09-09"},
        "openai/gpt-oss-120b": {"ends": "2026-09-03"},
        "z-ai/glm-5.2": {"ends": "2026-08-21"},
        "z-ai/glm4.7": {
            "ends": "2026-05-14",
            "source": "https://github.com/capocasa/3code/issues/2",
        },
    },
    "perplexity": {
        name: {
            "ends": "2026-09-27",
            "replacement": "perplexity/sonar",
            "source": "https://docs.perplexity.ai/docs/agent-api/migrate-from-sonar/overview",
        }
        for name in ("sonar", "sonar-pro", "sonar-reasoning", "sonar-reasoning-pro")
    },
}
"""Dates that LiteLLM does not have: by provider and model."""

Rows = dict[str, dict[str, dict[str, str]]]


def retirements(wheel: Path) -> Rows:
    """Return the rows by provider and model; of two dates for one model the earlier one."""
    with ZipFile(wheel) as packed:
        published: dict[str, dict[str, Any]] = orjson.loads(packed.read(MAP))
    rows: Rows = {
        provider: {n: dict(r) for n, r in more.items()} for provider, more in MORE.items()
    }
    for provider, name, row in _dated(published):
        known = rows.setdefault(provider, {}).get(name)
        if known is None or row["ends"] < known["ends"]:
            rows[provider][name] = row
    return {provider: dict(sorted(models.items())) for provider, models in sorted(rows.items())}


def _dated(published: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield provider, model and row of each model that has a date."""
    for key, facts in published.items():
        ends, litellm = str(facts.get("deprecation_date")), str(facts.get("litellm_provider"))
        provider, name = _provider(litellm, key), _name(key, litellm)
        if not DATE.fullmatch(ends) or not provider or facts.get("mode") not in MODES:
            continue
        if provider in {"azure", "bedrock"} and "/" in name:
            continue  # a row of one region
        if CLAUDE.search(name) and not facts.get("deprecation_source"):
            continue  # "not sooner than": https://platform.claude.com/docs/en/about-claude/model-deprecations
        row = {
            "ends": ends,
            "replacement": _name(facts.get("successor_model") or "", litellm),
            "source": facts.get("deprecation_source") or "",
        }
        yield provider, name, {field: value for field, value in row.items() if value}


def _provider(litellm: str, key: str) -> str:
    """Return our name of a provider; empty if it has no card."""
    if litellm.startswith("vertex_ai"):
        return "vertex"
    if litellm == "azure_ai":
        return "azure_anthropic" if "claude" in key else "azure"
    return PROVIDERS.get(litellm, "")


def _name(key: str, litellm: str) -> str:
    """Return a model's name without LiteLLM's name of its provider."""
    return key.removeprefix(f"{litellm.partition('-')[0]}/")


def file_content(rows: Rows, head: Mapping[str, str]) -> bytes:
    """Return the file: fields that name the source, then one line for each model."""
    lines = [f'"{name}": {orjson.dumps(value).decode()}' for name, value in head.items()]
    providers = [
        f'"{provider}": {{\n'
        + ",\n".join(f"{_text(name)}: {_text(row)}" for name, row in models.items())
        + "\n}"
        for provider, models in rows.items()
    ]
    text = ",\n".join([*lines, '"models": {\n' + ",\n".join(providers) + "\n}"])
    return f"{{\n{text}\n}}\n".encode()


def _text(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
