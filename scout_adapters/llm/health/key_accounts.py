"""Accounts, named in headers of answers, whose keys share rate limits and the quota left."""

from __future__ import annotations

import hashlib

from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.health.quota_left import QuotaLeftByModel
from scout_adapters.llm.health.shared_states import reset_states

MAX_ACCOUNTS = 4096
"""Number of accounts whose quota is remembered; a provider may name any number."""

MAX_NAME = 100
"""Characters of an account's name; a digest stands for a longer one."""

_accounts: dict[tuple[str, str, int], QuotaLeftByModel] = {}
"""Quota left, by provider, address and digest of the account's name."""


def account_name(name: str) -> str:
    """Return an account's name as the header states it, or a digest of a long one."""
    if len(name) <= MAX_NAME:
        return name
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()


def join_account(state: KeyState, provider: str, address: str, account: str) -> None:
    """Let a key share the quota of its account. Call it with `health_lock` acquired."""
    state.account = account
    join_quotas(state, provider, address, account_digest(account))


def account_digest(name: str) -> int:
    """Return a digest that stands for an account's name in a store; 0 for no name."""
    if not name:
        return 0
    digest = hashlib.blake2b(name.encode(errors="surrogatepass"), digest_size=6).digest()
    return int.from_bytes(digest)


def join_quotas(state: KeyState, provider: str, address: str, digest: int) -> None:
    """Let a key share the quota of the account with this digest.

    Call it with `health_lock` acquired.
    """
    # Earlier quotas belong to the account that the key had before.
    own = QuotaLeftByModel() if state.quotas.is_of_account else state.quotas
    state.quotas = _accounts.setdefault((provider, address, digest), own)
    state.quotas.is_of_account = True
    if len(_accounts) > MAX_ACCOUNTS:
        _accounts.pop(next(iter(_accounts)), None)


def reset_accounts() -> None:
    """Drop the quota left of all accounts."""
    _accounts.clear()


def reset_keys() -> None:
    """Reset the health of every key, and the quota left of every account."""
    reset_states()
    reset_accounts()
