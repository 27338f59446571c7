"""Changes to requests that a model's refusals require: remembered, and applied from then on.

Only changes that keep the meaning of a request: another API of the same provider, a sampling option
left out, an effort or a limit lowered, private state of another account left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters._internal.fast_copy import copy_dataclass
from scout_adapters._internal.json_values import Json, mapping
from scout_adapters.llm.types import PREVIOUS, WHOLE, ChatRequest, Wire

MAX_MODELS = 4096
"""Number of models at addresses whose fixes are remembered."""

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""Words for the effort of reasoning, from the least to the most."""

_FIELDS = frozenset({"temperature", "top_p", "reasoning_effort", "tool_choice"})


@dataclass(frozen=True, slots=True)
class RequestFixes:
    """Changes to requests for a model at an address."""

    wire: Wire | None = None
    """The wire to use; None if the card and the request decide."""

    without: frozenset[str] = frozenset()
    """Options to leave out."""

    efforts: tuple[str, ...] = ()
    """Reasoning efforts that the model accepts; empty if unknown."""

    max_tokens: int | None = None
    """Tokens: the highest limit on an answer that the model accepts; None if unknown."""

    max_tokens_name: str = ""
    """The name of the body field for `max_tokens`; empty if the card and the wire decide."""

    unsigned: bool = False
    """Whether signed and encrypted parts of earlier answers are left out."""

    whole: bool = False
    """Whether the whole conversation is sent: the provider does not have the previous response."""

    def apply(self, request: ChatRequest) -> ChatRequest:
        """Return the request with changed options; wire and signatures are not part of it."""
        changed: Json = {name: None for name in self.without if name in _FIELDS}
        extra = {n: value for n, value in request.extra.items() if n not in self.without}
        if self.whole and extra.get(PREVIOUS):
            extra[PREVIOUS] = WHOLE
        if "reasoning_effort" in self.without:
            extra = _with_effort(extra, None)
        elif effort := self._effort(request):
            changed["reasoning_effort"] = effort if request.reasoning_effort else None
            extra = _with_effort(extra, effort)
        if self.max_tokens and (request.max_tokens or 0) > self.max_tokens:
            changed["max_tokens"] = self.max_tokens
        limit = changed.get("max_tokens", request.max_tokens)
        if self.max_tokens_name and limit is not None:
            changed["max_tokens"] = None
            extra.setdefault(self.max_tokens_name, limit)
        return copy_dataclass(request, {"extra": extra, **changed})

    def _effort(self, request: ChatRequest) -> str | None:
        """Return the nearest accepted effort; None if the request's effort needs no change."""
        effort = effort_of_request(request)
        if not self.efforts or effort in self.efforts or effort not in EFFORTS:
            return None
        taken = [word for word in EFFORTS if word in self.efforts]
        lower = [word for word in taken if EFFORTS.index(word) < EFFORTS.index(effort)]
        nearest = lower[-1:] or taken[:1]
        return nearest[0] if nearest else None

    def notes(self, request: ChatRequest, card_name: str) -> Iterator[str]:
        """Yield a sentence for each change of a request, for `changes` of the answer."""
        if self.wire is not None:
            yield f"sent over {self.wire.name}: {card_name} refused its other API for this model"
        for name in sorted(self.without):
            if getattr(request, name, None) is not None or name in request.extra:
                yield f"{name} left out: {card_name} refuses it for this model"
        if effort := self._effort(request):
            yield f"reasoning_effort {effort!r} instead of {effort_of_request(request)!r}"
        if self.max_tokens and (request.max_tokens or 0) > self.max_tokens:
            yield f"max_tokens lowered from {request.max_tokens} to {self.max_tokens}"
        if self.whole:
            yield f"whole conversation sent: {card_name} did not find its previous response"
        if self.unsigned:
            yield "signed parts of earlier answers left out: they belong to another account"


def effort_of_request(request: ChatRequest) -> str:
    """Return the effort of a request; empty if it sets none."""
    return request.reasoning_effort or str(
        mapping(request.extra.get("reasoning")).get("effort", "")
    )


def _with_effort(extra: Json, effort: str | None) -> Json:
    """Return `extra` with another effort in the field `reasoning`, if set; None removes it."""
    option = mapping(extra.get("reasoning"))
    if "effort" not in option:
        return extra
    rest = {name: value for name, value in option.items() if name != "effort"}
    return {**extra, "reasoning": rest | ({"effort": effort} if effort else {})}


NO_FIXES = RequestFixes()

_learnt: BoundedDict[tuple[str, str, str], RequestFixes] = BoundedDict(MAX_MODELS)
"""Fixes by provider, address and model."""


def fixes_of(key: tuple[str, str, str]) -> RequestFixes:
    """Return the remembered fixes; `key` is (provider, address, model)."""
    return _learnt.get(key, NO_FIXES) if _learnt else NO_FIXES


def remember_fixes(key: tuple[str, str, str], fixes: RequestFixes) -> None:
    """Apply fixes to further requests for `key`: (provider, address, model).

    Fixes that concern one conversation only, `unsigned` and `whole`, are not remembered.
    """
    lasting = replace(fixes, unsigned=False, whole=False)
    if lasting != NO_FIXES:
        _learnt.put(key, lasting)


def forget_fixes(key: tuple[str, str, str] | None = None) -> None:
    """Forget the fixes for `key`, (provider, address, model), or (None) all."""
    if key is None:
        _learnt.clear()
    else:
        _learnt.pop(key, None)
