"""Check of models: those that end soon, among the required ones and the defaults in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime

from scout_adapters.doctor.finding import Finding
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


def _models(
    required: Sequence[str], keyed: Iterable[str], providers: ProviderRegistry
) -> Iterator[tuple[str, str]]:
    for name in required:
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
