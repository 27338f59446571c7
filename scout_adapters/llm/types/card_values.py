"""Values of cards and wires: names of options, dialects, chains of credentials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

CHOICE = "use_responses_api"
"""The option that chooses between the two wires of a card, as in `ChatOpenAI`."""

PREVIOUS = "use_previous_response_id"
"""The option that refers to the last stored answer instead of sending it, as in `ChatOpenAI`."""

WHOLE = "whole"
"""The value of `PREVIOUS` after a refusal: the conversation is sent whole, its answer is stored."""

SEARCHES = 20
"""Searches: the most that one answer is assumed to make where the request sets no limit. The
largest recorded number is 12."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a provider deviates from its wire, as data; each wire subclasses it."""


@dataclass(frozen=True, slots=True)
class KeyChain:
    """A cloud's chain of credentials, and the variables that show that it is set up.

    chain = KeyChain(aws_credentials(), ("AWS_PROFILE", "AWS_ACCESS_KEY_ID"))
    spec = replace(bedrock.SPEC, key_chain=chain)
    """

    source: Callable[[], Any]
    """The function that returns a credential, such as `aws_credentials()`."""

    variables: tuple[str, ...]
    """Without one of these the chain is not used: it may take seconds to find nothing."""
