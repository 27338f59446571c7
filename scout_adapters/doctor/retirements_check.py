"""Check of models that end soon: required ones, those of the audit log, and defaults in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from scout_adapters.doctor.finding import Finding
from scout_adapters.doctor.key_outcomes import LastOutcome
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.profiles.retirements import NOTICE, SOON, retirement_of
from scout_adapters.llm.providers import ProviderRegistry


def check_models(
    required: Sequence[str],
    keyed: Iterable[str],
    providers: ProviderRegistry,
    today: date | None = None,
) -> Iterator[Finding]:
    """Find models that end within 90 days; a problem from 30 days on.

    `required` are names such as `openai/gpt-5-mini`; of the `keyed` providers the default model is
    looked up.
    """
    day = today or datetime.now(UTC).date()
    for provider, model in _models(required, keyed, providers):
        retirement = retirement_of(providers.spec(provider), model)
        if retirement and (left := retirement.days_left(day)) <= NOTICE:
            subject, what = f"{provider}/{model}", retirement.describe(day)
            yield Finding(subject, what, retirement.advice, wrong=left <= SOON)


def models_used(outcomes: Mapping[tuple[str, str], LastOutcome]) -> list[str]:
    """Return the models of each key's last attempt, of those in the last 30 days."""
    since = datetime.now(UTC) - timedelta(days=SOON)
    recent = {(p, last.model) for (p, _), last in outcomes.items() if last.at >= since}
    return [f"{provider}/{model}" for provider, model in recent if model]


def _models(
    required: Sequence[str], keyed: Iterable[str], providers: ProviderRegistry
) -> Iterator[tuple[str, str]]:
    for name in dict.fromkeys(required):
        provider, _, model = name.partition("/")
        if model and provider in providers:
            yield provider, model
    for provider in keyed:
        try:
            model = providers.spec(provider).default_model
        except ConfigurationError:
            continue
        if model and f"{provider}/{model}" not in required:
            yield provider, model
