"""Accounts that answers name: their keys share rate limits, and so what is left of them."""

from __future__ import annotations

from scout_adapters.llm.health.key_state import KeyState, QuotaLeftByModel

MAX_ACCOUNTS = 4096
"""Accounts whose quota is shared by their keys; a provider may name any number."""

_accounts: dict[tuple[str, str, str], QuotaLeftByModel] = {}
"""Quota left, by provider, address and account."""


def join_account(state: KeyState, provider: str, address: str, account: str) -> None:
    """Let a key share the quota of its account. Use it under `health_lock`."""
    # Earlier quotas belong to the account that the key had before.
    own = QuotaLeftByModel() if state.account else state.quotas
    state.account = account
    state.quotas = _accounts.setdefault((provider, address, account), own)
    if len(_accounts) > MAX_ACCOUNTS:
        _accounts.pop(next(iter(_accounts)), None)


def reset_accounts() -> None:
    """Forget what is left of the limits of all accounts."""
    _accounts.clear()
