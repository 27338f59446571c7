"""The same threads through LiteLLM's router, which `ChatLiteLLMRouter` calls."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import convert_to_openai_messages

from scout_adapters.testing import Emulator, reset
from tests.system.prompt_caches.savings import MODELS, Played, bill, keys_of, schedule
from tests.system.prompt_caches.threads import MARK, Thread

SCRIPT = """
import json, sys
from litellm import Router

plan = json.load(sys.stdin)
deployments = [
    {"model_name": "m", "litellm_params": {**plan["model"], "api_key": key}} for key in plan["keys"]
]
router = Router(model_list=deployments, optional_pre_call_checks=plan["checks"] or None)
for messages in plan["turns"]:
    router.completion(model="m", messages=messages, max_tokens=200)
"""


def _messages(thread: Thread, turn: int, *, marked: bool) -> list[Any]:
    """Return the messages of a turn in OpenAI's form, with the markers that a user sets."""
    messages: list[Any] = list(convert_to_openai_messages(thread.messages(turn, marked=False)))
    for at in (0, -1) if marked else ():
        block = {"type": "text", "text": messages[at]["content"], **MARK}
        messages[at] = {**messages[at], "content": [block]}
    return messages


def play_litellm(
    python: str, provider: str, threads: Sequence[Thread], *, checks: Sequence[str]
) -> Played:
    """Send every turn in order, none refused, through LiteLLM's router over five keys.

    `python` is the interpreter of its environment. The caches' time stands still: none ends.
    """
    reset()
    emulator = Emulator(clock=lambda: 0.0)
    marked = provider == "anthropic"
    turns = [_messages(thread, turn, marked=marked) for _, thread, turn in schedule(threads)]
    with emulator.serve():
        address = {"api_base": emulator.url(provider)}
        model = {"model": f"{provider}/{MODELS[provider][1]}", **address}
        plan = {"model": model, "keys": keys_of(), "checks": [*checks], "turns": turns}
        world = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYTHONPATH": ""}
        command = [python, "-c", SCRIPT]
        subprocess.run(command, input=json.dumps(plan), text=True, env=world, check=True)  # ours
    good = [exchange for exchange in emulator.log if exchange.billed]
    return Played(
        sum(exchange.spent.cached.read for exchange in good),
        sum(map(bill, good)),
        Counter(exchange.key for exchange in good),
    )
