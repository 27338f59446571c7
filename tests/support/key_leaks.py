"""Keys that can be read, whole or in parts, in what errors and logs contain."""

from __future__ import annotations

import base64
import traceback
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

SHOWN = 8
"""So many characters of a key in a row are a leak."""

SECRET_NAMES = (
    *("key_file", "api_key_id", "keyFile", "apiKeyId", "private_key", "private_key_path"),
    *("signature", "shared_access_signature", "sig", "hmac", "sas_token", "sas", "sasToken"),
    *("client_cert", "client_certificate", "clientCert", "credentials_json", "credentials_file"),
    *("subscription_key", "ocp_apim_subscription_key", "service_account_file", "connection_string"),
    *("password_file", "vault_token", "xsrf_token", "jwt_file", "pem", "keystore_path"),
)
"""Names of options, also of other packages, that contain a secret or name its file."""


def attached_values(start: Any) -> Iterator[Any]:
    """Walk all that hangs on a value: causes, contexts, notes, arguments, attributes, items."""
    seen: set[int] = set()
    waiting: list[Any] = [start]
    while waiting:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, type | int | float | bool | None):
            continue
        seen.add(id(value))
        yield value
        if isinstance(value, BaseException):
            waiting += [value.__cause__, value.__context__, value.args]
            waiting += getattr(value, "__notes__", [])
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list | tuple | set | frozenset):
            waiting += value
        elif hasattr(value, "__dict__"):
            waiting += vars(value).values()
        elif hasattr(value, "__slots__"):
            waiting += [getattr(value, name, None) for name in value.__slots__]


def key_forms(key: str) -> set[str]:
    """Return the forms in which a key may show: any eight characters, quoted, in base 64."""
    coded = base64.b64encode(key.encode()).decode().rstrip("=")
    parts = {key[at : at + SHOWN] for at in range(len(key) - SHOWN + 1)}
    return parts | {quote(key), coded}


def key_leaks(keys: Iterable[str], shown: Iterable[Any], texts: Iterable[str] = ()) -> list[str]:
    """Return those of `texts`, and of all that hangs on `shown`, that contain a part of a key."""
    all_texts = list(texts)
    for value in shown:
        all_texts += [
            repr(each) if isinstance(each, str | bytes) else f"{each!r} {each}"
            for each in attached_values(value)
        ]
        if isinstance(value, BaseException):
            all_texts += traceback.format_exception(value)
    forms = {form for key in keys for form in key_forms(key)}
    everything = "\n".join(all_texts)
    leaked = {form for form in forms if form in everything}
    return [text[:300] for text in all_texts if any(form in text for form in leaked)]
