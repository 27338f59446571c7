"""Key sources of a model that is pickled: references are kept, keys and functions are not."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from scout_adapters import ScoutGroqChatModel, ScoutRouterChatModel
from scout_adapters.errors import NoKeyError
from scout_adapters.testing import Emulator
from tests.auth.vaults import Vault


def test_a_pickled_model_lost_its_function() -> None:
    made = ScoutGroqChatModel(model="m", api_key=Vault("gsk_x"))
    model = pickle.loads(pickle.dumps(made))
    with pytest.raises(NoKeyError, match="api_key"):
        model.invoke("hi")


REFERENCES = [
    {"api_key": "env:TEAM_KEY"},
    {"api_key": "env:TEAM_KEY, env:TEAM_KEY_2"},
    {"api_keys": ["env:TEAM_KEY"]},
    {"api_keys": [{"api_key": "env:TEAM_KEY", "base_url": "PLACE"}]},
]


@pytest.mark.parametrize("keys", REFERENCES, ids=str)
def test_a_pickled_model_reads_its_references_where_it_is_used(
    keys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEAM_KEY", "gsk_t0ps3cret_team")
    emulator = Emulator(keys={"groq": ["gsk_t0ps3cret_team"]})
    with emulator.serve():
        base = emulator.url("groq")
        for item in keys.get("api_keys", ()):
            if isinstance(item, dict):
                keys = {"api_keys": [{**item, "base_url": base}]}
        options = {**keys, "base_url": base}
        entry = {"model": "groq/m", **options}
        for made in (
            ScoutGroqChatModel(model="m", **options),
            ScoutRouterChatModel(models=[entry]),
        ):
            pickled = pickle.dumps(made)
            assert b"t0ps3cret" not in pickled
            assert pickle.loads(pickled).invoke("hi").text
    assert len(emulator.log) == 2


def test_a_pickle_with_a_key_beside_references_has_none_of_them() -> None:
    made = ScoutGroqChatModel(model="m", api_keys=["env:TEAM_KEY", "gsk_t0ps3cret_team"])
    pickled = pickle.dumps(made)
    assert b"t0ps3cret" not in pickled
    with pytest.raises(NoKeyError, match="api_keys"):
        pickle.loads(pickled).invoke("hi")
