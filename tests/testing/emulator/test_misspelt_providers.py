"""A misspelt provider is refused wherever a test names one: else its fault is never played."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scout_adapters.errors import ConfigurationError
from scout_adapters.testing import Emulator, Overloaded
from scout_adapters.testing.chaos.fault_list import select_faults
from scout_adapters.testing.isolation.provider_environment import key_variables

NAMED: dict[str, Callable[[str], Any]] = {
    "down": lambda name: Emulator(down={name: Overloaded()}),
    "down, a list": lambda name: Emulator(down=[name]),
    "keys": lambda name: Emulator(keys={name: ["k"]}),
    "keys of a marker": lambda name: key_variables({name: ["k"]}),
    "on": lambda name: Emulator().on(name),
    "script": lambda name: Emulator().script(name, [Overloaded()]),
    "requests": lambda name: Emulator().requests(name),
    "url": lambda name: Emulator().url(name),
}


@pytest.mark.parametrize("where", NAMED)
def test_a_misspelt_provider_is_refused_with_the_nearest_one(where: str) -> None:
    for name, nearest in {"grok": "groq", "Opnai": "openai", "antropic": "anthropic"}.items():
        with pytest.raises(
            ConfigurationError, match=f"no provider '{name}'; did you .* '{nearest}"
        ):
            NAMED[where](name)


def test_names_of_other_libraries_and_of_servers_of_your_own_are_taken() -> None:
    emulator = Emulator(down=["google_genai", "acme"], keys={"bedrock_converse": ["k"]})
    assert [*emulator.down, *emulator.keys] == ["google", "acme", "bedrock"]


def test_a_misspelt_fault_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ValueError, match=r"no fault 'overloded' .* did you mean 'overloaded'"):
        select_faults("overloded")
    with pytest.raises(ValueError, match=r"no fault 'revokked' .* did you mean '401 key revoked'"):
        select_faults(["revokked"])
