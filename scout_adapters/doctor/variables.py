"""Checks of the environment: names of providers and variables, keys as they were pasted."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from scout_adapters.doctor.finding import Finding
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.health.key_texts import fingerprint
from scout_adapters.llm.providers import ProviderRegistry
from scout_adapters.llm.providers.client import ProviderClient
from scout_adapters.llm.providers.urls import join_url

KEY_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("sk-ant-",),
    "openrouter": ("sk-or-",),
    "openai": ("sk-proj-", "sk-svcacct-", "sk-admin-"),
    "groq": ("gsk_",),
    "google": ("AIza",),
    "xai": ("xai-",),
    "cerebras": ("csk-",),
    "fireworks": ("fw_",),
    "together": ("tgp_",),
    "Perplexity": ("pplx-",),
    "Hugging Face": ("hf_",),
    "Replicate": ("r8_",),
    "LangSmith": ("lsv2_",),
    "GitHub": ("ghp_", "github_pat_"),
    "AWS": ("AKIA",),
}
"""Prefixes of keys by provider; keys of other providers have no prefix of their own."""

GATEWAYS = frozenset({"openai_compatible", "ollama"})
"""Providers whose keys may be those of any other provider."""

KEY_ENDINGS = ("KEY", "KEYS", "APIKEY", "APIKEYS", "TOKEN", "APITOKEN", "SECRET", "SECRETKEY")
PLACEHOLDER = re.compile(
    r"<.*>|\.{3}|.*(your|paste|insert|change|replace|dummy)[-_ ]?(me|here|api|key|own|token).*"
    r"|x{4,}|(sk|gsk)[-_](\.{3}|…|x{3,}).*|(todo|none|null|api[-_]?key)",
    re.IGNORECASE,
)
QUOTES = frozenset("'\"`\u2018\u2019\u201c\u201d")
NUMBERED = re.compile(r".*[A-Z]_\d+")
"""`GEMINI_API_KEY_1`: a variable with one key of several."""

MAX_NUMBER = 100
"""The doctor looks for numbers up to this one; all are read."""

GENERIC = frozenset({"MODEL_API_KEY"})
"""Variables that are read, and whose beginning names no provider."""

NOT_OURS = frozenset({"LANGSMITH", "LANGCHAIN"})


def check_names(required: Sequence[str], providers: ProviderRegistry) -> Iterator[Finding]:
    """Find required providers that are not registered."""
    registered = providers.list_providers()
    for name in {provider.partition("/")[0]: None for provider in required}:
        if name in providers:
            continue
        if close := difflib.get_close_matches(name.lower(), registered, n=1, cutoff=0.6):
            fix = f"write {close[0]!r}"
        else:
            fix = "import the module that registers it first (--import): registration is a call"
        yield Finding(name, "no provider of that name is registered", fix)


def check_spelling(environ: Mapping[str, str], providers: ProviderRegistry) -> Iterator[Finding]:
    """Find variables whose names are similar to those that are read."""
    keys, addresses = _key_variables(providers), _address_variables(providers)
    read = {**keys, **addresses, **_part_variables(providers)}
    for name in sorted(environ.keys() - read.keys()):
        if NUMBERED.fullmatch(name) and name.rpartition("_")[0] in keys:
            continue
        if not (meant := _meant(name, keys, addresses)):
            continue
        working = any(environ.get(variable) for variable in keys if keys[variable] == read[meant])
        # If the provider has keys, a similar variable is probably for another program.
        yield Finding(
            name, "is not read", f"did you mean {meant}?", wrong=meant in addresses or not working
        )


def _key_variables(providers: ProviderRegistry) -> dict[str, str]:
    """Return the provider of every variable with keys."""
    names = providers.list_providers()
    return {variable: name for name in names for variable in providers.get(name).key_variables}


def _address_variables(providers: ProviderRegistry) -> dict[str, str]:
    """Return the provider of every variable with an address."""
    clients = (providers.get(name) for name in providers.list_providers())
    return {v: c.name for c in clients if c.function is None for v in c.spec.address_names}


def _part_variables(providers: ProviderRegistry) -> dict[str, str]:
    """Return the provider of every variable that fills a placeholder in an address."""
    clients = [providers.get(name) for name in providers.list_providers()]
    return {v: c.name for c in clients for names in c.spec.placeholders.values() for v in names}


def _meant(name: str, keys: Collection[str], addresses: Collection[str]) -> str | None:
    """Return the variable that was probably meant, None if the name is not similar to one."""
    bare, upper = re.sub(r"[^A-Z0-9]", "", name.upper()), name.upper()
    for variable in (v for v in keys if v.endswith(("_API_KEY", "_API_KEYS")) and v not in GENERIC):
        prefix = re.sub(r"[^A-Z0-9]", "", variable.partition("_API_")[0])
        if bare.startswith(prefix):
            ending = bare.removeprefix(prefix)
            if ending in KEY_ENDINGS and ending.endswith("S") == variable.endswith("S"):
                return variable
    for variable in addresses:
        if bare == re.sub(r"[^A-Z0-9]", "", variable):
            return variable
    looks_like_one = re.search(r"KEY|API", upper) and upper.partition("_")[0] not in NOT_OURS
    read = [*keys, *addresses]
    near = difflib.get_close_matches(upper, read, n=1, cutoff=0.9) if looks_like_one else []
    return near[0] if near else None


def check_keys(environ: Mapping[str, str], providers: ProviderRegistry) -> Iterator[Finding]:
    """Find keys that do not load, or that cannot be valid."""
    owners: dict[str, str] = {}
    for name in providers.list_providers():
        client = providers.get(name)
        in_order = sorted(client.key_variables, key=lambda variable: variable[-1] != "S")
        groups = [_numbers(variable, environ) for variable in in_order]
        for variable in (variable for group in groups for variable in group):
            yield from _check_value(variable, environ[variable], client)
            yield from _check_shared(variable, name, environ[variable], owners)
        yield from _check_overruled(groups, environ)


def _numbers(variable: str, environ: Mapping[str, str]) -> list[str]:
    """Return a variable and its numbers (`NAME_1`), those that are set: they are read together."""
    numbers = [f"{variable}_{n}" for n in range(1, MAX_NUMBER)] if variable[-1] != "S" else []
    return [name for name in (variable, *numbers) if name in environ]


def _split(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _check_value(variable: str, value: str, client: ProviderClient) -> Iterator[Finding]:
    keys = _split(value)
    if not keys:
        yield Finding(variable, "is set, and empty", "put a key into it, or unset it")
    for at, key in enumerate(keys, start=1):
        which = f"key {at} of {len(keys)} " if len(keys) > 1 else "its key "
        for what, fix in _faults(variable, key):
            yield Finding(variable, which + what, fix)
        foreign = client.name not in GATEWAYS and _other_provider(key, client.name)
        if foreign:
            elsewhere = bool(client.base_url) and client.base_url != client.spec.base_url
            what = f"{which}looks like one of {foreign}, not of {client.name}"
            yield Finding(variable, what, "copy the right one", wrong=not elsewhere)
    for key, times in Counter(keys).items():
        if times > 1:
            what = f"holds key {fingerprint(key)} {times} times"
            yield Finding(variable, what, "once is enough: it counts as one key", wrong=False)


def _faults(variable: str, key: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a key as it was pasted, and what to do."""
    if {key[0], key[-1]} & QUOTES:
        yield "has quotes around it", "take them off: .env readers differ, and so do shells"
    elif key.lower().startswith("bearer "):
        yield "begins with 'Bearer '", "take the word off"
    elif key.startswith((f"{variable}=", "export ")):
        yield "begins with the variable's own name", "keep what stands behind the ="
    elif PLACEHOLDER.fullmatch(key):
        yield "is a placeholder", "put a real key there"
    elif ";" in key or re.search(r"\s(sk-|gsk_|AIza|xai-)", key):
        yield "is several keys", "separate them with commas"
    elif re.search(r"\s", key):
        yield "has a blank or a line break inside", "copy it again, in one piece"
    elif not all("!" <= char <= "~" for char in key):
        yield "has a character that no key has", "copy it again; word processors change - and _"


