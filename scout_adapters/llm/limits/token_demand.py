"""How many tokens to reserve for a request: its input, and an answer of the usual length."""

from __future__ import annotations

from scout_adapters._internal.bounded_dict import BoundedDict

ASSUMED_ANSWER_TOKENS = 1024
"""Tokens of an answer without `max_tokens`, before the model has answered once."""

MAX_MODELS = 1000
"""Models whose answers are remembered."""

NEWEST_SHARE = 0.1
"""Weight of the newest answer in the average."""

_averages: BoundedDict[str, float] = BoundedDict(MAX_MODELS)
"""Output tokens of answers, by provider and model: a moving average."""


def token_demand(model: str, input_tokens: int, max_tokens: int | None, tpm: float | None) -> int:
    """Return the tokens of input and answer to reserve.

    `model` is `provider/model`. An answer counts as long as the model's usual ones, and at most
    as `max_tokens`; an assumed length is not the reason why a request exceeds `tpm`.
    """
    usual = _averages.get(model)
    if usual is None:
        answer = max_tokens or ASSUMED_ANSWER_TOKENS
    else:
        answer = int(usual) + 1 if max_tokens is None else min(int(usual) + 1, max_tokens)
    total = input_tokens + answer
    return total if tpm is None or total <= tpm else max(input_tokens, int(tpm))


def learn_answer(model: str, output_tokens: int) -> None:
    """Remember the length of an answer."""
    before = _averages.get(model)
    if before is None:
        _averages.put(model, float(output_tokens))
    else:
        _averages[model] = before + NEWEST_SHARE * (output_tokens - before)


def forget_answers() -> None:
    """Forget the lengths of all answers."""
    _averages.clear()
