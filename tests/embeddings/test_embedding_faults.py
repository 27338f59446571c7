"""Faults of one provider: another provider of the same model answers, where that may help."""

from __future__ import annotations

import pytest

from scout_adapters import ScoutEmbeddings
from scout_adapters.errors import InvalidRequest
from scout_adapters.testing import (
    BadRequest,
    CloseBeforeAnswer,
    ContextOverflow,
    CutGzip,
    DailyQuota,
    EmptyBody,
    Emulator,
    Fault,
    Forbidden,
    ModelMissing,
    NotJson,
    OutOfCredit,
    Overloaded,
    RateLimited,
    RegionBlocked,
    Revoked,
    ServerError,
    Suspended,
    TooLarge,
    UpstreamLimited,
)
from scout_adapters.testing.model.vectors import vector_of
from tests.embeddings.conftest import Embed
from tests.embeddings.vector_models import SMALL, entry
from tests.support.clock import NO_PAUSES

PASSED_ON = (
    CloseBeforeAnswer(),
    CutGzip(),
    DailyQuota(),
    EmptyBody(),
    Forbidden(),
    ModelMissing(),
    NotJson(),
    OutOfCredit(),
    Overloaded(),
    RateLimited(),
    RegionBlocked(),
    Revoked(),
    ServerError(),
    Suspended(),
    ContextOverflow(),
    TooLarge(),
    UpstreamLimited(),
)


def faulty(fault: Fault) -> tuple[Emulator, ScoutEmbeddings]:
    emulator = Emulator(down={"openai": fault})
    other = entry(emulator, "openrouter/openai/text-embedding-3-small", "sk-or-two")
    models = [entry(emulator, SMALL, "sk-one"), other]
    return emulator, ScoutEmbeddings(models=models, clock=NO_PAUSES)


@pytest.mark.parametrize("fault", PASSED_ON, ids=lambda fault: fault.name)
def test_the_other_provider_answers(fault: Fault, embed: Embed) -> None:
    emulator, embeddings = faulty(fault)
    assert embed(embeddings, ["Hello"]) == [vector_of("text-embedding-3-small", "Hello")]
    assert (emulator.log[0].provider, emulator.log[-1].provider) == ("openai", "openrouter")


def test_a_refused_request_is_not_sent_elsewhere(embed: Embed) -> None:
    emulator, embeddings = faulty(BadRequest())
    with pytest.raises(InvalidRequest):
        embed(embeddings, ["Hello"])
    assert [exchange.provider for exchange in emulator.log] == ["openai"]