def _other_provider(key: str, provider: str) -> str:
    """Return another provider whose keys have this one's prefix, "" if there is none."""
    owners = [owner for owner, starts in KEY_PREFIXES.items() if key.startswith(starts)]
    names = {owner.lower().replace(" ", "") for owner in owners}
    return "" if provider in names or not owners else owners[0]


def _check_shared(
    variable: str, provider: str, value: str, owners: dict[str, str]
) -> Iterator[Finding]:
    """Find a key that is in the variables of two providers."""
    for key in dict.fromkeys(_split(value)):
        first = owners.setdefault(key, provider)
        if first != provider and not {first, provider} & GATEWAYS:
            what = f"key {fingerprint(key)} is also set for {first}"
            yield Finding(variable, what, f"one of the two is wrong, unless {first} is a gateway")


def _check_overruled(
    groups: Sequence[Sequence[str]], environ: Mapping[str, str]
) -> Iterator[Finding]:
    """Find variables that are set but not read, because another one has precedence.

    A group has the variables that are read together, such as `NAME_1` and `NAME_2`.
    """
    filled = [[name for name in group if _split(environ[name])] for group in groups]
    winners, *losers = [group for group in filled if group] or [[]]
    used = {key for name in winners for key in _split(environ[name])}
    for loser in (name for group in losers for name in group):
        lost, winner = set(_split(environ[loser])) - used, winners[0]
        what = f"{winner} wins" + (f": {len(lost)} key(s) in {loser} are not used" if lost else "")
        yield Finding(loser, what, f"unset {loser}, or move its keys over", wrong=bool(lost))


