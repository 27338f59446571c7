"""Calls of LiteLLM itself are listed as calls that stay, with what to write instead."""

from __future__ import annotations

import pytest

from scout_adapters.code_migration import rewrite

CODE = b"""import litellm
from litellm import acompletion as ask

router = litellm.Router(model_list=[])
litellm.completion("openai/a", [])
ask("openai/a", [])
router.completion("main", [])


class Chain:
    def __init__(self):
        self.router: litellm.Router = litellm.Router(model_list=[])

    async def run(self):
        return await self.router.acompletion("main", [])


other.completion("main", [])
"""


def test_calls_of_litellm_stay_with_what_to_write() -> None:
    found = rewrite(CODE)
    assert found.data == CODE
    advice = {change.line: change.notes[0] for change in found.changes}
    assert [*advice] == [4, 5, 6, 7, 12, 15]
    assert not any(change.is_made for change in found.changes)
    assert "ScoutRouterChatModel.from_litellm(config)" in advice[4] == advice[12]
    assert advice[5] == 'write init_scout_model("provider/model").invoke(messages)'
    assert "ainvoke(messages)" in advice[6]
    assert "model.invoke(messages, model=group)" in advice[7]
    assert "await model.ainvoke(messages, model=group)" in advice[15]


@pytest.mark.parametrize("name", ["completion", "Router"])
def test_a_name_of_another_package_is_not_taken_for_litellm(name: str) -> None:
    assert rewrite(f"from other import {name}\n{name}()\n".encode()).changes == ()
