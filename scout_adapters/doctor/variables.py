"""The environment's side of it: names of providers and variables, keys as they were pasted."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from scout_adapters.doctor.finding import Finding
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.health.key_state import fingerprint
from scout_adapters.llm.providers import ProviderRegistry
from scout_adapters.llm.providers.client import ProviderClient
from scout_adapters.llm.providers.urls import join_url

SHAPES: Mapping[str, tuple[str, ...]] = {
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
"""How keys begin that can be told by it; other providers' have no beginning of their own."""

OWN_GATEWAYS = frozenset({"openai_compatible", "ollama"})
"""Their keys may be anybody's."""

ENDINGS = ("KEY", "KEYS", "APIKEY", "APIKEYS", "TOKEN", "APITOKEN", "SECRET", "SECRETKEY")
PLACEHOLDER = re.compile(
    r"<.*>|\.{3}|.*(your|paste|insert|change|replace|dummy)[-_ ]?(me|here|api|key|own|token).*"
    r"|x{4,}|(sk|gsk)[-_](\.{3}|…|x{3,}).*|(todo|none|null|api[-_]?key)",
    re.IGNORECASE,
)
QUOTES = frozenset("'\"`\u2018\u2019\u201c\u201d")
NOT_OURS = frozenset({"LANGSMITH", "LANGCHAIN"})


def check_names(wanted: Sequence[str], providers: ProviderRegistry) -> Iterator[Finding]:
    """Find providers that are asked for and not registered."""
    known = providers.list_providers()
    for name in {one.partition("/")[0]: None for one in wanted}:
        if name in providers:
            continue
        if close := difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.6):
            do = f"write {close[0]!r}"
        else:
            do = "import the module that registers it first (--import): registration is a call"
        yield Finding(name, "no provider of that name is registered", do)


def check_spelling(world: Mapping[str, str], providers: ProviderRegistry) -> Iterator[Finding]:
    """Find variables whose names are almost those that are read."""
    read = _variables(providers)
    for name in sorted(world.keys() - read.keys()):
        if not (meant := _meant(name, read)):
            continue
        working = any(world.get(v) for v in read if read[v] == read[meant] and _kind(v) == "KEY")
        # Where the provider has its keys all the same, the other variable is somebody else's.
        address = _kind(meant) == "URL"
        yield Finding(name, "is not read", f"did you mean {meant}?", wrong=address or not working)


def _variables(providers: ProviderRegistry) -> dict[str, str]:
    """Map every variable that is read to its provider."""
    read: dict[str, str] = {}
    for name in providers.list_providers():
        client = providers.get(name)
        for variable in client.key_variables:
            read[variable] = name
            if "_API_KEY" in variable:
                read[f"{variable.partition('_API_KEY')[0]}_API_URL"] = name
    return read


def _kind(variable: str) -> str:
    return "URL" if variable.endswith("_URL") else "KEY"


def _meant(name: str, read: Mapping[str, str]) -> str | None:
    """Name the variable that was meant; None for one that has nothing to do with us."""
    bare, upper = re.sub(r"[^A-Z0-9]", "", name.upper()), name.upper()
    for variable in read:
        prefix = re.sub(r"[^A-Z0-9]", "", variable.partition("_API_")[0])
        if _kind(variable) == "KEY" and bare.startswith(prefix):
            ending = bare.removeprefix(prefix)
            if ending in ENDINGS and ending.endswith("S") == variable.endswith("S"):
                return variable
        if _kind(variable) == "URL" and bare in {f"{prefix}{e}" for e in ("APIBASE", "BASEURL")}:
            return variable
    looks_like_one = re.search(r"KEY|API", upper) and upper.partition("_")[0] not in NOT_OURS
    near = difflib.get_close_matches(upper, read, n=1, cutoff=0.9) if looks_like_one else []
    return near[0] if near else None


def check_keys(world: Mapping[str, str], providers: ProviderRegistry) -> Iterator[Finding]:
    """Find keys that do not load, or cannot be right as they stand."""
    where: dict[str, str] = {}
    for name in providers.list_providers():
        client = providers.get(name)
        set_ones = [variable for variable in client.key_variables if variable in world]
        for variable in set_ones:
            yield from _of_value(variable, world[variable], client)
            yield from _shared(variable, name, world[variable], where)
        yield from _overruled(set_ones, world)


def _split(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _of_value(variable: str, value: str, client: ProviderClient) -> Iterator[Finding]:
    keys = _split(value)
    if not keys:
        yield Finding(variable, "is set, and empty", "put a key into it, or unset it")
    for at, key in enumerate(keys, start=1):
        which = f"key {at} of {len(keys)} " if len(keys) > 1 else "its key "
        for what, do in _faults(variable, key):
            yield Finding(variable, which + what, do)
        foreign = client.name not in OWN_GATEWAYS and _shape(key, client.name)
        if foreign:
            elsewhere = bool(client.base_url) and client.base_url != client.spec.base_url
            what = f"{which}looks like one of {foreign}, not of {client.name}"
            yield Finding(variable, what, "copy the right one", wrong=not elsewhere)
    for key, times in Counter(keys).items():
        if times > 1:
            what = f"holds key {fingerprint(key)} {times} times"
            yield Finding(variable, what, "once is enough: it counts as one key", wrong=False)


def _faults(variable: str, key: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with how a key was pasted, and what to do."""
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


def _shape(key: str, provider: str) -> str:
    """Name the provider whose keys begin like this one, where that is not `provider`."""
    owners = [owner for owner, starts in SHAPES.items() if key.startswith(starts)]
    return "" if provider in owners or not owners else owners[0]


def _shared(variable: str, provider: str, value: str, where: dict[str, str]) -> Iterator[Finding]:
    """Find a key that stands in the variables of two providers."""
    for key in dict.fromkeys(_split(value)):
        first = where.setdefault(key, provider)
        if first != provider and not {first, provider} & OWN_GATEWAYS:
            what = f"key {fingerprint(key)} is also set for {first}"
            yield Finding(variable, what, f"one of the two is wrong, unless {first} is a gateway")


def _overruled(set_ones: Sequence[str], world: Mapping[str, str]) -> Iterator[Finding]:
    """Find variables that are set, and not read because another one wins."""
    filled = [variable for variable in set_ones if _split(world[variable])]
    many_first = sorted(filled, key=lambda variable: not variable.endswith("S"))
    for loser in many_first[1:]:
        winner = many_first[0]
        lost = set(_split(world[loser])) - set(_split(world[winner]))
        what = f"{winner} wins" + (f": {len(lost)} key(s) in {loser} are not used" if lost else "")
        yield Finding(loser, what, f"unset {loser}, or move its keys over", wrong=bool(lost))


def check_addresses(world: Mapping[str, str], providers: ProviderRegistry) -> Iterator[Finding]:
    """Find addresses in {PROVIDER}_API_URL to which nothing can be sent."""
    for variable, name in _variables(providers).items():
        value = world.get(variable, "")
        client = providers.get(name)
        if _kind(variable) != "URL" or not value or client.spec.wire is None:
            continue
        yield from _of_address(variable, value, client)


def _of_address(variable: str, value: str, client: ProviderClient) -> Iterator[Finding]:
    # The address itself is not shown: some people put a key into it.
    example = client.spec.base_url or "http://localhost:8000/v1"
    try:
        join_url(value.strip(), client.spec, client.spec.default_model or "any", stream=False)
        parts = urlsplit(value.strip())
        _ = parts.port  # raises where it is no number
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