def check_addresses(environ: Mapping[str, str], providers: ProviderRegistry) -> Iterator[Finding]:
    """Find variables with an address that cannot be used, or that another one overrules."""
    for name in providers.list_providers():
        client = providers.get(name)
        if client.spec.wire is None:
            continue
        set_ones = [v for v in client.spec.address_names if environ.get(v, "").strip()]
        for variable in set_ones:
            yield from _check_address(variable, environ[variable], client)
        for loser in set_ones[1:]:
            if environ[loser].strip().rstrip("/") != environ[set_ones[0]].strip().rstrip("/"):
                yield Finding(loser, f"{set_ones[0]} wins", f"unset {loser}, or make them equal")
        yield from _check_parts(environ, client, set_ones)


def _check_parts(
    environ: Mapping[str, str], client: ProviderClient, addresses: Sequence[str]
) -> Iterator[Finding]:
    """Find keys whose provider has an address with a placeholder that no variable fills."""
    if addresses or not any(environ.get(variable) for variable in client.key_variables):
        return
    needed, spec = client.spec.base_url.partition("?")[0], client.spec
    for name, variables in spec.placeholders.items():
        if name in spec.placeholder_defaults or f"{{{name}}}" not in needed:
            continue
        if not any(environ.get(variable, "").strip() for variable in variables):
            what = f"has a key and no {name} for its address"
            yield Finding(client.name, what, f"set {' or '.join(variables)}")


def _check_address(variable: str, value: str, client: ProviderClient) -> Iterator[Finding]:
    # The address itself is not shown: it may contain a key.
    example = client.spec.base_url or "http://localhost:8000/v1"
    try:
        join_url(value.strip(), client.spec, client.spec.default_model or "any", stream=False)
        parts = urlsplit(value.strip())
        _ = parts.port  # raises if it is not a number
    except (ConfigurationError, ValueError):
        yield Finding(variable, "is not an http(s) address", f"write it like {example}")
        return
    if re.search(r"[\s'\"<>{}]", value.strip()):
        yield Finding(variable, "has a blank, a quote or a bracket", f"write it like {example}")
    if parts.username or parts.password or re.search(r"(^|&)(api_?)?key=", parts.query):
        yield Finding(variable, "holds a secret", "take it out: keys travel in a header")
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.scheme == "http" and not local:
        what = f"sends keys to {parts.hostname} unencrypted"
        yield Finding(variable, what, "use https, unless it is a machine of yours", wrong=False)
