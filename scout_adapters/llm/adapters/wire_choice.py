"""Which wire of a card a request goes over: decided once per candidate, by data of the card."""

from __future__ import annotations

from scout_adapters._internal.fast_copy import copy_dataclass
from scout_adapters.llm.adapters.request_fixes import RequestFixes
from scout_adapters.llm.types import CHOICE, PREVIOUS, ChatRequest, ProviderSpec, Wire


class WireChoice:
    """The wires of a card at an address.

    The choice depends, in this order, on: an address that is the full endpoint of one wire; the
    user's `use_responses_api=`; the fixes after a refusal; the card's rules for the request.
    """

    def __init__(self, spec: ProviderSpec, addressed: Wire | None = None) -> None:
        """`addressed`: the wire, if the address is the full endpoint of a wire; else None."""
        self._first = spec
        self._second = spec.second_card
        self._addressed = None if addressed is None else self._over(addressed)

    def choose(
        self, request: ChatRequest, fixes: RequestFixes
    ) -> tuple[ProviderSpec, ProviderSpec | None]:
        """Return the provider's card for the chosen wire, and for the wire to try next.

        The second is tried if the first wire cannot express the request; None if there is none.
        """
        rules, second = self._first.second, self._second
        if rules is None or second is None:
            return self._first, None
        if self._addressed is not None or rules.by_model:
            return self._addressed or self._first.card_of(request.model), None
        if (responses := request.extra.get(CHOICE)) is not None:
            cards = (self._first, second)
            chosen = (card for card in cards if card.wire.is_responses_api is bool(responses))
            return next(chosen, self._first), None
        if fixes.wire is not None:
            return self._over(fixes.wire), None
        by_rules = rules.is_for(with_known_model(request, self._first))
        return (second, self._first) if by_rules else (self._first, second)

    def other(self, request: ChatRequest, card: ProviderSpec) -> ProviderSpec | None:
        """Return the card with the wire to change to after a refusal over `card`; None if fixed."""
        rules = self._first.second
        if rules is None or rules.by_model or self._addressed is not None:
            return None
        if request.extra.get(CHOICE) is not None:
            return None
        return self._first if card is self._second else self._second

    def _over(self, wire: Wire) -> ProviderSpec:
        second = self._second
        return second if second is not None and second.wire is wire else self._first


def without_choice(request: ChatRequest, wire: Wire) -> ChatRequest:
    """Return a request without the options that must not be in a body of this wire.

    These are the choice of a wire, and `previous_response_id` for a wire that does not have it.
    """
    extra = request.extra
    taken = PREVIOUS not in extra or PREVIOUS in wire.body_fields
    if CHOICE not in extra and taken:
        return request
    names = {CHOICE} if taken else {CHOICE, PREVIOUS}
    return copy_dataclass(request, {"extra": {n: extra[n] for n in extra if n not in names}})


def with_known_model(request: ChatRequest, card: ProviderSpec) -> ChatRequest:
    """Return a request with the name of the known model instead of a deployment's name."""
    if not card.deployments and card.plain_model is None:
        return request
    known = card.known_model(request.model)
    return request if known == request.model else copy_dataclass(request, {"model": known})
