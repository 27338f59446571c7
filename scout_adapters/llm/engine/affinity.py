"""Whether a call keeps to the key that answered its conversation before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from typing_extensions import override

from scout_adapters.errors import ErrorKind, ProviderError
from scout_adapters.llm.conversation.identity import conversation_digest
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.health.key_affinity import ConversationKeys, affinity_for
from scout_adapters.llm.health.key_state import Lease
from scout_adapters.llm.types import ChatRequest

SCOPE_BYTES = 4
MAX_REST = 2.0
"""Seconds: the longest cooldown of a key for which its conversation waits instead of using another
key. Without the cache, a provider needs about as long to read the prompt."""


CANDIDATE_SECONDS = 3600.0
"""Seconds for which the candidates that answered a conversation are remembered."""


@dataclass(frozen=True, slots=True)
class CandidateKeys(ConversationKeys):
    """The API keys that answered a conversation at one candidate.

    `remember` also records that this candidate answered it.
    """

    conversation: bytes
    candidate: str

    @override
    def remember(self, key_id: str, now: float) -> None:
        """Record that this key, at this candidate, gave the conversation's latest answer."""
        self.affinity.remember(self.digest, key_id, now)
        affinity_for(CANDIDATE_SECONDS).remember(self.conversation, self.candidate, now)


class CallConversation:
    """The conversation of one call; its digest is computed when a candidate first needs it."""

    __slots__ = ("_digest", "_id", "_request", "keeps_candidate")

    def __init__(
        self,
        request: ChatRequest,
        conversation_id: str | None = None,
        *,
        keeps_candidate: bool = False,
    ) -> None:
        """`conversation_id` is the user's own id; None: the first messages identify it.

        `keeps_candidate`: whether the candidates that answered are remembered, and not only keys.
        """
        self._request = request
        self.keeps_candidate = keeps_candidate
        self._id = conversation_id
        self._digest: bytes | None = None

    def at(self, candidate: Candidate, tokens: int) -> ConversationKeys | None:
        """Return the conversation's memory of API keys at a candidate.

        None if the provider does not cache a prompt of `tokens` input tokens, or if there is no
        choice between keys.
        """
        endpoint = candidate.endpoint
        caching = endpoint.spec.prompt_caching
        if caching is None or len(endpoint.pool.states) < 2 - self.keeps_candidate:  # no choice
            return None
        shortest = caching.shortest_for(endpoint.spec.known_model(candidate.model))
        if shortest is None or tokens < shortest:
            return None
        scope = _scope(endpoint.name, endpoint.pool.address, candidate.model)
        affinity = affinity_for(caching.seconds)
        if self.keeps_candidate:
            return CandidateKeys(self.digest + scope, affinity, self.digest, scope.hex())
        return ConversationKeys(self.digest + scope, affinity)

    def answered_by(self, candidate: Candidate, now: float) -> bool:
        """Return whether this candidate answered last, and may still have the prompt cached."""
        return self.rank_of(candidate, now) == 0

    def rank_of(self, candidate: Candidate, now: float) -> int | None:
        """Return the candidate's place among those that answered, from 0 for the latest.

        None if it did not answer this conversation, or no longer has the prompt cached.
        """
        caching = candidate.endpoint.spec.prompt_caching
        if caching is None or not self.keeps_candidate:
            return None
        endpoint = candidate.endpoint
        scope = _scope(endpoint.name, endpoint.pool.address, candidate.model)
        if not affinity_for(caching.seconds).keys_of(self.digest + scope, now):
            return None
        names = affinity_for(CANDIDATE_SECONDS).keys_of(self.digest, now)
        return names.index(scope.hex()) if scope.hex() in names else None

    @property
    def digest(self) -> bytes:
        """The digest of the conversation."""
        if self._digest is None:
            self._digest = conversation_digest(self._request, self._id)
        return self._digest


def waits_for_cache(lease: Lease, error: ProviderError, now: float) -> bool:
    """Return whether a call waits for the key that refused its request, to keep the cached prompt.

    True after a rate limit of at most `MAX_REST`, if this key answered the conversation last.
    """
    keys = lease.conversation.keys(now) if lease.conversation else ()
    is_kept = bool(keys) and keys[0] == lease.key_id
    rest = error.retry_after
    return is_kept and error.kind is ErrorKind.RATE_LIMIT and rest is not None and rest <= MAX_REST


@lru_cache(maxsize=1024)
def _scope(provider: str, address: str, model: str) -> bytes:
    """Return a digest of provider, address and model: each model has a prompt cache of its own."""
    text = f"{provider} {address} {model}"
    return blake2b(text.encode(), digest_size=SCOPE_BYTES).digest()
